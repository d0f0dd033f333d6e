"""The transcript on a page, in a real browser."""

import browsing
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PHONE
from talks import hostile_shop, long_shop, shop
from viewing import golden, hostile_workflow, shown

pytestmark = pytest.mark.slow

browser, view = browsing.browser, browsing.view
TAB = "tab=transcript"


def position(viewer):
    """Return the position that the page is at."""
    return int(viewer.text(".count").split(" / ")[0])


def top_of_turn(viewer):
    """Return how far below the search field the current turn begins, in pixels."""
    return viewer.page.evaluate(
        """async () => {
          for (let frame = 0; frame < 12; frame += 1) await new Promise(requestAnimationFrame);
          return document.querySelector(".turn.here").getBoundingClientRect().top
            - document.querySelector("#panel .find").getBoundingClientRect().bottom;
        }"""
    )


def test_a_conversation_is_what_an_episode_of_messages_opens_with(view):
    """All of it in order; other episodes open with the step."""
    viewer = view(shown(shop()))
    assert viewer.text("[role=tab][aria-selected=true]").startswith("Transcript")
    assert viewer.count(".turn") == 6
    words = viewer.text(".turns")
    order = [
        "Instructions: 40 lines",
        "I want my money back",
        "I look the order up first.",
        "get_order",
    ]
    order += [
        '"total": "12.50"',
        "34 more lines",
        "no answer: 429",
        "ValueError",
        "Yes, please.",
        "Done.",
    ]
    places = [words.index(each) for each in order]
    assert places == sorted(places)
    assert "1 message, in the transcript" in viewer.text(".picture")
    other = view(shown(golden("workflow-hard-worked-example")))
    assert other.text("[role=tab][aria-selected=true]").startswith("Step")


def test_turns_and_steps_are_linked_both_ways(view):
    """A turn's number leads to its step; a step brings its turn into view and marks it."""
    viewer = view(shown(long_shop(60)))
    viewer.page.click(".turn[data-turn='3'] > .seq")
    assert position(viewer) == 3
    viewer.press("End")
    assert viewer.page.get_attribute(".turn.here", "data-turn") == "60"
    viewer.press("ArrowLeft")
    assert -5 <= top_of_turn(viewer) < 500
    viewer.page.evaluate("document.querySelector('.slider input').value = 20")
    viewer.page.dispatch_event(".slider input", "input")
    assert position(viewer) == 20
    assert -5 <= top_of_turn(viewer) < 500
    assert viewer.page.get_attribute(".turn[aria-current=step]", "data-turn") == "20"


def test_scrolling_stays_where_the_reader_is(view):
    """Scrolling changes no position; what is in view is not scrolled away."""
    viewer = view(shown(long_shop(60)), "#step=2")
    viewer.page.evaluate("document.querySelector('#panel').scrollTop = 4000")
    assert position(viewer) == 2
    viewer.page.click("#tab-step")
    viewer.page.click("#tab-transcript")
    assert -5 <= top_of_turn(viewer) < 500


def test_finding_leads_from_turn_to_turn_and_opens_what_hides_a_hit(view):
    """From the current turn onwards, with the number of turns; folded text is found as well."""
    viewer = view(shown(long_shop(30)), "#step=10")
    viewer.press("/").page.keyboard.type("row 12.49\n")
    assert (position(viewer), viewer.text(".find output")) == (13, "1 of 1 turns")
    assert viewer.text(".turn.here mark") == "row 12.49"
    assert viewer.page.is_visible(".turn.here mark")
    viewer.page.fill(".find input", "nothing of")
    viewer.press("Enter")
    assert (position(viewer), viewer.text(".find output")) == (13, "13 of 30 turns")
    viewer.press("Escape", "n")
    assert position(viewer) == 14
    viewer.press("N", "N")
    assert position(viewer) == 12
    viewer.page.fill(".find input", "nowhere")
    viewer.press("Enter")
    assert (position(viewer), viewer.text(".find output")) == (12, "0 of 0 turns")


def test_folds_open_by_key(view):
    """Each by itself with Enter, all with o; of an error the end is shown at once."""
    viewer = view(shown(shop()))
    assert viewer.page.is_visible("text=ValueError: amount is above the total")
    viewer.page.focus(".turn[data-turn='1'] .fold summary")
    viewer.press("Enter")
    assert viewer.page.is_visible("text=line 39 of the file")
    assert not viewer.page.is_visible("text=Rule 39")
    viewer.press("o")
    assert viewer.page.is_visible("text=Rule 39")
    assert viewer.count("details:not([open])") == 0
    viewer.press("o")
    assert viewer.count("details[open]") == 0


def test_long_texts_are_whole_in_the_page(view):
    """What is folded is there to the letter, split in two and no more."""
    viewer = view(shown(long_shop(2)))
    parts = viewer.page.locator(".turn[data-turn='1'] .results pre").all_text_contents()
    found = "\n".join(parts)
    assert found == "\n".join(f"row 0.{n}: {'x' * 40}" for n in range(50))


@pytest.mark.parametrize("stream", [hostile_shop, hostile_workflow])
def test_hostile_texts_run_nothing(view, stream):
    """Names, roles, arguments, results and thoughts are text, whatever they hold."""
    viewer = view(shown(stream()), f"#{TAB}").press("o")
    viewer.page.fill(".find input", "<img")
    viewer.press("Enter", "Escape", "ArrowRight")
    assert viewer.count("mark") > 3
    assert viewer.count("#app img, #app script, #app svg[onload]") == 0
    assert viewer.page.evaluate("window.__pwned") is None
    assert "U+202E" in viewer.text(".turns")


def test_what_lies_ahead_can_be_hidden(view):
    """With z, turns that have not come yet are not there."""
    viewer = view(shown(shop()), "#step=2").press("z")
    assert viewer.count(".turn") == 3


@pytest.mark.parametrize(
    ("stream", "size", "scheme"),
    [
        (shop, browsing.DESKTOP, "light"),
        (shop, PHONE, "dark"),
        (lambda: golden("workflow-hard-greedy"), PHONE, "light"),
    ],
    ids=["shop", "shop on a phone", "hard"],
)
def test_accessible(view, stream, size, scheme):
    """axe-core finds nothing at all in the panel; nothing scrolls sideways."""
    viewer = view(shown(stream()), f"#step=2&{TAB}", size=size, scheme=scheme).press("o")
    found = Axe().run(viewer.page, context=".side").response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert viewer.page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def milliseconds_to_open(view, made):
    """Return the viewer of a page, and the least time of three until it is ready."""
    viewers = [view(made) for _ in range(3)]
    ready = [int(viewer.page.get_attribute("html", "data-ready") or 0) for viewer in viewers]
    return viewers[-1], min(ready)


def test_two_hundred_turns_open_as_a_few_do(view):
    """Opening costs not much more than for ten turns, and a step on takes a fraction of that."""
    _, few = milliseconds_to_open(view, shown(long_shop(10)))
    viewer, ready = milliseconds_to_open(view, shown(long_shop(200)))
    assert ready < 8 * few
    assert viewer.count(".turn") == 201
    spent = viewer.page.evaluate(
        """() => {
          const key = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
          const at = performance.now();
          for (let n = 0; n < 20; n += 1) key("ArrowRight");
          return (performance.now() - at) / 20;
        }"""
    )
    assert spent < 100
