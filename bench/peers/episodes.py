"""What all of them record: the episode of a built-in agent, as events and as a conversation."""

from collections.abc import Iterator

from attrs import frozen

from bench.worlds import Script, actions, played
from refold.engine import ActionTaken, Stream, fold
from refold.engine.codec import encode
from refold.engine.folding import step_ranges

SCENARIO, AGENT = "workflow/hard", "greedy"


@frozen
class Recorded:
    """
    An episode.

    Attributes:
        script: Its actions.
        steps: The stored bytes of each step's events, those of its start first.
        turns: What an agent is told and what it does, as texts, turn by turn.
    """

    script: Script
    steps: tuple[tuple[str, ...], ...]
    turns: tuple[tuple[str, str], ...]

    @property
    def events(self) -> int:
        """Number of its events."""
        return sum(map(len, self.steps))


def recorded() -> Recorded:
    """Return the episode."""
    stream = played(SCENARIO, AGENT)
    texts = [payload.decode() for payload in stream.payloads]
    steps = tuple(tuple(texts[each.start : each.stop]) for each in step_ranges(stream))
    return Recorded(tuple(actions(stream)), steps, tuple(_turns(stream)))


def _turns(stream: Stream) -> Iterator[tuple[str, str]]:
    prompt = stream.family.prompt
    assert prompt is not None
    state = fold(stream[:1], family=stream.family)
    for seqs in step_ranges(stream)[1:]:
        events = stream[seqs.start : seqs.stop]
        told = prompt.render(stream.family.observe(state))
        [action] = [event.action for event in events if isinstance(event, ActionTaken)]
        yield told, encode(action).decode()
        state = fold(events, family=stream.family, start=state)
