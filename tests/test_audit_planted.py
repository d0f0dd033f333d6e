"""A fault of each kind, planted in a small family, is found by its check, and by no other."""

import re
from importlib.metadata import EntryPoint

import pytest
from planted_families import FAMILIES, FAULTS, planted
from sizes import first_fast

from refold.audits.running import run_audit
from refold.audits.scenarios import ScenarioTarget
from refold.engine import registry
from refold.scenarios import load

FOUND = {
    "": set(),
    "leak": {"semantic.no_solution_leakage"},
    "seedless": {"seeds.sensitivity"},
    "clock": {"semantic.replayability"},
    "leaking": {"runtime.episode_isolation"},
    "praise": {"criteria.free praised"},
    "free": {"criteria.free chatty"},
    "dead": {"criteria.dead dead"},
    "saturated": {"grader.mutation one event"},
    "secret": {"grader.mutation uncited events"},
    "paid idleness": {"rewards.idleness"},
    "opposite": {"rewards.optimum", "rewards.order"},
    "unreachable": {"rules.traps lock"},
    "always": {
        "statistical.adversarial_floor",  # by what is free alone
        "criteria.vacuous always",
        "criteria.free always",
        "criteria.constant always",
        "criteria.discrimination always",
        "grader.mutation",
        "grader.mutation one event",
    },
    "twice": {"criteria.duplicate right, too"},
    "wavering": {"semantic.verifier_determinism"},
    "penalty": {"semantic.oracle_max", "criteria.constant penalty", "rewards.range"},
}
"""What fails, by fault: one check, but where a fault is one in several respects."""


class Point(EntryPoint):
    """What an installed package would name."""

    def load(self):
        """Return the family."""
        return FAMILIES[self.name.removesuffix(".1")]


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Have the planted families known, as if a package brought them."""
    points = [Point(f"{name}.1", "planted_families:FAMILY", "refold.families") for name in FAMILIES]
    known = {registry.FAMILIES: points}
    monkeypatch.setattr(registry, "entry_points", lambda group: known.get(group, ()))
    registry.plugins.cache_clear()
    yield
    monkeypatch.undo()
    registry.plugins.cache_clear()


@pytest.mark.parametrize("fault", first_fast(FAULTS))
def test_found_by_its_check_and_by_no_other(fault):
    """What fails is what the fault does; without one, nothing fails."""
    (answers,) = run_audit([ScenarioTarget(planted(fault), 1, 3)], seconds=300)
    assert [each for each in answers if each.problem] == []
    failed = {
        f"{each.check.id} {each.measured.part}".rstrip()
        for each in answers
        if each.check.verdict(each.measured) == "fail"
    }
    if fault == "wavering":  # grades that change at each look may look like anything
        assert failed >= FOUND[fault]
    else:
        assert failed == FOUND[fault]


def test_what_is_found_is_named():
    """Of a clock the first value that differs, of a grader that can be flattered who flatters."""
    (clock,) = measured("clock", "semantic.replayability")
    assert re.search(
        r"the first: step \d+ event \d+ \(looked\) \$\.number: expected \d+, got \d+", clock
    )
    _, praised = measured("praise", "criteria.free")
    assert "with an order to the grader', which does not read" in praised


def measured(fault, check):
    """Return what *check* says of each part of the scenario with *fault*."""
    (answers,) = run_audit([ScenarioTarget(planted(fault), 1, 3)], only=[check], seconds=300)
    return [each.measured.about for each in answers]


def test_without_a_best_the_others_go_on(monkeypatch):
    """Where the search for the best has no time, what needs no best is measured all the same."""
    monkeypatch.setattr("refold.audits.scenarios.case.SEARCH", 1e-9)
    (answers,) = run_audit([ScenarioTarget(load("workflow/medium"), 43, 1)], seconds=300)
    assert [each for each in answers if each.problem] == []
    by_check = {each.check.id: each for each in answers}
    best = by_check["semantic.oracle_max"]
    assert best.check.verdict(best.measured) == "skip"
    assert best.measured.about.endswith("reached")
    free = by_check["criteria.free"]
    assert free.check.verdict(free.measured) in ("pass", "fail")
