"""The figures of a regrade, from scores and grades made for the purpose."""

import random

import pytest
from msgspec.structs import replace

from refold.graders import Grade, Part, RubricName
from refold.graders.changes import compare_grades
from refold.reports.gates import parse_rule
from refold.reports.regrading.agents import agent_rows
from refold.reports.regrading.causes import clamped_points, what_changed
from refold.reports.regrading.idle import IdleCriteria
from refold.reports.regrading.order import agent_pairs
from refold.reports.regrading.report import RegradeReport
from refold.reports.regrading.rules import judge
from refold.reports.regrading.scores import NEW, OLD, Scores, mean_of
from refold.reports.regrading.shift import Shift, shift_of
from refold.reports.regrading.verdict import verdict_of

KEYS = [(f"made/{name}", "made", 1, "0" * 64) for name in "abcdefgh"]


def scores_of(agents):
    """Return scores of *agents*: for each the old and new score in each world of two scenarios."""
    scores = Scores()
    for agent, worlds in agents.items():
        for place, (old, new) in enumerate(worlds):
            scores.add(agent, KEYS[place % 2], place, (old, new))
    return scores


def grade_of(*parts, score=None, version=1, seqs=()):
    """Return a grade with *parts*, each name, points, most, value and gate."""
    made = tuple(Part(*part, seqs=seqs) for part in parts)
    total = sum(part.points for part in made) if score is None else score
    rubric = RubricName("made", version, "0" * 64)
    breakdown = {part.name: part.points for part in made}
    return Grade(total, breakdown, {}, made, rubric, "made/a", "0" * 64, True)


ONE = ("one", 0.2, 0.4, 0.5, 1.0)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (grade_of(), grade_of(ONE), "new"),
        (grade_of(ONE), grade_of(), "dropped"),
        (grade_of(ONE), grade_of(("one", 0.25, 0.5, 0.5, 1.0)), "weight"),
        (grade_of(ONE), grade_of(("one", 0.4, 0.4, 1.0, 1.0)), "value"),
        (grade_of(ONE), grade_of(("one", 0.1, 0.4, 0.5, 0.5)), "gate"),
        (grade_of(ONE), grade_of(("one", 0.5, 0.5, 1.0, 1.0)), "value and weight"),
        (grade_of(ONE), grade_of(("one", 0.4, 0.4, 1.0, 1.0), seqs=(3,)), "evidence"),
        (grade_of(ONE), grade_of(ONE, seqs=(3,)), "evidence"),
        (grade_of(ONE, seqs=(2,)), grade_of(("one", 0.25, 0.5, 0.5, 1.0), seqs=(3,)), "weight"),
        (grade_of(("one", -0.1, 0.0, 0.5, 1.0)), grade_of(("one", -0.2, 0.0, 0.5, 1.0)), "weight"),
        (grade_of(("one", -0.1, 0.0, 0.5, 1.0)), grade_of(("one", -0.2, 0.0, 1.0, 1.0)), "value"),
        (grade_of(ONE), grade_of(("one", 0.1, 1.0, 0.1, 1.0), version=0), "value"),
    ],
)
def test_what_changed_about_a_part(old, new, word):
    """Both grades tell it: a penalty's weight by its points, a function's parts by theirs."""
    change = compare_grades(old, new)
    (part,) = change.parts
    assert what_changed(part, change) == word


@pytest.mark.parametrize(
    ("old", "new", "points"),
    [
        (grade_of(ONE), grade_of(("one", 0.1, 0.4, 0.25, 1.0)), 0.0),
        (grade_of(ONE), grade_of(("one", -0.3, 0.0, 1.0, 1.0), score=0.0), 0.3),
        # Three parts of 0.33335 each, rounded: the score differs from their sum by rounding only.
        (grade_of(ONE), grade_of(*[(n, 0.3334, 0.3334, 1.0, 1.0) for n in "abc"], score=1.0), 0.0),
    ],
)
def test_what_was_clamped(old, new, points):
    """It is what the parts do not add up to, and rounding is not taken for it."""
    assert clamped_points(compare_grades(old, new)) == pytest.approx(points)


def worlds_of(mean, move, count=12):
    """Return old and new scores in *count* worlds around *mean*, the new ones moved by *move*."""
    dice = random.Random(f"{mean} {move}")
    olds = [mean + 0.02 * dice.random() for _ in range(count)]
    return [(old, old + move) for old in olds]


@pytest.mark.parametrize(
    ("moves", "word"),
    [
        ((0.0, 0.0), "kept"),
        ((-0.3, 0.0), "reversed"),
        ((-0.1, 0.0), "kept"),
    ],
)
def test_what_becomes_of_a_clear_pair(moves, word):
    """A pair that was clear one way and is clear the other way is reversed; else it holds."""
    scores = scores_of({"a": worlds_of(0.6, moves[0]), "b": worlds_of(0.4, moves[1])})
    (pair,) = agent_pairs(scores)
    assert (pair.agents, pair.word, pair.worlds) == (("a", "b"), word, 12)
    assert pair.old == pytest.approx(0.2, abs=0.02)
    assert (pair.p is None) == (word == "kept")


def test_a_swap_within_noise():
    """Agents that differ by chance before and after, though their means swap, are no finding."""
    noisy = [(0.5 + 0.2 * (-1) ** n, 0.5 + 0.2 * (-1) ** n) for n in range(12)]
    other = [(0.49 - 0.2 * (-1) ** (n // 2), 0.51 - 0.2 * (-1) ** (n // 2)) for n in range(12)]
    (pair,) = agent_pairs(scores_of({"a": noisy, "b": other}))
    assert pair.word == "swapped, within noise"
    assert pair.p > 0.05


def test_an_order_that_only_one_side_shows():
    """Clear by the new grades only is a new order; by the old ones only, an order lost."""
    noisy = [0.5 + 0.2 * (-1) ** n for n in range(12)]
    near = [0.49 - 0.2 * (-1) ** (n // 2) for n in range(12)]
    far = [each + 0.3 + 0.01 * (n % 5) for n, each in enumerate(noisy)]
    new = {"a": [(x, x) for x in noisy], "b": list(zip(near, far, strict=True))}
    old = {"a": [(x, x) for x in noisy], "b": list(zip(far, near, strict=True))}
    assert [agent_pairs(scores_of(each))[0].word for each in (new, old)] == [
        "new order",
        "order lost",
    ]


def test_all_pairs_count():
    """The p-value of a pair is adjusted for all pairs of agents, also for those that hold."""
    two = {"a": worlds_of(0.6, -0.3), "b": worlds_of(0.4, 0.0)}
    more = {f"c{n}": worlds_of(0.1 * n, 0.0) for n in range(3)}
    alone, beside = agent_pairs(scores_of(two)), agent_pairs(scores_of({**two, **more}))
    assert (len(alone), len(beside)) == (1, 10)
    assert beside[0].agents == ("a", "b")
    assert beside[0].p > alone[0].p


def test_agents_without_a_world_in_common_are_no_pair():
    """Nothing is said of agents that never played the same world."""
    scores = Scores()
    scores.add("a", KEYS[0], 1, (0.5, 0.6))
    scores.add("b", KEYS[1], 1, (0.5, 0.6))
    scores.add("c", KEYS[0], 2, (0.5, 0.6))
    assert agent_pairs(scores) == ()


def test_means_are_of_scenarios():
    """A scenario with more episodes weighs no more, nor does a world that was repeated."""
    scores = Scores()
    for _ in range(9):
        scores.add("a", KEYS[0], 1, (1.0, 0.9))
    scores.add("a", KEYS[0], 2, (0.0, 0.1))
    scores.add("a", KEYS[1], 1, (0.0, 0.0))
    assert mean_of(scores.agents["a"], OLD) == pytest.approx(0.25)
    assert mean_of(scores.agents["a"], NEW) == pytest.approx(0.25)


def test_the_noise_floor_needs_every_scenario():
    """It is known only where a world of each scenario was repeated; 0 if all repeats are equal."""
    scores = Scores()
    for agent, repeats in {"some": (2, 1), "all": (2, 2)}.items():
        for key, times in zip(KEYS, repeats, strict=False):
            for number in range(times):
                scores.add(agent, key, 1, (0.5, 0.5 + 0.1 * number))
    scores.add("same", KEYS[0], 1, (0.4, 0.5))
    scores.add("same", KEYS[0], 1, (0.4, 0.5))
    noise = {row.agent: row.noise for row in agent_rows(scores, 0.7)}
    assert noise["some"] is None
    assert noise["all"] > 0
    assert noise["same"] == 0


def test_agents_are_ranked_among_their_like():
    """Ranks are of agents that played the same scenarios, and equal means share one."""
    scores = scores_of({"a": [(0.9, 0.2)] * 2, "b": [(0.5, 0.5)] * 2, "c": [(0.5, 0.5)] * 2})
    scores.add("other", KEYS[0], 1, (0.1, 0.1))
    rows = {row.agent: (row.old_rank, row.rank) for row in agent_rows(scores, 0.7)}
    assert rows == {"b": (2, 1), "c": (2, 1), "a": (1, 3), "other": (1, 1)}


def test_how_far_the_mean_moved():
    """Here it is exact; elsewhere it stays within what the changed criteria can move."""
    moves = {key: {1: [-0.1 if place < 2 else 0.0]} for place, key in enumerate(KEYS)}
    shift = shift_of(moves, reach=(-0.15, 0.0))
    assert shift.here == pytest.approx(-0.025)
    assert -0.15 <= shift.low < -0.025 < shift.high <= 0
    assert (shift.unit, shift.units, shift.method) == ("scenario", 8, "gaffke")


def test_one_unit_says_nothing_of_others():
    """Of one scenario, its worlds are the units; of one world, there is no interval."""
    worlds = shift_of({KEYS[0]: {1: [0.1], 2: [0.3]}}, reach=(0.0, 0.5))
    assert (worlds.unit, worlds.units) == ("world", 2)
    assert shift_of({KEYS[0]: {1: [0.1, 0.3]}}, reach=(0.0, 0.5)).low is None


def test_criteria_that_do_nothing():
    """Constant, the same as another, or paid over no event: each is told, with how often."""
    idle = IdleCriteria()
    for number in range(6):
        share = number / 5
        parts = [
            ("always", 0.25, 0.25, 1.0, 1.0),
            ("first", round(0.5 * share, 4), 0.5, share, 1.0),
            ("second", round(0.25 * share, 4), 0.25, share, 1.0),
        ]
        idle.add(replace(grade_of(*parts), score=0.5))
    found = {(each.criterion, each.kind): each for each in idle.found()}
    assert set(found) == {
        ("always", "constant"),
        ("second", "same"),
        ("first", "no event"),
        ("second", "no event"),
    }
    assert found["always", "constant"].episodes == 6
    assert found["second", "same"].other == "first"
    assert found["first", "no event"].episodes == 1


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((0, 0, 0, 0, 0), "nothing moved"),
        ((0, 0, 12, 0, 0), "no score moved, the events behind 12 did"),
        ((3, 0, 0, 0, 0), "no score moved, the parts of 3 did"),
        ((3, 3, 0, 0, 0), "no pass changes"),
        ((3, 3, 0, 1, 0), "1 pass lost, 0 gained"),
        ((3, 3, 0, 2, 1), "2 passes lost, 1 gained"),
    ],
)
def test_the_verdict_in_words(counts, words):
    """Flips come first, then what moved at all; nothing is said of agents without a pair."""
    names = ("moved", "scores_moved", "events_only", "lost", "gained")
    verdict = verdict_of(**dict(zip(names, counts, strict=True)), pairs=())
    assert (verdict.words, verdict.order) == (words, None)


def report_of(*, pairs=(), shift=None, lost=0, episodes=10, missing=0):
    """Return a report with what the rules look at."""
    verdict = verdict_of(
        moved=lost, scores_moved=lost, events_only=0, lost=lost, gained=0, pairs=pairs
    )
    shift = shift or Shift(0.0, None, None, None, "scenario", 1)
    return RegradeReport(
        verdict,
        episodes,
        {},
        {},
        missing,
        0,
        0.7,
        (lost, 0),
        0,
        lost,
        shift,
        (),
        0,
        (),
        pairs,
        (),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("rule", "given", "answer"),
    [
        ("lost", {"lost": 1}, "fails"),
        ("lost:1", {"lost": 1}, "holds"),
        ("lost:10%", {"lost": 1}, "holds"),
        ("lost:9%", {"lost": 1}, "fails"),
        ("missing", {"missing": 1}, "fails"),
        ("mean:-0.1", {}, "cannot tell"),
        ("mean:-0.1", {"shift": Shift(-0.2, -0.3, -0.11, "t", "scenario", 7)}, "fails"),
        ("mean:-0.1", {"shift": Shift(-0.2, -0.3, 0.1, "t", "scenario", 7)}, "holds"),
        ("mean:-0.1", {"shift": Shift(-0.2, -0.3, 0.1, "t", "scenario", 3)}, "cannot tell"),
        ("mean:-0.1", {"shift": Shift(-0.05, -0.3, 0.1, "t", "scenario", 3)}, "holds"),
        ("order", {}, "holds"),
    ],
)
def test_rules(rule, given, answer):
    """Facts fail by their count; a claim fails when shown, and too few units cannot tell."""
    assert judge(parse_rule(rule), report_of(**given)).answer == answer


def test_the_order_rule():
    """A pair that is clear the other way now breaks it; a swap of too few worlds cannot tell."""
    clear = agent_pairs(scores_of({"a": worlds_of(0.6, -0.3), "b": worlds_of(0.4, 0.0)}))
    few = agent_pairs(scores_of({"a": worlds_of(0.6, -0.3, 3), "b": worlds_of(0.4, 0.0, 3)}))
    answers = [judge(parse_rule("order"), report_of(pairs=pairs)).answer for pairs in (clear, few)]
    assert answers == ["fails", "cannot tell"]
