from statistics import fmean

import pytest
from attrs import asdict, evolve
from recorded_runs import ask, record, shown

from refold.agents import make_policy, play
from refold.cli import ReportedError
from refold.engine import Episode
from refold.engine.registry import find_family
from refold.graders import grade
from refold.reports.noise import noise_of_difference, replay_noise
from refold.reports.paired import difference_elsewhere, difference_here
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


def test_pairs_share_scenario_and_seed(log):
    """Means, mean difference, interval and p-value are over the worlds, B minus A."""
    left = record(log, "a", "greedy", ["workflow/easy"], epochs=4)
    right = record(log, "b", "random", ["workflow/easy"], epochs=4)
    answer, code = ask("compare", log, "a", "b")
    (row,) = answer["comparisons"]
    found = differences(log, left, right)
    low, high = 0.01 - 0.99, 0.99 - 0.01
    assert code == 0
    assert answer["runs"] == ["a", "b"]
    assert (row["unit"], row["pairs"], row["elsewhere"]) == ("world", 4, None)
    assert row["here"] == asdict(difference_here([found], bounds=(low, high)))
    assert row["here"]["difference"] == pytest.approx(fmean(found))
    assert row["means"] == [fmean(score(log, id) for id in ids) for ids in (left, right)]
    assert answer["overall"] == {key: row[key] for key in answer["overall"]}


def test_two_claims_over_several_scenarios(log):
    """For these scenarios worlds are the units; for others, the means of scenarios are."""
    left = record(log, "a", "greedy", BOTH, epochs=3)
    right = record(log, "b", "noop", BOTH, epochs=3)
    overall = ask("compare", log, "a", "b")[0]["overall"]
    found = differences(log, left, right)
    strata = [found[:3], found[3:]]
    here, elsewhere = (
        asdict(claim(strata, bounds=(-0.98, 0.98)))
        for claim in (difference_here, difference_elsewhere)
    )
    assert overall["here"] == here
    assert overall["elsewhere"] == elsewhere
    assert (here["units"], elsewhere["units"], elsewhere["p"]) == (6, 2, 0.5)


def test_scenarios_weigh_the_same_in_the_mean_over_all(log):
    """However many worlds each has: the mean over all is that of the scenarios' means."""
    record(log, "a", "greedy", ["workflow/easy"], epochs=4)
    record(log, "b", "noop", ["workflow/easy"], epochs=4)
    record(log, "a", "greedy", ["workflow/expert"])
    record(log, "b", "noop", ["workflow/expert"])
    answer, _ = ask("compare", log, "a", "b")
    rows = answer["comparisons"]
    for side in (0, 1):
        expected = fmean(row["means"][side] for row in rows)
        assert answer["overall"]["means"][side] == pytest.approx(expected)
    expected = fmean(row["here"]["difference"] for row in rows)
    assert answer["overall"]["here"]["difference"] == pytest.approx(expected)


def test_repetitions_of_a_world_are_one_unit(log):
    """Two worlds, one of them played three times, are two units, and weigh the same."""
    ids = {}
    for run, agent in (("a", "greedy"), ("b", "random")):
        for seed, epochs in ((1, 3), (2, 1)):
            for epoch in range(epochs):
                episode = Episode.start(EASY, log=log, agent=agent, run=run, seed=seed, epoch=epoch)
                play(episode, make_policy(agent, episode.family, seed=seed, epoch=epoch))
                ids.setdefault((run, seed), []).append(episode.id)
    overall = ask("compare", log, "a", "b")[0]["overall"]
    means = [fmean(differences(log, ids["a", seed], ids["b", seed])) for seed in (1, 2)]
    assert overall["here"] == asdict(difference_here([means], bounds=(-0.98, 0.98)))
    assert (overall["pairs"], overall["here"]["units"], overall["unit"]) == (4, 2, "world")


def test_flips_name_their_diff(log):
    """Each pair of which just one passed is told, with the command that shows where they part."""
    left = record(log, "a", "greedy", ["workflow/easy"], epochs=3)
    right = record(log, "b", "random", ["workflow/easy"], epochs=3)
    answer, code = ask("compare", log, "a", "b", "--pass-at", "0.6")
    scores = [(score(log, a), score(log, b)) for a, b in zip(left, right, strict=True)]
    flipped = [place for place, (a, b) in enumerate(scores) if (a >= 0.6) != (b >= 0.6)]
    assert code == 0
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
    assert (code, flip["epochs"]) == (0, [2, 2])
    assert flip["episodes"] == [ids["a", 2], ids["b", 2]]
    assert answer["overall"]["pairs"] == 3
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
    assert answer["overall"]["pairs"] == 2
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
    """Each run brings the scatter within its own worlds; a difference within it may be chance."""
    ids = [
        record(log, run, agent, ["inbox/hard"], epochs=4, same_seed=True)
        for run, agent in (("a", "random"), ("b", "baseline"))
    ]
    answer, _ = ask("compare", log, "a", "b")
    noises = [replay_noise([[[score(log, id) for id in side]]]) for side in ids]
    assert answer["noise"] == noise_of_difference(*noises)
    assert noises[0].variance > 0 == noises[1].variance
    assert "these scenarios and seeds, replayed: " in shown("compare", log, "a", "b")[0]


def test_one_scenario_lends_no_noise_to_another(log):
    """A scenario of which no world was repeated leaves the noise floor unknown."""
    for run in ("a", "b"):
        record(log, run, "random", ["inbox/hard"], epochs=3, same_seed=True)
        record(log, run, "random", ["inbox/easy"], epochs=3)
    answer, _ = ask("compare", log, "a", "b")
    assert answer["noise"] is None
    assert "noise floor: cannot tell" in shown("compare", log, "a", "b")[0]


def test_agents_of_one_run_are_no_noise_of_each_other(log):
    """Two agents that always do the same, in one run, scatter; that is no noise floor."""
    for run in ("a", "b"):
        for agent in ("greedy", "noop"):
            record(log, run, agent, ["workflow/easy"])
    answer, _ = ask("compare", log, "a", "b")
    assert answer["noise"] is None
    assert answer["overall"]["here"]["differing"] == 0


def test_always_the_same_is_a_fact(log):
    """Where both runs repeated every world, always alike, the difference needs no p."""
    for run, agent in (("a", "greedy"), ("b", "noop")):
        record(log, run, agent, ["workflow/easy"], epochs=2, same_seed=True)
    answer, code = ask("compare", log, "a", "b", "--fail-if", "worse")
    (verdict,) = answer["verdicts"]
    assert answer["always_same"]
    assert (code, verdict["answer"]) == (1, "fails")
    assert "always the same" in shown("compare", log, "a", "b")[0]
    assert ask("compare", log, "b", "a", "--fail-if", "worse")[1] == 0


def test_played_once_is_not_always_the_same(log):
    """What happened once may happen otherwise, and so may one repeated world of two."""
    record(log, "a", "greedy", ["workflow/easy"], epochs=2, same_seed=True)
    record(log, "b", "greedy", ["workflow/easy"])
    assert not ask("compare", log, "a", "b")[0]["always_same"]


@pytest.mark.parametrize(
    ("rule", "code", "word"),
    [
        ("lost", 1, "fails"),
        ("lost:4", 0, "holds"),
        ("lost:3", 1, "fails"),
        ("lost:100%", 0, "holds"),
        ("gained", 0, "holds"),
        ("missing", 1, "fails"),
        ("worse", 0, "cannot tell"),
    ],
)
def test_rules_decide_the_exit_code(log, rule, code, word):
    """Nothing fails but by a rule; four lost passes and one episode alone, in four worlds."""
    record(log, "a", "greedy", ["workflow/easy"], epochs=5)
    record(log, "b", "noop", ["workflow/easy"], epochs=4)
    answer, given = ask("compare", log, "a", "b", "--fail-if", rule)
    (verdict,) = answer["verdicts"]
    assert (given, verdict["rule"], verdict["answer"]) == (code, rule, word)
    assert f"{rule}: {word} (" in shown("compare", log, "a", "b", "--fail-if", rule)[0]


def test_worse_needs_enough_worlds(log):
    """Eight worlds that all lost are enough for 99 %; four are not, which can be made to fail."""
    record(log, "a", "baseline", ["inbox/easy"], epochs=8)
    record(log, "b", "random", ["inbox/easy"], epochs=8)
    record(log, "few", "random", ["inbox/easy"], epochs=4)
    asked = ["--fail-if", "worse:0.1"]
    assert ask("compare", log, "a", "b", *asked)[1] == 1
    assert ask("compare", log, "b", "a", *asked)[1] == 0
    assert ask("compare", log, "a", "few", *asked)[1] == 0
    assert ask("compare", log, "a", "few", *asked, "--cannot-tell", "fail")[1] == 1


@pytest.mark.parametrize("rule", ["order", "moved:1", "worse:x", "lost:", "gained:1"])
def test_rules_that_cannot_be_asked_are_refused(log, rule):
    """The refusal names the rule and what is expected."""
    for run in "ab":
        record(log, run, "greedy", ["workflow/easy"])
    with pytest.raises(ReportedError, match=f"rule '{rule}': expected .*, got"):
        shown("compare", log, "a", "b", "--fail-if", rule)


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
    assert ask("compare", log, "a", "b")[0]["overall"]["pairs"] == 1


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
