"""Pages of two episodes in a real browser."""

import browsing
import pytest
from browsing import PHONE
from viewing import golden

from refold.engine import Episode
from refold.replays import diff
from refold.scenarios import load
from refold.viewer.differences import diff_document

pytestmark = pytest.mark.slow

browser, view = browsing.browser, browsing.view
HARD, INBOX = "workflow-hard-worked-example", "inbox-medium-refused-actions"


def test_difference(view):
    """It opens where two episodes part; rows are stepped through, and each episode opened."""
    a, b = golden(HARD), golden("workflow-hard-greedy")
    made = diff_document(diff(a, b), (a, b))
    viewer = view(made)
    assert "2 equal steps, then apart: the agents chose differently." in viewer.text(".banner")
    assert viewer.text("tr.now .number") == "3"
    assert "subtasks.check_dashboards" in viewer.text(".detail")
    viewer.press("ArrowRight")
    assert viewer.text("tr.now .number") == "4"
    assert "refused: permanent_failure" in viewer.text("tr.now")
    viewer.press("a")
    assert viewer.count("input:checked") == 1
    assert viewer.text("tr.now .number") == "3"
    viewer.press("1")
    assert "workflow/hard" in viewer.text("h1")
    viewer.page.click(".back")
    viewer.page.wait_for_selector("tr.now .number:text-is('3')")


def test_difference_of_equal_episodes_and_phone(view):
    """Equal episodes are said to be so, also on a phone."""
    a = golden(INBOX)
    viewer = view(diff_document(diff(a, a), (a, a)), size=PHONE)
    assert "No difference in 6 steps: digests equal" in viewer.text(".banner")
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert viewer.text(".delta b") == "0"


@pytest.fixture
def apart():
    """Return the document of two episodes that part."""
    a, b = golden(HARD), golden("workflow-hard-greedy")
    return diff_document(diff(a, b), (a, b))


def now(viewer):
    """Return the number of the row that is looked at."""
    return viewer.text("tr.now .number")


def test_back_leads_from_a_side_to_the_difference(view, apart):
    """The browser's own way back does, to the same row, and forward to the side again."""
    viewer = view(apart, "#row=4&by=action")
    row = now(viewer)
    for enter in (lambda: viewer.press("1"), lambda: viewer.page.click(".who:has(.b) button")):
        enter()
        viewer.page.wait_for_selector(".episode")
        viewer.press("ArrowRight", "ArrowRight")
        viewer.page.wait_for_url("**step=2**")
        viewer.page.go_back()
        viewer.page.wait_for_selector(".rows")
        assert now(viewer) == row
        assert viewer.count("input:checked") == 1
    viewer.page.go_forward()
    viewer.page.wait_for_selector(".count:text-matches('^2 /')")
    viewer.page.click(".back")
    viewer.page.wait_for_selector(".rows")


def test_the_address_of_a_difference_can_be_changed(view, apart):
    """Another row or side of the same two is shown at once."""
    viewer = view(apart, "#row=4")
    go = "hash => { location.hash = hash }"
    viewer.page.evaluate(go, "row=0")
    viewer.page.wait_for_selector("tr.now .number:text-is('1')")
    viewer.page.evaluate(go, "view=b&step=3")
    viewer.page.wait_for_selector(".count:text-matches('^3 /')")
    viewer.page.evaluate(go, "view=a&step=2")
    viewer.page.wait_for_selector("h1 .tag.a")
    assert viewer.text(".count").startswith("2 /")


def test_the_keys_are_listed_and_letters_can_be_switched_off(view, apart):
    """The list opens by key or button; without letters arrows still are keys, also next time."""
    viewer = view(apart)
    viewer.page.click("text=Keys")
    assert "previous, next row that differs" in viewer.text("dialog[open]")
    viewer.press("Escape")
    viewer.page.wait_for_selector("dialog", state="hidden")
    viewer.press("?")
    viewer.page.uncheck("dialog input")
    viewer.page.click("dialog .close")
    viewer.page.wait_for_selector("dialog", state="hidden")
    viewer.press("a", "1", "x", "ArrowRight")
    assert viewer.count(".rows") == 1
    assert viewer.count(".bothwise input:checked") == 0
    assert now(viewer) == "4"
    viewer.page.reload()
    viewer.page.wait_for_selector("html[data-ready]")
    viewer.press("a")
    assert viewer.count(".bothwise input:checked") == 0


def test_the_detail_is_scrolled_by_keys(view, apart):
    """Up and down are its own while it has the focus, and rows otherwise."""
    viewer = view(apart, size={"width": 1440, "height": 400})
    viewer.page.focus("aside.detail")
    viewer.press("ArrowDown", "ArrowDown")
    viewer.page.wait_for_function("() => document.querySelector('aside.detail').scrollTop > 0")
    assert now(viewer) == "3"
    viewer.page.evaluate("document.activeElement.blur()")
    viewer.press("ArrowDown")
    assert now(viewer) == "4"


def test_a_side_that_runs_has_no_score(view):
    """It is unfinished, and nothing is told of who scored more."""
    running = Episode.start(load("workflow/hard"))
    running.step({"action_type": "wait"})
    a, b = running.events, golden(HARD)
    viewer = view(diff_document(diff(a, b), (a, b)))
    assert "unfinished · score –" in viewer.text(".who:has(.tag.a)")
    assert "terminated · score 0" in viewer.text(".who:has(.tag.b)")
    assert viewer.text(".delta b") == "–"
