"""Letting an agent play, and the standings, on the page of a server in a real browser."""

import browsing
import pytest
from attrs import evolve
from msgspec.structs import replace
from serving import running

from refold.agents import make_policy, play
from refold.engine import Episode, EventLog
from refold.graders import RubricName, save_grade
from refold.graders.custom import grade_by
from refold.scenarios import load
from refold.solving import Limits, play_actions, solve

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server whose log holds agents of all ranks, and a scenario in two versions."""
    folder = tmp_path_factory.mktemp("server")
    with EventLog(folder / "log.db") as log:
        other = load("workflow/medium")
        other = evolve(other, rubric=evolve(other.rubric, version=2))
        episode = Episode.start(other, log=log, agent="greedy")
        play(episode, make_policy("greedy", episode.family, seed=0))
    with running(folder) as server:
        for task in ("workflow/easy", "workflow/medium", "inbox/easy", "inbox/hard"):
            for agent, times in (("random", 4), ("greedy" if "w" in task else "baseline", 1)):
                server.post("/run", {"task": task, "agent": agent, "episodes": times})
        server.post("/reset", {"task": "inbox/hard", "agent": "unready"})
        yield server


@pytest.fixture
def empty(tmp_path):
    """Return a server with an empty log."""
    with running(tmp_path) as server:
        yield server


def played(server):
    """Return how many episodes the log has."""
    return len(server.get("/episodes?limit=500")["episodes"])


def begin(viewer, *, task, who, **fields):
    """Choose *who* plays *task*, fill in *fields*, and let it play."""
    viewer.page.select_option("[name=task]", task)
    viewer.page.check(f"[name=who][value={who}]")
    for name, value in fields.items():
        viewer.page.fill(f"[name={name}]", value)
    viewer.page.click("button.main")


def test_tasks_are_told(server, visit):
    """Each task says what it is about, and which seed is its own."""
    viewer = visit(server, "page=start")
    found = server.get("/tasks")
    assert viewer.page.input_value("[name=task]") == found["default"]
    for task in found["tasks"]:
        viewer.page.select_option("[name=task]", task["task_id"])
        assert task["title"] in viewer.text(".begin")
        assert task["description"] in viewer.text(".begin")
        placeholder = viewer.page.get_attribute("[name=seed]", "placeholder")
        assert placeholder.startswith(f"{task['seed']},")


def test_an_agent_plays_one_episode(server, visit):
    """It is shown as soon as it is played, in the world that was asked for."""
    viewer = visit(server, "page=start")
    begin(viewer, task="workflow/hard", who="greedy", seed="7")
    viewer.page.wait_for_selector(".figures")
    newest = server.get("/episodes?limit=1")["episodes"][0]
    assert viewer.page.url.split("#episode=")[1].startswith(newest["id"])
    assert (newest["agent"], newest["seed"], newest["run"]) == ("greedy", 7, "")


def test_a_seed_is_never_rounded(server, visit):
    """Seeds go up to 2**63 - 1: all their digits are sent, and shown."""
    seed = str(2**63 - 1)
    viewer = visit(server, "page=start")
    begin(viewer, task="workflow/easy", who="greedy", seed=seed)
    viewer.page.wait_for_selector(".figures")
    assert server.get("/episodes?limit=1")["episodes"][0]["seed"] == 2**63 - 1
    assert f"seed {seed}" in viewer.text("header")
    viewer = visit(server, "page=start")
    begin(viewer, task="workflow/easy", who="me", seed=str(2**53 + 1))
    viewer.page.wait_for_selector(".figures")
    assert server.get("/episodes?limit=1")["episodes"][0]["seed"] == 2**53 + 1


def test_what_is_no_seed_is_not_sent(server, visit):
    """The browser says so at the field; one that is too large is told by the server."""
    before = server.get("/episodes?limit=1")
    viewer = visit(server, "page=start")
    begin(viewer, task="workflow/easy", who="greedy", seed="1.5")
    assert viewer.page.evaluate("document.querySelector('[name=seed]').matches(':invalid')")
    viewer.page.fill("[name=seed]", str(2**63))
    viewer.page.click("button.main")
    assert "expected a whole number" in viewer.text("[role=alert]")
    assert server.get("/episodes?limit=1") == before
    viewer.complaints.clear()


def test_an_agent_plays_several(server, visit):
    """Their mean and a list of them are shown; the run's name leads to them in the log."""
    viewer = visit(server, "page=start")
    begin(viewer, task="inbox/medium", who="random", episodes="3", run="three of them")
    viewer.page.wait_for_selector("h2:text('Played')")
    rows = server.get("/episodes?run=three%20of%20them")["episodes"]
    mean = sum(row["score"] for row in rows) / 3
    assert f"Mean of the 3 scores: {mean:.4f}" in viewer.text("main [role=status]")
    for row in rows:
        shown = viewer.text(f'tr[data-id="{row["id"]}"]')
        assert f"{row['score']:.4f}" in shown
    viewer.page.click("text=all of run three of them")
    viewer.page.wait_for_selector(r"[role=status]:text-matches('^3 of \\d+ episodes')")


def test_agents_are_offered_for_what_they_play(server, visit):
    """Those that would refuse the family of the task are not; who plays then is oneself."""
    viewer = visit(server, "page=start")
    for family, agents in (
        ("workflow", ["greedy", "random", "noop"]),
        ("inbox", ["baseline", "random"]),
    ):
        viewer.page.select_option("[name=task]", f"{family}/easy")
        offered = viewer.page.locator("[name=who]").evaluate_all("all => all.map(e => e.value)")
        assert offered == ["me", *agents]
        for agent in agents:
            server.post("/run", {"task": f"{family}/easy", "agent": agent})
        assert viewer.page.input_value("[name=who]:checked") == "me"
        viewer.page.check(f"[name=who][value={agents[0]}]")


def test_what_cannot_be_played_is_refused(server, visit):
    """The server's words say why, until something else is chosen; nothing is recorded."""
    before = played(server)
    viewer, refusal = visit(server, "page=start"), "[role=alert]:has-text('run: expected')"
    begin(viewer, task="workflow/easy", who="random", episodes="101")
    assert viewer.page.locator("[name=episodes]:invalid").count() == 1
    for choose in (
        lambda: viewer.page.check("[name=who][value=noop]"),
        lambda: viewer.page.select_option("[name=task]", "inbox/easy"),
    ):
        viewer.page.evaluate("document.querySelector('[name=run]').removeAttribute('maxlength')")
        begin(viewer, task="workflow/easy", who="random", episodes="1", run="x" * 101)
        viewer.page.wait_for_selector(refusal)
        choose()
        assert viewer.count("[role=alert]") == 0
    assert played(server) == before
    begin(viewer, task="workflow/easy", who="noop", episodes="1", run="")
    viewer.page.wait_for_selector(".figures")
    viewer.forgive("422")


def places(viewer, table):
    """Return the cells of the rows of the ranking number *table*."""
    rows = viewer.page.locator(".ranking:has(.places)").nth(table).locator("tbody tr")
    return rows.evaluate_all(
        "rows => rows.map(row => Object.fromEntries("
        "[...row.cells].map(cell => [cell.className, cell.innerText.trim()])))"
    )


def test_leaderboard(server, visit):
    """Each table is there, overall ones first, with the figures that the server tells."""
    viewer, told = visit(server, "page=standings"), server.get("/leaderboard")
    assert told["several"] == ["workflow/medium"]
    tables = sorted(told["rankings"], key=lambda table: table["setting"] is not None)
    for number, table in enumerate(tables):
        rows = places(viewer, number)
        assert len(rows) == len(table["places"])
        for row, place in zip(rows, table["places"], strict=True):
            assert row["agent"].startswith(place["agent"])
            assert row["rank"] == str(place["rank"] or "–")
            assert row["mean"] == ("–" if place["mean"] is None else f"{place['mean']:.4f}")
            if place["score"]:
                low, high = place["score"]["low"], place["score"]["high"]
                assert row["interval"].strip("*") == f"{low:.4f} – {high:.4f}"
                assert (row["n"], row["best"]) == (str(place["score"]["n"]), f"{place['best']:.4f}")
    assert "workflow/medium: recorded with several" in viewer.text(".banner")
    assert "not counted: 1 not ended" in viewer.text(".rankings")
    assert len([table for table in tables if table["over"] == "workflow/medium"]) == 2


@pytest.mark.parametrize("size", [browsing.DESKTOP, browsing.PHONE], ids=["desktop", "phone"])
def test_shares_of_the_optimum(tmp_path, visit, size):
    """Where the log knows what was possible, a column says how much of it was reached."""
    with EventLog(tmp_path / "log.db") as log:
        for name, agent in (
            ("workflow/easy", "noop"),
            ("workflow/medium", "greedy"),
            ("workflow/medium", "noop"),
        ):
            episode = Episode.start(load(name), log=log, agent=agent)
            play(episode, make_policy(agent, episode.family, seed=0))
        medium = load("workflow/medium")
        best = solve(medium, limits=Limits(600, 4 * 10**9))
        play_actions(medium, medium.seed, best.actions, log=log, agent="optimal")
    with running(tmp_path) as server:
        viewer = visit(server, "page=standings", size=size)
        tables = [places(viewer, number) for number in range(viewer.count(".places"))]
        (shares,) = [
            {row["agent"]: row["optimum"] for row in rows}
            for rows in tables
            if "optimum" in rows[0]
        ]
        assert shares["optimal"] == "100.0%"
        assert shares["greedy"] == "98.1%"
        assert viewer.page.evaluate("document.documentElement.scrollWidth") == size["width"]
        told = server.get("/leaderboard?scenario=workflow/medium")["rankings"][0]["places"]
        assert told[1]["optimum_share"] == pytest.approx(0.6325 / 0.645)
        (easy,) = server.get("/leaderboard?scenario=workflow/easy")["rankings"]
        assert easy["places"][0]["optimum_share"] is None


def test_another_grader(tmp_path, visit):
    """Saved grades can rank instead of the recorded rubrics; the address holds both filters."""
    with EventLog(tmp_path / "log.db") as log:
        episode = Episode.start(load("inbox/easy"), log=log, agent="baseline")
        play(episode, make_policy("baseline", episode.family, seed=0))
        given = grade_by(half, episode.events)
        rubric = RubricName("mine.py:half", 0, "a" * 64)
        save_grade(log, episode.id, replace(given, rubric=rubric))
    with running(tmp_path) as server:
        viewer = visit(server, "page=standings")
        assert places(viewer, 0)[0]["mean"] == "0.8750"
        (name,) = server.get("/leaderboard")["graders"]
        with viewer.page.expect_response("**/leaderboard?*by=*"):
            viewer.page.select_option("[name=by]", name)
        viewer.page.wait_for_function("document.querySelector('.places .mean')")
        viewer.page.locator("td.mean", has_text="0.5000").first.wait_for()
        viewer.page.select_option("[name=scenario]", "inbox")
        viewer.page.locator("td.mean", has_text="0.5000").first.wait_for()
        assert "by=" in viewer.page.url
        assert "scenario=inbox" in viewer.page.url
        viewer.page.select_option("[name=by]", "")
        viewer.page.locator("td.mean", has_text="0.8750").first.wait_for()
        viewer = visit(server, "page=episodes")
        viewer.page.select_option("[name=by]", name)
        viewer.page.locator("td", has_text="0.5000").first.wait_for()
        viewer.page.locator(".chips", has_text=f"graded by: {name}").wait_for()
        viewer.page.goto("about:blank")  # the list asks again and again, and the server ends here


def half(events):
    """Return half of the best score."""
    return 0.5


def test_picture_of_a_place(server, visit):
    """The dot is at the mean, the whisker is the interval; the best leads to its episode."""
    viewer = visit(server, "page=standings&scenario=inbox/easy")
    (table,) = server.get("/leaderboard?scenario=inbox/easy")["rankings"]
    place = next(each for each in table["places"] if each["agent"] == "random")
    row = viewer.page.locator(".places tr", has_text="random")
    dot = row.locator(".whisker circle").get_attribute("cx")
    whisker = row.locator(".whisker .line").first
    ends = [whisker.get_attribute(end) for end in ("x1", "x2")]
    drawn = [float(text.rstrip("%")) / 100 for text in (dot, *ends)]
    assert drawn == pytest.approx([place["mean"], place["score"]["low"], place["score"]["high"]])
    row.locator("a").click()
    viewer.page.wait_for_url(f"**#episode={place['episode']}**")


def test_standings_of_a_family(server, visit):
    """The filter narrows all tables, is in the address, and says so when nobody played."""
    viewer = visit(server, "page=standings")
    everything = viewer.count(".ranking")
    viewer.page.select_option("[name=scenario]", "inbox")
    viewer.page.wait_for_selector(".ranking[data-over='workflow/easy']", state="detached")
    assert 0 < viewer.count(".ranking") < everything
    assert viewer.page.url.endswith("#page=standings&scenario=inbox")
    assert viewer.count("[data-family]") == 1
    viewer.page.select_option("[name=scenario]", "workflow/expert")
    viewer.page.wait_for_selector("text=No agent has played this yet")


def references(viewer, family):
    """Return the rows of the reference scores of *family*: who, and the numbers."""
    rows = viewer.page.locator(f"[data-family={family}] tbody tr")
    return rows.evaluate_all(
        "rows => rows.map(row => [row.dataset.source, "
        "...[...row.querySelectorAll('td')].map(cell => cell.innerText.trim())])"
    )


def expected(rows, family):
    """Return the same of what the server tells."""
    of_family = [row for row in rows if row["family"] == family]
    names = list(of_family[0]["scores"])
    found = []
    for row in of_family:
        whole = len(row["scores"]) == len(names)
        values = [*(row["scores"].get(name) for name in names), row["mean"] if whole else None]
        told = ["–" if value is None else f"{value:.4f}" for value in values]
        found.append([row["source"], *told])
    return found


def test_reference_scores(server, visit):
    """All rows and means are the server's; the best of the log comes beside them when asked for."""
    viewer = visit(server, "page=standings")
    rows = server.get("/baseline")["baselines"]
    for family in ("inbox", "workflow"):
        assert references(viewer, family) == expected(rows, family)
    viewer.page.click("text=With the best of this log")
    viewer.page.wait_for_selector("tr[data-source=log]")
    rows = server.post("/baseline", {})["baselines"]
    for family in ("inbox", "workflow"):
        assert references(viewer, family) == expected(rows, family)
        assert references(viewer, family)[-1][0] == "log"
    best = {id for row in rows for id in row["episodes"].values()}
    links = viewer.page.locator("tr[data-source=log] a").evaluate_all("all => all.map(a => a.hash)")
    assert set(links) == {f"#episode={id}" for id in best}


def test_nobody_is_ranked(empty, visit):
    """With an empty log it is said what to do, and the reference scores are there."""
    viewer = visit(empty, "page=standings")
    assert "There are no episodes to rank yet" in viewer.text("main")
    assert viewer.page.get_attribute("main a", "href") == "#page=start"
    assert viewer.count("[data-family]") == 4
