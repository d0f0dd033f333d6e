"""The runs on the page of a server, and on pages in files, in a real browser."""

import subprocess
import sys
from urllib.parse import quote

import browsing
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE, Viewer
from forging import alter
from recorded_runs import called, record, shown
from serving import running
from viewing import HOSTILE

from refold.agents import make_policy, play
from refold.agents.mock import MockModel
from refold.engine import Episode, EventLog
from refold.reports.usage import Price, Prices
from refold.scenarios import load

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit
BOTH = ["workflow/easy", "workflow/hard"]
SMALLEST = """() => Math.min(...[...document.querySelectorAll("body *")].filter((each) =>
    [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
    && each.getClientRects().length && !each.closest(".hidden"))
  .map((each) => parseFloat(getComputedStyle(each).fontSize)))"""


def dear_run(log, run, tokens, epochs):
    """Record a run of a model that was asked once an episode, for so many *tokens*."""
    scenario = load("workflow/easy")
    for epoch in range(epochs):
        episode = Episode.start(
            scenario, log=log, agent="m", run=run, seed=scenario.seed + epoch, epoch=epoch
        )
        episode.note(called(tokens, faults=["timeout"]))
        agent = "greedy" if epoch else "random"
        play(episode, make_policy(agent, episode.family, seed=epoch))


def fill(log):
    """Record runs good and poor, dear ones, and one whose names and agent are hostile."""
    for run, agent, epochs in (("good", "greedy", 3), ("dice", "random", 3), ("once", "noop", 1)):
        record(log, run, agent, BOTH, epochs=epochs)
    dear_run(log, "dear", (9000, 300), 3)
    dear_run(log, "cheap", (900, 30), 3)
    for epoch in range(2):
        scenario = load("workflow/easy")
        seed = scenario.seed + epoch
        episode = Episode.start(
            scenario, log=log, agent=HOSTILE, run=HOSTILE, seed=seed, epoch=epoch
        )
        play(episode, make_policy("random", episode.family, seed=seed))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server whose log holds several runs, graded already."""
    folder = tmp_path_factory.mktemp("server")
    with EventLog(folder / "log.db") as log:
        fill(log)
    with running(folder, prices=Prices(Price(10.0, 50.0))) as server:
        while not all(each["graded"] for each in server.get("/runs")["runs"]):
            pass
        yield server


def address(*names):
    """Return the address of the page of these runs."""
    return "page=runs" + "".join(f"&run={quote(name)}" for name in names)


def row(viewer, run):
    """Return the text of the row of *run* in the list."""
    return viewer.text(f'tr[data-id="{run}"]')


def test_the_list(server, visit):
    """Newest first; who played what, how it went, and what it cost, as the server tells."""
    viewer = visit(server, "page=runs")
    told = server.get("/runs")
    shown_rows = viewer.page.locator("tr[data-id]").evaluate_all(
        "all => all.map(e => e.dataset.id)"
    )
    assert shown_rows == [each["run"] for each in told["runs"]]
    assert shown_rows[-1] == "good"
    assert "greedy workflow/easy, workflow/hard 6" in row(viewer, "good")
    assert "3 of 6" in row(viewer, "good")
    assert "3 retries" in row(viewer, "dear")
    assert "$0.32" in row(viewer, "dear")
    assert "28 k" in row(viewer, "dear")
    assert viewer.count('tr[data-id="good"] .whisker .dot') == 1
    assert viewer.count('tr[data-id="once"] .whisker .ring') == 1
    assert viewer.page.get_attribute("nav a[aria-current]", "href") == "#page=runs"


def test_an_empty_log(tmp_path, visit):
    """It is said what a run is, and how to make one; one that is made then shows by itself."""
    with running(tmp_path) as server:
        viewer = visit(server, "page=runs")
        assert "No runs yet" in viewer.text("main")
        server.post("/run", {"task": "workflow/easy", "agent": "greedy", "run": "first"})
        viewer.page.wait_for_selector('tr[data-id="first"]')


def test_focus_stays_with_its_run(tmp_path, visit):
    """A run that begins is put before the others: what has the focus, and ticks, stay theirs."""
    with running(tmp_path) as server:
        for name in ("one", "two"):
            server.post("/run", {"task": "workflow/easy", "agent": "greedy", "run": name})
        viewer = visit(server, "page=runs")
        viewer.page.check('tr[data-id="one"] input')
        viewer.page.focus('tr[data-id="two"] input')
        server.post("/run", {"task": "workflow/easy", "agent": "noop", "run": "three"})
        viewer.page.wait_for_selector('tr[data-id="three"]')
        focused = "document.activeElement.closest('tr').dataset.id"
        assert viewer.page.evaluate(focused) == "two"
        assert viewer.page.is_checked('tr[data-id="one"] input')
        assert viewer.count("tbody input:checked") == 1


def test_two_ticks_compare(server, visit):
    """The first ticked is compared with the second; Back leads to the list with its ticks."""
    viewer = visit(server, "page=runs")
    viewer.page.check('tr[data-id="dice"] input')
    assert "tick another" in viewer.text(".picks")
    viewer.page.check('tr[data-id="good"] input')
    viewer.page.click("text=Compare 2 runs")
    viewer.page.wait_for_selector("h1:has-text('dice → good')")
    viewer.page.go_back()
    viewer.page.wait_for_selector("text=Compare 2 runs")
    assert viewer.page.is_checked('tr[data-id="dice"] input')


def test_six_are_the_most(server, visit):
    """A seventh cannot be ticked; what is ticked is compared, best first."""
    viewer = visit(server, "page=runs")
    boxes = viewer.page.locator("tbody input[type=checkbox]")
    assert boxes.count() == 6
    for place in range(6):
        boxes.nth(place).focus()
        viewer.page.keyboard.press("Space")
    viewer.page.wait_for_selector("text=Compare 6 runs")
    for place in range(2, 6):
        boxes.nth(place).uncheck()
    viewer.page.wait_for_selector("text=Compare 2 runs")


def test_a_run(server, visit):
    """Figures, a dot for each episode, what was lost and why, each reason with its episodes."""
    viewer = visit(server, address("good"))
    told = server.get("/api/runs?run=good")
    assert viewer.text("h1") == "good"
    assert f"{told['figures']['mean']:.3f}" in viewer.text(".figures")
    assert "3 of 6" in viewer.text(".figures")
    assert viewer.count(".dots circle") == 6
    assert viewer.count(".dots circle.good") == 3
    assert "parallelism" in viewer.text(".parts")
    wrong = viewer.text("table:has(caption:text('What went wrong')) tbody tr")
    assert wrong.startswith("3 workflow/hard out of time after")
    assert "refold report good" in viewer.text(".commands")
    viewer.page.click("table:has(caption:text('What went wrong')) .see a")
    viewer.page.wait_for_selector(".verdict")
    assert viewer.page.url.endswith(told["reasons"][0]["see"][0]["id"])


def test_failed_episodes_of_a_run_are_listed(server, visit):
    """The name of a scenario leads to its episodes of this run, lowest first."""
    viewer = visit(server, address("good"))
    viewer.page.click("section a:has-text('workflow/hard')")
    viewer.page.wait_for_selector(r"[role=status]:text-matches('^3 of \\d+ episodes')")
    assert viewer.page.input_value("[name=run]") == "good"


def test_two_runs(server, visit):
    """The verdict comes first; rings lead to dots, flips are ringed, moves lead to their diff."""
    viewer = visit(server, address("dice", "good"))
    told = server.get("/api/runs?run=dice&run=good")
    assert viewer.text(".outcome").startswith(f"+{told['difference']:.3f} change of the mean")
    assert told["headline"] in viewer.text(".outcome")
    lines = sum(a != b for each in told["scenarios"] for a, b, *_ in each["dots"])
    flips = sum(flip for each in told["scenarios"] for *_, flip in each["dots"])
    assert viewer.count("td .pairs .from") == lines > 0
    assert viewer.count("td .pairs .flip") == flips > 0
    (first, *_) = told["moves"]
    viewer.page.click("table:has(caption:text('Largest moves')) tbody tr:first-child .see a")
    viewer.page.wait_for_selector(".diff")
    assert f"a={first['episodes'][0]}&b={first['episodes'][1]}" in viewer.page.url


def test_score_against_cost(server, visit):
    """Runs with a known cost stand in the plot, the dear one on the right."""
    viewer = visit(server, address("cheap", "dear", "good"))
    told = viewer.page.get_attribute(".cost", "aria-label")
    assert "cheap" in told
    assert "dear" in told
    assert "good" not in told
    places = viewer.page.locator(".cost .series:not(.line)")
    assert places.count() == 2
    left, right = (places.nth(place).bounding_box()["x"] for place in range(2))
    names = [
        each["name"]
        for each in server.get(f"/api/runs?{address('cheap', 'dear', 'good')[10:]}")["columns"]
    ]
    assert (names.index("cheap") < names.index("dear")) == (left < right)


def test_three_runs(server, visit):
    """The best mean of each scenario is bold; each pair is tested, and leads to its page."""
    viewer = visit(server, address("once", "dice", "good"))
    told = server.get("/api/runs?run=once&run=dice&run=good")
    assert told["headline"] in viewer.text(".outcome")
    best = max(each["means"][0] for each in told["columns"])
    matrix = "table:has(caption:text('Scores by scenario and run'))"
    assert viewer.text(f"{matrix} tbody tr:first-child td b") == f"{best:.3f}"
    viewer.page.click(".each a")
    viewer.page.wait_for_selector("h1:has-text('→')")


PAGES = {
    "list": "page=runs",
    "run": address("good"),
    "hostile": address(HOSTILE),
    "two": address("dice", HOSTILE),
    "many": address("dice", "good", "dear", HOSTILE),
}


@pytest.mark.parametrize(
    ("name", "size"),
    [*((name, PHONE) for name in PAGES), ("list", DESKTOP), ("two", DESKTOP)],
    ids=[*PAGES, "wide list", "wide two"],
)
def test_every_page_is_fit_to_read(server, visit, name, size):
    """Nothing hostile runs; no sideways scroll, no small text, and axe finds nothing."""
    viewer = visit(server, PAGES[name], size=size)
    assert viewer.page.evaluate("window.__pwned") is None
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert viewer.page.evaluate("document.querySelector('.view').scrollWidth") <= size["width"]
    assert viewer.page.evaluate(SMALLEST) >= 12
    if name in ("hostile", "two", "many"):
        assert "</script>" in viewer.text("main")
        assert "\u202e" not in viewer.page.content()
    for scheme in ("light", "dark"):
        viewer.page.emulate_media(color_scheme=scheme)
        assert Axe().run(viewer.page).response["violations"] == []


def test_what_cannot_be_shown_is_refused(server, visit):
    """An unknown run, runs that have nothing in common, and too many: the server's own words."""
    for names, words in (
        (["nope"], "run 'nope': expected a name"),
        (["good", "once"] * 4, "at most 6"),
        (["good", HOSTILE, "nope"], "run 'nope': expected a name"),
    ):
        viewer = visit(server, address(*names))
        assert words in viewer.text("[role=alert]")
        viewer.complaints.clear()


def test_a_live_run_is_followed(tmp_path, visit):
    """While another process records, episodes, time left and scores move without a reload."""
    main = "from refold.cli import main; main()"
    # Slow until all was seen, however long the browser takes.
    with MockModel(latency_ms=300) as model, running(tmp_path) as server:
        words = ["record", "workflow/easy", "workflow/medium", "--agent", "openai:mock"]
        words += ["--base-url", model.base_url, "--epochs", "6", "--name", "live"]
        command = [sys.executable, "-c", main, *words, "--log", str(server.log)]
        recorder = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            viewer = visit(server, "page=runs")
            viewer.page.wait_for_selector('tr[data-id="live"] progress')
            viewer.page.click('tr[data-id="live"] a')
            viewer.page.wait_for_selector(".badge:has-text('recording')")
            bar = viewer.page.locator(".live progress")
            first = int(bar.get_attribute("value"))
            assert int(bar.get_attribute("max")) == 12
            viewer.page.wait_for_function(
                "before => document.querySelector('.live progress')?.value > before", arg=first
            )
            viewer.page.wait_for_selector(".live:has-text('left')")
            assert "last: " in viewer.text(".playing")
            assert "so far" in viewer.text(".figures")
            model.latency_ms = 0
            assert recorder.wait(120) == 0
            viewer.page.wait_for_selector(".live", state="detached")
            assert viewer.count(".badge") == 0
            viewer.page.wait_for_selector(".figures:has-text('of 12')")
            asked = len(viewer.requests)
            viewer.page.wait_for_timeout(2500)
            assert len(viewer.requests) == asked  # what has ended is not asked for again
        finally:
            recorder.kill()
            recorder.wait()


def test_an_interrupted_run_is_not_called_live(tmp_path, visit):
    """Long after its recorder has gone, it stands as it was left, and how to play on."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        record(log, "cut", "greedy", ["workflow/easy"], epochs=2)
        episode = Episode.start(load("workflow/easy"), log=log, agent="greedy", run="cut", epoch=2)
        episode.step({"action_type": "wait"})
    earlier = "2026-01-01T10:00:00.000+00:00"
    alter(
        path,
        ("UPDATE episodes SET started_at = ?, ended_at = iif(ended_at, ?, NULL)", earlier, earlier),
    )
    with running(tmp_path) as server:
        viewer = visit(server, address("cut"))
        assert "2 of 3 episodes ended" in viewer.text(".live")
        assert "refold resume" in viewer.text(".live")
        assert viewer.count(".badge") == 0
        viewer.page.click("text=All runs")
        viewer.page.wait_for_selector('tr[data-id="cut"]')
        assert "2 of 3 not moving" in row(viewer, "cut")


@pytest.fixture
def open_file(browser):
    """Return what opens a page on disk; at the end nothing was asked for or complained."""
    viewers = []

    def open_page(path, *, size=DESKTOP, scheme="light"):
        context = browser.new_context(viewport=size, color_scheme=scheme)
        viewer = Viewer(context.new_page(), path.as_uri())
        viewers.append(viewer)
        return viewer.open()

    yield open_page
    for viewer in viewers:
        assert viewer.quiet(), (viewer.requests, viewer.complaints)
        viewer.page.context.close()


FILES = {
    "run": ["report", HOSTILE],
    "two": ["compare", "dice", HOSTILE],
    "many": ["compare", "dice", "good", HOSTILE],
}


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [("run", DESKTOP, "light"), ("two", PHONE, "dark"), ("many", PHONE, "light")],
    ids=FILES,
)
def test_pages_on_disk(log, tmp_path, open_file, name, size, scheme):
    """One file shows it all without network or links, hostile texts as texts, to all readers."""
    fill(log)
    path = tmp_path / "page.html"
    command, *runs = FILES[name]
    shown(command, log, *runs, "--html", str(path))
    viewer = open_file(path, size=size, scheme=scheme)
    assert viewer.page.evaluate("window.__pwned") is None
    assert viewer.count("main a") == 0
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert viewer.page.evaluate(SMALLEST) >= 12
    assert "</script>" in viewer.text("main")
    assert Axe().run(viewer.page).response["violations"] == []
    assert ("refold diff " in viewer.text("main")) == (name != "run")


def test_file_and_server_show_the_same(server, log, tmp_path, visit, open_file):
    """But for links, a page on disk reads as that of the server."""
    path = tmp_path / "page.html"
    shown("report", EventLog(server.log, readonly=True), "good", "--html", str(path))
    there, here = visit(server, address("good")).text("main"), open_file(path).text("main")
    assert there == here
