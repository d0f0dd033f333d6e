"""Hostile logs and changed pages, in a real browser."""

import gzip
import re
from base64 import b64decode, b64encode

import browsing
import pytest
from browsing import Viewer
from viewing import HOSTILE, golden, hostile_inbox, hostile_workflow, shown, write_page

pytestmark = pytest.mark.slow

browser, view = browsing.browser, browsing.view
HARD, TABS = "workflow-hard-worked-example", 5


@pytest.mark.parametrize("make", [hostile_workflow, hostile_inbox])
def test_hostile_text_stays_text(view, make):
    """Scripts, handlers, markup and control characters in a log are shown, and do nothing."""
    made = shown(make())
    viewer = view(made)
    for place in range(TABS):
        viewer.press("Home", str(place + 1), *["ArrowRight"] * len(made["steps"]))
        assert viewer.page.evaluate("window.__pwned") is None
    viewer.press("Home", "3", "ArrowRight")
    assert viewer.count("#app script, #app img, #app iframe, #app a") == 0
    assert viewer.count(".chip:text('U+202E')") > 0
    shown_text = viewer.page.evaluate("document.getElementById('app').textContent")
    assert HOSTILE[:60] in shown_text
    assert not set("\u202e\x1b\x07\u200b") & set(shown_text)


def repacked(found):
    """Return the packed script of a page with something put before it."""
    text = b"window.__pwned=1;" + gzip.decompress(b64decode(found[2]))
    return found[1] + b64encode(gzip.compress(text)).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace("createScript(text)", "createScript('window.__pwned=1')"),
        lambda content: re.sub(r'(id="viewer"[^>]*>)([^<]*)', repacked, content),
        lambda content: content.replace("</body>", "<script>window.__pwned=1</script></body>"),
        lambda content: content.replace("</body>", "<img src=x onerror=window.__pwned=1></body>"),
        lambda content: content.replace("</body>", "<img src=https://example.org/></body>"),
        lambda content: content.replace("</body>", "<p style=color:red></p></body>"),
    ],
    ids=["first script", "packed script", "own script", "handler", "image", "style"],
)
def test_nothing_but_its_own_script_runs(browser, tmp_path, change):
    """What was changed or added does not run, load or apply; without script a table remains."""
    path = write_page(tmp_path, shown(golden(HARD)))
    content = path.read_text()
    changed = change(content)
    assert changed != content
    path.write_text(changed)
    page = browser.new_page()
    viewer, failures = Viewer(page, path.as_uri()), []
    page.on("requestfailed", lambda request: failures.append(request.failure))
    with page.expect_event("console", lambda message: "Content Security Policy" in message.text):
        viewer.open(ready=False)
    assert page.evaluate("window.__pwned") is None
    assert "alert_triage" in viewer.text("body")
    assert failures == ["csp"] * (len(viewer.requests) - 1)
    page.close()


def test_trusted_types(view):
    """Even the page's own script cannot make markup of text."""
    viewer = view(shown(golden(HARD)))
    refused = "try { document.body.innerHTML = '<b>x</b>'; 'made' } catch (error) { error.name }"
    session = viewer.page.context.new_cdp_session(viewer.page)
    got = session.send("Runtime.evaluate", {"expression": refused})
    assert got["result"]["value"] == "TypeError"
    viewer.complaints.clear()


def test_newer_document_is_refused(view):
    """A document of a later version is named as such, not shown wrongly."""
    viewer = view({**shown(golden(HARD)), "version": 2})
    assert "version 1 or older, got 2" in viewer.text("[role=alert]")
    viewer.complaints.clear()
