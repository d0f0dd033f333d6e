"""The verdict in a real browser: the band, where an episode opens, the grade, the legend."""

import browsing
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE
from recorded_runs import unanswered
from talks import shop
from test_viewer_browser import TABS, position
from viewing import golden, hostile_inbox, hostile_workflow, judged

from refold.engine import Episode
from refold.replays.verdict import verdict
from refold.scenarios import load
from refold.viewer.episode_document import document

pytestmark = pytest.mark.slow

browser, view = browsing.browser, browsing.view
HARD, WORKED = "workflow-hard-greedy", "workflow-hard-worked-example"

SMALL_TEXT = """() => {
  const found = [];
  for (const each of document.querySelectorAll('body *:not(script, style)')) {
    if (![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    if (!each.getClientRects().length) continue;
    const drawing = each.closest('svg[viewBox]');
    const wide = drawing?.getBoundingClientRect().width;
    const scale = drawing ? wide / drawing.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(each).fontSize) * scale;
    if (size < 12) found.push([each.tagName, each.textContent.slice(0, 40), size]);
  }
  return found;
}"""


def test_an_episode_opens_with_its_verdict(view):
    """Score, end and reason stand first; it opens at the step that decided it, and v goes there."""
    viewer = view(judged(golden(HARD)))
    assert position(viewer) == 4
    assert viewer.text(".verdict .result") == "0.0176 below 0.7"
    told = viewer.text(".verdict .reasons")
    assert told.startswith("Out of time after 2 of 10 subtasks. From step 4, 19 × “retry enrich")
    assert told.endswith("completion −0.16 recovery −0.15 error classification −0.10 8 more −0.57")
    assert not viewer.page.is_visible(".jump")
    viewer.press("End")
    assert position(viewer) == 22
    viewer.page.click(".jump:text-is('Go to step 4')")
    assert position(viewer) == 4
    viewer.press("Home", "v")
    assert position(viewer) == 4
    viewer.press("End").page.click(".verdict .link:text-is('step 4')")
    assert position(viewer) == 4


def test_the_address_counts_before_the_verdict(view):
    """A link to a step, and a page that was written to open at one, open there."""
    assert position(view(judged(golden(HARD)), "#step=7")) == 7
    assert position(view(judged(golden(HARD)), at=0)) == 0


def test_a_success_opens_at_its_end(view):
    """It has passed, and no step is named."""
    viewer = view(judged(golden(WORKED)))
    assert position(viewer) == 14
    assert viewer.text(".verdict .result") == "0.7929 passed 0.7"
    assert viewer.count(".jump") == 0


def test_a_loss_opens_the_grade_at_that_part(view):
    """Parts are sorted by what they lost, each with what it rests on and links to its steps."""
    viewer = view(judged(golden(HARD)))
    viewer.page.click(".losses button:has-text('error classification')")
    assert viewer.text("[role=tab][aria-selected=true]").startswith("Grade")
    part = "[data-part=error_classification]"
    box, panel = (viewer.page.locator(each).bounding_box() for each in (part, "#panel"))
    assert panel["y"] <= box["y"] < panel["y"] + panel["height"]
    text = viewer.text(part)
    assert text.startswith("error classification −0.10 For no action refused as permanent_failure")
    assert "Counts 40%: 2 of the 5 completions that it asks for." in text
    assert "19 × “retry enrich_logs with investigator_alpha” refused" in text
    viewer.press("End").page.click(f"{part} .link:text-is('4 to 22')")
    assert position(viewer) == 4
    lost = viewer.page.eval_on_selector_all(
        ".part h2 span:last-child", "all => all.map((each) => each.textContent.trim())"
    )
    shown = [float(each.replace("−", "-")) for each in lost]
    assert shown == sorted(shown)
    assert "1 without loss: budget overrun penalty" in viewer.text("#panel")


def test_the_verdict_is_hidden_with_the_future(view):
    """With z nothing tells how it ended, until the end is reached."""
    viewer = view(judged(golden(HARD))).press("z")
    assert viewer.count(".verdict") == 0
    assert "0.0176" not in viewer.text("body")
    viewer.press("v")
    assert position(viewer) == 4
    viewer.press("End")
    assert viewer.count(".verdict") == 1


def test_a_running_episode_has_no_verdict(view):
    """Nor is what the rules call a mistake marked before it has ended."""
    episode = Episode.start(load("inbox/medium"))
    episode.step({"type": "archive"})
    made = document(episode.events)
    assert "mistake" not in {mark[1] for mark in made["marks"]}
    viewer = view(made)
    assert viewer.count(".verdict") == 0
    assert "unfinished" in viewer.text("header")


def test_what_does_not_count_says_so(view):
    """An episode that a failing API cut off has no score, but the reason."""
    episode = Episode.start(load("workflow/easy"))
    episode.note(unanswered(faults=["timeout"]))
    episode.truncate("instrument_failed")
    told = verdict(episode.events, None, pass_at=0.7)
    viewer = view(document(episode.events, verdict=told))
    assert viewer.text(".verdict .result") == "not counted"
    assert "API kept failing (timeout) at step 1." in viewer.text(".verdict .reasons")
    viewer.press("5")
    assert "does not count" in viewer.text("#panel")


def test_the_model_s_figures_stand_in_the_header(view):
    """Tokens, cost and time, as far as they are known, and nothing where no model was asked."""
    assert "tokens in, out 4,500 · 200 cost $0.01 model time 3.5 s" in header(view(judged(shop())))
    assert "tokens" not in header(view(judged(golden(HARD))))


def header(viewer):
    """Return what stands in the header."""
    return viewer.text("header")


def test_the_step_begins_with_what_the_model_thought(view):
    """Thought, words and action stand in this order, of the last reply to a step."""
    viewer = view(judged(shop()), "#step=2&tab=step")
    told = viewer.text("#panel")
    assert told.startswith("SAID I refund it now. ACTION refund")
    viewer.press("ArrowLeft")
    assert viewer.text("#panel").startswith("THOUGHT I look the order up first.")


def test_letters_and_marks_have_a_legend(view):
    """Of those that occur, and with z only of those that have."""
    viewer = view(judged(golden(HARD)))
    legend = viewer.text(".legend")
    assert legend.startswith("D delegate ! refused refused, failed for good")
    assert legend.endswith("deadline missed, change from outside")
    viewer.press("Home", "ArrowRight", "z")
    assert viewer.text(".legend") == "D delegate"


def test_equal_turns_of_a_transcript_are_one_fold(view):
    """The first stands in full; the fold tells news from outside, and opens for its steps."""
    viewer = view(judged(golden(HARD)), "#tab=transcript")
    fold = ".same details"
    told = viewer.text(f"{fold} > summary")
    assert told.startswith("18 × the same steps 5 to 22 11: deadline missed: root_cause_analysis")
    assert viewer.page.get_attribute(fold, "open") is None
    assert viewer.count(".turn") == 22
    viewer.press("ArrowRight")
    assert viewer.page.get_attribute(fold, "open") is not None
    assert viewer.page.is_visible(".same .turn.here")
    viewer.press("ArrowLeft", "o")
    assert viewer.page.get_attribute(fold, "open") is not None


@pytest.mark.parametrize("make", [hostile_workflow, hostile_inbox])
def test_hostile_verdicts_run_nothing(view, make):
    """Whatever a part, a subtask or an e-mail is called."""
    viewer = view(judged(make()))
    for tab in range(len(TABS)):
        viewer.press(str(tab + 1))
    assert viewer.count(".verdict") == 1
    assert viewer.page.evaluate("window.__pwned") is None


@pytest.mark.parametrize(
    ("stream", "size", "scheme"),
    [
        (shop, DESKTOP, "dark"),
        (lambda: golden(HARD), PHONE, "light"),
    ],
    ids=["shop", "hard on a phone"],
)
def test_accessible(view, stream, size, scheme):
    """In each tab axe-core finds nothing, no text is below 12 px, nothing scrolls sideways."""
    viewer = view(judged(stream()), size=size, scheme=scheme)
    for tab in TABS:
        viewer.page.click(f"#tab-{tab}")
        assert viewer.page.evaluate(SMALL_TEXT) == []
        assert viewer.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        found = Axe().run(viewer.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
