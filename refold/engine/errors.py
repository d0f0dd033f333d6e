"""
Every error that refold raises on purpose, one class for each decision that a caller can make.

All are children of ``RefoldError``; their text is one line, ready to be shown. Facts that a
caller may branch on are attributes, so the text never has to be parsed.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any


class RefoldError(Exception):
    """
    Something that a user can fix; its text says what, where and what to do next.

    Can be pickled with its facts, whatever its constructor takes.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, vars(self))


def _restore(kind: type[RefoldError], args: tuple[Any, ...], facts: dict[str, Any]) -> RefoldError:
    error = kind.__new__(kind, *args)
    vars(error).update(facts)
    return error


class InvalidAction(RefoldError):
    """The value is no action of this family at all; nothing was appended."""


class EpisodeOver(RefoldError):
    """The episode has ended already; nothing was appended."""


class UnknownName(RefoldError):
    """
    A name that nothing is known by.

    Attributes:
        name: The name that was asked for.
        known: The names that would have been accepted, sorted.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        self.kind = kind
        self.name = name
        self.known: Sequence[str] = sorted(known)
        super().__init__(f"{kind}: {_expected_names(name, self.known)}{'; ' if hint else ''}{hint}")


def _expected_names(name: str, known: Sequence[str]) -> str:
    # Typos by similarity, then parts of long names (``hard`` of ``workflow/hard``).
    near = [k for k in known if name in k][:3] or get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return f"expected a known name, got {name!r:.200}; did you mean {', '.join(near)}?"
    return f"expected one of {', '.join(known) or '(there is none)'}; got {name!r:.200}"


class UnknownStep(RefoldError):
    """A position that the episode does not have."""

    def __init__(self, position: int, last: int) -> None:
        super().__init__(f"step: expected 0 to {last} (0 is before any action), got {position}")


class UnknownEpisode(RefoldError):
    """No episode in the log has this id or prefix."""


class UnknownRun(RefoldError):
    """No run in the log has this name or prefix."""


class AmbiguousRun(RefoldError):
    """The names of several runs begin so."""


class AmbiguousEpisode(RefoldError):
    """
    More than one episode begins with this prefix, or has this run, scenario and seed.

    Attributes:
        matches: At most five of their ids.
    """

    def __init__(self, reference: str, matches: Sequence[str], *, hint: str = "") -> None:
        self.matches = matches
        shown = ", ".join(matches)
        expected = f"the id of one{hint}" if hint else "a unique prefix"
        super().__init__(f"episode {reference!r}: expected {expected}, got one of {shown}, …")


class EpisodeExists(RefoldError):
    """The log already holds an episode with this id."""


class NotALog(RefoldError):
    """The file cannot be used as a log: missing, unreadable, or something else."""


class NewerLog(NotALog):
    """The log was written by a newer release than this one."""


class LogDamaged(RefoldError):
    """
    Stored events are not what was written: the hash chain or the text of an event is broken.

    Attributes:
        episode: Id of the episode.
        seq: Position of the first event that is wrong.
    """

    def __init__(self, episode: str, seq: int, problem: str) -> None:
        self.episode = episode
        self.seq = seq
        super().__init__(
            f"episode {episode} event {seq}: {problem}; restore the log from a copy, "
            "or look at other episodes"
        )


class ImpossibleEvent(RefoldError):
    """An event does not fit the state before it, so the rules cannot have made it."""

    def __init__(self, event: str) -> None:
        super().__init__(
            f"event {event}: expected one that fits the state before it, got one that cannot "
            "have happened; do not trust this log"
        )


class UnstorableEvent(RefoldError):
    """
    An event that a family made would read back from the log as another; nothing was appended.

    Attributes:
        event: Type of the event.
    """

    def __init__(self, event: str, problem: str) -> None:
        self.event = event
        super().__init__(f"event {event}: {problem}; fix the family that made it")


class LogMoved(NotALog):
    """The path of an open log names another file by now, or none."""


class DiskFull(RefoldError):
    """The disk has no room for what was to be stored; nothing of it was."""


class NoWorld(RefoldError):
    """An episode can continue only in an external environment, and none was named."""


class WorldDiffers(RefoldError):
    """
    A fresh environment answers differently from the recording; nothing was appended.

    Attributes:
        step: The 0-based step of the first difference; -1 for the beginning.
        difference: The value that differs, a ``ValueDifference`` with the recorded one as ``a``.
    """

    def __init__(self, step: int, difference: Any) -> None:
        self.step = step
        self.difference = difference
        where = f"step {step + 1}" if step >= 0 else "the beginning"
        super().__init__(
            f"environment: expected the recorded answers, got another at {where} "
            f"{difference.path}: {difference.a!r:.200} recorded, {difference.b!r:.200} now; "
            "an episode continues only if its environment repeats them"
        )


class StaleWriter(RefoldError):
    """Another writer has appended to this episode since it was read; nothing was appended."""


class LogBusy(RefoldError):
    """Another process holds the log's write lock for too long; nothing was appended."""
