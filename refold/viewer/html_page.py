"""
Pages: a document in one HTML file that opens from disk and makes no network requests.

The viewer's script is compressed, and a second one of a few lines unpacks it. Both and the style
are allowed by their hashes and nothing else is; the document is data that the script parses, never
markup.
"""

import gzip
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any
from unicodedata import category

from refold.engine.codec import encode
from refold.engine.errors import RefoldError
from refold.viewer.episode_document import drop_sent_messages
from refold.viewer.inliner import OVERVIEW_MODULE, boot_text, script_text
from refold.viewer.sources import viewer_text

COMPRESS_ABOVE = 64 * 2**10
DROP_SENT_ABOVE = 32 * 2**20
LARGEST_DOCUMENT = 128 * 2**20
MOST_FALLBACK_ROWS = 100

_INVISIBLE_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")


class DocumentTooLarge(RefoldError):
    """A document is too large for a page."""


def page(document: Mapping[str, Any], *, at: int | None = None) -> bytes:
    """
    Return the page that shows *document*, of an episode or of a comparison: UTF-8 HTML.

    It opens at the position *at*. Equal documents give equal pages. Above 64 KB the document is
    compressed; above 32 MB the messages sent to the model are left out, and the page says so.

    Raises:
        DocumentTooLarge: The document is above 128 MB even so.
        CannotInline: The drawing of a family cannot be part of a page.
    """
    return _page_of(
        document,
        title=_title(document),
        plain=_fallback_html(document),
        script=script_text(_families(document)),
        style=style_text(),
        at="" if at is None else f' data-step="{at}"',
    )


def overview_page_of(document: Mapping[str, Any], *, title: str, plain: str) -> bytes:
    """
    Return the page that shows *document*, of one run or of several: UTF-8 HTML.

    Args:
        document: The document.
        title: Title of the page.
        plain: What readers without JavaScript see, as HTML.

    Raises:
        DocumentTooLarge: The document is above 64 MB.
    """
    script, style = script_text(frozenset(), OVERVIEW_MODULE), style_text("viewer.css", "runs.css")
    return _page_of(document, title=title, plain=plain, script=script, style=style, at="")


def _page_of(
    document: Mapping[str, Any], *, title: str, plain: str, script: str, style: str, at: str
) -> bytes:
    boot = boot_text()
    return _PAGE.format(
        policy=_content_security_policy([boot, script], style),
        title=escape(name_invisible(title)),
        style=style,
        at=at,
        plain=plain,
        data=_document_element(document),
        viewer=_compress(script.encode()),
        boot=boot,
    ).encode()


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="app"{at}>{plain}</div>
{data}
<script id="viewer" type="application/gzip">{viewer}</script>
<script>{boot}</script>
</body>
</html>
"""


def _content_security_policy(scripts: Sequence[str], style: str) -> str:
    """
    Return a policy that allows nothing but these scripts and this style, by their hashes.

    A page shows text from models and strangers: whatever markup slipped in, it could neither
    run nor reach the network.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_csp_hash, scripts))}",
            f"style-src {_csp_hash(style)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types lit-html refold",
        ]
    )


def _csp_hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def encode_document(document: Mapping[str, Any]) -> bytes:
    """
    Return *document* as JSON; above 32 MB without the messages sent to the model.

    Raises:
        DocumentTooLarge: It is above 128 MB even so.
    """
    content = encode(document)
    if len(content) > DROP_SENT_ABOVE:
        content = encode(_drop_sent_messages(document))
    if len(content) > LARGEST_DOCUMENT:
        raise DocumentTooLarge(
            f"page: expected a document of at most {LARGEST_DOCUMENT} bytes, got {len(content)}; "
            "`refold replay --json` has no limit"
        )
    return content


def _document_element(document: Mapping[str, Any]) -> str:
    content = encode_document(document)
    if len(content) > COMPRESS_ABOVE:
        return f'<script id="document" type="application/gzip">{_compress(content)}</script>'
    # Without "<", no text in the document can end the script element; JSON reads it the same.
    text = content.decode().replace("<", "\\u003c")
    return f'<script id="document" type="application/json">{text}</script>'


def _compress(content: bytes) -> str:
    # Without a time stamp, equal documents give equal pages.
    return b64encode(gzip.compress(content, mtime=0)).decode()


def _drop_sent_messages(document: Mapping[str, Any]) -> Mapping[str, Any]:
    if "a" not in document and "exchanges" not in document:  # of runs, which hold none
        return document
    if "exchanges" in document:
        return drop_sent_messages(document)
    return {
        **document,
        "a": drop_sent_messages(document["a"]),
        "b": drop_sent_messages(document["b"]),
    }


@cache
def style_text(*names: str) -> str:
    """Return the style sheets *names*, or that of every page, without comments and blanks."""
    text = "\n".join(map(viewer_text, names or ("viewer.css",)))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};,]|:(?= ))\s*", r"\1", text).strip()


def name_invisible(text: str) -> str:
    """Return *text* with invisible characters named, as in ``[U+202E]``: they can steer display."""
    return "".join(
        f"[U+{ord(each):04X}]" if category(each) in _INVISIBLE_CATEGORIES else each for each in text
    )


def _families(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the families, with their rules versions, that *document* shows episodes of."""
    sides = [document] if "episode" in document else [document["a"], document["b"]]
    return frozenset(f"{each['episode']['family']}.{each['episode']['rules']}" for each in sides)


def _title(document: Mapping[str, Any]) -> str:
    if "episode" in document:
        return f"{document['episode']['scenario']} · refold"
    names = {document[side]["episode"]["scenario"] for side in "ab"}
    return f"{' and '.join(sorted(names))}: difference · refold"


def _fallback_html(document: Mapping[str, Any]) -> str:
    """Return what readers without JavaScript see: the verdict, and a table of the steps."""
    sides = [document] if "episode" in document else [document["a"], document["b"]]
    return "".join(part for side in sides for part in _episode_fallback_html(side))


def _episode_fallback_html(document: Mapping[str, Any]) -> Iterator[str]:
    episode, steps = document["episode"], document["steps"]
    told = f"{episode['steps']} steps, {episode['ended']}, reward {episode['total_reward']:+.4g}"
    score = "" if episode["score"] is None else f", score {episode['score']:.4f}"
    yield f"<h1>{escape(name_invisible(episode['scenario']))}</h1>\n<p>{told}{score}</p>\n"
    if verdict := document.get("verdict"):
        yield f"<p>{escape(name_invisible(verdict['text']))}</p>\n"
    yield "<table>\n"
    for number, step in enumerate(steps[:MOST_FALLBACK_ROWS], 1):
        refused = f" (refused: {step['error']})" if step["error"] else ""
        words = escape(name_invisible(step["say"] + refused))
        yield f"<tr><td>{number}<td>{words}<td>{step['reward']:+.4g}\n"
    more = len(steps) - MOST_FALLBACK_ROWS
    yield f"</table>\n{f'<p>and {more} more</p>' if more > 0 else ''}\n"
