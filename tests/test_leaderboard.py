import re
from statistics import fmean

import pytest
from attrs import evolve
from recorded_runs import ask, record, shown

from refold.agents import make_policy, play
from refold.engine import Episode
from refold.graders import grade
from refold.reports.statistics import mean_interval
from refold.scenarios import load

EASY, HARD = load("workflow/easy"), load("workflow/hard")


def tables(log, *words):
    """Return the tables by what they are over."""
    answer, code = ask("leaderboard", log, *words)
    assert code == 0
    return {each["over"]: each for each in answer["rankings"]}


def ranks(table):
    """Return rank and agent of each place."""
    return [(place["rank"], place["agent"]) for place in table["places"]]


def test_agents_are_ranked_by_mean(log):
    """n, mean, interval, best score and its episode, best agent first."""
    ids = record(log, "a", "random", [EASY], epochs=3)
    ids += record(log, "b", "random", [EASY], epochs=2)  # two of the three worlds again
    (first,), _ = (record(log, "c", "greedy", [EASY]) for _ in range(2))
    table = tables(log)["workflow/easy"]
    scores = [grade(log.events(id)).score for id in ids]
    worlds = [fmean([scores[0], scores[3]]), fmean([scores[1], scores[4]]), scores[2]]
    interval = mean_interval(worlds, bounds=(0.01, 0.99))
    assert ranks(table) == [(1, "greedy"), (2, "random")]
    assert table["places"][0]["episode"] == first
    place = table["places"][1]
    assert (place["score"]["n"], place["mean"]) == (5, pytest.approx(fmean(worlds)))
    assert (place["score"]["low"], place["score"]["high"]) == (interval.low, interval.high)
    assert (place["best"], place["episode"]) == (max(scores), ids[scores.index(max(scores))])


def test_equal_means_share_a_rank(log):
    """The next rank is left out then, and names decide the order."""
    for agent in ("zoe", "adam", "eve"):
        ending = "over" if agent != "eve" else "instrument_failed"
        Episode.start(EASY, log=log, agent=agent).truncate(ending)
    record(log, "r", "random", [EASY], epochs=4)
    table = tables(log)["workflow/easy"]
    assert ranks(table) == [(1, "random"), (2, "adam"), (2, "zoe"), (None, "eve")]


def test_excluded_episodes_are_counted_not_ranked(log):
    """An agent stopped by the API's faults alone has no rank, and is not hidden."""
    Episode.start(EASY, log=log, agent="m").truncate("instrument_failed")
    Episode.start(EASY, log=log, agent="m")
    (place,) = tables(log)["workflow/easy"]["places"]
    assert (place["rank"], place["mean"], place["score"]) == (None, None, None)
    assert place["exclusions"] == {"instrument_failed": 1, "not_ended": 1}
    assert "1 instrument_failed, 1 not_ended" in shown("leaderboard", log)[0]


@pytest.mark.parametrize(
    "other",
    [
        evolve(EASY, rubric=evolve(EASY.rubric, ceiling=0.5)),
        evolve(EASY, parameters=evolve(EASY.parameters, time_budget=99)),
    ],
    ids=["rubric", "parameters"],
)
def test_unequal_settings_are_never_mixed(log, other):
    """Each has its own table, and there is no mean over both."""
    for scenario in (EASY, other, HARD):
        record(log, "r", "greedy", [scenario])
    answer, _ = ask("leaderboard", log)
    over = [each["over"] for each in answer["rankings"]]
    assert over == ["workflow/easy", "workflow/easy", "workflow/hard"]
    assert answer["several"] == ["workflow/easy"]
    assert [each["places"][0]["score"]["n"] for each in answer["rankings"]] == [1, 1, 1]
    text, _ = shown("leaderboard", log)
    assert f"{other.rubric.digest[:8]}, parameters" in text


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        (evolve(EASY, rubric=evolve(EASY.rubric, ceiling=0.5)), r"rubric v1 [0-9a-f]{8}"),
        (
            evolve(EASY, parameters=evolve(EASY.parameters, time_budget=99)),
            r"parameters [0-9a-f]{8}",
        ),
    ],
    ids=["rubric", "parameters"],
)
def test_two_scenarios_of_one_name_are_told_apart(log, other, apart):
    """In each table of a run's report, their rows say what differs; others have just names."""
    record(log, "a", "greedy", [EASY, other, HARD])
    text, _ = shown("report", log, "a")
    names = [re.split("  +", row)[0] for row in text.splitlines() if row.startswith("workflow/")]
    assert names[:3] == names[3:]
    assert names[2] == "workflow/hard"
    assert names[0] != names[1]
    assert all(re.fullmatch(rf"workflow/easy \({apart}\)", each) for each in names[:2])


def test_overall_rank_needs_all_scenarios(log):
    """It is the mean of scenario means, of agents that played all of a family or of the log."""
    record(log, "g", "greedy", [HARD, EASY], epochs=2)
    record(log, "n", "noop", [EASY])
    ids = [record(log, "r", "random", [each], epochs=3) for each in (EASY, HARD)]
    (mail,) = record(log, "r", "random", ["inbox/easy"])
    record(log, "b", "baseline", ["inbox/easy"])
    found = tables(log)
    assert list(found) == ["inbox/easy", "workflow/easy", "workflow/hard", "workflow", "all"]
    assert {agent for _, agent in ranks(found["workflow"])} == {"greedy", "random"}
    assert ranks(found["all"]) == [(1, "random")]
    means = [fmean(grade(log.events(id)).score for id in each) for each in ids]
    means.append(grade(log.events(mail)).score)
    assert found["all"]["places"][0]["mean"] == pytest.approx(fmean(means))
    assert found["all"]["scenarios"] == ["inbox/easy", "workflow/easy", "workflow/hard"]


def test_only_what_is_asked_for(log):
    """``--scenario`` and ``--run`` leave the rest out."""
    record(log, "one", "greedy", [EASY, HARD])
    record(log, "two", "noop", [EASY])
    assert list(tables(log, "--scenario", "workflow/hard")) == ["workflow/hard"]
    assert ranks(tables(log, "--run", "tw")["workflow/easy"]) == [(1, "noop")]


def test_hostile_names_steer_no_terminal(log):
    """Agents and scenarios are shown with escapes made visible."""
    Episode.start(EASY, log=log, agent="\x1b[2J[bold]x").truncate("over")
    text, _ = shown("leaderboard", log)
    assert "<U+001B>[2J[bold]x" in text
    assert "\x1b" not in text


def test_forks_do_not_rank(log):
    """Another agent played a fork's beginning, so its score is nobody's."""
    (id,) = record(log, "a", "noop", ["workflow/easy"])
    before = shown("leaderboard", log)
    fork = Episode.fork(log.events(id), 0, log=log, parent=id, agent="greedy")
    play(fork, make_policy("greedy", fork.family, seed=0))
    assert grade(fork.events).score == 0.9
    assert shown("leaderboard", log) == before
