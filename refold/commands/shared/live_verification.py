"""``refold verify --live``."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.output import print_json, print_to_stderr, safe_text, stdout_console
from refold.commands.shared.progress import show_progress
from refold.engine import open_to_read
from refold.environments import Worlds
from refold.replays.live import LiveVerdict, count_answers, verify_live

_LONGEST_VALUE = 200  # letters

Checked = tuple[str, LiveVerdict]
"""An episode's id and the verdict on it."""


def verify_worlds(
    log_path: str,
    ids: Sequence[str],
    worlds: Worlds,
    *,
    times: int,
    volatile: Sequence[str],
    as_json: bool,
) -> int:
    """
    Print how fresh environments answer the episodes *ids*, and return the exit code.

    Without ids, these are all episodes that have an answer of an environment.
    """
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        # The newest first: what leaks from one episode into the next would leak again in the
        # order in which they were recorded.
        infos = left_out.find_each(log, ids) if ids else log.episodes(newest_first=True)
        streams = (
            (info.id, stream)
            for info, stream in left_out.read_each(infos, lambda info: log.events(info.id))
            if ids or (stream.family.answered and count_answers(stream))
        )
        total = len(ids) or log.count()
        checked: list[Checked] = []
        for id, stream in show_progress(streams, total=total, label="playing again"):
            verdict = verify_live(stream, worlds, times=times, volatile=volatile)
            checked.append((id, verdict))
            if not as_json:
                _print_verdict(id, verdict)
        if as_json:
            print_json("episodes", _rows(checked))
        else:
            _print_summary(checked)
    wrong = any(verdict.verdict != "same" for _, verdict in checked)
    return 1 if wrong or left_out else 0


def _print_verdict(id: str, verdict: LiveVerdict) -> None:
    style = None if verdict.verdict == "same" else "red"
    stdout_console().print(safe_text(f"{id}  {_describe(verdict)}"), style=style)


def _describe(verdict: LiveVerdict) -> str:
    put = f"{verdict.again} of {pluralise(verdict.of, 'answer')} compared"
    where = "" if verdict.step is None else f" at {_place(verdict.step)}"
    if verdict.difference is None:
        reason = f": {verdict.reason}" if verdict.reason else ""
        return f"{verdict.verdict}{where}{reason}; {put}"
    recorded, now = (f"{each!r:.{_LONGEST_VALUE}}" for each in _values(verdict))
    changing = ", ".join(verdict.changing)
    also = f"; changes from play to play: {changing}" if changing else ""
    return f"differs{where} {verdict.difference.path}: {recorded} recorded, {now} now; {put}{also}"


def _place(step: int) -> str:
    return f"step {step}" if step else "the beginning"


def _values(verdict: LiveVerdict) -> tuple[Any, Any]:
    found = verdict.difference
    return (found.a, found.b) if found else (None, None)


def _rows(checked: Iterable[Checked]) -> Iterator[dict[str, Any]]:
    for id, verdict in checked:
        recorded, now = _values(verdict)
        yield {
            "id": id,
            "verdict": verdict.verdict,
            "step": verdict.step,
            "path": verdict.difference.path if verdict.difference else None,
            "recorded": recorded,
            "now": now,
            "again": verdict.again,
            "of": verdict.of,
            "reason": verdict.reason,
            "changing": list(verdict.changing),
        }


def _print_summary(checked: Sequence[Checked]) -> None:
    counts = {
        kind: sum(verdict.verdict == kind for _, verdict in checked)
        for kind in ("same", "differs", "unplayable")
    }
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    print_to_stderr(f"{pluralise(len(checked), 'episode')} replayed{f': {told}' if told else ''}")
