"""Overviews of runs: the list, one run, several compared; as data, as pages and in terminals."""

import json
import os
import subprocess
import sys
from itertools import pairwise

import pytest
from attrs import evolve
from forging import alter
from recorded_runs import ask, called, record, shown, unanswered

from refold.agents import make_policy, play
from refold.cli import ReportedError
from refold.commands.shared.run_text import dot_strip
from refold.engine import Episode, EpisodeInfo, EventLog, RefoldError
from refold.engine.log.index.file import index_path
from refold.engine.log.left_out import LeftOut
from refold.overviews import list_runs, overview_document, overview_page, read_indexed
from refold.overviews.failures import masked
from refold.overviews.progress import played_seconds, seconds_left
from refold.reports import runs_of
from refold.reports.measured import measure_run
from refold.reports.usage import NO_PRICES, Price, Prices
from refold.scenarios import load
from refold.triage import indexed_scores

BOTH = ["workflow/easy", "workflow/hard"]
DEAR = Prices(Price(10.0, 100.0))


@pytest.fixture
def runs(log):
    """Return a log with a good run, a random one, and one of a single episode a scenario."""
    record(log, "good", "greedy", BOTH, epochs=4)
    record(log, "dice", "random", BOTH, epochs=4)
    record(log, "once", "noop", BOTH)
    return log


def listed(log, *, pass_at=0.7, prices=NO_PRICES, seconds=None):
    """Return the rows of the runs of *log* by name."""
    rows = list_runs(log, LeftOut(), pass_at=pass_at, prices=prices, seconds=seconds)
    return {row.run: row for row in rows}


def document(log, *names, pass_at=0.7, prices=NO_PRICES):
    """Return the document of the runs *names*, as a server makes it, all of them graded."""
    reads = read_indexed(log, names, LeftOut(), pass_at=pass_at, seconds=60)
    return overview_document(reads, pass_at=pass_at, prices=prices)


def model_run(log, run, *exchanges, agent="greedy", open_at=None):
    """Record an episode with *exchanges* before it is played; *open_at* leaves it open there."""
    episode = Episode.start(load("workflow/easy"), log=log, agent=agent, run=run)
    for each in exchanges:
        episode.note(each)
    if open_at is None:
        play(episode, make_policy(agent, episode.family, seed=0))
        return episode
    for _ in range(open_at):
        episode.step({"action_type": "wait"})
    return episode


def test_the_list_says_what_runs_and_reports_say(runs):
    """Means and intervals are those of `runs` and `report`; the newest run comes first."""
    rows = listed(runs)
    assert list(rows) == ["once", "dice", "good"]
    for found in runs_of(indexed_scores(runs, LeftOut())):
        row = rows[found.name]
        report, _ = ask("report", runs, found.name)
        assert row.mean == pytest.approx(found.mean) == report["mean"]
        assert (row.episodes, row.ended, row.scenarios) == (found.episodes, found.ended, BOTH)
        assert row.passed == sum(each["passed"] for each in report["reports"])
        if found.name != "once":
            assert (row.low, row.high) == (report["score"]["low"], report["score"]["high"])
            assert row.claim == "other scenarios of the kind"


def test_one_episode_a_scenario_has_no_interval(runs):
    """Nothing is known of how its scores scatter, so none is claimed; nor in the run's document."""
    row, figures = listed(runs)["once"], document(runs, "once")["figures"]
    assert row.mean == figures["mean"] == pytest.approx(0.01, abs=0.2)
    assert (row.low, row.high, row.claim) == (None, None, None)
    assert (figures["low"], figures["claim"]) == (None, None)


def test_a_scenario_alone_speaks_of_other_seeds(log):
    """The interval is that of the scenario, as its line in `report` has it."""
    record(log, "alone", "random", ["workflow/easy"], epochs=5)
    row, (told,) = listed(log)["alone"], ask("report", log, "alone")[0]["reports"]
    assert (row.low, row.high) == (told["score"]["low"], told["score"]["high"])
    assert row.claim == "other seeds of this scenario"


def test_a_summary_is_kept_until_the_run_grows(runs):
    """A second list reads no episode; a run that grew, or another pass mark, is looked at anew."""
    first = listed(runs)
    assert listed(runs, seconds=0) == first  # no time to grade anything
    record(runs, "dice", "greedy", ["workflow/medium"])
    assert [run for run, row in listed(runs, seconds=0).items() if not row.graded] == ["dice"]
    grown = listed(runs)["dice"]
    assert (grown.episodes, grown.agents) == (9, ["random", "greedy"])
    assert all(row.graded for row in listed(runs, pass_at=0.2).values())
    assert listed(runs, pass_at=0.01)["good"].passed == 8 > first["good"].passed


def test_what_is_not_graded_yet_says_so(runs):
    """Without time to grade, a row has names and numbers, and no score; the next has it all."""
    row = listed(runs, seconds=0)["good"]
    assert (row.graded, row.mean, row.episodes, row.agents) == (False, None, 8, ["greedy"])
    assert listed(runs)["good"].graded


def test_costs_are_of_all_that_was_asked(log):
    """Tokens, retries and cost are those of `report`; unknown prices make an unknown cost."""
    model_run(log, "asked", called((1000, 50), faults=("timeout", "rate_limit")), called((10, 5)))
    row = listed(log, prices=DEAR)["asked"]
    report, _ = ask("report", log, "asked", "--price", "10,100")
    assert (row.input_tokens, row.output_tokens, row.retries) == (1010, 55, 2)
    assert row.cost == pytest.approx(report["costs"]["cost"]) == pytest.approx(0.0156)
    assert listed(log)["asked"].cost is None
    figures = document(log, "asked", prices=DEAR)["figures"]
    assert (figures["input"], figures["retries"]) == (1010, 2)
    assert figures["cost"] == pytest.approx(0.0156)


def test_replies_without_counts_are_a_lower_bound(log):
    """They are counted, so that the figures can say that the sums are at least so much."""
    model_run(log, "unmetered", called(None), called((7, 3)), unanswered())
    assert listed(log)["unmetered"].unmetered == 1
    assert document(log, "unmetered")["figures"]["unmetered"] == 1


def test_the_index_tells_what_the_log_tells(runs):
    """Outcomes, exchanges and losses that the index keeps are those that the events give."""
    model_run(runs, "asked", called((1000, 50)))
    for run in ("good", "dice", "asked"):
        (read,) = read_indexed(runs, [run], LeftOut(), pass_at=0.7, seconds=60)
        (again,) = read_indexed(runs, [run], LeftOut(), pass_at=0.7, seconds=60)
        assert read == again
        direct = measure_run(runs, run, left_out=LeftOut())
        assert [each.outcome for each in read.measured] == [each.outcome for each in direct]
        assert [each.usage for each in read.measured] == [each.usage for each in direct]
        for kept, made in zip(read.measured, direct, strict=True):
            assert kept.lost == made.lost


def test_a_run_tells_its_scenarios_and_losses(runs):
    """Dots are all episodes that count; losses add up to what the mean is below the most."""
    made = document(runs, "dice")
    report, _ = ask("report", runs, "dice")
    for row, told in zip(made["scenarios"], report["reports"], strict=True):
        assert (row["name"], row["mean"]) == (told["scenario"], told["score"]["mean"])
        assert sum(times for _, times, _ in row["dots"]) == row["counted"] == 4
        assert sum(times for _, times, good in row["dots"] if good) == row["passed"]
    measured = measure_run(runs, "dice", left_out=LeftOut())
    by_name = dict(made["lost"])
    halves = [
        sum(each.lost.get("completion", 0.0) for each in measured if each.info.scenario == name) / 4
        for name in BOTH
    ]
    assert by_name["completion"] == pytest.approx(sum(halves) / 2)
    assert [points for _, points in made["lost"]] == sorted(by_name.values(), reverse=True)


def test_failures_with_one_sentence_stand_together(log):
    """Numbers apart, seeds fail alike: one row, the costliest first, with three to look at."""
    record(log, "greedy", "greedy", ["workflow/hard", "workflow/medium"], epochs=5)
    hard, medium = document(log, "greedy")["reasons"]
    assert (hard["scenario"], hard["episodes"]) == ("workflow/hard", 5)
    assert (medium["scenario"], medium["episodes"]) == ("workflow/medium", 5)
    assert "retry enrich_logs with investigator_alpha" in hard["sentence"]
    assert len(hard["see"]) == 3
    assert hard["mean"] < medium["mean"]
    made = document(log, "greedy")
    assert made["worst"][0]["id"] == hard["see"][0]["id"]
    assert all(a["score"] <= b["score"] for a, b in pairwise(made["worst"]))
    assert sum(each["alike"] + 1 for each in made["worst"]) == 10


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("out of time after 2 of 10 subtasks", "out of time after 3 of 9 subtasks", True),
        ("parallelism −0.20", "parallelism −0.09", True),
        ("3 × “archive h1_1926” refused", "3 × “archive h1_3201” refused", False),
        ("retry enrich_logs", "retry check_logs", False),
    ],
)
def test_numbers_in_ids_tell_apart(one, other, equal):
    """A number that stands for itself does not; one in a name does."""
    assert (masked(one) == masked(other)) is equal


def ended_at(minute, *, scenario="a", ended=True):
    """Return an episode that began at 10:00 and ended so many minutes later."""
    stamp = f"2026-01-01T10:{minute:02}:00.000+00:00" if ended else None
    return EpisodeInfo(
        id=f"{scenario}{minute}",
        scenario=scenario,
        seed=0,
        started_at="2026-01-01T10:00:00.000+00:00",
        ended_at=stamp,
        ended="terminated" if ended else None,
    )


def test_time_left_goes_by_the_pace_of_each_scenario():
    """Hard ones that come last take as long as they did; below three ends nobody can tell."""
    easy = [ended_at(minute) for minute in (1, 2, 3)]
    hard = [ended_at(minute, scenario="b") for minute in (13, 23)]
    waiting = [ended_at(0, scenario=each, ended=False) for each in "bb"]
    assert seconds_left([*easy, *hard, *waiting]) == 2 * 600
    assert seconds_left([*easy, *waiting]) == 2 * 60
    assert seconds_left([*easy[:2], *waiting]) is None
    assert seconds_left([*easy, *hard]) is None
    assert played_seconds([*easy, *hard, *waiting]) == 23 * 60
    assert played_seconds(waiting) is None


def test_a_night_without_recording_is_no_pace():
    """A run that was resumed an hour later does not take an hour for each episode."""
    infos = [ended_at(minute) for minute in (1, 2, 3, 4, 5, 50)]
    assert seconds_left([*infos, ended_at(0, ended=False)]) == 60


def test_a_running_run_tells_what_plays(log):
    """Episodes that have begun stand with their last action; those that have not are waiting."""
    model_run(log, "live", agent="greedy")
    playing = model_run(log, "live", open_at=2)
    model_run(log, "live", open_at=0)
    made = document(log, "live")
    assert made["open"] == 2
    progress = made["progress"]
    assert (progress["episodes"], progress["ended"], progress["waiting"]) == (3, 1, 1)
    assert [each["id"] for each in progress["playing"]] == [playing.id]
    assert (progress["playing"][0]["steps"], progress["playing"][0]["last"]) == (2, "wait")
    assert listed(log)["live"].moved == 2
    state = made["state"]
    assert document(log, "live")["state"] == state
    playing.step({"action_type": "wait"})
    assert document(log, "live")["state"] != state
    assert listed(log)["live"].moved == 3


def test_a_run_of_which_nothing_counts(log):
    """There is no mean and nothing to say why; its page and its row stand nevertheless."""
    model_run(log, "open", called((5, 5)), open_at=1)
    row, made = listed(log)["open"], document(log, "open")
    assert (row.mean, row.counted, row.exclusions) == (None, 0, {"not_ended": 1})
    assert made["figures"]["mean"] is None
    assert (made["reasons"], made["worst"], made["lost"]) == ([], [], [])
    assert made["scenarios"][0]["dots"] == []
    assert b"No episode counts." in overview_page(made)
    record(log, "good", "greedy", ["workflow/easy"])
    with pytest.raises(RefoldError, match="that count in both"):
        document(log, "open", "good")


def test_two_runs_are_compared_as_the_command_does(runs):
    """Differences, intervals, flips and moves are those of `compare`, which begins as the page."""
    made = document(runs, "dice", "good")
    told, _ = ask("compare", runs, "dice", "good")
    assert made["difference"] == told["overall"]["here"]["difference"]
    assert list(made["flips"]) == told["overall"]["flips"]
    for row, each in zip(made["scenarios"], told["comparisons"], strict=True):
        assert (row["difference"], row["low"]) == (each["here"]["difference"], each["here"]["low"])
        assert sum(times for _, _, times, _ in row["dots"]) == row["pairs"] == each["pairs"]
    assert [each["episodes"] for each in made["moves"]] == [
        tuple(each["episodes"]) for each in told["moves"]
    ]
    text, _ = shown("compare", runs, "dice", "good")
    assert text.splitlines()[1] == made["headline"].replace("good", "B", 1)
    points = sum(change for _, change in made["parts"])
    assert points == pytest.approx(made["difference"], abs=0.02)


def test_equal_runs_are_said_to_be_equal(log):
    """Where no score differs there is no interval to talk about, and nothing moved."""
    record(log, "a", "greedy", ["workflow/easy"], epochs=3)
    record(log, "b", "greedy", ["workflow/easy"], epochs=3)
    made = document(log, "a", "b")
    assert made["headline"] == "All equal: 3 pairs of this scenario, and no score differs."
    assert (made["moves"], made["parts"], made["differs"]) == ([], [], [])


def test_a_fact_needs_no_interval(log):
    """Both repeated each world, always with the same events: the difference is exact."""
    record(log, "a", "noop", ["workflow/easy"], epochs=2, same_seed=True)
    record(log, "b", "greedy", ["workflow/easy"], epochs=2, same_seed=True)
    made = document(log, "a", "b")
    assert "the same each time both were played" in made["headline"]
    assert made["headline"].startswith("b is better: +0.8")
    assert (made["clear"], made["method"]) == (True, None)


def test_three_runs_are_compared_as_the_command_does(runs):
    """Columns, leads and largest moves are those of `compare`; each move is between two runs."""
    made = document(runs, "once", "dice", "good")
    told, _ = ask("compare", runs, "once", "dice", "good")
    assert [each["mean"] for each in made["columns"]] == [each["mean"] for each in told["columns"]]
    assert [each["clear"] for each in made["leads"]] == [each["clear"] for each in told["leads"]]
    assert [each["spread"] for each in made["apart"]] == [each["spread"] for each in told["apart"]]
    for each in told["apart"]:
        low, high = each["columns"]
        assert each["spread"] == pytest.approx(each["scores"][high] - each["scores"][low], abs=1e-4)
        assert each["diff"].startswith(f"refold diff {' '.join(each['episodes'])} --log ")
        names = [told["columns"][place]["run"] for place in each["columns"]]
        assert [runs.find(id).run for id in each["episodes"]] == names
        assert each["verdict"]
    text, _ = shown("compare", runs, "once", "dice", "good")
    assert f"refold diff {' '.join(told['apart'][0]['episodes'])}" in text
    assert told["apart"][0]["verdict"] in text


def test_runs_are_one_to_six(runs):
    """None and seven are refused in a line; so are runs without a common scenario."""
    (read,) = read_indexed(runs, ["good"], LeftOut(), pass_at=0.7, seconds=60)
    for reads in ([], [evolve(read, name=str(place)) for place in range(7)]):
        with pytest.raises(RefoldError, match=f"expected 1 to 6, got {len(reads)}"):
            overview_document(reads, pass_at=0.7, prices=NO_PRICES)
    record(runs, "other", "baseline", ["inbox/easy"])
    with pytest.raises(RefoldError, match="expected episodes of the same scenario and seed"):
        document(runs, "good", "other")


def test_a_damaged_episode_is_left_out_and_told(runs):
    """The others of its run are listed and shown without it."""
    victim = next(iter(runs.episodes(run="good"))).id
    damage = (
        "UPDATE events SET payload = substr(payload, 1, length(payload) - 1) || ' }'"
        " WHERE seq = 1 AND episode = (SELECT id FROM episodes WHERE uid = ?)"
    )
    alter(runs.path, (damage, victim))
    left_out = LeftOut()
    rows = list_runs(runs, left_out, pass_at=0.7, prices=NO_PRICES)
    assert list(left_out.problems) == [victim]
    assert {row.run: row.counted for row in rows} == {"good": 7, "dice": 8, "once": 2}
    noted = LeftOut()
    reads = read_indexed(runs, ["good"], noted, pass_at=0.7, seconds=60)
    assert list(noted.problems) == [victim]
    made = overview_document(reads, pass_at=0.7, prices=NO_PRICES)
    assert made["figures"]["counted"] == 7


def test_equal_documents_give_equal_pages(runs):
    """A page depends on its document alone, and holds it so that no text can end it."""
    made = document(runs, "good", "dice")
    assert overview_page(made) == overview_page(json.loads(json.dumps(made)))
    text = overview_page(made).decode()
    assert "<title>good and dice · refold</title>" in text
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in text
    assert "http://" not in text.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["report", "dice"], "refold.run"),
        (["compare", "dice", "good"], "refold.comparison"),
        (["compare", "once", "dice", "good"], "refold.runs"),
    ],
)
def test_pages_are_written_by_commands(runs, tmp_path, words, name):
    """With --html a file holds what the command prints, and stdout stays empty."""
    path = tmp_path / "page.html"
    text, code = shown(*words[:1], runs, *words[1:], "--html", str(path))
    assert (text, code) == ("", 0)
    assert f'"format":"{name}"' in path.read_text()
    before = path.read_bytes()
    shown(*words[:1], runs, *words[1:], "--html", str(path))
    assert path.read_bytes() == before


def test_a_page_does_not_replace_the_log(runs):
    """Nor is anything written if the run does not exist."""
    with pytest.raises(ReportedError, match="--html"):
        shown("report", runs, "dice", "--html", runs.path)
    with pytest.raises(ReportedError, match="run 'nope': expected a name"):
        shown("report", runs, "nope", "--html", "nope.html")
    with EventLog(runs.path, readonly=True) as log:
        assert log.count()


def test_a_comparison_that_is_refused_writes_nothing(runs, tmp_path):
    """More runs than a page can show, or a run alone: one line, and no file."""
    path = tmp_path / "page.html"
    for place in range(4):
        record(runs, f"more-{place}", "noop", ["workflow/easy"])
    seven = [name for name, row in listed(runs).items() if row.episodes]
    assert len(seven) == 7
    for names, words in ((seven, "runs: expected 1 to 6, got 7"), (["good"], "expected two runs")):
        with pytest.raises(ReportedError, match=words):
            shown("compare", runs, *names, "--html", str(path))
        assert not path.exists()


def test_agents_of_one_run_are_compared(log, tmp_path):
    """A run that two agents played is compared with itself, an agent a column."""
    for agent in ("greedy", "noop"):
        record(log, "both", agent, BOTH, epochs=2)
    path = tmp_path / "page.html"
    assert shown("compare", log, "both", "--html", str(path)) == ("", 0)
    text = path.read_text()
    assert '"format":"refold.runs"' in text
    assert '"name":"both greedy"' in text


@pytest.mark.slow
def test_another_grader_has_no_verdicts(runs, tmp_path):
    """They are about the recorded rubric's score, so a page by other grades gives no reasons."""
    grader, path = tmp_path / "half.py", tmp_path / "page.html"
    grader.write_text("def half(events):\n    return 0.5\n")
    shown("report", runs, "good", "--grader", f"{grader}:half", "--html", str(path))
    text = path.read_text()
    assert '"sentence":""' in text
    assert f"{grader.name}:half" in text
    assert '"mean":0.5' in text


@pytest.mark.parametrize(
    ("scores", "strip"),
    [
        ([], "·····················┊·········"),
        ([0.0, 1.0], "•····················┊········•"),
        ([0.5] * 3 + [0.9], "···············3·····┊·····•···"),
        ([0.7] * 12, "·····················┊+········"),
        ([0.69, 0.71], "····················•┊•········"),
        ([-1.0, 2.0, 0.01], "2····················┊········•"),
    ],
)
def test_a_strip_of_scores(scores, strip):
    """Each episode stands where its score is; a digit tells how many stand there."""
    assert dot_strip(scores, 0.7) == strip


def test_a_report_shows_scores_and_what_went_wrong(runs):
    """A strip for each scenario, and failures with one sentence as a line."""
    text, _ = shown("report", runs, "good")
    lines = text.splitlines()
    assert any(line.startswith("workflow/easy") and "4···" in line for line in lines)
    (wrong,) = [line for line in lines if line.lstrip().startswith("4 ×")]
    assert "workflow/hard" in wrong
    assert "retry enrich_logs with investigator_alpha" in wrong


@pytest.mark.slow
def test_a_terminal_without_the_signs_gets_plain_ones(runs):
    """Strips are in letters that the encoding has."""
    main = "from refold.cli import main; main()"
    command = [sys.executable, "-c", main, "report", "good", "--log", runs.path]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "---------------------|-----4---" in told.stdout
    assert "o is an episode" in told.stdout


def test_the_list_needs_no_index_beside_the_log(runs, tmp_path):
    """Where none can be kept, the answer is the same, made anew."""
    first = listed(runs)
    (tmp_path / "log.db.index").unlink()
    assert index_path(runs.path) == str(tmp_path / "log.db.index")
    (tmp_path / "log.db.index").mkdir()
    assert listed(runs) == first
