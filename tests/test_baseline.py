from statistics import fmean

import pytest
from attrs import evolve
from recorded_runs import ask, record, shown

from refold.engine import Episode
from refold.graders import grade
from refold.scenarios import load

WORKFLOW = [f"workflow/{name}" for name in ("easy", "medium", "hard", "expert")]
INBOX = [f"inbox/{name}" for name in ("easy", "medium", "hard")]


@pytest.fixture
def rows(log):
    """Return the rows by family, agent and source, with one world for random."""
    return by_name(log)


def by_name(log):
    """Return what ``refold baseline`` says of *log*, by family, agent and source."""
    answer, code = ask("baseline", log, "--seeds", "1")
    assert code == 0
    return {(row["family"], row["agent"], row["source"]): row for row in answer["baselines"]}


@pytest.mark.slow
def test_reference_scores(rows):
    """What is played now and what was published, scenario by scenario."""
    expected = {
        ("workflow", "noop", "played"): [0.01, 0.01, 0.01, 0.01],
        ("workflow", "greedy", "played"): [0.9000, 0.6325, 0.0176, 0.8003],
        ("workflow", "greedy", "published"): [0.90, 0.63, 0.07, 0.78],
        ("workflow", "Qwen3-32B", "published"): [0.9000, 0.6263, 0.6775, 0.7567],
        ("workflow", "best hand-written", "published"): [0.90, 0.63, 0.78, 0.95],
        ("inbox", "baseline", "played"): [0.8750, 0.7129, 0.8240],
        ("inbox", "baseline", "published"): [0.8750, 0.7129, 0.8240],
    }
    second = {key for key in rows if key[0].endswith("@2")}
    assert rows.keys() - expected.keys() - second == {
        ("workflow", "random", "played"),
        ("inbox", "random", "played"),
    }
    for family in ("workflow@2", "inbox@2"):
        agents = ["noop", "random", "baseline", "reader", "witness"]
        assert [agent for title, agent, _ in rows if title == family] == agents
        assert rows[family, "witness", "played"]["mean"] == 1
        assert rows[family, "noop", "played"]["mean"] == 0
    for key, scores in expected.items():
        names = WORKFLOW if key[0] == "workflow" else INBOX
        assert rows[key]["scores"] == dict(zip(names, scores, strict=True))
        assert rows[key]["mean"] == pytest.approx(fmean(scores))


@pytest.mark.slow
def test_published_greedy_has_its_remark(rows, log):
    """The row that cannot be reproduced says why."""
    remark = rows["workflow", "greedy", "published"]["remark"]
    assert "two earlier states of the graders" in remark
    assert remark in shown("baseline", log)[0]


@pytest.mark.slow
def test_random_is_what_record_would_play(log):
    """Its scores are the means over the worlds that ``record --epochs`` numbers."""
    answer, _ = ask("baseline", log, "--seeds", "3")
    (row,) = [
        row
        for row in answer["baselines"]
        if (row["agent"], row["family"]) == ("random", "workflow")
    ]
    ids = record(log, "dice", "random", ["workflow/hard"], epochs=3)
    scores = [grade(log.events(id)).score for id in ids]
    assert row["scores"]["workflow/hard"] == pytest.approx(fmean(scores))
    assert row["remark"] == "mean of 3 seeds"


@pytest.mark.slow
def test_best_of_the_log(log):
    """The best counted episode of each scenario as it ships now, with its agent and seed."""
    easy = load("workflow/easy")
    (first,) = record(log, "a", "greedy", [easy])
    record(log, "a", "noop", [easy])
    record(log, "b", "greedy", [easy])
    generous = evolve(easy, rubric=evolve(easy.rubric, ceiling=1.0, floor=0.95))
    record(log, "c", "greedy", [generous])
    ids = record(log, "d", "random", ["inbox/hard"], epochs=4)
    Episode.start(load("inbox/medium"), log=log).truncate("instrument_failed")
    rows = by_name(log)
    workflow, inbox = (rows[each, "best of the log", "log"] for each in ("workflow", "inbox"))
    assert workflow["scores"] == {"workflow/easy": 0.9}
    about = {"episode": first, "agent": "greedy", "seed": 42}
    assert workflow["episodes"] == {"workflow/easy": about}
    scores = [grade(log.events(id)).score for id in ids]
    assert inbox["scores"]["inbox/hard"] == max(scores)
    assert inbox["episodes"]["inbox/hard"]["episode"] == ids[scores.index(max(scores))]
    assert inbox["scores"].keys() == {"inbox/hard"}
    assert first in shown("baseline", log)[0]


def test_no_log_is_no_mistake(log, tmp_path):
    """Reference scores need no log."""
    log.path = str(tmp_path / "none.db")
    rows = by_name(log)
    assert {source for _, _, source in rows} == {"played", "published"}
    assert not (tmp_path / "none.db").exists()
