"""The list of episodes on the page of a server, in a real browser."""

import browsing
import pytest
from browsing import PHONE
from serving import actions, running

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit
ROWS, IDS = "tbody tr", "[...document.querySelectorAll('tbody tr')].map(row => row.dataset.id)"
CHILD = "the-child-of-a-parent-with-a-name"
PWN = "<img src=x onerror=window.__pwned=1><script>window.__pwned=1</script>"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server with 69 episodes: of two families, three agents, several runs, a fork."""
    with running(tmp_path_factory.mktemp("server")) as server:
        for task, agent, times in (
            ("workflow/easy", "random", 56),
            ("workflow/hard", "greedy", 3),
            ("inbox/medium", "baseline", 3),
            ("inbox/easy", "random", 4),
        ):
            asked = {"task": task, "agent": agent, "episodes": times, "run": f"{agent} {task}"}
            server.post("/run", asked)
        server.post("/reset", {"task": "hard", "episode_id": "parent", "agent": "somebody"})
        for action in actions("workflow/hard")[:5]:
            server.post("/step", action)
        server.post("/episodes/parent/fork", {"at": 3, "agent": "random", "episode_id": CHILD})
        server.post("/reset", {"task": "inbox/easy", "agent": "somebody"})
        yield server


@pytest.fixture
def fresh(tmp_path):
    """Return a server with an empty log."""
    with running(tmp_path) as server:
        yield server


def listed(server, **filters):
    """Return what the server tells of the newest 50 episodes that fit."""
    given = "&".join(f"{key}={value.replace(' ', '%20')}" for key, value in filters.items())
    return server.get(f"/episodes?limit=50&rewards=true&{given}")["episodes"]


def ids(viewer):
    """Return the ids of the rows, from above."""
    return viewer.page.evaluate(IDS)


def wait_for_ids(viewer, wanted):
    """Wait until the rows are those of the episodes *wanted*, in their order."""
    wanted = [each["id"] for each in wanted]
    viewer.page.wait_for_function(f"wanted => {IDS}.join() === wanted", arg=",".join(wanted))


def cells(viewer, id):
    """Return the words of the row *id* by the names of their columns."""
    found = viewer.page.locator(f'tr[data-id="{id}"] > *').evaluate_all(
        "cells => cells.map(cell => [cell.className.slice(4), cell.innerText])"
    )
    return {name: " ".join(text.split()) for name, text in found}


def test_rows_tell_what_the_log_holds(server, visit):
    """The newest come first, each with its figures, its rewards as bars, and a link to it."""
    viewer, wanted = visit(server), listed(server)
    assert ids(viewer) == [each["id"] for each in wanted]
    for each in wanted:
        found = cells(viewer, each["id"])
        assert (found["scenario"], found["agent"]) == (each["scenario"], each["agent"])
        assert (found["run"], found["steps"]) == (each["run"], str(each["steps"]))
        assert found["score"] == ("–" if each["score"] is None else f"{each['score']:.4f}")
        assert found["state"] == {None: "unfinished", "terminated": "ended"}.get(
            each["ended"], "truncated"
        )
        drawn = viewer.page.locator(f'tr[data-id="{each["id"]}"] [role=img]')
        if each["steps"]:
            assert f"rewards of {each['steps']} step" in drawn.get_attribute("aria-label")
            bars = "".join(path.get_attribute("d") for path in drawn.locator("path").all())
            assert bars.count("M") == sum(reward != 0 for reward in each["rewards"])
    viewer.page.click(f'tr[data-id="{CHILD}"] .fork')
    viewer.page.wait_for_selector(".count:text-is('3 / 5')")
    viewer.page.go_back()
    viewer.page.click(f'tr[data-id="{CHILD}"] td.col-agent')
    viewer.page.wait_for_url(f"**#episode={CHILD}**")


def test_pages(server, visit):
    """Fifty are loaded at first; the button brings the rest, and goes when all are there."""
    viewer = visit(server)
    assert viewer.text("[role=status]") == "69 episodes, 50 loaded"
    viewer.page.click("text=More episodes")
    viewer.page.wait_for_selector("[role=status]:text-is('69 episodes')")
    everything = server.get("/episodes?limit=500")["episodes"]
    assert ids(viewer) == [each["id"] for each in everything]
    assert viewer.count("text=More episodes") == 0


@pytest.mark.parametrize(
    "filters",
    [
        {"scenario": "workflow/hard", "agent": "greedy"},
        {"scenario": "inbox", "run": "random inbox/easy"},
    ],
    ids="-".join,
)
def test_filters_of_the_server(server, visit, filters):
    """Scenario or family, agent and run narrow the list, and are in the address for next time."""
    viewer, wanted = visit(server), listed(server, **filters)
    assert 0 < len(wanted) < 50
    for name, value in filters.items():
        if name == "scenario":
            viewer.page.select_option("[name=scenario]", value)
        else:
            viewer.page.fill(f"[name={name}]", value)
    wait_for_ids(viewer, wanted)
    for name in filters:
        viewer.page.wait_for_url(f"**#page=episodes&**{name}=**")
    again = visit(server, viewer.page.url.partition("#")[2])
    assert ids(again) == [each["id"] for each in wanted]
    assert again.page.input_value(f"[name={name}]") == filters[name]


def test_a_search_of_the_whole_log(server, visit):
    """Words are looked for in all messages; what stands where is told, with a link to that step."""
    viewer = visit(server)
    viewer.page.fill("[name=text]", "retry enrich")
    viewer.page.wait_for_selector("[role=status]:text-matches('^4 of 69 episodes, mean score 0')")
    assert ids(viewer) == [each["id"] for each in listed(server, text="retry enrich")]
    viewer.page.wait_for_url("**#page=episodes&text=retry+enrich")
    again = visit(server, "page=episodes&text=retry+enrich&agent=greedy")
    again.page.wait_for_selector("[role=status]:text-matches('^3 of')")
    assert again.text(".hits li").startswith("step 4 call retry enrich_logs with investigator_a")
    again.page.click(".hits a")
    again.page.wait_for_selector(".count:text-is('4 / 22')")


def test_filters_that_are_on(server, visit):
    """Each is a chip that takes it off; nothing that fits is said, and can be undone."""
    viewer, everything = visit(server), listed(server)
    viewer.page.fill("[name=text]", "SomeBody")
    wait_for_ids(viewer, listed(server, text="SomeBody"))
    viewer.page.select_option("[name=ended]", "unfinished")
    viewer.page.fill("[name=below]", "0.5")
    viewer.page.press("[name=below]", "Enter")
    viewer.page.wait_for_selector("text=No episode fits")
    chips = viewer.page.locator(".chips .on").all_inner_texts()
    assert [text.split(" ✕")[0] for text in chips] == [
        "search: SomeBody",
        "score below: 0.5",
        "ended: unfinished",
    ]
    viewer.page.click(".chips >> text=score below")
    wait_for_ids(viewer, listed(server, text="SomeBody", ended="unfinished"))
    viewer.page.click("text=Clear filters")
    wait_for_ids(viewer, everything)
    assert viewer.count(".chips") == 0
    viewer.page.wait_for_url("**/#page=episodes")


def test_episodes_that_met_an_error(server, visit):
    """What any episode met can be chosen; those that met it are listed, with their verdicts."""
    viewer = visit(server)
    viewer.page.select_option("[name=error]", "permanent_failure")
    wait_for_ids(viewer, listed(server, error="permanent_failure"))
    assert viewer.text("[role=status]").startswith("4 of 69 episodes")
    viewer.page.wait_for_selector("td.col-verdict:has-text('refused from step 4')")


def test_sorting(server, visit):
    """The whole log, highest score first and then lowest; who has none comes last."""
    viewer, everything = visit(server), server.get("/episodes?limit=500")["episodes"]
    scored = [each["score"] for each in everything if each["score"] is not None]
    for order, word in ((True, "descending"), (False, "ascending")):
        viewer.page.click("th button:text('score')")
        viewer.page.wait_for_selector(f"th.col-score[aria-sort={word}]")
        expected = [f"{score:.4f}" for score in sorted(scored, reverse=order)]
        viewer.page.wait_for_function(
            "wanted => [...document.querySelectorAll('td.col-score')]"
            ".map(cell => cell.innerText.trim()).join() === wanted",
            arg=",".join(expected[:50]),
        )
    viewer.page.click("text=More episodes")
    viewer.page.wait_for_selector("[role=status]:text-is('69 episodes')")
    shown = viewer.page.locator("td.col-score").all_inner_texts()
    assert [text.strip() for text in shown] == expected + ["–"] * (69 - len(scored))
    assert viewer.count("[aria-sort]") == 1
    viewer.page.wait_for_url("**&sort=-score")
    again = visit(server, "page=episodes&sort=agent")
    shown = again.page.locator("td.col-agent").all_inner_texts()
    assert shown == sorted(shown)
    again.page.click("nav >> text=Episodes")
    wait_for_ids(again, everything[:50])


def test_two_are_compared(server, visit):
    """Two ticks make a link to both, in their order; a third takes the place of the first."""
    viewer, (a, b, c, *_) = visit(server), [each["id"] for each in listed(server)]
    compare = viewer.page.locator(".picks a")
    for id in (b, a):
        assert not compare.is_visible()
        viewer.page.check(f'tr[data-id="{id}"] input')
    assert compare.get_attribute("href") == f"#a={b}&b={a}"
    viewer.page.check(f'tr[data-id="{c}"] input')
    assert not viewer.page.is_checked(f'tr[data-id="{b}"] input')
    assert compare.get_attribute("href") == f"#a={a}&b={c}"
    viewer.page.click("text=Clear")
    assert viewer.count("tbody input:checked") == 0


def test_hostile_names_stay_text(fresh, visit):
    """Markup and signs that turn the direction of text do nothing, here and in the standings."""
    names = {"agent": f"{PWN}\u202eevil", "run": f"{PWN}run"}
    fresh.post("/reset", {"task": "inbox/easy", **names})
    for action in actions("inbox/easy"):
        fresh.post("/step", action)
    for hash in (f"page=episodes&run={PWN}run", "page=standings"):
        viewer = visit(fresh, hash)
        assert PWN in viewer.text("tbody")
        assert viewer.count("tbody .chip:text('U+202E')") == 1
        assert viewer.count("main img, main script") == 0
        assert viewer.page.evaluate("window.__pwned") is None


@pytest.mark.parametrize("hash", ["", "page=start", "page=standings"])
def test_on_a_phone(server, visit, hash):
    """Nothing scrolls sideways, and what can be pressed outside of texts is 44 pixels high."""
    viewer = visit(server, hash, size=PHONE)
    for scroller in ("html", ".view"):
        assert viewer.page.locator(scroller).evaluate("e => e.scrollWidth") == PHONE["width"]
    pressed = viewer.page.locator("button, select, .field input, .tick, .player, nav a, tbody a")
    for box in (each.bounding_box() for each in pressed.all() if each.is_visible()):
        assert box["height"] >= 44


def test_the_list_between_phone_and_desktop(server, visit):
    """Nothing of it scrolls sideways at any width."""
    viewer = visit(server)
    assert viewer.count(".fork") == 1
    for width in (820, 900, 959, 960, 1100, 1200):
        viewer.page.set_viewport_size({"width": width, "height": 700})
        for scroller in ("html", ".view"):
            fits = viewer.page.locator(scroller).evaluate("e => e.scrollWidth <= e.clientWidth")
            assert fits, (width, scroller)


@pytest.mark.parametrize("task", ["workflow/easy", "inbox/easy"])
def test_playing_on_a_phone(fresh, visit, task):
    """What is chosen, written and pressed to play is 44 pixels high as well."""
    viewer = visit(fresh, "page=start", size=PHONE)
    viewer.page.select_option("[name=task]", task)
    viewer.page.click("button.main")
    viewer.page.wait_for_selector(".act")
    pressed = viewer.page.locator(".act :is(button, select, input[type=text], textarea, .choice)")
    heights = [each.bounding_box()["height"] for each in pressed.all()]
    assert len(heights) > 4
    assert min(heights) >= 44
