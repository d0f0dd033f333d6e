"""The document of one run or of several, and the page that shows it from disk."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from refold.engine import RefoldError
from refold.overviews.compared import (
    Why,
    many_document,
    nobody_knows,
    two_document,
)
from refold.overviews.one_run import Json, run_document
from refold.overviews.reading import RunRead
from refold.reports import Prices
from refold.viewer.html_page import name_invisible, overview_page_of

MOST_RUNS = 6
"""Runs in one comparison: more shapes cannot be told apart."""

_VERSION = 1


def overview_document(
    reads: Sequence[RunRead], *, pass_at: float, prices: Prices, why: Why = nobody_knows
) -> Json:
    """
    Return the document of the runs *reads*: of one, of two compared, or of three to 6.

    Args:
        reads: The runs.
        pass_at: The lowest score that passes.
        prices: Prices of tokens, for the cost.
        why: Returns why the score of an episode is low, by its id, for the largest moves of a
            comparison.

    Raises:
        RefoldError: There are none, or more than 6, or they cannot be compared.
    """
    if len(reads) != 1:
        return comparison_document(reads, pass_at=pass_at, prices=prices, why=why)
    return {**_head("run", reads), **run_document(reads[0], pass_at=pass_at, prices=prices)}


def comparison_document(
    reads: Sequence[RunRead], *, pass_at: float, prices: Prices, why: Why = nobody_knows
) -> Json:
    """Do as ``overview_document``; of one run, that of its agents compared."""
    if not 1 <= len(reads) <= MOST_RUNS:
        raise RefoldError(f"runs: expected 1 to {MOST_RUNS}, got {len(reads)}")
    if len(reads) == 2:
        pair = reads[0], reads[1]
        made = two_document(pair, pass_at=pass_at, prices=prices, why=why)
        return {**_head("comparison", reads), **made}
    made = many_document(reads, pass_at=pass_at, prices=prices, why=why)
    return {**_head("runs", reads), **made}


def _head(kind: str, reads: Sequence[RunRead]) -> Json:
    return {
        "format": f"refold.{kind}",
        "version": _VERSION,
        "heading": "",  # whoever takes other grades than the recorded rubrics' says so here
        "state": overview_state(reads),
        "missing": sum(read.missing for read in reads),
        "open": sum(each.info.ended is None for read in reads for each in read.episodes),
    }


def overview_state(reads: Sequence[RunRead]) -> str:
    """Return a text that differs whenever one of *reads* has grown, or more of it is known."""
    return " ".join(map(_run_state, reads))


def _run_state(read: RunRead) -> str:
    infos = [each.info for each in read.measured]
    steps, ended = sum(info.steps for info in infos), sum(info.ended is not None for info in infos)
    return f"{len(infos)}.{ended}.{steps}.{read.missing}"


def overview_page(document: Mapping[str, Any]) -> bytes:
    """
    Return the page that shows *document* from disk: UTF-8 HTML that needs no network.

    Equal documents give equal pages.

    Raises:
        DocumentTooLarge: The document is above 64 MB.
    """
    names = _names(document)
    title = f"{' and '.join(names)} · refold"
    told = document.get("headline") or _mean_line(document)
    plain = f"<h1>{_escaped(title)}</h1>\n<p>{_escaped(told)}</p>\n"
    return overview_page_of(document, title=title, plain=plain)


def _names(document: Mapping[str, Any]) -> list[str]:
    if "run" in document:
        return [document["run"]]
    sides = document.get("sides") or document["columns"]
    return [each["run"] for each in sides]


def _mean_line(document: Mapping[str, Any]) -> str:
    figures = document["figures"]
    if figures["mean"] is None:
        return "No episode counts."
    return f"mean {figures['mean']:.3f}, {figures['passed']} of {figures['counted']} passed"


def _escaped(text: str) -> str:
    return escape(name_invisible(text))
