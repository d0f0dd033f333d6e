"""The list of episodes on the page of a server stays as the log is, in a real browser."""

import browsing
import pytest
from serving import actions, running

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit


@pytest.fixture
def fresh(tmp_path):
    """Return a server with an empty log."""
    with running(tmp_path) as server:
        yield server


def fill(server, number):
    """Let an agent play *number* episodes."""
    asked = {"task": "workflow/easy", "agent": "random", "episodes": number}
    return [each["id"] for each in server.post("/run", asked)["episodes"]]


def test_an_empty_log(fresh, visit):
    """There is nothing to see, and it is said what to do about it; what begins then shows."""
    viewer = visit(fresh)
    assert "No episodes yet" in viewer.text("main")
    assert "refold record workflow/hard" in viewer.text("main")
    assert viewer.page.get_attribute("main a", "href") == "#page=start"
    fresh.post("/reset", {"task": "easy", "episode_id": "first"})
    viewer.page.wait_for_selector('tr[data-id="first"]')


def test_the_list_follows_the_log(fresh, visit):
    """What goes on or begins shows by itself; ticks, focus and what is looked at stay."""
    fresh.post("/reset", {"task": "inbox/easy", "episode_id": "live"})
    fill(fresh, 40)
    viewer = visit(fresh)
    viewer.page.check('tr[data-id="live"] input')
    link = viewer.page.locator('tr[data-id="live"] a')
    link.focus()
    before = link.bounding_box()
    first, *others = actions("inbox/easy")
    fresh.post("/step", first)
    viewer.page.wait_for_selector('tr[data-id="live"] [aria-label^="rewards of 1 step,"]')
    assert "unfinished" in viewer.text('tr[data-id="live"]')
    for action in others:
        fresh.post("/step", action)
    fresh.post("/reset", {"task": "hard", "episode_id": "new"})
    viewer.page.wait_for_selector('tr[data-id="new"]')
    viewer.page.wait_for_selector('tr[data-id="live"] .state:has-text("ended")')
    score = fresh.get("/episodes/live")["episode"]["score"]
    assert viewer.text('tr[data-id="live"] .col-score') == f"{score:.4f}"
    viewer.page.wait_for_selector('tr[data-id="live"] [aria-label^="rewards of 3 steps"]')
    focused = "document.activeElement.closest('tr').dataset.id"
    assert viewer.page.evaluate(focused) == "live"
    assert viewer.page.is_checked('tr[data-id="live"] input')
    assert viewer.count("tbody input:checked") == 1
    assert abs(link.bounding_box()["y"] - before["y"]) < 2


def test_new_episodes_come_before_all_pages(fresh, visit):
    """Whoever loaded several pages keeps them; what is new is put before them, each row once."""
    old = fill(fresh, 60)
    viewer = visit(fresh)
    viewer.page.click("text=More episodes")
    viewer.page.wait_for_selector(f'tr[data-id="{old[0]}"]')
    new = fill(fresh, 3)
    viewer.page.wait_for_selector(f'tr[data-id="{new[-1]}"]')
    viewer.page.wait_for_function("() => document.querySelectorAll('tbody .spark').length === 63")
    shown = viewer.page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert shown == [*reversed(new), *reversed(old)]


def test_far_more_new_episodes_than_were_loaded(fresh, visit):
    """If none of the loaded ones is among the newest, the list begins anew, without a gap."""
    old = fill(fresh, 2)
    viewer = visit(fresh)
    viewer.hold("**/episodes?**")
    new = [each for _ in range(2) for each in fill(fresh, 30)]
    viewer.page.unroute("**/episodes?**")
    viewer.page.wait_for_selector(f'tr[data-id="{new[-1]}"]')
    assert viewer.text("[role=status]") == "62 episodes, 50 loaded"
    viewer.page.click("text=More episodes")
    viewer.page.wait_for_selector(f'tr[data-id="{old[0]}"]')
    assert viewer.count("tbody tr") == 62


def test_a_late_answer_changes_nothing(fresh, visit):
    """What was asked for first but comes last is not shown: another filter is chosen by then."""
    fill(fresh, 2)
    fresh.post("/run", {"task": "inbox/easy", "agent": "random"})
    viewer = visit(fresh)
    held = viewer.hold("**/episodes?scenario=workflow**")
    with viewer.page.expect_request("**/episodes?scenario=workflow**"):
        viewer.page.select_option("[name=scenario]", "workflow")
    viewer.page.select_option("[name=scenario]", "inbox")
    viewer.page.wait_for_selector("[role=status]:text-matches('^1 of 3 episodes')")
    with viewer.page.expect_response("**/episodes?scenario=workflow**") as late:
        held[0].continue_()
    late.value.finished()
    viewer.page.evaluate("fetch('tasks').then(answer => answer.text())")
    assert viewer.text("[role=status]").startswith("1 of 3 episodes")
    assert viewer.text("td.col-scenario") == "inbox/easy"


def test_a_server_that_is_gone(fresh, visit):
    """That it cannot be reached is said, what was loaded stays, and it heals by itself."""
    fill(fresh, 2)
    viewer = visit(fresh)
    viewer.page.context.set_offline(True)
    viewer.page.wait_for_selector("[role=alert]:has-text('cannot be reached')")
    assert viewer.count("tbody tr") == 2
    viewer.page.context.set_offline(False)
    fill(fresh, 1)
    viewer.page.wait_for_selector("[role=alert]", state="detached")
    viewer.page.wait_for_selector("text=3 episodes")
    viewer.forgive("DISCONNECTED")
