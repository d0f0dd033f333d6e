"""Labelling on the page of a server, in a real browser: blind first, by keys, one after another."""

import browsing
import pytest
from serving import running

from refold.engine import EventLog
from refold.labels.drawing import place
from refold.labels.making import make_label, make_note

pytestmark = pytest.mark.slow

browser, visit = browsing.browser, browsing.visit
CHOICES = ("yes", "no", "unsure")
PWN = "<img src=x onerror=window.__pwned=1>\u202e"


@pytest.fixture
def server(tmp_path):
    """Yield a server on which anna labels two episodes, of which ben labelled one before."""
    with running(tmp_path, label_as="anna") as server:
        for id in ("one", "two"):
            server.post("/run", {"task": "inbox/easy", "agent": "baseline", "episode_id": id})
        ids = [each["id"] for each in server.get("/episodes")["episodes"]]
        with EventLog(server.log) as log:
            for id in ids:
                info = log.find(id)
                said = {"author": "ben", "choices": CHOICES, "note": PWN}
                log.save_remark(make_label(info, "correct", "no", **said))
                log.save_remark(make_note(info, "seen by ben", author="ben"))
        yield server


def ids_in_order(server):
    """Return the ids of the episodes in the order of labelling."""
    ids = [each["id"] for each in server.get("/episodes")["episodes"]]
    return sorted(ids, key=lambda each: place("correct", each))


def labelled(server):
    """Return the value, note and draw of anna's labels by episode."""
    with EventLog(server.log, readonly=True) as log:
        mine = [each for each in log.remarks() if each.author == "anna" and each.kind == "label"]
    return {each.episode: (each.value, each.note, each.drawn) for each in mine}


def test_a_label_is_given_blind_and_by_a_key(server, visit):
    """Score, agent and others' labels show once one's own is given; the next one is blind again."""
    first, second = ids_in_order(server)
    viewer = visit(server, f"episode={first}&tab=label")
    score = f"{server.get(f'/episodes/{first}/grade')['score']:.4f}"
    assert score not in viewer.text("#app")
    assert "baseline" not in viewer.text("#app")
    assert "ben" not in viewer.text("#panel")
    assert "What others said is shown" in viewer.text("#panel")
    viewer.page.fill(".label label:has-text('why') textarea", "all replied")
    viewer.page.locator("h1").click()
    viewer.press("1").page.wait_for_selector(".label [aria-pressed=true]:has-text('yes')")
    viewer.page.wait_for_selector(f".verdict:has-text('{score}')")
    assert "baseline" in viewer.text("header")
    assert "<img" in viewer.text(".remarks")
    assert "seen by ben" in viewer.text(".remarks")
    assert viewer.page.evaluate("window.__pwned") is None
    assert labelled(server) == {first: ("yes", "all replied", "queue")}
    viewer.page.click("button:text-is('Next unlabelled')")
    viewer.page.wait_for_url(f"**{second}**")
    viewer.page.wait_for_selector("html[data-ready=one]")
    assert score not in viewer.text("#app")
    viewer.page.click(".label button:has-text('no')")
    viewer.page.wait_for_selector(f".verdict:has-text('{score}')")
    assert labelled(server)[second] == ("no", "", "queue")
    viewer.page.click("button:text-is('Next unlabelled')")
    viewer.page.wait_for_selector(".label .bad:has-text('Nothing is left')")


def test_tags_and_notes(server, visit):
    """Who wants to see all first may; a label is then one of an episode that was chosen."""
    first, _ = ids_in_order(server)
    viewer = visit(server, f"episode={first}&tab=label&step=1")
    viewer.page.click("button:text-is('Show them')")
    viewer.page.wait_for_selector("header:has-text('baseline')")
    viewer.page.fill(".label label:has-text('tag') input", "hard-case")
    viewer.page.click("button:text-is('Tag')")
    viewer.page.wait_for_selector(".remarks b:text-is('#hard-case')")
    viewer.page.check(".label .check input")
    viewer.page.fill(".label label:has-text('note') textarea", "here it\nbegan")
    viewer.page.click("button:text-is('Note')")
    viewer.page.wait_for_selector(".remarks li:has-text('at step 1')")
    viewer.page.uncheck(".label .check input")
    viewer.page.click(".remarks li:has-text('hard-case') button")
    viewer.page.wait_for_selector(".remarks b:text-is('#hard-case')", state="detached")
    viewer.page.click(".label button:has-text('unsure')")
    viewer.page.wait_for_selector(".label [aria-pressed=true]")
    assert labelled(server) == {first: ("unsure", "", "")}
    viewer.page.click("button:text-is('Take back') >> nth=0")
    viewer.page.wait_for_selector(".label [aria-pressed=true]", state="detached")


def test_a_new_label(server, visit):
    """A name that nobody has used gets the values that are written beside it."""
    first, _ = ids_in_order(server)
    viewer = visit(server, f"episode={first}&tab=label")
    viewer.page.select_option(".label select", "")
    viewer.page.fill(".label label:has-text('name') input", "severity")
    viewer.page.fill(".label label:has-text('values') input", "low, high")
    viewer.page.click(".label button:has-text('high')")
    viewer.page.wait_for_selector(".label [aria-pressed=true]:has-text('high')")
    # Whether it is the next of this name's queue depends on its id, which is made up.
    assert labelled(server)[first][:2] == ("high", "")


def test_no_tab_where_nobody_labels(tmp_path, visit):
    """A server that was not told who labels has no such tab, and its digits open tabs."""
    with running(tmp_path) as server:
        server.post("/run", {"task": "inbox/easy", "agent": "baseline"})
        viewer = visit(server, "episode=last")
        assert viewer.count("#tab-label") == 0
        viewer.press("5")
        assert viewer.page.get_attribute("#tab-grade", "aria-selected") == "true"
        viewer.page.close()
