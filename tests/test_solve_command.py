"""``refold solve``: what it prints and what it records."""

import pytest
from recorded_runs import ask, record, shown

from refold.graders import grade


def test_solutions(log):
    """Score and return, each with proof and episode; the episode is in the log and graded so."""
    answer, code = ask("solve", log, "workflow/easy")
    assert code == 0
    best, richest = answer["solutions"]
    assert (best["scenario"], best["objective"], best["agent"]) == (
        "workflow/easy",
        "score",
        "optimal",
    )
    assert (best["score"], best["bound"], best["proved"], best["gap"]) == (0.9, 0.9, True, 0.0)
    assert (richest["objective"], richest["agent"]) == ("return", "optimal-return")
    assert richest["total"] > best["total"]
    assert richest["score"] < best["score"]
    for each in (best, richest):
        stream = log.events(each["episode"])
        assert log.find(each["episode"]).agent == each["agent"]
        assert grade(stream).score == each["score"]
        assert stream[-1].total == each["total"]


def test_table_tells_the_price_of_the_return(log):
    """Where the largest return is not the best score, the difference is told."""
    out, _ = shown("solve", log, "workflow/easy")
    assert "0.9000" in out
    assert "proved" in out
    assert "workflow/easy: the largest return found costs 0.0533 of the score" in out


def test_one_objective(log):
    """Only what is asked for is solved."""
    answer, _ = ask("solve", log, "inbox", "--objective", "score")
    assert [each["score"] for each in answer["solutions"]] == [1.0, 1.0, 1.0]


def test_show_compares_with_the_optimum(log):
    """Where the log holds the optimum of the same world, ``show`` tells regret and share."""
    record(log, "r", "greedy", ["workflow/medium"])
    assert ask("show", log, "last")[0]["episodes"][0]["optimum"] is None
    played = ask("show", log, "last")[0]["episodes"][0]["id"]
    solution = ask("solve", log, "workflow/medium", "--objective", "score")[0]["solutions"][0]
    compared = ask("show", log, played)[0]["episodes"][0]["optimum"]
    assert compared == {
        "score": 0.645,
        "episode": solution["episode"],
        "regret": 0.0125,
        "share": 0.6325 / 0.645,
    }
    assert "optimum 0.6450" in shown("show", log, played)[0]
    assert "regret 0.0125, 98.1% of it" in shown("show", log, played)[0]


def test_another_seed_has_another_optimum(log):
    """The optimum of one seed says nothing about a run of another."""
    ask("solve", log, "workflow/medium", "--objective", "score", "--seed", "7")
    record(log, "r", "greedy", ["workflow/medium"])
    assert ask("show", log, "last")[0]["episodes"][0]["optimum"] is None


@pytest.mark.slow
def test_reports_tell_the_share(log):
    """``report`` and ``leaderboard`` tell what share of the optimum was reached, if it is known."""
    record(log, "r", "greedy", ["workflow/medium"])
    assert ask("report", log, "r")[0]["reports"][0]["optimum_share"] is None
    assert "of the optimum" not in shown("report", log, "r")[0]
    assert "of optimum" not in shown("leaderboard", log)[0]
    ask("solve", log, "workflow/medium", "--objective", "score")
    reached = pytest.approx(0.6325 / 0.645)
    assert ask("report", log, "r")[0]["reports"][0]["optimum_share"] == reached
    assert "of the optimum: workflow/medium 98.1%" in shown("report", log, "r")[0]
    places = ask("leaderboard", log)[0]["rankings"][0]["places"]
    assert {each["agent"]: each["optimum_share"] for each in places} == {
        "optimal": 1.0,
        "greedy": reached,
    }
    assert "98.1%" in shown("leaderboard", log)[0]
