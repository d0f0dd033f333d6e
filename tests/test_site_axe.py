"""Every view of a server's page, looked at by axe-core in a real browser."""

import browsing
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PHONE
from serving import actions, running

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit
VIEWS = {
    "episodes": "",
    "start": "page=start",
    "standings": "page=standings",
    "workflow": "episode={workflow}&step=3",
    "state": "episode={workflow}&step=3&tab=state",
    "model": "episode={workflow}&step=3&tab=model",
    "events": "episode={workflow}&step=3&tab=events",
    "grade": "episode={workflow}&tab=grade",
    "transcript": "episode={workflow}&step=3&tab=transcript",
    "inbox": "episode={inbox}&step=2",
    "running": "episode=running",
    "difference": "a={workflow}&b={other}",
    "nothing": "episode=nope",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server with some episodes."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def ids(server):
    """Return ids of episodes, by what they are called in VIEWS."""

    def play(task, agent):
        return server.post("/run", {"task": task, "agent": agent})["episodes"][0]["id"]

    server.post("/reset", {"task": "workflow/easy", "episode_id": "running"})
    for action in actions("workflow/easy")[:3]:
        server.post("/step", {"action": action})
    return {
        "workflow": play("workflow/hard", "greedy"),
        "other": play("workflow/hard", "random"),
        "inbox": play("inbox/easy", "baseline"),
    }


def faults(viewer, part=None):
    """
    Return what axe-core finds, serious or worse, and of contrast in the dark as well.

    With *part*, a selector, only what is inside of it counts.
    """
    viewer.page.emulate_media(color_scheme="light")
    found = Axe().run(viewer.page, context=part).response["violations"]
    viewer.page.emulate_media(color_scheme="dark")
    contrast = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
    found += Axe().run(viewer.page, context=part, options=contrast).response["violations"]
    return [
        (each["id"], node["html"])
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("name", VIEWS)
def test_no_serious_fault(server, ids, visit, name):
    """Contrast, names, roles, focus and structure are as they must be, in both themes."""
    viewer = visit(server, VIEWS[name].format(**ids))
    assert faults(viewer) == []
    viewer.forgive("404")


def test_no_serious_fault_in_dialogs(server, ids, visit):
    """The same holds for what opens above an episode, on a phone."""
    viewer = visit(server, VIEWS["workflow"].format(**ids), size=PHONE)
    for key in "?fdgc":
        viewer.press(key).page.wait_for_selector("dialog[open]")
        assert faults(viewer, "dialog[open]") == [], key
        viewer.press("Escape").page.wait_for_selector("dialog[open]", state="detached")


def test_no_serious_fault_while_playing(server, visit):
    """Nor for the actions that are offered, and for one that will be refused."""
    viewer = visit(server, "page=start")
    viewer.page.click("button.main")
    viewer.page.wait_for_selector(".act")
    viewer.page.select_option(".fields select", "delegate")
    viewer.page.wait_for_selector(".verdict .bad")
    assert faults(viewer) == []


def test_no_serious_fault_at_the_login(tmp_path, visit):
    """Nor for the page that asks for the token."""
    with running(tmp_path, token="x" * 20) as locked:
        viewer = visit(locked)
        viewer.page.wait_for_selector("[name=token]")
        assert faults(viewer) == []
        viewer.forgive("401")
