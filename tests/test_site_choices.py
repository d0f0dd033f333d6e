"""The actions that a player is offered on the page of a server, and where the focus is."""

import browsing
import playing
import pytest
import serving
from viewing import large

from refold.engine import Episode, EventLog

pytestmark = pytest.mark.slow

browser, visit, begin, server = browsing.browser, browsing.visit, playing.begin, serving.server
FOCUS = "document.activeElement.matches('#panel, #panel *')"


def do(viewer, number):
    """Do what is chosen, as action *number*, with keys alone."""
    viewer.page.wait_for_selector(".do:enabled")
    viewer.press("6", "Enter").page.wait_for_selector(f".count:text-is('{number} / {number}')")


def test_nothing_legal_is_said(begin):
    """On what is picked only its own actions are offered, none if it has none."""
    viewer = begin("inbox/easy")
    do(viewer, 1)
    viewer.page.click(".mail >> nth=0")
    assert viewer.count(".choice") == 0
    assert "Nothing is legal on" in viewer.text(".act")
    viewer.press("1", "6")
    assert viewer.page.evaluate("document.activeElement.matches('.fields *')")
    viewer.page.click(".all")
    assert viewer.count(".choice") == 6


def test_the_key_of_the_tab_leads_to_the_choices(begin):
    """Also when the action has become the player's own, so that no choice is checked."""
    viewer = begin("workflow/easy")
    viewer.page.fill(".fields label:has-text('agent name') input", "nobody")
    viewer.press("Escape", "1", "6")
    assert viewer.count(".choice :checked") == 0
    assert viewer.page.evaluate("document.activeElement.matches('.choice input')")


def test_many_choices(server, visit):
    """Not all are drawn, which is said; those on what is picked are found among all."""
    made = large(steps=3)
    with EventLog(server.log) as log:
        Episode.fork(made, 0, log=log, id="large")
    viewer = visit(server, "episode=large&step=0")
    viewer.press("f").page.click("dialog button:text-is('Fork')")
    viewer.page.wait_for_selector(".act")
    legal = viewer.text(".choices legend").split()[-1]
    assert int(legal) > 500
    assert viewer.count(".choice") == 300
    assert f"300 of {legal}" in viewer.text(".choices")
    viewer.page.evaluate("location.hash += '&sel=subtask_499'")
    viewer.page.wait_for_selector("legend:has-text('on subtask_499')")
    assert viewer.text(".choice") == "abort subtask_499"


def test_the_focus_is_never_lost(begin):
    """It is in the panel when an episode begins, after its last action, and on the way back."""
    viewer = begin("inbox/easy")
    assert viewer.page.evaluate(FOCUS)
    do(viewer, 1)
    viewer.page.click(".tools button >> nth=0")
    viewer.page.click("#panel button:text-is('Go to the last')")
    assert viewer.page.evaluate(FOCUS)
    do(viewer, 2)
    do(viewer, 3)
    viewer.page.wait_for_selector(".verdict:has-text('inbox emptied')")
    viewer.page.wait_for_function(FOCUS)
