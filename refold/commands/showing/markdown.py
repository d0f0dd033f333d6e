"""An episode as Markdown: the verdict first, then what was lost and because of what."""

from collections.abc import Iterator, Sequence

from refold.commands.regrading.markdown import cell
from refold.commands.shared.verdict_text import MOST_PARTS, signed_loss, why
from refold.engine import EpisodeInfo
from refold.replays.verdict import Explanation, Verdict
from refold.replays.verdict.curve import SMALLEST
from refold.replays.verdict.wording import plain_name


def episode_as_markdown(
    info: EpisodeInfo, told: Verdict | None, explained: Sequence[Explanation], *, whole: bool
) -> str:
    """
    Return an episode as Markdown; whatever names and texts hold, it keeps to its cells.

    Args:
        info: Its row in a log.
        told: The verdict on it, if there is one.
        explained: The parts of its grade, those that lost most first.
        whole: Whether to tell every part.
    """
    return "\n".join(_lines(info, told, explained, whole=whole)) + "\n"


def _lines(
    info: EpisodeInfo, told: Verdict | None, explained: Sequence[Explanation], *, whole: bool
) -> Iterator[str]:
    yield f"### {cell(info.scenario)}, seed {info.seed}"
    yield ""
    yield cell(told.text if told else "Not ended: there is no verdict.")
    yield ""
    about = (
        "episode " + info.id,
        info.agent,
        f"{info.steps} steps",
        info.run and f"run {info.run}",
    )
    yield cell(" · ".join(filter(None, about)))
    lost = [each for each in explained if each.lost >= SMALLEST]
    shown = explained if whole else lost[:MOST_PARTS]
    if not shown:
        return
    yield from ("", "| lost | part | why |", "|--:|---|---|")
    for each in shown:
        cells = (signed_loss(each.lost), plain_name(each.name), why(each))
        yield f"| {' | '.join(map(cell, cells))} |"
    if (more := len(lost) - len(shown)) > 0:
        yield from ("", f"and {more} more")
