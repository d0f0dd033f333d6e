"""``refold verify``."""

from collections.abc import Iterator, Sequence
from typing import Any

import click
from attrs import frozen

from commands.options import episode_argument, json_option, log_option
from commands.output import SHORT, console, print_json, progress, safe, words
from engine import EpisodeInfo, EventLog, LogDamaged
from replays import verify


@frozen
class Verdict:
    """What became of checking one episode; *problem* is None if nothing is wrong."""

    episode: str
    digest: str
    problem: str | None


@click.command("verify")
@episode_argument("ids", many=True)
@log_option
@json_option
def verify_command(ids: Sequence[str], log: str, as_json: bool) -> int:
    r"""
    Check episodes, those named or the whole log: the hash chain, then every step decided again.

    Exits with 1 if anything is not what the rules make of scenario, seed and actions. A chain
    cannot show that its end was not cut off: compare digests that were published elsewhere.

    \b
    Examples:
      refold verify
      refold verify last --json
    """
    with EventLog(log, readonly=True) as opened:
        infos = [opened.find(id) for id in ids] or list(opened.episodes())
        checked = progress(
            (_check(opened, info) for info in infos), total=len(infos), label="verifying"
        )
        verdicts = list(_shown(checked, quiet=as_json))
    wrong = sum(verdict.problem is not None for verdict in verdicts)
    if as_json:
        print_json("verdicts", map(_row, verdicts))
    else:
        words(f"{len(verdicts)} episodes checked, {wrong} wrong")
    return 1 if wrong else 0


def _check(log: EventLog, info: EpisodeInfo) -> Verdict:
    try:
        stream = log.events(info.id)
    except LogDamaged as error:
        return Verdict(info.id, info.digest, str(error))
    found = verify(stream)
    if found is None:
        return Verdict(info.id, info.digest, None)
    recorded, expected = (
        text.decode(errors="replace") for text in (found.recorded, found.expected)
    )
    problem = (
        f"step {found.step} event {found.seq}: expected {expected or 'no event'}, "
        f"got {recorded or 'no event'}"
    )
    return Verdict(info.id, info.digest, problem)


def _shown(verdicts: Iterator[Verdict], *, quiet: bool) -> Iterator[Verdict]:
    out = console()
    for verdict in verdicts:
        if not quiet:
            outcome = verdict.problem or f"ok {verdict.digest[:SHORT]}"
            out.print(
                safe(f"{verdict.episode}  {outcome}"), style="red" if verdict.problem else None
            )
        yield verdict


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "episode": verdict.episode,
        "digest": verdict.digest,
        "ok": verdict.problem is None,
        "problem": verdict.problem,
    }
