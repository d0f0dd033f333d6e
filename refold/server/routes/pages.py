"""
The web page: one fixed document, and the viewer's modules and styles as files.

It holds no data, so it needs no token; all that it shows, it requests from the API.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from refold.server.http.access import VIEWER_PATH
from refold.viewer.sources import viewer_files

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

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Nothing that could end the attribute, or name another server.
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
_ONLY_ON_DISK = ("app.js", "overview_app.js", "boot.js")  # start pages that were saved to a file

router = APIRouter(include_in_schema=False)


@frozen
class _StaticFile:
    content: bytes
    kind: str
    tag: str


def _read_files() -> Iterator[tuple[str, _StaticFile]]:
    """Yield the path and content of each of the viewer's files that a page may load."""
    for path, content in viewer_files().items():
        name = path.rpartition("/")[2]
        kind = _MEDIA_TYPES.get(name[name.rfind(".") :])
        if kind is not None and name not in _ONLY_ON_DISK:
            yield path, _StaticFile(content, kind, f'"{sha256(content).hexdigest()}"')


# Read once, at import: a request can name only what is in here, never a path on the disk.
_FILES = dict(_read_files())
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>refold</title>
{{base}}
<link rel="icon" href="viewer/site/icon.svg">
<link rel="stylesheet" href="viewer/viewer.css">
<link rel="stylesheet" href="viewer/runs.css">
<link rel="stylesheet" href="viewer/site/site.css">
{preloads}
<script type="module" src="viewer/site/main.js"></script>
</head>
<body class="site">
<div id="app">
<noscript>This page needs JavaScript; <code>refold episodes</code> tells the same.</noscript>
<p>Loading… If this stays, the files of this page were not found: put a / at the end of the
address, or see <i>Behind a proxy</i> in refold's page on serving.</p>
</div>
</body>
</html>
""".format(
    preloads="\n".join(
        f'<link rel="modulepreload" href="viewer/{path}">'
        for path, file in _FILES.items()
        if file.kind == "text/javascript"
    )
)


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
async def viewer_file(path: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Return one of the viewer's files, as it was when the server started."""
    file = _FILES.get(path)
    if file is None:
        raise HTTPException(404, "There is no such thing")
    # no-cache means "ask before use": a page never mixes the modules of two releases.
    headers = {"etag": file.tag, "cache-control": "no-cache"}
    if if_none_match == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.kind, headers=headers)
