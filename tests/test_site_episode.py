"""One episode on the page of a server, in a real browser: watched, left, laid beside another."""

import re

import browsing
import pytest
import serving
from playing import asked_for
from serving import actions, running
from shell import Shell

pytestmark = pytest.mark.slow

browser, visit, server = browsing.browser, browsing.visit, serving.server
TASK = "workflow/easy"
PWN = "<img src=x onerror=window.__pwned=1><script>window.__pwned=1</script>\u202e\x1b[2J"


@pytest.fixture(scope="module")
def played(server):
    """Return the id of an episode that an agent played."""
    return server.post("/run", {"task": TASK, "agent": "greedy"})["episodes"][0]["id"]


def test_a_running_episode_is_watched(server, visit):
    """New steps show by themselves; who looks at an earlier one stays there and is told."""
    server.post("/reset", {"task": TASK, "episode_id": "live"})
    viewer = visit(server, "episode=live")
    assert viewer.text(".count") == "0 / 0"
    assert "watching" in viewer.text("header")
    taken = actions(TASK)
    for number, action in enumerate(taken[:3], 1):
        server.post("/step", {"action": action})
        viewer.page.wait_for_selector(f".count:text-is('{number} / {number}')")
    assert viewer.page.input_value("input[type=range]") == "3"
    viewer.press("ArrowLeft")
    server.post("/step", {"action": taken[3]})
    viewer.page.wait_for_selector(".fresh:text-is('1 new')")
    assert viewer.text(".count") == "2 / 4"
    viewer.press("End")
    assert viewer.text(".count") == "4 / 4"
    assert viewer.count(".fresh") == 0
    for action in taken[4:]:
        reply = server.post("/step", {"action": action})
    viewer.page.wait_for_selector(f".count:text-is('{len(taken)} / {len(taken)}')")
    assert "Finished with" in viewer.text(".verdict")
    assert f"{reply['observation']['grade']['score']:.4f}" in viewer.text(".verdict")


def test_what_has_ended_is_not_asked_for_again(server, visit, played):
    """A running episode is asked for each second, one that has ended never again."""
    server.post("/reset", {"task": TASK, "episode_id": "goes-on"})
    watched, over = visit(server), visit(server)
    for viewer, id in ((watched, "goes-on"), (over, played)):
        viewer.page.clock.install()
        viewer.page.goto(f"{server.url}/#episode={id}")
        viewer.page.reload()
        viewer.page.wait_for_selector("html[data-ready=one]")
    watched.page.clock.run_for(5000)
    assert asked_for(watched, "/steps?*") > 0
    over.page.clock.run_for(5000)
    assert asked_for(over, "/steps?*") == 0


def test_what_an_agent_must_not_see_is_not_on_the_page(server, visit):
    """The document of a running inbox holds no expected action and no keyword."""
    server.post("/reset", {"task": "inbox/easy", "episode_id": "secret"})
    viewer = visit(server, "episode=secret")
    assert "expected" not in viewer.text("main")
    assert "keywords" not in server.ask("GET", "/api/episodes/secret").body.decode()


def test_what_was_possible_is_told(tmp_path, visit):
    """Where the log holds the optimum, the header has it, with the share that was reached."""
    shell = Shell(tmp_path)
    shell.program("record workflow/easy --agent noop --log log.db")
    shell.program("record workflow/medium --agent greedy --log log.db")
    shell("solve workflow/medium --objective score --log log.db")
    unsolved, solved, optimal = shell.ids("--log", "log.db")
    shell(f"replay {solved} --log log.db --html page.html")
    assert '"optimum":{"episode":' in (tmp_path / "page.html").read_text()
    with running(tmp_path) as server:
        figures = {
            id: visit(server, f"episode={id}").text(".figures")
            for id in (unsolved, solved, optimal)
        }
        hidden = visit(server, f"episode={solved}&step=2")
        hidden.press("z")
        assert "0.6450" not in hidden.text(".figures")
    assert "optimum" not in figures[unsolved]
    assert re.search(r"optimum\s*0\.6450\s*98\.1% of it", figures[solved])
    assert re.search(r"optimum\s*0\.6450\s*100\.0% of it", figures[optimal])


def test_an_agent_plays_on_from_a_step(server, visit, played):
    """The fork opens where it left, names its parent, and is laid beside it."""
    viewer = visit(server, f"episode={played}&step=3")
    viewer.press("f").page.select_option("dialog select", "random")
    viewer.page.click("dialog button:text-is('Fork')")
    viewer.page.wait_for_selector("header:has-text('fork of')")
    assert viewer.text(".count").startswith("3 / ")
    viewer.press("d").page.click("dialog button:has-text('which it left at 3')")
    viewer.page.wait_for_selector("html[data-ready=two]")
    assert "3 equal steps" in viewer.text(".banner")
    assert "fork at step 3" in viewer.text(".top")
    viewer.press("2")
    assert "B workflow/easy" in viewer.text("h1")
    viewer.page.click(".back")
    viewer.page.wait_for_selector(".diff")
    viewer.page.go_back()
    viewer.page.wait_for_selector("html[data-ready=one]")


def test_any_two_are_compared(server, visit, played):
    """An id, a prefix or ``last`` names the other one; what names none is told as such."""
    server.post("/reset", {"task": TASK})
    viewer = visit(server, f"episode={played}")
    viewer.press("d").page.keyboard.type("last\n")
    viewer.page.wait_for_selector("html[data-ready=two]")
    assert "unfinished" in viewer.text(".top")
    other = visit(server, f"a={played}&b=nope")
    assert "got none that fits" in other.text("[role=alert]")
    other.complaints.clear()


def test_an_address_names_a_moment(server, visit, played):
    """Step, tab and selection are in it, a prefix of the id is enough, back leads back."""
    viewer = visit(server, f"episode={played[:-2]}&step=4&tab=state")
    assert viewer.text(".count").startswith("4 / ")
    assert "State" in viewer.text("[role=tab][aria-selected=true]")
    viewer.press("ArrowRight")
    viewer.page.wait_for_url(f"**episode={played}&step=5&tab=state")
    viewer.page.reload()
    viewer.page.wait_for_selector("html[data-ready=one]")
    assert viewer.text(".count").startswith("5 / ")
    viewer.page.click(".bar a:text-is('Standings')")
    viewer.page.wait_for_selector("html[data-ready=standings]")
    viewer.page.go_back()
    viewer.page.wait_for_selector("html[data-ready=one]")
    assert viewer.text(".count").startswith("5 / ")


def test_hostile_words_stay_words(server, visit):
    """Whatever an agent calls itself, or writes, is text on the page."""
    server.post("/reset", {"task": "inbox/easy", "agent": PWN[:60], "episode_id": "evil"})
    server.post("/step", {"action": {"type": "respond", "content": PWN, "rationale": PWN}})
    viewer = visit(server, "episode=evil&step=1")
    for tab in "123456":
        viewer.press(tab)
        assert viewer.page.evaluate("window.__pwned") is None
    assert viewer.count("#app script, #app img") == 0
    assert viewer.count(".chip:text('U+202E')") > 0


def test_a_token_is_asked_for_once(tmp_path, visit):
    """Without a login nothing is shown; a wrong token is refused, the right one remembered."""
    with running(tmp_path, token="x" * 20) as server:
        viewer = visit(server)
        viewer.page.fill("[name=token]", "not the right one")
        viewer.press("Enter").page.wait_for_selector("[role=alert]")
        viewer.page.fill("[name=token]", "x" * 20)
        viewer.press("Enter").page.wait_for_selector("main:not(.login)")
        viewer.page.reload()
        viewer.page.wait_for_selector("html[data-ready]")
        assert viewer.count(".login") == 0
        viewer.page.context.clear_cookies()  # as when the server has another token by now
        viewer.page.click(".bar a:text-is('Play')")
        viewer.page.wait_for_selector(".login")
        viewer.forgive("401")


def test_a_server_that_is_gone_is_told(tmp_path, visit):
    """The page keeps what it shows and says so; once the server is back, it goes on."""
    with running(tmp_path) as server:
        server.post("/reset", {"task": TASK, "episode_id": "live"})
        viewer = visit(server, "episode=live")
    viewer.page.wait_for_selector("header [role=alert]:has-text('cannot be reached')")
    assert viewer.text(".count") == "0 / 0"
    with running(tmp_path, port=int(server.url.rpartition(":")[2])):
        viewer.page.wait_for_selector("header:has-text('watching')")
        viewer.complaints.clear()
