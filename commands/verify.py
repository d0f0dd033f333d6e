"""``refold verify``."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
from attrs import frozen

from commands.options import episode_argument, examples, json_option, log_option
from commands.output import SHORT, console, counted, print_json, progress, safe, words
from engine import EpisodeInfo, EventLog, RefoldError
from replays import Divergence, misfiled, verify

_BEFORE, _LONGEST = 60, 300


@frozen
class Verdict:
    """What became of checking one episode; *problem* is None if nothing is wrong."""

    episode: str
    digest: str
    problem: str | None


@click.command(
    "verify",
    epilog=examples(
        "refold verify",
        "refold verify last --json",
    ),
)
@episode_argument("ids", many=True)
@log_option
@json_option
def verify_command(ids: Sequence[str], log: str, as_json: bool) -> int:
    """
    Check episodes, those named or the whole log: the hash chain, then every step decided again.

    Exits with 1 if anything is not what the rules make of scenario, seed and actions. A chain
    cannot show that its end was not cut off: compare digests that were published elsewhere.
    """
    total = wrong = 0

    def counted_up(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        nonlocal total, wrong
        for verdict in verdicts:
            total += 1
            wrong += verdict.problem is not None
            yield verdict

    with EventLog(log, readonly=True) as opened:
        infos = [opened.find(id) for id in ids] or opened.episodes()
        checked = (_check(opened, info) for info in infos)
        watched = progress(checked, total=len(ids) or opened.count(), label="verifying")
        if as_json:
            print_json("verdicts", map(_row, counted_up(watched)))
        else:
            _print(counted_up(watched))
    if not as_json:
        words(f"{counted(total, 'episode')} checked, {wrong} wrong")
    return 1 if wrong else 0


def _check(log: EventLog, info: EpisodeInfo) -> Verdict:
    """Return what is wrong with an episode; what it holds may be anything."""
    try:
        stream = log.events(info.id)
        found = verify(stream)
        problem = _say(found) if found else misfiled(info, stream)
    except RefoldError as error:
        problem = str(error)
    return Verdict(info.id, info.digest, problem)


def _say(found: Divergence) -> str:
    """Return in words, with the place as ``replay --step`` counts, where a stream is wrong."""
    where = f"step {found.step + 1}" if found.step >= 0 else "start"
    pairs = enumerate(zip(found.recorded, found.expected, strict=False))
    apart = next((place for place, (was, should) in pairs if was != should), 0)
    start = max(apart - _BEFORE, 0)
    expected, recorded = (_excerpt(text, start) for text in (found.expected, found.recorded))
    return f"{where} event {found.seq}: expected {expected}, got {recorded}"


def _excerpt(payload: bytes, start: int) -> str:
    if not payload:
        return "no event"
    text = payload[start : start + _LONGEST].decode(errors="replace")
    before, after = "…" if start else "", "…" if start + _LONGEST < len(payload) else ""
    return f"{before}{text}{after}"


def _print(verdicts: Iterable[Verdict]) -> None:
    out = console()
    for verdict in verdicts:
        outcome = verdict.problem or f"ok {verdict.digest[:SHORT]}"
        out.print(safe(f"{verdict.episode}  {outcome}"), style="red" if verdict.problem else None)


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "episode": verdict.episode,
        "digest": verdict.digest,
        "ok": verdict.problem is None,
        "problem": verdict.problem,
    }
