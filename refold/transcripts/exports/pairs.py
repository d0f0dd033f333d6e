"""
Preference pairs: two runs that part, the better one chosen and the other one rejected.

Paired are the forks of one parent with it and with each other, where refold's grades differ. The
messages that both share are the prompt; it ends before the first turn that is not the same. Runs
that an environment's answers set apart make no pair.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, takewhile
from typing import Any

from refold.engine.codec import encode
from refold.transcripts.exports.conversation import all_messages, tool_definitions
from refold.transcripts.exports.runs import Run
from refold.transcripts.remainder import KEY
from refold.transcripts.trial import Message


def pair_lines(family: Sequence[Run]) -> Iterator[bytes]:
    """Yield a line, with its end, for each pair of *family*, a parent and its forks."""
    for one, other in combinations(family, 2):
        first, second = _score(one), _score(other)
        if first is None or second is None or first == second:
            continue
        chosen, rejected = (one, other) if first > second else (other, one)
        if (line := _line(chosen, rejected)) is not None:
            yield encode(line) + b"\n"


def _score(run: Run) -> float | None:
    return None if run.graded is None else run.graded.value


def _line(chosen: Run, rejected: Run) -> dict[str, Any] | None:
    """Return the line of a pair; None where it is not by their turns that they part."""
    better, worse = list(all_messages(chosen.trial)), list(all_messages(rejected.trial))
    shared = _parting(better, worse)
    if shared is None:
        return None
    tools = tool_definitions(chosen.trial)
    return {
        "prompt": better[:shared],
        "chosen": _own_turns(better, shared),
        "rejected": _own_turns(worse, shared),
        **({"tools": tools} if tools else {}),
        "score_chosen": _score(chosen),
        "score_rejected": _score(rejected),
        KEY: {
            "chosen": chosen.info.id,
            "rejected": rejected.info.id,
            "rubric": chosen.graded.by if chosen.graded else "",
        },
    }


def _parting(better: Sequence[Message], worse: Sequence[Message]) -> int | None:
    """Return how many messages stand before the turns that set the two apart; None if none do."""
    pairs = zip(better, worse, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: encode(pair[0]) == encode(pair[1]), pairs))
    # Where an environment's answers differ, it was luck that told the two apart, and no turn.
    parts = shared and all(_begins_with_turn(each, shared) for each in (better, worse))
    return shared if parts else None


def _own_turns(messages: Sequence[Message], first: int) -> list[Message]:
    """Return *messages* from *first* on, up to the last turn: what follows that is no choice."""
    own = list(messages[first:])
    while own[-1]["role"] != "assistant":
        own.pop()
    return own


def _begins_with_turn(messages: Sequence[Message], place: int) -> bool:
    return place < len(messages) and messages[place]["role"] == "assistant"
