"""An episode as those see it who label it: without agent, score, reward or anybody's labels."""

from collections.abc import Iterator

import msgspec

from refold.commands.shared.output import safe_lines, safe_text, stdout_console
from refold.engine import EpisodeInfo, Stream
from refold.replays import steps
from refold.scenarios.spec import stand_in_remark
from refold.viewer.transcript import Turn, conversation_turns
from refold.viewer.transcript_lines import piece_lines

_TOLD_OF_SCORES = "score"


class _Task(msgspec.Struct):
    """The part of a scenario's JSON that says what was to be done."""

    description: str = ""


_decode_task = msgspec.json.Decoder(_Task).decode


def print_blind(info: EpisodeInfo, stream: Stream, *, name: str, left: int) -> None:
    """Print the episode *info* for somebody to label *name*; *left* are to be labelled yet."""
    out = stdout_console()
    scenario = stand_in_remark(stream.scenario) or info.scenario
    out.print(safe_text(f"{name}?  {scenario}  {info.id}"), style="bold")
    out.print(safe_lines(_decode_task(stream.scenario).description))
    for turn in conversation_turns(stream.family, steps(stream)):
        out.print(safe_text(f"step {turn.position}" if turn.position else "start"), style="dim")
        for line in _lines(turn):
            out.print(safe_text(f"  {line}"))
    out.print(safe_text(f"({left} left)"), style="dim")


def _lines(turn: Turn) -> Iterator[str]:
    for piece in turn.pieces:
        if piece.kind != _TOLD_OF_SCORES:
            for line in piece_lines(piece, whole=True):
                yield "".join(text for text, _ in line)
