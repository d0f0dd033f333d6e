"""Leaving an episode on the page of a server: forked once, where it was asked for, or not."""

import browsing
import pytest
import serving
from outside import NAME, write_env
from playing import asked_for, freeze
from shell import Shell

pytestmark = pytest.mark.slow

browser, visit, server = browsing.browser, browsing.visit, serving.server
TASK = "inbox/easy"
FORK = "dialog button:text-is('Fork')"
PATHS = {"me": "**/api/episodes", "random": "**/fork"}


@pytest.fixture
def live(server):
    """Return the id of an episode that runs; ``/step`` acts in it."""
    server.post("/reset", {"task": TASK})
    return server.get("/api/episodes/last")["episode"]["id"]


@pytest.mark.parametrize("agent", PATHS)
def test_a_late_fork_does_not_pull_back(visit, server, live, agent):
    """Who went elsewhere while it was made stays there."""
    viewer = visit(server, f"episode={live}")
    held = viewer.hold(PATHS[agent])
    viewer.press("f").page.select_option("dialog select", agent)
    with viewer.page.expect_request(PATHS[agent]):
        viewer.page.click(FORK)
    viewer.press("Escape").page.click(".bar a:text-is('Standings')")
    viewer.page.wait_for_selector("html[data-ready=standings]")
    with viewer.page.expect_response(PATHS[agent]) as answer:
        held.pop().continue_()
    answer.value.finished()
    asked_for(viewer, "fork")
    assert viewer.page.url.endswith("#page=standings")
    assert viewer.page.get_attribute("html", "data-ready") == "standings"


def test_one_fork_at_a_time(visit, server, live):
    """While a fork is made no other can be asked for."""
    viewer = visit(server, f"episode={live}")
    held = viewer.hold(PATHS["me"])
    viewer.press("f")
    with viewer.page.expect_request(PATHS["me"]):
        viewer.page.dblclick(FORK)
    viewer.page.wait_for_selector("dialog button:has-text('forking'):disabled")
    assert asked_for(viewer, "/api/episodes") == 1
    held.pop().continue_()
    viewer.page.wait_for_selector(".act")
    assert asked_for(viewer, "/api/episodes") == 1


def test_a_refusal_goes_with_its_dialog(visit, server, live):
    """What the server said to the last fork does not stand in the next dialog."""
    viewer = visit(server, f"episode={live}")
    viewer.page.route(PATHS["me"], lambda route: route.abort())
    viewer.press("f").page.click(FORK)
    viewer.page.wait_for_selector("dialog [role=alert]")
    assert viewer.page.is_enabled(FORK)
    viewer.press("Escape", "f").page.wait_for_selector(FORK)
    assert viewer.count("dialog [role=alert]") == 0
    viewer.complaints.clear()


def test_a_fork_is_made_where_it_was_asked_for(visit, server, live):
    """The dialog stays at the step at which it was opened, also when the episode goes on."""
    viewer = visit(server, f"episode={live}").press("f")
    server.post("/step", {"action": {"type": "archive"}})
    viewer.page.wait_for_selector(".count:text-is('1 / 1')")
    assert "the first 0 steps" in viewer.text("dialog")
    viewer.page.click(FORK)
    viewer.page.wait_for_selector(".count:text-is('0 / 0')")
    assert "at 0" in viewer.text("header")
    assert viewer.page.evaluate("document.activeElement.matches('#panel *')")


def test_nobody_plays_on_from_the_end(visit, server):
    """At the last step of an ended episode there is no fork to make, but a word why."""
    id = server.post("/run", {"task": TASK, "agent": "baseline"})["episodes"][0]["id"]
    viewer = visit(server, f"episode={id}").press("End", "f")
    assert "ended with this step" in viewer.text("dialog")
    assert viewer.count(FORK) == 0
    viewer.press("Escape", "ArrowLeft", "f").page.wait_for_selector(FORK)


def test_an_environment_outside_is_forked_by_the_command(visit, server, tmp_path):
    """A server opens no environment: the dialog shows the command, but at the end a word why."""
    write_env(tmp_path)
    run = Shell(tmp_path).program  # another process: Playwright has the loop of this one
    (made,) = run(f"record {NAME} --agent random --log {server.log} --json").json["episodes"]
    viewer = visit(server, f"episode={made['id']}&step=1").press("f")
    assert viewer.count(FORK) == 0
    command = viewer.page.input_value("dialog input")
    assert command == f"refold fork {made['id']} --at 1 --agent AGENT"
    words = command.removeprefix("refold ").replace("AGENT", "random")
    (fork,) = run(f"{words} --world {NAME} --log {server.log} --json").json["episodes"]
    assert (fork["parent"], fork["fork_at"]) == (made["id"], 1)
    viewer.press("Escape", "End", "f")
    assert "ended with this step" in viewer.text("dialog")


def test_a_link_is_of_the_moment(visit, server):
    """It names the step that is shown, however short a time ago it was reached."""
    id = server.post("/run", {"task": TASK, "agent": "baseline"})["episodes"][0]["id"]
    viewer = visit(server, f"episode={id}")
    freeze(viewer)
    viewer.press("Home", "ArrowRight", "ArrowRight", "c")
    assert "step=2" in viewer.page.input_value("dialog input")


def test_what_is_followed_is_found_anew(visit, server, live):
    """A picked event is let go when the episode moves on, and the search looks at what is new."""
    viewer = visit(server, f"episode={live}&seq=0&tab=events")
    viewer.press("/").page.keyboard.type("archive")
    before = int(viewer.text(".find output").split()[-1])
    server.post("/step", {"action": {"type": "archive"}})
    viewer.page.wait_for_selector(".count:text-is('1 / 1')")
    assert int(viewer.text(".find output").split()[-1]) > before
    viewer.page.wait_for_url("**step=1&tab=events")
