"""
Measures for inbox rubrics, version 1: all read what each step earned.

Activity, for gates, is the number of steps: nothing done earns nothing.
"""

from collections.abc import Mapping

from attrs import frozen

from refold.engine import StepRewarded
from refold.engine.sums import add_up
from refold.scenarios import Criteria, Measure
from refold.scenarios.facts import Facts, Finding, IndexedEvent
from refold.scenarios.inbox.events import EmailHandled

_FULL_DECISION = 0.6
_FULL_REPLY = 0.2


@frozen
class Nothing:
    """No parameters."""


def decision_share(parts: Mapping[str, float]) -> float:
    """Return what the decision of a step with the reward *parts* was worth, 0 to 1."""
    return min(1.0, max(0.0, parts.get("decision_quality", 0.0) / _FULL_DECISION))


def reply_share(parts: Mapping[str, float]) -> float:
    """Return what the reply of a step with the reward *parts* was worth, 0 to 1."""
    return max(0.0, parts.get("response_quality", 0.0)) / _FULL_REPLY


def lost_of(parts: Mapping[str, float]) -> float:
    """Return what safety and loop penalties took of a step with the reward *parts*, at least 0."""
    return -parts.get("safety_penalty", 0.0) - parts.get("loop_penalty", 0.0)


def activity(facts: Facts) -> float:
    """Return the number of steps."""
    return facts.steps


def _replies(facts: Facts) -> list[IndexedEvent]:
    """Return the rewards of the steps that answered an e-mail."""
    rewards = facts.of_type(StepRewarded)
    return [
        rewards[at.step]
        for at in facts.where(EmailHandled, lambda event: event.action == "respond")
        if at.step < len(rewards)
    ]


def correctness(facts: Facts, _: Nothing) -> Finding:
    """Mean decision quality of the steps, as a share of the best."""
    rewards = facts.of_type(StepRewarded)
    shares = [decision_share(at.event.parts) for at in rewards]
    return Finding.of(add_up(shares) / len(shares) if shares else 0.0, rewards, steps=len(rewards))


def completion(facts: Facts, _: Nothing) -> Finding:
    """1 if every e-mail was handled."""
    found = facts.where(StepRewarded, lambda event: event.parts.get("completion_bonus", 0.0) > 0)
    return Finding.of(float(bool(found)), found)


def reply_quality(facts: Facts, _: Nothing) -> Finding:
    """Mean quality of the replies, as a share of the best; 1 when there was none."""
    replies = _replies(facts)
    shares = [reply_share(at.event.parts) for at in replies]
    return Finding.of(min(1.0, add_up(shares) / len(shares)) if shares else 1.0, replies)


def perfection(facts: Facts, params: Nothing) -> Finding:
    """1 if every decision and every reply was the best there is and no mail is left."""
    found = [take(facts, params) for take in (correctness, completion, reply_quality)]
    if not all(finding.value == 1.0 for finding in found):
        return Finding.of(0.0)
    return Finding(1.0, tuple(sorted({seq for finding in found for seq in finding.seqs})))


def penalty(facts: Facts, _: Nothing) -> Finding:
    """For a penalty: mean of what safety and loop penalties took, at most 1."""
    rewards = facts.of_type(StepRewarded)
    lost = [at for at in rewards if lost_of(at.event.parts)]
    risky = facts.where(StepRewarded, lambda event: event.parts.get("safety_penalty", 0.0) < 0)
    late = facts.where(EmailHandled, lambda event: event.late)
    steps = len(rewards)
    return Finding.of(
        min(1.0, add_up(lost_of(at.event.parts) for at in lost) / steps) if steps else 0.0,
        lost,
        risky_actions=len(risky),
        late_sla_violations=len(late),
        efficiency=round((steps - len(risky) - len(late)) / steps, 4) if steps else 0.0,
    )


CRITERIA = Criteria(
    measures={
        "completion": Measure(Nothing, completion, "every e-mail handled"),
        "correctness": Measure(Nothing, correctness, "right decisions, on average"),
        "penalty": Measure(Nothing, penalty, "risky and repeated actions"),
        "perfection": Measure(Nothing, perfection, "every decision and reply the best"),
        "reply_quality": Measure(Nothing, reply_quality, "replies that mention what they should"),
    },
    activity=activity,
    problems=lambda params, parameters: [],
    unit="steps",
)
"""What rubrics of inbox scenarios, rules version 1, can draw on."""
