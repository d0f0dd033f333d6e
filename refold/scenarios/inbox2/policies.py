"""
The built-in agents of inboxes, rules version 2; what each does is fixed.

``witness`` and ``greedy`` see the state with all that is hidden: they are bounds, not rivals.
"""

from collections.abc import Mapping

from refold.engine.presentation import LegalActions, MakePolicy, Policy, Seer
from refold.scenarios.inbox2.actions import LONGEST_REPLY, WAIT, Action
from refold.scenarios.inbox2.intents import core_of, intent_of, seems_false
from refold.scenarios.inbox2.observation import Observation, ThreadSeen
from refold.scenarios.inbox2.reader import Reader, by_urgency, simple_closing
from refold.scenarios.inbox2.refusals import legal_actions
from refold.scenarios.inbox2.rules import decide
from refold.scenarios.inbox2.state import State
from refold.scenarios.looking_ahead import best_at_once

_ROUTES = {
    "supplier": Action("escalate", team="finance"),
    "whereabouts": Action("reply", content="It is on its way."),
    "return": Action("archive"),
    "invoice": Action("reply", content="See attachment."),
    "access": Action("reply", content="Use the link."),
}


def baseline(shown: Observation, _legal: LegalActions) -> Action:
    """Routes each thread by the words of its first mail, and looks nothing up."""
    threads = by_urgency(shown)
    return route(threads[0]) if threads else WAIT


def route(thread: ThreadSeen) -> Action:
    """Return how ``baseline`` closes *thread*."""
    mail = thread.mails[0]
    if seems_false(mail):
        return Action("report", thread.id)
    kind = intent_of(core_of(mail))
    simple = simple_closing(thread.id, kind)
    if simple is not None:
        return simple
    routed = _ROUTES[kind]
    return Action(routed.type, thread.id, content=routed.content, team=routed.team)


def witness(state: State) -> Action:
    """Plays the planted actions, which score 1; sees all that is hidden."""
    script = state.plan.world.witness
    return script[state.t] if state.t < len(script) else WAIT


def greedy(state: State) -> Action:
    """Takes what pays most at once, by the rules; sees all that is hidden."""
    legal = legal_actions(state)
    echoes = [Action("reply", each.id, content=_text(state, each.id)) for each in state.open]
    action, reward = best_at_once(state, [*legal, *echoes], decide)
    if reward > 0:
        return action
    # Nothing pays: what is looked up may.
    return next((each for each in legal if each.type == "lookup"), WAIT)


def _text(state: State, id: str) -> str:
    """Return what is seen of a thread, as long as a reply may be."""
    mails = state.mails_of(state.plan.threads[id])
    return "\n".join(f"{mail.subject}\n{mail.body}" for mail in mails)[:LONGEST_REPLY]


POLICIES: Mapping[str, Policy] = {"baseline": baseline}
PLAYERS: Mapping[str, MakePolicy] = {"reader": Reader}
SEERS: Mapping[str, Seer] = {"greedy": greedy, "witness": witness}
