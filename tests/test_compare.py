from statistics import fmean

import pytest
from attrs import evolve
from recorded_runs import ask, record, shown

from refold.agents import make_policy, play
from refold.cli import ReportedError
from refold.engine import Episode
from refold.engine.registry import find_family
from refold.graders import grade
from refold.reports.statistics import noise_floor, noise_of_difference, paired_difference
from refold.scenarios import load

EASY = load("workflow/easy")
BOTH = ["workflow/easy", "workflow/expert"]


def score(log, id):
    """Return the score of an episode."""
    return grade(log.events(id)).score


def differences(log, left, right):
    """Return the differences of the episodes *left* and *right*, pair by pair."""
    pairs = zip(left, right, strict=True)
    return [round(score(log, b) - score(log, a), 4) for a, b in pairs]


def figures(made):
    """Return the part of a JSON contrast that ``paired_difference`` gives."""
    return {"pairs": made.pairs, "clusters": made.clusters, "difference": made.difference} | {
        "low": made.low,
        "high": made.high,
        "method": made.method,
        "p": made.p,
        "least_p": made.least_p,
        "exact": made.exact,
    }


def test_pairs_share_scenario_and_seed(log):
    """Means, mean difference, interval and p-value are over the pairs, B minus A."""
    left = record(log, "a", "greedy", ["workflow/easy"], epochs=4)
    right = record(log, "b", "random", ["workflow/easy"], epochs=4)
    answer, code = ask("compare", log, "a", "b")
    (row,) = answer["comparisons"]
    found = differences(log, left, right)
    low, high = 0.01 - 0.99, 0.99 - 0.01
    assert code == 1
    assert answer["runs"] == ["a", "b"]
    assert row["unit"] == "seed"
    assert row["paired"] == figures(
        paired_difference([[each] for each in found], bounds=(low, high))
    )
    assert row["paired"]["difference"] == pytest.approx(fmean(found))
    assert row["means"] == [fmean(score(log, id) for id in ids) for ids in (left, right)]
    assert answer["overall"] == {key: row[key] for key in answer["overall"]}


def test_scenarios_are_the_units_of_several(log):
    """Epochs of one scenario are no independent evidence: they are flipped as one."""
    left = record(log, "a", "greedy", BOTH, epochs=3)
    right = record(log, "b", "noop", BOTH, epochs=3)
    overall = ask("compare", log, "a", "b")[0]["overall"]
    found = differences(log, left, right)
    expected = figures(paired_difference([found[:3], found[3:]], bounds=(-0.98, 0.98)))
    assert overall["unit"] == "scenario"
    assert overall["paired"] == pytest.approx(expected)
    assert (overall["paired"]["pairs"], overall["paired"]["p"]) == (6, 0.5)


def test_flips_name_their_diff(log):
    """Each pair of which just one passed is told, with the command that shows where they part."""
    left = record(log, "a", "greedy", ["workflow/easy"], epochs=3)
    right = record(log, "b", "random", ["workflow/easy"], epochs=3)
    answer, code = ask("compare", log, "a", "b", "--pass-at", "0.6")
    scores = [(score(log, a), score(log, b)) for a, b in zip(left, right, strict=True)]
    flipped = [place for place, (a, b) in enumerate(scores) if (a >= 0.6) != (b >= 0.6)]
    assert code == 1
    assert 0 < len(flipped) < 3
    for place, flip in zip(flipped, answer["flips"], strict=True):
        ids = [left[place], right[place]]
        assert (flip["scenario"], flip["seed"]) == ("workflow/easy", 42 + place)
        assert (flip["episodes"], flip["scores"], flip["better"]) == (ids, [*scores[place]], 0)
        command = f"refold diff {ids[0]} {ids[1]} --log {log.path}"
        assert flip["diff"] == command
        assert f"{command}\n" in shown("compare", log, "a", "b", "--pass-at", "0.6")[0]
    assert answer["overall"]["flips"] == [len(flipped), 0]
    assert answer["overall"]["passed"] == [3, 3 - len(flipped)]


def test_no_flip_is_no_difference(log):
    """Where nothing flipped, the exit code is 0 even though scores differ."""
    record(log, "a", "greedy", ["workflow/hard"])
    record(log, "b", "noop", ["workflow/hard"])
    answer, code = ask("compare", log, "a", "b")
    assert (code, answer["flips"]) == (0, [])
    assert answer["overall"]["paired"]["difference"] != 0


def test_repeated_worlds_are_paired_by_epoch(log):
    """Where a seed was played again, the same epoch is the partner, whatever the order."""
    ids = {}
    greedy = make_policy("greedy", find_family("workflow", 1), seed=9)
    for run, epochs in (("a", (0, 1, 2)), ("b", (2, 0, 7, 1))):
        for epoch in epochs:
            episode = Episode.start(EASY, log=log, run=run, seed=9, epoch=epoch)
            if (run, epoch) == ("a", 2):
                play(episode, greedy)
            else:
                episode.truncate("over")
            ids[run, epoch] = episode.id
    answer, code = ask("compare", log, "a", "b")
    (flip,) = answer["flips"]
    assert (code, flip["epochs"]) == (1, [2, 2])
    assert flip["episodes"] == [ids["a", 2], ids["b", 2]]
    assert answer["overall"]["paired"]["pairs"] == 3
    assert (answer["overall"]["unit"], answer["unpaired"]) == ("episode", [0, 1])


def test_equal_epochs_are_paired_in_order(log):
    """Where even the epoch repeats, the first is the partner of the first, and so on."""
    ids = [
        [Episode.start(EASY, log=log, run=run).id for _ in range(count)]
        for run, count in (("a", 3), ("b", 2))
    ]
    for id in (*ids[0], *ids[1]):
        Episode.resume(log, id).truncate("over")
    answer, _ = ask("compare", log, "a", "b")
    assert answer["overall"]["paired"]["pairs"] == 2
    assert answer["unpaired"] == [1, 0]


def test_what_has_no_partner_is_counted(log):
    """Episodes alone in their world, and those that do not count, are told for each run."""
    record(log, "a", "greedy", ["workflow/easy"], epochs=3)
    record(log, "b", "greedy", ["workflow/easy"], epochs=1)
    Episode.start(EASY, log=log, run="b", seed=43).truncate("instrument_failed")
    Episode.start(EASY, log=log, run="b", seed=44)
    answer, _ = ask("compare", log, "a", "b")
    assert answer["unpaired"] == [2, 0]
    assert answer["exclusions"] == [{}, {"instrument_failed": 1, "not_ended": 1}]
    text, _ = shown("compare", log, "a", "b")
    assert "A: 2 episodes without a partner" in text
    assert "1 instrument_failed, 1 not_ended" in text


def test_noise_floor_comes_from_repeated_worlds(log):
    """Pooled over both runs, world by world; a mean difference within it may be chance."""
    ids = [
        record(log, run, "random", ["inbox/hard"], epochs=4, same_seed=True) for run in ("a", "b")
    ]
    answer, _ = ask("compare", log, "a", "b")
    noise = noise_floor([[score(log, id) for id in side] for side in ids])
    assert answer["noise"] == {"deviation": noise.deviation, "degrees": 6}
    assert answer["chance"] == noise_of_difference(noise, 4)
    assert noise.deviation > 0


def test_worlds_played_once_have_no_noise_floor(log):
    """Seeds that differ are no repetition."""
    for run in ("a", "b"):
        record(log, run, "random", ["inbox/hard"], epochs=3)
    answer, _ = ask("compare", log, "a", "b")
    assert answer["noise"] is answer["chance"] is None
    assert "noise floor: unknown" in shown("compare", log, "a", "b")[0]


def test_unequal_rubrics_are_never_compared(log):
    """The refusal names the scenario, and both rubrics with an episode of each."""
    other = evolve(EASY, rubric=evolve(EASY.rubric, version=2, ceiling=0.5))
    (a,) = record(log, "a", "greedy", [EASY])
    (b,) = record(log, "b", "greedy", [other])
    digests = [each.rubric.digest[:8] for each in (EASY, other)]
    expected = rf"the same rubric for 'workflow/easy'.* v1 {digests[0]}.*{a}.* v2 {digests[1]}.*{b}"
    with pytest.raises(ReportedError, match=expected):
        shown("compare", log, "a", "b")


def test_unequal_parameters_are_never_compared(log):
    """A scenario that was made easier under its old name is another one."""
    other = evolve(EASY, parameters=evolve(EASY.parameters, time_budget=99))
    record(log, "a", "greedy", [EASY])
    record(log, "b", "greedy", [other])
    with pytest.raises(
        ReportedError, match="expected the same rules and parameters for 'workflow/easy'"
    ):
        shown("compare", log, "a", "b")


def test_other_words_are_no_other_scenario(log):
    """A title that changed does not keep runs from being compared."""
    record(log, "a", "greedy", [EASY])
    record(log, "b", "greedy", [evolve(EASY, title="New")])
    assert ask("compare", log, "a", "b")[0]["overall"]["paired"]["pairs"] == 1


def test_runs_without_a_common_world_are_refused(log):
    """The refusal says how to record runs that can be compared."""
    record(log, "a", "greedy", ["workflow/easy"])
    record(log, "b", "baseline", ["inbox/easy"])
    with pytest.raises(ReportedError, match=r"same scenario and seed .* got none; record both"):
        shown("compare", log, "a", "b")


def test_hostile_names_steer_no_terminal(log):
    """Names of runs, and refusals that repeat them, are shown with escapes made visible."""
    for run in ("\x1b[2Ja", "\x1b[2Jb"):
        record(log, run, "noop", [EASY])
    text, _ = shown("compare", log, "\x1b[2Ja", "last")
    assert "<U+001B>[2Jb" in text
    assert "\x1b" not in text
    with pytest.raises(ReportedError, match=r"'\\x1b': expected a unique prefix") as refused:
        shown("compare", log, "\x1b", "last")
    assert "\x1b" not in str(refused.value)
