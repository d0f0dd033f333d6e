"""The views of a server's page: the way between them, and what comes late or is refused."""

import browsing
import pytest
from forging import alter
from serving import running

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit
FOCUSED = "[document.activeElement.tagName, document.activeElement.textContent]"
REWARDED = '{"type":"step_rewarded","step":'
ROWS = "[...document.querySelectorAll('tbody tr')].map(row => row.dataset.id)"


@pytest.fixture
def server(tmp_path):
    """Return a server with an empty log."""
    with running(tmp_path) as server:
        yield server


def play(server, task, times=1):
    """Let an agent play *task*, and return the ids of its episodes."""
    asked = {"task": task, "agent": "random", "episodes": times}
    return [each["id"] for each in server.post("/run", asked)["episodes"]]


def go(viewer, hash):
    """Go to the address *hash* of the page that is open."""
    viewer.page.evaluate("hash => { location.hash = hash }", hash)


def test_a_view_that_failed_is_tried_again(server, visit):
    """Also the list of episodes, whose address is open already."""
    viewer = visit(server, "page=start")
    viewer.page.context.set_offline(True)
    viewer.page.click("nav >> text=Episodes")
    viewer.page.wait_for_selector("[role=alert]:has-text('cannot be reached')")
    viewer.page.context.set_offline(False)
    viewer.page.click("text=Try again")
    viewer.page.wait_for_selector("text=No episodes yet")
    assert viewer.count("[role=alert]") == 0
    viewer.forgive("DISCONNECTED")


def test_an_answer_that_was_cut_off(server, visit):
    """It is said to be, what was loaded stays, and the next whole one is taken."""
    play(server, "inbox/easy")
    viewer = visit(server)

    def cut(route):
        reply = route.fetch()
        route.fulfill(status=200, content_type="application/json", body=reply.body()[:-9])

    viewer.page.route("**/episodes?**", cut)
    viewer.page.wait_for_selector('[role=alert]:text-is("The server\'s answer was cut off.")')
    assert viewer.count("tbody tr") == 1
    viewer.page.unroute("**/episodes?**")
    viewer.page.wait_for_selector("[role=alert]", state="detached")


def test_ids_with_spaces_are_compared(server, visit):
    """Ids that an older log holds are taken as they are."""
    (a,), (b,) = play(server, "inbox/easy"), play(server, "inbox/easy")
    alter(server.log, ("UPDATE episodes SET uid = 'my first' WHERE uid = ?", a))
    viewer = visit(server, f"a={b}&b=my+first")
    viewer.page.wait_for_selector("[role=alert], .diff")
    assert viewer.count(".diff") == 1, viewer.text("main")


def test_the_last_episode_is_the_last_each_time(server, visit):
    """Whoever asks for it once more sees the one that is the last by then."""
    (first,) = play(server, "workflow/easy")
    viewer = visit(server, "episode=last")
    assert viewer.text("h1") == "workflow/easy"
    viewer.press("Home")
    viewer.page.wait_for_url(f"**#episode={first}&**")
    (second,) = play(server, "inbox/easy")
    go(viewer, "episode=last")
    viewer.page.wait_for_selector("h1:text-is('inbox/easy')")
    go(viewer, f"a={first}&b=last")
    viewer.page.wait_for_selector(f".who:nth-child(2):has-text('{second}')")
    (third,) = play(server, "inbox/easy")
    go(viewer, f"a={first}&b=last")
    viewer.page.wait_for_selector(f".who:nth-child(2):has-text('{third}')")


@pytest.mark.parametrize(("page", "late"), [("episodes", "tasks"), ("standings", "baseline")])
def test_an_address_that_changes_while_a_view_loads(server, visit, page, late):
    """The view shows what the address says at last."""
    play(server, "workflow/easy")
    (inbox,) = play(server, "inbox/easy")
    viewer = visit(server, "page=start")
    viewer.hold(f"**/{late}")
    with viewer.page.expect_request(f"**/{late}"):
        go(viewer, f"page={page}")
    go(viewer, f"page={page}&scenario=inbox")
    viewer.page.unroute(f"**/{late}")
    viewer.page.wait_for_selector(f"html[data-ready={page}]")
    viewer.page.wait_for_function(
        "() => document.querySelector('[name=scenario]').value === 'inbox'"
    )
    shown = viewer.page.locator(f"main a[href='#episode={inbox}']")
    shown.first.wait_for()
    assert "workflow" not in viewer.text("main tbody")


KEY_ON_THE_WAY = """
key => {
    location.hash = "page=standings";
    document.dispatchEvent(new KeyboardEvent("keydown", { key }));
}"""


@pytest.mark.parametrize(("page", "key"), [("one", "c"), ("two", "End")])
def test_who_goes_elsewhere_is_not_kept(server, visit, page, key):
    """What a view does after another address was asked for, before that is told, is too late."""
    a, b = play(server, "inbox/easy", 2)
    viewer = visit(server, {"one": f"episode={a}", "two": f"a={a}&b={b}"}[page])
    assert viewer.page.get_attribute("html", "data-ready") == page
    viewer.page.evaluate(KEY_ON_THE_WAY, key)
    viewer.page.wait_for_selector("html[data-ready=standings]")
    assert viewer.page.url.endswith("#page=standings")
    viewer.page.go_back()
    viewer.page.wait_for_selector(f"html[data-ready={page}]")


def test_the_focus_goes_with_the_view(server, visit):
    """It is at the heading of what was gone to, not lost; when the page opens it is left alone."""
    viewer = visit(server)
    assert viewer.page.evaluate("document.activeElement === document.body")
    for name, page in (("Play", "start"), ("Standings", "standings"), ("Episodes", "episodes")):
        viewer.page.click(f"nav >> text={name}")
        viewer.page.wait_for_selector(f"html[data-ready={page}]")
        assert viewer.page.evaluate(FOCUSED) == ["H1", name]


def test_the_focus_at_the_login(tmp_path, visit):
    """The token can be typed at once; then the focus is at what had been asked for."""
    with running(tmp_path, token="x" * 20) as locked:
        viewer = visit(locked)
        viewer.page.wait_for_selector("html[data-ready=login]")
        viewer.page.keyboard.type("x" * 20)
        viewer.press("Enter").page.wait_for_selector("html[data-ready=episodes]")
        assert viewer.page.evaluate(FOCUSED) == ["H1", "Episodes"]
        viewer.forgive("401")


def test_the_list_is_as_it_was_left(server, visit):
    """Back from an episode: pages, ticks and place are as before; with other filters it begins."""
    old = play(server, "inbox/easy", 60)
    viewer = visit(server)
    viewer.page.click("text=More episodes")
    viewer.page.wait_for_selector(f'tr[data-id="{old[0]}"]')
    viewer.page.check(f'tr[data-id="{old[5]}"] input')
    viewer.page.locator(".view").evaluate("view => { view.scrollTop = 900 }")
    place = viewer.page.locator(f'tr[data-id="{old[30]}"]').bounding_box()
    go(viewer, f"episode={old[30]}")
    viewer.page.wait_for_selector(".figures")
    (new,) = play(server, "inbox/easy")
    viewer.page.go_back()
    viewer.page.wait_for_selector(f'tr[data-id="{new}"]')
    assert viewer.page.evaluate(ROWS) == [new, *reversed(old)]
    assert viewer.page.is_checked(f'tr[data-id="{old[5]}"] input')
    now = viewer.page.locator(f'tr[data-id="{old[30]}"]').bounding_box()
    assert abs(now["y"] - place["y"]) < 2
    go(viewer, f"episode={new}")
    viewer.page.wait_for_selector(".figures")
    go(viewer, "page=episodes&agent=random")
    viewer.page.wait_for_selector("html[data-ready=episodes]")
    assert viewer.count("tbody tr") == 50
    assert viewer.count("tbody input:checked") == 0


@pytest.fixture
def damaged(server):
    """Return a server whose log holds a damaged episode of a workflow."""
    server.post("/run", {"task": "workflow/easy", "agent": "greedy"})
    alter(
        server.log, (f"UPDATE events SET payload = '{REWARDED}-' WHERE payload GLOB '{REWARDED}*'",)
    )
    return server


def test_the_standings_name_what_they_leave_out(damaged, visit):
    """A damaged episode is told by name; who played others is ranked, and so are the references."""
    (other,) = play(damaged, "inbox/easy")
    viewer = visit(damaged, "page=standings")
    assert "Left out, as they cannot be read: episode " in viewer.text("main > [role=alert]")
    assert viewer.count(f".ranking a[href*='{other}']") == 1
    assert viewer.count("[data-family] tbody tr") > 4


def test_the_episodes_name_what_they_leave_out(damaged, visit):
    """A damaged episode is told by name above the others."""
    (other,) = play(damaged, "inbox/easy")
    viewer = visit(damaged, "page=episodes")
    assert "Left out, as they cannot be read: episode " in viewer.text("main > [role=alert]")
    assert viewer.page.evaluate(ROWS) == [other]


def test_a_late_answer_changes_nothing(damaged, visit):
    """What is left out of another scenario is not told once something else is asked for."""
    viewer = visit(damaged, "page=standings&scenario=inbox")
    held = viewer.hold("**/leaderboard?scenario=workflow")
    with viewer.page.expect_request("**/leaderboard?scenario=workflow"):
        viewer.page.select_option("[name=scenario]", "workflow")
    with viewer.page.expect_response("**/leaderboard?scenario=inbox"):
        viewer.page.select_option("[name=scenario]", "inbox")
    with viewer.page.expect_response("**/leaderboard?scenario=workflow") as late:
        held[0].continue_()
    late.value.finished()
    viewer.page.evaluate("fetch('tasks').then(answer => answer.text())")
    assert viewer.count("[role=alert]") == 0
    assert "No agent has played this yet" in viewer.text("main")
