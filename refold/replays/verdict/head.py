"""How an episode ended, in a few words: ``out of time after 2 of 10 subtasks``."""

import re
from collections.abc import Mapping

from refold.engine import EpisodeEnded, Stream
from refold.engine.events import Answer
from refold.engine.exchanges import INSTRUMENT_FAILED, ModelCalled
from refold.graders import Grade
from refold.replays.verdict.places import places_of
from refold.replays.verdict.wording import shorten
from refold.scenarios.criteria import find_criteria

_LIMIT = re.compile(r"(?P<what>.+)_(?:limit|budget)|max_(?P<most>.+)")
_UNCOUNTED = ("time", "cost", "money", "context", "memory")
_TOTAL = re.compile(r".+_(?:total|possible)")


def head_of(stream: Stream, grade: Grade, end: EpisodeEnded, steps: int) -> str:
    """Return how the episode *stream* of so many *steps* ended, and how far it had come."""
    why, limited = _reason(stream, end)
    found = _progress(stream, grade.counts)
    if found is None:
        return f"{why} after {steps} step{'' if steps == 1 else 's'}"
    done, total, things = found
    link = "after" if limited and done != total else "with"
    return f"{why} {link} {done:g} of {total:g} {things}"


def _reason(stream: Stream, end: EpisodeEnded) -> tuple[str, bool]:
    """Return the end in words, and whether it was a limit."""
    limit = _LIMIT.fullmatch(end.reason)
    if end.how == "truncated" and limit is not None:
        what = _plain(limit["what"] or limit["most"])
        return f"out of {what if what in _UNCOUNTED or what.endswith('s') else f'{what}s'}", True
    known = stream.family.endings.get(end.reason)
    return known or _plain(end.reason), end.how == "truncated"


def _progress(stream: Stream, counts: Mapping[str, float]) -> tuple[float, float, str] | None:
    """Return how much of what was done: what the family says, else the count of the most things."""
    criteria = find_criteria(stream.family.name, stream.family.rules)
    for things, (done, of) in criteria.progress.items():
        if done in counts and of in counts:
            return counts[done], counts[of], things
    totals = [(count, name) for name, count in counts.items() if _TOTAL.fullmatch(name)]
    for total, name in sorted(totals, key=lambda each: -each[0]):
        thing = name.rpartition("_")[0]
        others = [key for key in counts if key.startswith(f"{thing}_") and key != name]
        if len(others) == 1:
            return counts[others[0]], total, _plain(thing)
    return None


def not_counted(stream: Stream, steps: int) -> str:
    """Return why an episode does not count that failures of an API or an environment cut off."""
    called = [event for event in stream if isinstance(event, ModelCalled)]
    cause, step = "the run was cut off", steps + 1
    pairs = zip(places_of(stream), stream, strict=True)
    faults = [at for at, event in pairs if isinstance(event, Answer) and event.fault is not None]
    if faults:
        cause, step = "the environment failed", faults[-1]
    elif called and called[-1].reply is None:
        kinds = dict.fromkeys(str(each.status or each.fault) for each in called[-1].faults)
        told = f" ({', '.join(kinds)})" if kinds else ""
        cause = f"the model’s API kept failing{told}"
    return f"Not counted: {cause} at {f'step {step}' if step else 'its start'}"


def is_cut_off(end: EpisodeEnded) -> bool:
    """Return whether a failure of an API or an environment ended the episode: no one's play."""
    return end.reason == INSTRUMENT_FAILED


def _plain(name: str) -> str:
    return shorten(name.replace("_", " "))
