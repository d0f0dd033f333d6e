"""Pages of two episodes in a real browser."""

import browsing
from browsing import PHONE
from viewing import golden

from replays import diff
from replays.diff_document import diff_document

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
    assert viewer.count(".rows") == 1


def test_difference_of_equal_episodes_and_phone(view):
    """Equal episodes are said to be so, also on a phone."""
    a = golden(INBOX)
    viewer = view(diff_document(diff(a, a), (a, a)), size=PHONE)
    assert "No difference in 6 steps: digests equal" in viewer.text(".banner")
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert viewer.text(".delta b") == "0"
