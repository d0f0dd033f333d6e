"""The solver: its optimum is the optimum, its bounds bound, and its figures are the grader's."""

import random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from sizes import first_fast
from small_scenarios import best_of_all, small_inbox, small_workflow
from worlds2 import scenario, task, worker

from refold.engine import Episode, RefoldError
from refold.engine.registry import find_family
from refold.graders import grade
from refold.scenarios import Criterion, load, scenario_names
from refold.scenarios.search import Move
from refold.solving import Limits, play_actions, solve

AMPLE = Limits(1e9, 4 * 10**9)  # counted from here, and a run of all tests takes its time
GOALS = ("score", "return")
OPTIMA = {
    "inbox/easy": (1.0, 2.4),
    "inbox/medium": (1.0, 2.8),
    "inbox/hard": (1.0, 3.4),
    "workflow/easy": (0.9, 1.22),
    "workflow/medium": (0.645, 1.92),
}
LARGE = ("workflow/hard", "workflow/expert")
TELLING = (21, 35, 53, 58, 67, 76, 81, 121, 134, 162, 167, 188, 195, 199, 203)
"""Small workflows that tell a search that leaves out too much, or bounds it too low."""
LONGER = (216, 220, 225, 227)
"""The same, of up to five steps."""


def solved(scenario, objective="score"):
    return solve(scenario, objective=objective, limits=AMPLE)


@pytest.mark.parametrize("name", OPTIMA)
def test_optima(name):
    """The optimum of score and return of each small scenario; an audit's page has the others."""
    score, total = OPTIMA[name]
    best, richest = solved(load(name)), solved(load(name), "return")
    assert (best.score, best.proved, best.bound, best.gap) == (score, True, score, 0.0)
    assert richest.total == pytest.approx(total)
    assert richest.proved
    # Each is at its own objective at least what the other is.
    assert best.score >= richest.score
    assert richest.total >= best.total


def check_all(scenario):
    score, total = best_of_all(scenario)
    best, richest = solved(scenario), solved(scenario, "return")
    assert not best.general
    assert (best.score, best.proved) == (score, True)
    assert (pytest.approx(richest.total, abs=1e-9), richest.proved) == (total, True)


@pytest.mark.parametrize("number", first_fast(range(4)))
def test_small_workflows(number):
    """No episode of a small workflow beats the optimum, whatever its rubric measures."""
    check_all(small_workflow(number, most_steps=4))


@pytest.mark.parametrize("number", range(4))
def test_small_inboxes(number):
    """Nor one of a small inbox."""
    check_all(small_inbox(number))


@pytest.mark.slow
@pytest.mark.parametrize("number", TELLING)
def test_more_small_workflows(number):
    """The same for those that tell the most."""
    check_all(small_workflow(number, most_steps=4))


@pytest.mark.slow
@pytest.mark.parametrize("number", LONGER)
def test_longer_workflows(number):
    """The same for some of up to five steps."""
    check_all(small_workflow(number, most_steps=5))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4, 24))
def test_more_small_inboxes(number):
    """The same for twenty more inboxes."""
    check_all(small_inbox(number))


def walk(scenario, seed):
    """Yield the moves of a random walk of legal actions through *scenario*, and its events."""
    dice, episode = random.Random(seed), Episode.start(scenario)
    moves = []
    while not episode.over:
        before = episode.state
        result = episode.step(dice.choice(episode.legal_actions))
        action, *caused = result.events
        moves.append(Move(before, action.action, caused, episode.state))
    return moves, episode.events


@given(seed=st.integers(0, 10**6), number=st.integers(0, 10**6), objective=st.sampled_from(GOALS))
def test_bound_is_never_beaten(seed, number, objective):
    """Along any walk the bound never falls below what the walk reaches, and is that in the end."""
    name = random.Random(number).choice([*OPTIMA, *LARGE, "small"])
    scenario = small_workflow(number, most_steps=9) if name == "small" else load(name)
    moves, events = walk(scenario, seed)
    reached = grade(events).score if objective == "score" else events[-1].total
    family = find_family(scenario.family, scenario.rules)
    search = family.search(moves[0].before, scenario.rubric, objective)
    record = search.begin(moves[0].before)
    for move in moves:
        assert search.bound(move.before, record) >= reached - 1e-9
        # What the search leaves out is of no use, which the exhaustive tests hold.
        record = search.advance(record, move) or record
    assert search.value(moves[-1].after, record) == reached


@pytest.mark.parametrize("name", OPTIMA)
def test_random_play_never_wins(name):
    """No random episode exceeds either optimum."""
    score, total = OPTIMA[name]
    for seed in range(30):
        _, events = walk(load(name), seed)
        assert grade(events).score <= score
        assert events[-1].total <= total + 1e-9


def test_equal_searches_find_the_same():
    """A solution depends on nothing but the question."""
    assert solved(load("workflow/medium")) == solved(load("workflow/medium"))


def test_another_seed_is_another_question():
    """The dice of the seed count: it is the seed's own world that is solved."""
    medium = load("workflow/medium")
    found = solve(medium, seed=7, limits=AMPLE)
    assert (found.seed, found.proved) == (7, True)
    episode = play_actions(medium, 7, found.actions)
    assert grade(episode.events).score == found.score


class Looks:
    """Limits that are reached after so many looks, however fast the machine is."""

    def __init__(self, number):
        self.left = number

    def reached(self):
        """Return that the limit is reached, after so many looks."""
        self.left -= 1
        return "limit of looks" if self.left < 0 else None


def test_limit_leaves_a_bound():
    """A search that is cut off says what it found, and what might be left at most."""
    found = solve(load("workflow/medium"), limits=Looks(18))
    assert (found.proved, found.stopped) == (False, "limit of looks")
    assert found.score <= 0.645 <= found.bound < 0.99
    assert found.gap == pytest.approx(found.bound - found.score)
    assert found.gap > 0


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (Limits(1e-9, 4 << 30), "time limit of 1e-09 s"),
        (Limits(1e9, 10**6), "memory limit of 0.001 GB"),
    ],
)
def test_limit_without_any_episode(limits, named):
    """Where nothing was found in time, that is an error that says which limit to raise."""
    with pytest.raises(RefoldError, match=f"within the {named}, found none; allow more"):
        solve(load("workflow/easy"), limits=limits)


def test_worlds_outside_cannot_be_solved():
    """Nobody knows the states of a world outside."""
    with pytest.raises(RefoldError, match="refold's own families, got an external environment"):
        solve(load("gymnasium:CartPole-v1"), limits=AMPLE)


def with_odd_penalty(scenario):
    """Return *scenario* with a penalty for saving time, for which the family has no bound."""
    odd = Criterion("odd", -0.1, "time_saved")
    return evolve(
        scenario, rubric=evolve(scenario.rubric, criteria=(*scenario.rubric.criteria, odd))
    )


@pytest.mark.slow
def test_general_search():
    """A rubric without a search of the family is searched all the same, and small ones proved."""
    odd = with_odd_penalty(small_workflow(3, most_steps=3))
    best, richest = solved(odd), solve(odd, objective="return", limits=AMPLE)
    assert (best.general, best.proved, richest.general) == (True, True, False)
    assert best.score == best_of_all(odd)[0]


@pytest.mark.slow
def test_general_search_says_what_it_cannot():
    """Cut off, it promises no more than the rubric's ceiling."""
    found = solve(with_odd_penalty(load("workflow/easy")), limits=Looks(40))
    assert (found.general, found.proved, found.bound) == (True, False, 0.99)


def test_equal_workers_are_one():
    """Workers that differ in nothing but the name multiply no work."""
    easy = load("workflow/easy")
    one = easy.parameters.workers[0]
    twins = [evolve(one, name=f"lead_{number}") for number in range(4)]
    crowded = evolve(
        easy, parameters=evolve(easy.parameters, workers=(*easy.parameters.workers, *twins))
    )
    alone, many = solved(easy, "return"), solved(crowded, "return")
    assert (many.total, many.states) == (pytest.approx(alone.total), alone.states)


SECOND = [name for name in scenario_names() if name.endswith("@2")]


@pytest.mark.parametrize("objective", GOALS)
@pytest.mark.parametrize("name", SECOND)
def test_an_oracle_that_reaches_the_bound_is_a_proof(name, objective):
    """In a world of version 2 the witness has all there is, so nothing is left to search."""
    found = solve(load(name), objective=objective, seed=11, limits=Looks(0))
    assert (found.score, found.bound, found.gap) == (1.0, pytest.approx(1), 0.0)
    assert found.total == pytest.approx(1, abs=1e-9)
    assert (found.proved, found.states, found.stopped) == (True, 0, None)
    assert grade(play_actions(load(name), 11, found.actions).events).score == 1


def small_world(folder, planned):
    """Return a workflow of one task, written by hand, whose oracle plays *planned*."""
    world = {"tasks": [task("a", due=3)], "workers": [worker("Ana")], "witness": planned}
    limits = {"capacity": 1, "horizon": 5, "budget": 9.0, "per_tick": 2}
    return scenario(folder, "workflow/easy@2", {"world": {**world, **limits}})


@pytest.mark.parametrize("objective", GOALS)
def test_an_oracle_that_does_not_is_none(tmp_path, objective):
    """Where a plan falls short, what it lacks is searched for and found."""
    late = [{"tick": 4, "task": "a", "worker": "Ana"}]
    for planned in ([], late):
        found = solved(small_world(tmp_path, planned), objective)
        assert (found.score, found.proved) == (1.0, True)
        assert found.states > 0


def test_an_oracle_is_what_was_found_where_a_limit_stops_the_search(tmp_path):
    """A plan that falls short is the best found, until the search finds a better one."""
    found = solve(small_world(tmp_path, []), limits=Looks(0))
    assert (found.score, found.proved, found.stopped) == (0.0, False, "limit of looks")
    assert found.bound == 1
