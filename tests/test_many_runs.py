import pytest
from attrs import evolve
from recorded_runs import ask, record, shown

from refold.cli import ReportedError
from refold.reports.p_values import holm
from refold.reports.paired import difference_here
from refold.scenarios import load

EASY = load("workflow/easy")
BOTH = ["workflow/easy", "workflow/expert"]


def three_runs(log, epochs=5):
    """Record a good, a poor and a random run."""
    for run, agent in (("poor", "noop"), ("good", "greedy"), ("dice", "random")):
        record(log, run, agent, BOTH, epochs=epochs)


def test_runs_stand_best_first(log):
    """Columns and means are in the order of the mean of scenario means."""
    three_runs(log)
    answer, code = ask("compare", log, "poor", "good", "dice")
    columns = answer["columns"]
    assert code == 0
    assert [each["name"] for each in columns] == ["good", "dice", "poor"]
    for place, column in enumerate(columns):
        means = [row["means"][place] for row in answer["comparisons"]]
        assert column["mean"] == pytest.approx(sum(means) / 2)
    assert [row["episodes"] for row in answer["comparisons"]] == [[5, 5, 5]] * 2


@pytest.mark.slow
def test_each_pair_is_that_of_two_runs(log):
    """All three pairs, the better one first, with the p-values of two runs adjusted by Holm."""
    three_runs(log)
    answer, _ = ask("compare", log, "poor", "good", "dice")
    leads = {(each["ahead"], each["behind"]): each for each in answer["leads"]}
    assert set(leads) == {("good", "dice"), ("good", "poor"), ("dice", "poor")}
    for (ahead, behind), lead in leads.items():
        pair, _ = ask("compare", log, behind, ahead)
        assert lead["difference"] == pair["overall"]["here"]
    adjusted = holm([each["difference"]["p"] for each in answer["leads"]])
    assert [each["p"] for each in answer["leads"]] == adjusted
    assert leads["good", "poor"]["clear"]


def test_pairs_are_told_in_words(log):
    """Clear or not, with p, the least p that was possible, and why nothing can be told."""
    three_runs(log)
    text, _ = shown("compare", log, "poor", "good", "dice")
    assert "mean of scenarios" in text
    assert "good over poor: +" in text
    assert "clear (p 0.00" in text
    few, _ = shown("compare", log, "poor", "good", "dice", "--pass-at", "0.5")
    assert "a score of at least 0.5" in few


def test_too_few_worlds_cannot_tell(log):
    """Two worlds can never be clear: the reason and the remedy are said."""
    three_runs(log, epochs=1)
    text, _ = shown("compare", log, "poor", "good", "dice")
    assert "too few: record with more --epochs" in text
    assert "  clear" not in text


def test_agents_of_one_run_are_columns(log):
    """A run that two agents played has a column for each, named after both."""
    for agent in ("greedy", "noop"):
        record(log, "both", agent, ["workflow/easy"], epochs=2)
    record(log, "dice", "random", ["workflow/easy"], epochs=2)
    answer, _ = ask("compare", log, "both", "dice", "both")
    assert {each["name"] for each in answer["columns"]} == {"both greedy", "both noop", "dice"}
    alone, _ = ask("compare", log, "both")
    assert [each["name"] for each in alone["columns"]] == ["both greedy", "both noop"]
    found = [row["means"][0] - row["means"][1] for row in alone["comparisons"]]
    assert alone["leads"][0]["difference"]["difference"] == pytest.approx(found[0])


def test_only_shared_worlds_count(log):
    """A world that one run lacks is left aside, and counted."""
    three_runs(log, epochs=2)
    record(log, "short", "greedy", ["workflow/easy"])
    answer, _ = ask("compare", log, "good", "poor", "short")
    assert (answer["worlds"], answer["left_aside"]) == (1, 3)
    text, _ = shown("compare", log, "good", "poor", "short")
    assert "3 seeds that not every run has: left out" in text


def test_repetitions_are_averaged_first(log):
    """A world that was played three times is one difference."""
    for run, agent in (("a", "greedy"), ("b", "random"), ("c", "noop")):
        record(log, run, agent, ["workflow/easy"], epochs=3, same_seed=True)
    answer, _ = ask("compare", log, "a", "b", "c")
    means = answer["comparisons"][0]["means"]
    expected = difference_here([[means[0] - means[1]]], bounds=(-0.98, 0.98))
    assert answer["leads"][0]["difference"]["units"] == 1
    assert answer["leads"][0]["difference"]["low"] == pytest.approx(expected.low)


def test_what_cannot_be_compared_is_refused(log):
    """One agent alone, no world in common, another rubric, and rules for more than two runs."""
    record(log, "a", "greedy", [EASY])
    record(log, "b", "baseline", ["inbox/easy"])
    record(log, "c", "greedy", [evolve(EASY, rubric=evolve(EASY.rubric, ceiling=0.5))])
    record(log, "d", "noop", [EASY])
    with pytest.raises(ReportedError, match=r"expected two runs or agents .* got 1"):
        shown("compare", log, "a")
    with pytest.raises(ReportedError, match="scenario and seed that all have, got none"):
        shown("compare", log, "a", "d", "b")
    with pytest.raises(ReportedError, match="expected the same rubric for 'workflow/easy'"):
        shown("compare", log, "a", "d", "c")
    with pytest.raises(ReportedError, match="--fail-if worse: expected two runs, got 3"):
        shown("compare", log, "a", "d", "b", "--fail-if", "worse")
