"""What a player puts together on the page of a server: kept, judged, and done once."""

import browsing
import playing
import pytest
import serving
from playing import asked_for, freeze, hand_of

pytestmark = pytest.mark.slow

browser, visit, begin, server = browsing.browser, browsing.visit, playing.begin, serving.server
CONTENT = ".fields label:has-text('content') textarea"


def write(viewer, label, text):
    """Write *text* into the field of that *label*."""
    viewer.page.fill(f".fields label:has-text('{label}') >> input, textarea", text)


def to_step(viewer, number):
    """Wait until the episode stands at step *number*, and can be played on."""
    viewer.page.wait_for_selector(f".count:text-is('{number} / {number}')")
    viewer.page.wait_for_selector(".do:enabled")


def test_what_was_written_is_kept(begin):
    """Neither a click in the picture nor another choice nor another view takes it away."""
    viewer = begin("inbox/easy")
    viewer.page.fill(CONTENT, "a long reply")
    viewer.page.click(".mail >> nth=2")
    assert viewer.page.input_value(CONTENT) == "a long reply"
    assert viewer.count(".choice") == 3
    viewer.page.click(".all")
    viewer.page.locator(".choice input").nth(4).check()
    assert viewer.page.input_value(CONTENT) == "a long reply"
    assert viewer.page.locator(".choice input").nth(4).is_checked()
    viewer.page.click(".bar a:text-is('Play')")
    viewer.page.wait_for_selector("html[data-ready=start]")
    viewer.page.go_back()
    viewer.page.wait_for_selector(".verdict .good")
    assert viewer.page.input_value(CONTENT) == "a long reply"
    viewer.page.click(".do")
    to_step(viewer, 1)
    viewer.page.reload()
    viewer.page.wait_for_selector(".act")
    assert viewer.page.input_value(CONTENT) == ""


def test_what_is_untouched_follows_the_picture(begin):
    """Who only picks in the picture gets the first action there, and back the choice made."""
    viewer = begin("inbox/easy")
    id = viewer.text(".mail >> nth=1").split()[0]
    viewer.page.click(".mail >> nth=1")
    assert viewer.text(".choice:has(:checked)") == f"respond {id}"
    viewer.page.click(".all")
    assert viewer.text(".choice:has(:checked)") == f"respond {id}"


def test_a_held_key_acts_once(begin):
    """Enter must be let go before it does the next action."""
    viewer = begin("inbox/easy").press("6")
    for _ in range(3):
        viewer.page.keyboard.down("Enter")
    to_step(viewer, 1)
    viewer.page.keyboard.down("Enter")
    viewer.page.focus(".do")
    viewer.page.keyboard.down("Enter")
    assert asked_for(viewer, "/actions") == 1
    viewer.page.keyboard.up("Enter")
    viewer.press("6", "Enter")
    to_step(viewer, 2)


def test_a_second_press_acts_once(begin):
    """For a moment after an answer nothing can be done, as it might be meant for the last."""
    viewer = begin("inbox/easy")
    freeze(viewer)
    viewer.press("6", "Enter").page.wait_for_selector(".count:text-is('1 / 1')")
    viewer.press("Enter")
    assert asked_for(viewer, "/actions") == 1
    viewer.page.clock.run_for(400)
    viewer.press("Enter").page.wait_for_selector(".count:text-is('2 / 2')")


def test_enter_waits_for_the_verdict(begin):
    """What the rules will refuse takes a second Enter, what they take does not."""
    viewer = begin("workflow/easy")
    freeze(viewer)
    viewer.page.select_option(".fields select", "abort")
    write(viewer, "subtask id", "nothing like it")
    viewer.press("Enter")
    assert asked_for(viewer, "/actions") == 0
    viewer.page.clock.run_for(200)
    viewer.page.wait_for_selector(".verdict .bad")
    assert asked_for(viewer, "/actions") == 0
    viewer.press("Enter").page.wait_for_selector(".count:text-is('1 / 1')")
    viewer.page.clock.run_for(400)
    viewer.page.select_option(".fields select", "wait")
    write(viewer, "agent name", "nobody")
    viewer.press("Enter").page.clock.run_for(200)
    viewer.page.wait_for_selector(".count:text-is('2 / 2')")
    assert viewer.count(".action.refused") == 0


def test_what_is_chosen_meanwhile_is_judged_where_it_will_be(begin):
    """While an action is under way the next one can be written; the verdict is of then."""
    viewer = begin("inbox/easy")
    held = viewer.hold("**/actions")
    with viewer.page.expect_request("**/actions"):
        viewer.page.click(".do")
    viewer.page.fill(CONTENT, "too late")
    viewer.page.wait_for_selector(".verdict .good")
    held.pop().continue_()
    to_step(viewer, 1)
    viewer.page.wait_for_selector(".verdict:has-text('will be refused')")
    assert viewer.page.input_value(CONTENT) == "too late"


def test_a_verdict_does_not_outlive_its_step(server, begin):
    """When the episode moves, what the rules said to the action is asked for anew."""
    viewer = begin("inbox/easy")
    viewer.page.fill(CONTENT, "hello")
    viewer.page.wait_for_selector(".verdict .good")
    id, session = hand_of(viewer)
    email = viewer.page.input_value(".fields label:has-text('email id') input")
    body = {"action": {"type": "archive", "email_id": email}, "at": 0}
    server.post(f"/api/episodes/{id}/actions", body, **{"X-Session-Id": session})
    viewer.page.wait_for_selector(".verdict:has-text('will be refused')")


def test_a_session_that_is_gone_is_told(begin):
    """After a restart or a long pause the player reads so; a fork takes along what was written."""
    viewer = begin("inbox/easy")
    id, _ = hand_of(viewer)
    viewer.page.evaluate("id => sessionStorage.setItem(`refold ${id}`, 'gone')", id)
    viewer.page.reload()
    viewer.page.fill(CONTENT, "a long reply")
    viewer.page.click(".do")
    viewer.page.wait_for_selector("#panel [role=alert]:has-text('session has ended')")
    assert "a long reply" in viewer.text("#panel")
    assert hand_of(viewer)[1] is None
    viewer.forgive("404")
    viewer.page.click("#panel button:text-is('Fork here')")
    viewer.page.click("dialog button:text-is('Fork')")
    viewer.page.wait_for_selector(".act")
    assert viewer.page.input_value(CONTENT) == "a long reply"


def test_what_was_written_does_not_go_back(begin):
    """A fork at an earlier step begins without it."""
    viewer = begin("inbox/easy")
    viewer.page.click(".do")
    to_step(viewer, 1)
    viewer.page.fill(CONTENT, "a long reply")
    viewer.page.locator("#panel").press("Escape")
    viewer.press("ArrowLeft").page.click("#panel button:text-is('Fork here')")
    viewer.page.click("dialog button:text-is('Fork')")
    viewer.page.wait_for_selector(".act")
    assert hand_of(viewer)[1] is not None
    assert viewer.page.input_value(CONTENT) == ""
