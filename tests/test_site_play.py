"""Playing on the page of a server, in a real browser: with the mouse, and with the keyboard."""

import browsing
import playing
import pytest
import serving
from serving import actions

from refold.engine import EventLog
from refold.engine.registry import find_family
from refold.graders import grade

pytestmark = pytest.mark.slow

browser, visit, begin, server = browsing.browser, browsing.visit, playing.begin, serving.server
TASKS = ["workflow/easy", "inbox/easy"]
CHOICE = ".choice:has(:checked)"


def said(task, action):
    """Return *action* as the page tells it, without its free text."""
    family = find_family(task.partition("/")[0], 1)
    return family.say(family.action(**{k: v for k, v in action.items() if k not in LONG}))


LONG = ("content", "rationale")


def by_mouse(viewer, task, action):
    """Choose *action* and do it, with clicks, but for what must be written."""
    viewer.page.click(f".choice span:text-is('{said(task, action)}')")
    for field in LONG:
        if action.get(field):
            viewer.page.fill(f".fields label:has-text('{field}') textarea", action[field])
    viewer.page.click(".do")


def by_keyboard(viewer, task, action):
    """Choose *action* and do it, with keys alone."""
    viewer.page.wait_for_selector(".do:enabled")
    viewer.press("6")
    for _ in range(viewer.count(".choice")):
        if viewer.text(CHOICE) == said(task, action):
            break
        viewer.press("ArrowDown")
    for field in LONG:
        if action.get(field):
            while viewer.page.evaluate("document.activeElement.tagName") != "TEXTAREA":
                viewer.press("Tab")
            viewer.page.keyboard.insert_text(action[field])
            viewer.press("Control+Enter")
            return
    viewer.press("Enter")


@pytest.mark.parametrize(
    ("task", "hand"), [*zip(TASKS, (by_mouse, by_keyboard), strict=True)], ids=TASKS
)
def test_played_to_the_end(server, begin, task, hand):
    """Every action reaches the log as it was chosen; at the end the page shows the grade."""
    viewer = begin(task)
    taken = actions(task)
    for number, action in enumerate(taken, 1):
        hand(viewer, task, action)
        viewer.page.wait_for_selector(f".count:text-is('{number} / {number}')")
    viewer.page.wait_for_selector(".verdict")
    assert viewer.count(".act") == 0
    with EventLog(server.log, readonly=True) as log:
        info, stream = log.find("last"), log.events("last")
    assert (info.agent, info.scenario, info.steps) == ("human", task, len(taken))
    expected = server.post("/run", {"task": task, "agent": agent_of(task)})
    assert grade(stream).score == expected["mean"]
    assert f"{expected['mean']:.4f}" in viewer.text(".verdict")


def agent_of(task):
    """Return the agent that plays *task* as ``actions`` does."""
    return "greedy" if task.startswith("workflow") else "baseline"


def test_a_refusal_is_told_before_it_happens(begin):
    """Any action can be put together; what the page says of it is what then happens."""
    viewer = begin("workflow/easy")
    viewer.page.select_option(".fields select", "delegate")
    viewer.page.fill(".fields label:has-text('subtask id') input", "write_tests")
    viewer.page.fill(".fields label:has-text('agent name') input", "qa_engineer")
    viewer.page.wait_for_selector(".verdict .bad")
    told = viewer.text(".verdict").replace("will be refused: ", "")
    error, _, reward = told.partition(" reward ")
    assert viewer.count(CHOICE) == 0
    viewer.page.click(".do")
    viewer.page.wait_for_selector(".count:text-is('1 / 1')")
    assert f"refused: {error}" in viewer.text(".action.refused")
    assert f"Reward {reward}".upper() in viewer.text("#panel").upper()


def test_reward_and_hint_stand_beside_the_actions(begin):
    """What the last action led to is told in parts, and what the scenario hints at."""
    viewer = begin("workflow/hard")
    by_mouse(viewer, "workflow/hard", {"action_type": "wait"})
    viewer.page.wait_for_selector(".count:text-is('1 / 1')")
    assert "unnecessary_wait −0.03" in viewer.text("#panel")
    viewer.page.click(".node[data-pick=alert_triage]")
    viewer.page.wait_for_selector("legend:has-text('on alert_triage')")
    assert viewer.text(CHOICE).startswith("delegate alert_triage")
    viewer.page.wait_for_selector(".do:enabled")
    viewer.press("6", "Enter")
    viewer.page.wait_for_selector(".count:text-is('2 / 2')")
    assert "Hint" in viewer.text("#panel") or "hint" in viewer.text("#panel")


def test_arrows_among_the_actions_choose(begin):
    """There they do not lead to another step, as they do everywhere else."""
    viewer = begin("inbox/easy")
    viewer.press("6", "Enter")
    viewer.page.wait_for_selector(".count:text-is('1 / 1')")
    first = viewer.text(CHOICE)
    viewer.press("6", "ArrowRight")
    assert viewer.text(CHOICE) != first
    assert viewer.text(CHOICE).split()[-1] in viewer.text(".reader .about")  # is there to be read
    viewer.press("ArrowLeft")
    assert viewer.text(CHOICE) == first
    assert viewer.text(".count") == "1 / 1"


def test_a_reload_loses_nothing(begin):
    """The window that began an episode goes on with it after a reload."""
    viewer = begin("inbox/easy")
    viewer.page.reload()
    viewer.page.wait_for_selector(".act")
    viewer.press("6", "Enter")
    viewer.page.wait_for_selector(".count:text-is('1 / 1')")


def test_who_did_not_begin_it_watches(server, begin, visit):
    """Another window sees each step, cannot act, and forks to play on."""
    viewer = begin("inbox/easy")
    other = visit(server, "episode=last&tab=play")
    assert "Somebody else is playing" in other.text("#panel")
    viewer.press("6", "Enter")
    other.page.wait_for_selector(".count:text-is('1 / 1')")
    other.page.click("#panel button:text-is('Fork here')")
    other.page.click("dialog button:text-is('Fork')")
    other.page.wait_for_selector(".act")
    assert "fork of" in other.text("header")
    other.press("6", "Enter")
    other.page.wait_for_selector(".count:text-is('2 / 2')")
    assert viewer.text(".count") == "1 / 1"


def test_an_earlier_step_is_left_not_changed(begin):
    """Who looks back is not offered actions, but the way to the last step, or a fork."""
    viewer = begin("inbox/easy")
    viewer.press("6", "Enter")
    viewer.page.wait_for_selector(".count:text-is('1 / 1')")
    viewer.page.locator("body").click(position={"x": 5, "y": 5})
    viewer.press("Home")
    assert viewer.count(".act") == 0
    viewer.page.click("#panel button:text-is('Go to the last')")
    assert viewer.count(".act") == 1


def test_what_was_overtaken_is_refused(server, begin):
    """An action for a step that the episode has left does nothing, and the page catches up."""
    viewer = begin("inbox/easy")
    id, session = playing.hand_of(viewer)
    viewer.page.route("**/steps?**", lambda route: None)
    body = {"action": {"type": "archive"}, "at": 0}
    server.post(f"/api/episodes/{id}/actions", body, **{"X-Session-Id": session})
    viewer.page.click(".do")
    viewer.page.wait_for_selector(".verdict:has-text('where the episode stands')")
    assert viewer.text(".count") == "1 / 1"
    viewer.forgive("409")
