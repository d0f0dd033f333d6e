"""Episodes played by hand on the page of a server, for tests of that."""

import fnmatch

import pytest


@pytest.fixture
def begin(server, visit):
    """Return what begins an episode of a task on the page; of the module's own server."""

    def begin(task):
        viewer = visit(server, "page=start")
        viewer.page.select_option("[name=task]", task)
        viewer.page.click("button.main")
        viewer.page.wait_for_selector(".act")
        return viewer

    return begin


def hand_of(viewer):
    """Return the episode that is played on the page, and the session that plays it."""
    return viewer.page.evaluate(
        """() => {
          const id = new URLSearchParams(location.hash.slice(1)).get("episode");
          return [id, sessionStorage.getItem(`refold ${id}`)];
        }"""
    )


def freeze(viewer):
    """Let no time pass on the page but what ``clock.run_for`` lets pass."""
    viewer.page.clock.install()
    viewer.page.clock.pause_at(viewer.page.evaluate("Date.now() + 1000"))


def asked_for(viewer, path):
    """Return how often the page has asked for what ends like *path*; ``*`` stands for any text."""
    viewer.page.evaluate("fetch('tasks').then((answer) => answer.text())")
    return len(fnmatch.filter(viewer.requests, f"*{path}"))
