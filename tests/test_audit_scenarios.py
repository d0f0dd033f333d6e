"""``refold audit`` of the scenarios that ship: what is known of version 1, and of version 2."""

from pathlib import Path

import pytest
from auditing import audit, by_subject, failed

from refold.engine import ActionTaken, EventLog
from refold.graders import grade
from refold.replays.verification import verify
from refold.scenarios import load


@pytest.fixture(scope="module")
def audit_log(tmp_path_factory):
    """Return a log for the audits of this module."""
    with EventLog(tmp_path_factory.mktemp("audits") / "log.db") as log:
        yield log


@pytest.fixture(scope="module")
def quick(audit_log):
    """Return what is found of the two workflows and the inbox that are audited soon."""
    return audit(audit_log, "workflow/easy", "workflow/medium", "inbox/medium", "--seeds", "2")


@pytest.mark.slow
def test_parallelism_can_never_be_earned(quick):
    """It is proved, of easy and of medium, that no episode is paid for parallel work."""
    assert failed(quick, "criteria.dead") == {
        "workflow/easy: parallelism": 0.0,
        "workflow/medium: parallelism": 0.0,
    }
    dead = by_subject(quick, "criteria.dead")["workflow/easy: parallelism"]
    assert dead["about"] == "pays at most 0.0000 of its weight, proved by search"


@pytest.mark.slow
def test_the_best_is_below_the_ceiling(quick):
    """The best scores are the proved ones, and what cannot be paid in full is named."""
    assert failed(quick, "semantic.oracle_max") == {"workflow/easy": 0.9, "workflow/medium": 0.645}
    assert failed(quick, "criteria.full") == {
        "workflow/medium: time_efficiency": 0.25,
        "workflow/medium: cost_efficiency": pytest.approx(0.4971, abs=1e-4),
    }


@pytest.mark.slow
def test_capacity_never_binds(quick):
    """It is said, with the reason, of workflows in which no agent can ever meet it."""
    assert "workflow/easy: capacity" in failed(quick, "rules.limits")
    assert "workflow/medium: capacity" in failed(quick, "rules.limits")
    said = by_subject(quick, "rules.limits")["workflow/medium: capacity"]["about"]
    assert said.startswith("can never be met: one subtask is begun a step, so that at most 1 can")


@pytest.mark.slow
def test_return_and_score_disagree(quick):
    """The return's optimum is not the score's on workflows, by as much as is proved of them."""
    assert failed(quick, "rewards.optimum") == {
        "workflow/easy": pytest.approx(0.0533, abs=1e-4),
        "workflow/medium": pytest.approx(0.025, abs=1e-4),
    }
    assert set(failed(quick, "rewards.order")) >= {"workflow/easy", "workflow/medium"}


@pytest.mark.slow
def test_an_empty_inbox_is_paid_however_it_was_emptied(quick):
    """Players that do not read have the whole criterion."""
    assert failed(quick, "criteria.free")["inbox/medium: completion"] == 1.0


def test_replies_are_perfect_where_there_are_none(quick):
    """The criterion pays in full without an event to rest on; the episode shows no reply."""
    assert failed(quick, "criteria.vacuous")["inbox/medium: reply_quality"] == 1.0


def test_inbox_seeds_change_nothing_that_has_to_be_decided(quick):
    """Choices of one world score as much in others, but for a word of the replies."""
    kept = failed(quick, "seeds.sensitivity")
    assert kept["inbox/medium"] == pytest.approx(0.9)
    assert kept["workflow/easy"] == 1.0


def test_every_finding_is_shown(audit_log, quick):
    """What a finding names is in the log, one run, graded, and what the rules decide."""
    shown = {each["episode"] for each in quick if each["episode"]}
    assert {audit_log.find(id).run for id in shown} == {"audit"}
    for each in quick:
        if each["verdict"] == "fail" and each["check"] != "criteria.duplicate":
            assert each["episode"] or "no proof" in each["about"], each
    for id in sorted(shown)[:20]:
        assert verify(audit_log.events(id)) is None


def test_the_episode_shows_the_value(audit_log, quick):
    """The best score is that of its episode; who gets all for archiving has only archived."""
    best = by_subject(quick, "semantic.oracle_max")["workflow/medium"]
    assert grade(audit_log.events(best["episode"])).score == best["value"]
    free = by_subject(quick, "criteria.free")["inbox/medium: completion"]
    stream = audit_log.events(free["episode"])
    assert {event.action.type for event in stream if isinstance(event, ActionTaken)} == {"respond"}
    assert free["look"].startswith(f"refold replay {free['episode']}")


def test_what_holds_is_not_told_as_a_finding(quick):
    """What the rules promise of every episode holds: nothing is found where nothing is wrong."""
    for check in (
        "semantic.replayability",
        "semantic.verifier_determinism",
        "runtime.episode_determinism",
        "runtime.episode_isolation",
        "statistical.unbeaten",
    ):
        assert failed(quick, check) == {}
        assert by_subject(quick, check)


def test_a_criterion_that_rests_on_nothing_is_moved_by_no_edit(quick):
    """It is capacity_discipline, which pays where capacity never binds, and no other."""
    assert failed(quick, "grader.mutation") == {"workflow/medium: one event": 1.0}
    found = by_subject(quick, "grader.mutation")["workflow/medium: one event"]
    assert found["about"].endswith("they cite: capacity_discipline")


def test_nobody_names_a_scenario():
    """Checks know families by what they declare: none has the name of a scenario in it."""
    import refold.audits  # noqa: PLC0415 - only here

    sources = [
        path.read_text() for each in refold.audits.__path__ for path in Path(each).rglob("*.py")
    ]
    assert len(sources) > 10
    names = [name for each in ("workflow", "inbox") for name in (each, load(f"{each}/easy").title)]
    assert not [name for name in names for source in sources if name in source]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_version_2_has_no_findings(audit_log):
    """Of the smallest and of a large world, nothing fails; `--seeds 30` looks longer, by hand."""
    found = audit(audit_log, "inbox/easy@2", "workflow/expert@2", "--seeds", "1")
    assert {each["verdict"] for each in found} == {"pass", "skip"}
    skipped = {each["check"] for each in found if each["verdict"] == "skip"}
    assert skipped == {"semantic.no_solution_leakage", "grader.equivalence"}
