"""Every view of a server's page, looked at by axe-core in a real browser."""

import browsing
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE
from serving import actions, running

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


def faults(viewer):
    """Return what axe-core finds at the page, serious or worse: rule, and where."""
    found = Axe().run(viewer.page).response["violations"]
    return [
        (each["id"], node["html"])
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", VIEWS)
def test_no_serious_fault(server, ids, visit, name, scheme):
    """Contrast, names, roles, focus and structure are as they must be, in both themes."""
    viewer = visit(server, VIEWS[name].format(**ids), scheme=scheme)
    assert faults(viewer) == []
    viewer.complaints[:] = [each for each in viewer.complaints if "404" not in each]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("key", ["?", "f", "d", "g", "c"])
def test_no_serious_fault_in_dialogs(server, ids, visit, key, size):
    """The same holds for what opens above an episode."""
    viewer = visit(server, VIEWS["workflow"].format(**ids), size=size)
    viewer.press(key).page.wait_for_selector("dialog[open]")
    assert faults(viewer) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_while_playing(server, visit, scheme):
    """Nor for the actions, an action that will be refused, and a login."""
    viewer = visit(server, "page=start", scheme=scheme)
    viewer.page.click("button.main")
    viewer.page.wait_for_selector(".act")
    assert faults(viewer) == []
    viewer.page.select_option(".fields select", "delegate")
    viewer.page.wait_for_selector(".verdict .bad")
    assert faults(viewer) == []


def test_no_serious_fault_at_the_login(tmp_path, visit):
    """Nor for the page that asks for the token."""
    with running(tmp_path, token="x" * 20) as locked:
        viewer = visit(locked)
        viewer.page.wait_for_selector("[name=token]")
        assert faults(viewer) == []
        viewer.complaints[:] = [each for each in viewer.complaints if "401" not in each]
