"""
The web page: one fixed document, with one script, one style and an icon.

It holds no data, so it needs no token; all that it shows, it requests from the API.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from refold.server.http.access import VIEWER_PATH
from refold.viewer.html_page import style_text
from refold.viewer.inliner import SITE_MODULE, CannotInline, script_text
from refold.viewer.sources import drawings, viewer_files, viewer_text

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
    ]
)

# Nothing that could end the attribute, or name another server.
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")

_logger = logging.getLogger("refold.server")
router = APIRouter(include_in_schema=False)

viewer_files()  # read now, so that a page is never newer than its server


@frozen
class _StaticFile:
    content: bytes
    kind: str
    tag: str


@cache
def _files() -> Mapping[str, _StaticFile]:
    """
    Return by its path each file that the page loads: few, since each is a request.

    A request can name only what is in here, never a path on the disk.
    """
    made = {
        "site.js": ("text/javascript", script_text(frozenset(_drawn_families()), SITE_MODULE)),
        "site.css": ("text/css", style_text("viewer.css", "runs.css", "site/site.css")),
        "icon.svg": ("image/svg+xml", viewer_text("site/icon.svg")),
    }
    return {
        path: _StaticFile(text.encode(), kind, f'"{sha256(text.encode()).hexdigest()}"')
        for path, (kind, text) in made.items()
    }


def _drawn_families() -> Iterator[str]:
    """Yield the families, such as ``inbox.1``, whose drawings can be in the script."""
    for family in drawings():
        try:
            script_text(frozenset({family}))
        except CannotInline as error:
            _logger.warning("%s; the page shows this family as tables", error)
        else:
            yield family


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>refold</title>
{base}
<link rel="icon" href="viewer/icon.svg">
<link rel="stylesheet" href="viewer/site.css">
<script src="viewer/site.js" defer></script>
</head>
<body class="site">
<div id="app">
<noscript>This page needs JavaScript; <code>refold episodes</code> tells the same.</noscript>
<p>Loading… If this stays, the files of this page were not found: put a / at the end of the
address, or see <i>Behind a proxy</i> in refold's page on serving.</p>
</div>
</body>
</html>
"""


@router.get("/")
@router.get("/web")
async def page(request: Request) -> Response:
    """Return the page, which is the same whatever it will show."""
    prefix = request.headers.get("x-forwarded-prefix") or request.scope.get("root_path", "")
    base, policy = "", CONTENT_SECURITY_POLICY
    if _PREFIX.fullmatch(prefix):
        base = f'<base href="{prefix.rstrip("/")}/">'
        policy = policy.replace("base-uri 'none'", "base-uri 'self'")
    headers = {"content-security-policy": policy}
    return Response(_PAGE.format(base=base), media_type="text/html", headers=headers)


@router.get("/web/")
async def redirect_to_page() -> Response:
    """Redirect to the page."""
    # Relative, since a proxy may serve all of this below a path of its own.
    return RedirectResponse("../web", 308)


@router.get(VIEWER_PATH + "{path:path}")
def viewer_file(path: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Return a file of the page. Runs in a thread, since the first request makes the files."""
    file = _files().get(path)
    if file is None:
        raise HTTPException(404, "There is no such thing")
    # no-cache means "ask before use": a page never runs the script of another release.
    headers = {"etag": file.tag, "cache-control": "no-cache"}
    if if_none_match == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.kind, headers=headers)
