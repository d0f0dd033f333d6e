"""Objects of refold in notebooks: short, safe HTML, with the score first."""

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import talks
import viewing
from browsing import chromium
from playwright.sync_api import Browser

from refold.engine import Episode
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.graders import grade
from refold.notebook.diffs import diff_html
from refold.notebook.episodes import episode_html, stream_html
from refold.notebook.grades import grade_html
from refold.replays import diff
from refold.scenarios import load

TAGS = {"div", "style", "p", "strong", "bdi", "table", "thead", "tbody", "tr", "th", "td"}
JUPYTER = "<style>.jp tr, .jp th, .jp table td { text-align: right }</style>"
"""As Jupyter's own rules for tables have it."""
GREEDY, EXAMPLE = "workflow-hard-greedy", "workflow-hard-worked-example"


class Reader(HTMLParser):
    """Reads HTML as a browser does: its tags, attributes and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and the names of its attributes."""
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        """Note a text to be read; the style is none."""
        if self.tags[-1] != "style":
            self.texts.append(data)


def hostile() -> dict[str, str]:
    """Return what is shown of objects in which every text is hostile."""
    one, other = viewing.hostile_workflow(), viewing.hostile_inbox()
    talk = talks.hostile_shop()
    return {
        "workflow": stream_html(one),
        "inbox": stream_html(other),
        "talk": stream_html(talk, id=viewing.HOSTILE),
        "grade": grade_html(grade(one)),
        "diff": diff_html(diff(one, other)),
        "same": diff_html(diff(talk, talk.prefix(5))),
    }


def test_nothing_hostile_is_markup() -> None:
    """Whatever a text says, there are only tables and paragraphs, and no attribute but a class."""
    for name, html in hostile().items():
        read = Reader(html)
        assert set(read.tags) <= TAGS, name
        assert read.attributes <= {"class"}, name
    assert "window.__pwned" in "".join(Reader(hostile()["talk"]).texts)


def test_a_grade_shows_its_score_first_and_its_evidence() -> None:
    """Then each part with its points, the most it could have, and the events behind it."""
    given = grade(viewing.golden(EXAMPLE))
    texts = Reader(grade_html(given)).texts
    assert texts[0] == "0.7929"
    for part in given.parts:
        assert part.name in texts
        assert f"{part.points:g}" in texts
    seqs = max((part.seqs for part in given.parts), key=len)
    assert f"{', '.join(map(str, seqs[:8]))} and {len(seqs) - 8} more" in texts
    assert any(f"{name} {value:g}" in texts[-1] for name, value in given.counts.items())


def test_an_episode_shows_its_first_steps() -> None:
    """Score and end, the parts, and ten steps in words, refusals among them."""
    stream = viewing.golden(GREEDY)
    texts = Reader(stream_html(stream)).texts
    assert texts[0] == "0.0176"
    line = "workflow/hard · 22 steps · reward -1.17 · truncated: time_budget"
    assert "".join(texts[1:]).startswith(line)
    assert "permanent_failure" in texts
    assert texts[-1] == "and 12 more steps"


def test_an_episode_that_goes_on_is_shown_too() -> None:
    """Before its first step, and after it, by its name."""
    episode = Episode.start(load("inbox/easy"), id="mine")
    began = "inbox/easy · mine · 0 steps · reward +0 · running, or left"
    assert began in "".join(Reader(episode_html(episode)).texts)
    episode.step({"type": "archive"})
    shown = "".join(Reader(episode_html(episode)).texts)
    assert "inbox/easy · mine · 1 steps" in shown
    assert "more steps" not in shown


def test_a_failure_of_the_instrument_has_no_score() -> None:
    """As `refold show` has none: it says nothing of the agent."""
    episode = Episode.start(load("inbox/easy"))
    episode.truncate(INSTRUMENT_FAILED)
    texts = Reader(episode_html(episode)).texts
    assert texts[0].startswith("inbox/easy")
    assert (
        "no grade: the episode was cut off because an API or an environment kept failing" in texts
    )


def test_a_diff_shows_scores_cause_and_what_differs() -> None:
    """Both scores, why the two part, the parts of the grades, and the steps that differ."""
    found = diff(viewing.golden(GREEDY), viewing.golden(EXAMPLE))
    texts = Reader(diff_html(found)).texts
    assert texts[0] == "0.0176 → 0.7929"
    line = f"{found.shared} of 23 positions shared · cause: {found.cause}"
    assert "".join(texts[1:]).startswith(line)
    assert {part.name for part in found.parts} <= set(texts)
    assert any('"action_type":"delegate"' in text for text in texts)
    assert texts[-1] == "and further ones"
    assert "the same" in diff_html(diff(viewing.golden(GREEDY), viewing.golden(GREEDY)))


def test_scores_of_other_rules_are_not_said_to_compare() -> None:
    """Where points are on another scale, the line says so."""
    found = diff(viewing.golden(GREEDY), viewing.golden("inbox-hard-baseline"))
    assert "scores cannot be compared: another rules and rubric" in diff_html(found)


@pytest.mark.slow
def test_without_a_notebook_nothing_is_loaded() -> None:
    """A program that has IPython loaded but runs in none imports refold as ever."""
    script = (
        "import sys, types; fake = types.ModuleType('IPython'); fake.get_ipython = lambda: None\n"
        "sys.modules['IPython'] = fake; import refold; print(refold.load('inbox/easy').name)\n"
        "print('refold.notebook.html' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["inbox/easy", "False"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_runs_nothing_of_it(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """In a real browser no hostile text runs, none is wider than the page, and all is legible."""
    page = browser.new_page(viewport={"width": 900, "height": 900})
    colours = {"light": "black; background: white", "dark": "#ddd; background: #111"}
    body = "".join(hostile().values())
    page.set_content(f'{JUPYTER}<body class="jp" style="color: {colours[scheme]}">{body}</body>')
    assert page.evaluate("window.__pwned") is None
    assert page.locator(".refold-shown img, .refold-shown script, .refold-shown svg").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 900
    told = page.evaluate(
        "[...document.querySelectorAll('.refold-shown td, .refold-shown p')]"
        ".every((each) => getComputedStyle(each).color === getComputedStyle(document.body).color)"
    )
    assert told
    aligned = "[...document.querySelectorAll('td')].map((each) => getComputedStyle(each).textAlign)"
    assert set(page.evaluate(aligned)) == {"left", "right"}
    assert page.locator("td").first.evaluate("(each) => getComputedStyle(each).textAlign") == "left"
    page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
    page.close()
