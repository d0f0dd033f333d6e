"""
Plans the witness of an inbox: in which order threads are closed, and when mails may come.

Mails come before the witness needs them, and threads are due after it has closed them: so it
closes all of them right and in time.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from refold.scenarios.dice import Dice
from refold.scenarios.inbox2.actions import Action
from refold.scenarios.inbox2.drafts import Draft
from refold.scenarios.inbox2.sizes import Knobs
from refold.scenarios.inbox2.values import forms, money
from refold.scenarios.inbox2.world import Need

Repeat = tuple[Draft, Draft]
"""A thread that repeats another, and that one."""


def plan_witness(
    dice: Dice, knobs: Knobs, line: Sequence[Draft], repeats: Sequence[Repeat]
) -> list[Action]:
    """Return what the witness does, and set when the mails of *line* come and are due."""
    todo = list(line)
    dice.shuffle(todo)
    fresh = [draft for draft in todo if not draft.held]
    late = [draft for draft in fresh if draft.right.type != "merge"]
    late = late[: round(knobs.late * knobs.threads)]
    late_ids = {draft.id for draft in late}
    script, closed_at = _write(_order(dice, todo, late_ids, repeats))
    for draft in line:
        begin = closed_at[draft.id]
        if draft.held:
            draft.mails[-1] = replace(draft.mails[-1], at=dice.between(max(1, begin // 2), begin))
        if draft.id in late_ids:
            _come_late(dice, draft, begin, script)
        if dice.chance(knobs.due):
            draft.due = begin + dice.between(0, knobs.slack_due)
    for again, first in repeats:
        # No earlier than what it repeats, no later than it is merged.
        at = min(max(again.mails[0].at, first.mails[0].at), closed_at[again.id])
        again.mails[0] = replace(again.mails[0], at=at)
    good = [draft for draft in line if not draft.attack]
    if all(draft.due is None for draft in good):
        good[0].due = closed_at[good[0].id] + knobs.slack_due
    return script


def _order(
    dice: Dice, todo: Sequence[Draft], late: set[str], repeats: Sequence[Repeat]
) -> list[Draft]:
    """Return the order in which the witness closes the threads."""
    fresh = [draft for draft in todo if not draft.held]
    early = [draft for draft in fresh if draft.id not in late]
    half = len(early) // 2
    tail = early[half:] + [draft for draft in fresh if draft.id in late]
    tail += [draft for draft in todo if draft.held]
    dice.shuffle(tail)
    plan = early[:half] + tail
    for again, first in repeats:
        plan.remove(again)
        plan.insert(dice.between(plan.index(first) + 1, len(plan)), again)
    return plan


def _write(plan: Sequence[Draft]) -> tuple[list[Action], dict[str, int]]:
    """Return the witness's actions, and at which of them it closes each thread."""
    known: set[tuple[str, str]] = set()
    script: list[Action] = []
    closed_at = {}
    for draft in plan:
        for need in draft.lookups:
            if (need.record, need.key) not in known:
                known.add((need.record, need.key))
                script.append(Action("lookup", record=need.record, key=need.key))
        closed_at[draft.id] = len(script)
        script.append(_closing(draft))
    return script, closed_at


def _closing(draft: Draft) -> Action:
    right = draft.right
    if right.type == "reply":
        facts = "; ".join(forms(fact)[0] for fact in draft.facts)
        text = f"Dear customer, here is what you need: {facts}."
        return Action("reply", draft.id, content=text)
    amount = None if right.amount is None else money(right.amount)
    return Action(
        right.type, draft.id, order=right.order, amount=amount, team=right.team, into=right.into
    )


def _come_late(dice: Dice, draft: Draft, begin: int, script: Sequence[Action]) -> None:
    """Let *draft* come shortly before step *begin*, when the witness closes it."""
    first = max(0, begin - dice.between(2, 6) - len(draft.lookups))
    # But no later than the witness looks something up that only this thread names.
    own = [need for need in draft.lookups if need.record in ("order", "customer")]
    used = [
        step
        for step, action in enumerate(script[:begin])
        if action.type == "lookup" and _looked_up(action) in own
    ]
    first = min([first, *used])
    draft.mails = [replace(mail, at=max(mail.at, first)) for mail in draft.mails]


def _looked_up(action: Action) -> Need | None:
    if action.record is None or action.key is None:
        return None
    return Need(action.record, action.key)
