"""What a page keeps of its reader, and names that mean something to a browser, in chromium."""

import browsing
import pytest
from attrs import evolve
from serving import running
from viewing import golden, shown

from refold.engine import Episode
from refold.scenarios import load
from refold.scenarios.workflow.parameters import SubtaskParameters, WorkerParameters

pytestmark = pytest.mark.slow

browser, view, visit = browsing.browser, browsing.view, browsing.visit
NAMES = ("constructor", "toString", "valueOf")


@pytest.fixture(params=["file", "server"])
def opened(request, view, tmp_path):
    """Return a page with an episode: one from disk, and one of a server."""
    if request.param == "file":
        yield view(shown(golden("workflow-hard-worked-example")))
        return
    visit = request.getfixturevalue("visit")
    with running(tmp_path) as server:
        server.post("/run", {"task": "workflow/easy", "agent": "greedy"})
        yield visit(server, "episode=last")


def test_theme_and_keys_are_kept(opened):
    """The theme that was chosen, and that letters are no keys, outlive a reload."""
    opened.press("t", "?")
    assert opened.page.get_attribute("html", "data-theme") == "dark"
    opened.page.uncheck("dialog input")
    opened.page.reload()
    opened.page.wait_for_selector("html[data-ready]")
    assert opened.page.get_attribute("html", "data-theme") == "dark"
    opened.press("t")
    assert opened.page.get_attribute("html", "data-theme") == "dark"


def test_subtasks_of_any_name(view):
    """A subtask is marked as changed only by what changed it, whatever it is called."""
    plain = load("workflow/easy")
    subtasks = tuple(SubtaskParameters(id, "testing", ()) for id in NAMES)
    worker = WorkerParameters("tester", ("testing",), 1, 1.0, 1.0)
    parameters = evolve(plain.parameters, subtasks=subtasks, workers=(worker,))
    episode = Episode.start(evolve(plain, parameters=parameters))
    episode.step({"action_type": "wait"})
    viewer = view(shown(episode.events), "#step=1")
    assert viewer.count(".node") == len(NAMES)
    assert viewer.count(".node.changed") == 0
