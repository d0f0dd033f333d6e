"""Pages of episodes in a real browser."""

import re

import browsing
import pytest
from attrs import evolve
from browsing import DESKTOP, PHONE
from shell import Shell
from viewing import golden, large, shown

from refold.agents import make_policy, play
from refold.engine import Episode, Stream
from refold.environments import answered_scenario, began
from refold.generating import Recipe
from refold.scenarios import load
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.viewer.episode_document import document

pytestmark = pytest.mark.slow

browser, view = browsing.browser, browsing.view
HARD, INBOX = "workflow-hard-worked-example", "inbox-medium-refused-actions"
OF_EACH_KIND = [HARD, INBOX, "workflow-hard-2-reader", "inbox-hard-2-reader"]
BROKEN_NAMES = """() => [...document.querySelectorAll("#panel th")].filter((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return range.getClientRects().length > 1;
}).map((each) => each.textContent)"""
TABS = ("step", "state", "model", "events", "grade", "transcript")


def position(viewer):
    """Return the position that the page is at."""
    return int(viewer.text(".count").split(" / ")[0])


def test_stepping_to_the_end_and_back(view):
    """Each arrow is a step, with its words, state and timeline; it stops at both ends."""
    made = shown(golden(HARD))
    viewer = view(made)
    assert position(viewer) == 0
    for number, step in enumerate(made["steps"], 1):
        viewer.press("ArrowRight")
        assert position(viewer) == number
        assert step["say"] in viewer.text("#panel")
    viewer.press("ArrowRight", "ArrowRight")
    assert position(viewer) == len(made["steps"])
    assert viewer.count(".node.done") == len(made["scenario"]["parameters"]["subtasks"])
    viewer.press("ArrowLeft")
    assert position(viewer) == len(made["steps"]) - 1
    viewer.press("Home", "ArrowLeft")
    assert position(viewer) == 0


@pytest.mark.parametrize("name", [HARD, INBOX, "workflow-easy-2-reader", "inbox-easy-2-reader"])
def test_every_tab_at_every_step(view, name):
    """Nothing goes wrong anywhere, whatever is open."""
    made = shown(golden(name))
    viewer = view(made)
    for place in range(len(TABS)):
        viewer.press("Home", str(place + 1), *["ArrowRight"] * len(made["steps"]))
        assert viewer.text("[role=tab][aria-selected=true]").startswith(TABS[place].capitalize())
        assert viewer.text("#panel")


def test_marks(view):
    """Marks are the places where something went wrong, and keys lead from one to the next."""
    viewer = view(shown(golden(HARD)))
    viewer.press("]")
    assert position(viewer) == 3
    viewer.press("Shift+ArrowRight")
    assert position(viewer) == 13
    viewer.press("[")
    assert position(viewer) == 3
    assert viewer.count(".marks rect") == 2


def test_grade_leads_to_the_events_behind_it(view):
    """The step beside what a part of the grade rests on opens that step."""
    made = shown(golden(HARD))
    viewer = view(made, "#tab=grade")
    part = next(part for part in made["grade"]["parts"] if part["name"] == "recovery")
    seq, event = part["seqs"][0], part["evidence"][0]
    assert event["say"] == made["events"][seq][4]
    viewer.page.click(f'[data-part=recovery] li:has-text("{event["say"]}") .link')
    assert position(viewer) == event["first"] == made["events"][seq][1] + 1


def test_address_restores_the_moment(view, browser):
    """Position, tab, selection and event are in the address, and come back from it."""
    viewer = view(shown(golden(HARD)))
    viewer.press("ArrowRight", "ArrowRight", "2")
    viewer.page.click(".node[data-pick=check_dashboards]")
    viewer.page.wait_for_url("**sel=check_dashboards**")
    hash = viewer.page.evaluate("location.hash")
    again = view(shown(golden(HARD)), hash)
    assert position(again) == 2
    assert "State" in again.text("[role=tab][aria-selected=true]")
    assert again.count(".node.picked") == 1
    assert again.count("tr.picked") == 1
    assert position(view(shown(golden(HARD)), at=5)) == 5


def test_go_to_find_and_dialogs(view):
    """A step or an event can be named, a word found; dialogs say what to type."""
    made = shown(golden(HARD))
    viewer = view(made)
    viewer.press("g").page.keyboard.type("9\n")
    assert position(viewer) == 9
    viewer.press("g").page.keyboard.type("#10\n")
    assert position(viewer) == made["events"][10][1] + 1
    viewer.press("/").page.keyboard.type("offline\n")
    assert "went offline" in viewer.text(".events .picked")
    assert position(viewer) == 13
    viewer.press("Escape", "?")
    assert "previous, next mark" in viewer.text("dialog")
    viewer.press("Escape", "f")
    assert "does not know the episode's id" in viewer.text("dialog")


KEY_BEFORE_CLOSE_IS_TOLD = """
key => {
    document.querySelector("dialog").close();
    document.dispatchEvent(new KeyboardEvent("keydown", { key }));
}"""


def test_a_dialog_that_the_browser_closed_stays_closed(view):
    """A key that comes before the browser tells so counts, and can open the next dialog."""
    viewer = view(shown(golden(HARD))).press("End", "f")
    at = position(viewer)
    viewer.page.evaluate(KEY_BEFORE_CLOSE_IS_TOLD, "ArrowLeft")
    assert position(viewer) == at - 1
    assert viewer.count("dialog[open]") == 0
    viewer.press("f").page.evaluate(KEY_BEFORE_CLOSE_IS_TOLD, "?")
    assert "previous, next mark" in viewer.text("dialog[open]")


def test_future_can_be_hidden(view):
    """Outcomes are not told before they happen, and with z nothing of the future is seen."""
    viewer = view(shown(golden(HARD)), "#step=4")
    assert viewer.count(".span.future .past") == 0
    assert viewer.count(".span.future") > 0
    reward = ".figures div:has-text('reward') dd"
    assert viewer.text(reward) != "–"
    viewer.press("z")
    assert viewer.count(".span.future") == 0
    assert viewer.text(reward) == "–"


def test_state_table_is_what_replay_prints(view, tmp_path):
    """At each position the State tab tells just what ``replay --json`` does."""
    shell = Shell(tmp_path)
    shell.program("record workflow/hard --agent greedy")
    rows = shell.program("replay last --json").json["steps"]
    shell.program("replay last --html greedy.html")
    viewer = view(shown(golden(HARD)))
    viewer.page.goto((tmp_path / "greedy.html").as_uri() + "#step=0&tab=state")
    viewer.page.wait_for_selector("html[data-ready]")
    viewer.requests.clear()
    for row in rows:
        read = viewer.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll('#panel tr[data-key]')].map(
              (row) => [row.closest('table').dataset.group + '.' + row.dataset.key,
                        [...row.querySelectorAll('td')].map((cell) => cell.textContent.trim())]))"""
        )
        assert read == dict(cells(row["state"]))
        viewer.press("ArrowRight")


def cells(state):
    """Yield the cells that a state has in the State tab, by group and key."""
    for key, value in state.items():
        if isinstance(value, dict):
            for name, inner in value.items():
                yield f"{key}.{name}", [word(each) for each in inner]
        elif isinstance(value, list):
            yield f".{key}", [", ".join(map(word, value)) or "none"]
        else:
            yield f".{key}", [word(value)]


def word(value):
    """Return a value as a cell shows it."""
    if isinstance(value, float):
        return f"{value:.10g}"  # float sums end in noise that nobody reads
    return "–" if value is None else str(value)


@pytest.mark.parametrize(
    ("name", "scheme"), [*zip(OF_EACH_KIND, ("light", "dark") * 2, strict=True)], ids=OF_EACH_KIND
)
def test_phone(view, name, scheme):
    """At 390 px nothing scrolls sideways but the picture, and targets are large enough."""
    viewer = view(shown(golden(name)), "#step=5", size=PHONE, scheme=scheme)
    for tab in TABS:
        viewer.page.click(f"#tab-{tab}")
        assert viewer.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    sizes = viewer.page.evaluate(
        """() => [...document.querySelectorAll('.tool, [role=tab]')].map((each) =>
          each.getBoundingClientRect()).filter((box) => box.width).map((box) => box.height)"""
    )
    assert min(sizes) >= 44


def test_themes(view):
    """The system's theme is followed, and t changes it."""
    backgrounds = [
        view(shown(golden(HARD)), scheme=scheme)
        .press(*keys)
        .page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        for scheme, keys in (("light", ""), ("dark", ""), ("light", "t"), ("dark", "t"))
    ]
    light, dark = "rgb(255, 255, 255)", "rgb(20, 23, 28)"
    assert backgrounds == [light, dark, dark, light]


def test_for_keyboard_and_screen_reader(view):
    """Controls have names, tabs and nodes take the focus, each step is told in words."""
    viewer = view(shown(golden(HARD)), "#step=3")
    unnamed = viewer.page.evaluate(
        """() => [...document.querySelectorAll('button, input, [role=button], [role=img]')].filter(
          (each) => !(each.textContent.trim() || each.getAttribute('aria-label'))).length"""
    )
    assert unnamed == 0
    assert "step 3 of 14: delegate" in viewer.text("[role=status]")
    slider = viewer.page.locator("input[type=range]")
    assert (slider.get_attribute("aria-valuetext") or "").startswith("step 3 of 14")
    viewer.page.focus(".node[data-pick=enrich_logs]")
    viewer.press("Enter")
    assert viewer.count(".node.picked") == 1
    viewer.page.focus("#tab-step")
    viewer.press("ArrowRight")
    assert viewer.page.evaluate("document.activeElement.id") == "tab-state"
    assert position(viewer) == 3


def test_large_workflow(view):
    """500 subtasks and 300 steps open, follow the step, and find the last event."""
    made = shown(large())
    viewer = view(made, "#step=150")
    assert (viewer.count(".node"), len(made["steps"])) == (500, 300)
    viewer.press(*["ArrowRight"] * 5, "End")
    acted = viewer.page.locator(".node.acted, .node.changed").first.bounding_box()
    assert acted is None or acted["x"] < DESKTOP["width"]
    viewer.press("4")
    assert viewer.count(".events li") == len(made["events"])
    viewer.press("/").page.keyboard.type("truncated\n")
    assert "time_budget" in viewer.text(".events .picked")


@pytest.mark.parametrize(("family", "number"), [("workflow", "tasks"), ("inbox", "threads")])
def test_hundreds_of_version_2(view, family, number):
    """Large generated worlds open, played to the end by their witness, and are followed."""
    scenario = Recipe(family, "hard", "train", {number: 400}).scenario(1)
    episode = Episode.start(scenario)
    play(episode, make_policy("witness", episode.family, seed=1))
    made = shown(episode.events)
    viewer = view(made, "#step=300")
    assert position(viewer) == 300
    assert made["steps"][299]["say"] in viewer.text("#panel")
    viewer.press("ArrowRight", "End")
    assert position(viewer) == len(made["steps"]) > 400
    assert "1.0000" in viewer.text("header")


def test_unknown_family_is_shown_in_words(view):
    """A family without a picture of its own has its state as tables, and all else."""
    plain = golden(HARD)
    other = Stream(evolve(plain.family, rules=99), plain[:], plain.payloads, plain.digest)
    made = shown(plain)
    episode = {**made["episode"], "rules": other.family.rules}
    viewer = view({**made, "episode": episode, "spans": []}, "#step=2")
    assert "enrich_logs (changed) in_progress" in viewer.text(".any")
    assert "investigator_alpha began enrich_logs" in viewer.text("#panel")


def test_names_of_values_are_not_broken(view):
    """Beside a long observation, its name still stands on one line."""
    scenario = answered_scenario("x:y", AnsweredParameters("x", "y"))
    episode = Episode.start(scenario)
    episode.note(began("uint8 96x96x3, 27648 values, sha256 75b85b4d8ea2"))
    viewer = view(document(episode.events))
    assert "observation" in viewer.text("#panel")
    assert viewer.page.evaluate(BROKEN_NAMES) == []


@pytest.mark.parametrize("name", ["workflow/easy", "inbox/easy"])
def test_episode_without_a_step(view, name):
    """An episode that has only begun shows its start, and that it has not ended."""
    viewer = view(document(Episode.start(load(name)).events))
    assert viewer.text(".count") == "0 / 0"
    assert "unfinished" in viewer.text("header")
    viewer.press("ArrowRight", "End", "]", " ", "5")
    assert "has not ended" in viewer.text("#panel")


def test_numbers_are_shown_without_noise(view):
    """Sums of floats end in noise, as -0.04999999999999999 does: people see -0.05."""
    made = shown(golden(HARD))
    assert re.search(r"\d\.\d{11}", str(made))
    viewer = view(made)
    for tab in ("1", "2", "5"):
        viewer.press("Home", tab)
        for _ in made["steps"]:
            viewer.press("ArrowRight")
            assert not re.search(r"\d\.\d{11}", viewer.text("body"))
