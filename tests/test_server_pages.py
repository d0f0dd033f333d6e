import re

import click
import pytest
import serving
from serving import running

from refold import cli
from refold.viewer.html_page import style_text
from refold.viewer.inliner import SITE_MODULE, script_text
from refold.viewer.sources import drawings, viewer_text

server = serving.server


@pytest.mark.parametrize("path", ["/", "/web"])
def test_the_page_runs_only_the_servers_own_files(server, path):
    """It is HTML whose policy allows files of the server alone, and no frame around it."""
    reply = server.ask("GET", path)
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/html")
    policy = reply.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'; script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    text = reply.body.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style|\bstyle=|\son\w+=|https?://", text)
    files = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert files == [f"viewer/{name}" for name in ("icon.svg", "site.css", "site.js")]
    for file in files:
        assert server.ask("GET", f"/{file}").status == 200


def test_a_slash_too_many_leads_to_the_page(server):
    """It would look for the page's files in the wrong place otherwise."""
    reply = server.ask("GET", "/web/")
    assert (reply.status, reply.headers["location"]) == (308, "../web")


def test_files_have_their_types_and_are_sent_once(server):
    """Types are told outright, never guessed; who has a file already is told so."""
    for path, kind, content in (
        ("site.js", "text/javascript", script_text(frozenset(drawings()), SITE_MODULE)),
        ("site.css", "text/css", style_text("viewer.css", "runs.css", "site/site.css")),
        ("icon.svg", "image/svg+xml", viewer_text("site/icon.svg")),
    ):
        reply = server.ask("GET", f"/viewer/{path}")
        assert reply.headers["content-type"].partition(";")[0] == kind
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.body.decode() == content
        again = server.ask(
            "GET", f"/viewer/{path}", headers={"If-None-Match": reply.headers["etag"]}
        )
        assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["nope.js", "../page.py", "%2e%2e/page.py", "vendor/vendor.toml", "app.js", "", "site/"]
)
def test_nothing_else_can_be_had(server, path):
    """A path is only looked up, never opened."""
    assert server.ask("GET", f"/viewer/{path}").status == 404


def test_with_a_token_the_page_can_be_had_but_nothing_of_the_log(tmp_path):
    """Who has not logged in gets the empty page, to log in with."""
    with running(tmp_path, token="x" * 20) as server:
        assert server.ask("GET", "/").status == 200
        assert server.ask("GET", "/viewer/site.js").status == 200
        for path in ("/episodes", "/tasks", "/api/episodes/last", "/viewers", "/webs"):
            assert server.ask("GET", path).status == 401
        assert server.ask("POST", "/api/episodes", {}).status == 401


def test_the_pages_own_files_are_not_limited(tmp_path):
    """A client that asks too often still gets the page, to be told so by it."""
    with running(tmp_path, client_rate=1) as server:
        assert 429 in [server.ask("GET", "/tasks").status for _ in range(5)]
        assert {server.ask("GET", "/viewer/site.js").status for _ in range(5)} == {200}


def test_without_javascript_the_page_names_a_command_that_exists(server):
    """Whoever cannot run the page is told where to find the same."""
    text = server.ask("GET", "/").body.decode()
    (command,) = re.findall(r"<noscript>.*<code>refold ([a-z-]+)</code>.*</noscript>", text)
    assert command == "episodes"
    assert command in cli.refold.list_commands(click.Context(cli.refold))
