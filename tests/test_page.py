import gzip
import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from attrs import frozen
from shell import Shell
from viewing import (
    HOSTILE,
    asked,
    golden,
    hostile_inbox,
    hostile_workflow,
    judged,
    shown,
    write_page,
)

from refold.engine import Episode, RefoldError
from refold.replays import diff
from refold.scenarios import load
from refold.viewer.differences import diff_document
from refold.viewer.html_page import page
from refold.viewer.inliner import script_text


@frozen
class Parsed:
    """A page as a browser reads it: its elements in order, as (tag, attributes, text)."""

    elements: list[tuple[str, dict[str, str | None], str]]

    def texts(self, tag: str) -> list[str]:
        """Return the text of each element *tag*."""
        return [text for name, _, text in self.elements if name == tag]

    def by_id(self, id: str) -> tuple[str, dict[str, str | None], str]:
        """Return the element called *id*."""
        (found,) = [each for each in self.elements if each[1].get("id") == id]
        return found

    @property
    def policy(self) -> str:
        """The page's content security policy."""
        metas = [given for tag, given, _ in self.elements if tag == "meta"]
        (found,) = [meta["content"] for meta in metas if meta.get("http-equiv")]
        return found or ""


class Reader(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        """Begin an element."""
        self.found.append((tag, dict(attrs), ""))
        self.inside = True

    def handle_endtag(self, _tag):
        """End it."""
        self.inside = False

    def handle_data(self, data):
        """Add to its text."""
        if self.inside:
            tag, attrs, text = self.found[-1]
            self.found[-1] = (tag, attrs, text + data)


def parsed(content: bytes) -> Parsed:
    reader = Reader()
    reader.feed(content.decode())
    return Parsed(reader.found)


def hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_policy_names_what_the_page_holds():
    """Its two scripts and its style run by their hashes; nothing else may run, load or be sent."""
    found = parsed(page(shown(golden("inbox-easy-baseline"))))
    packed = found.by_id("viewer")[2]
    scripts = [found.texts("script")[-1], gzip.decompress(b64decode(packed)).decode()]
    (style,) = found.texts("style")
    assert scripts[1] == script_text(frozenset({"inbox.1"}))
    assert found.policy.split("; ") == [
        "default-src 'none'",
        f"script-src {' '.join(map(hash_of, scripts))}",
        f"style-src {hash_of(style)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html refold",
    ]


@pytest.mark.parametrize("stream", [hostile_workflow(), hostile_inbox()], ids=["workflow", "inbox"])
def test_hostile_text_adds_no_element(stream):
    """Whatever a log holds, a page has the elements that any page has, and the text whole."""
    found = parsed(page(shown(stream)))
    plain = parsed(page(shown(golden("inbox-easy-baseline"))))
    tags = {tag for tag, _, _ in plain.elements}
    assert {tag for tag, _, _ in found.elements} <= tags
    assert not any(name.startswith("on") for _, given, _ in found.elements for name in given)
    data = found.by_id("document")[2]
    assert "<" not in data
    assert json.loads(data) == json.loads(json.dumps(shown(stream)))
    assert HOSTILE in [*json.loads(data)["steps"][0]["action"].values(), HOSTILE[:190]]


def test_reader_without_script():
    """Where no script runs there are the steps as a table, and nothing that steers the display."""
    found = page(shown(hostile_workflow())).decode().split("</style>")[1].split("<script")[0]
    assert "1</td>" in found or "<td>1" in found
    assert "refused: unknown_subtask" in found
    assert "[U+202E]back" in found
    assert not set("\u202e\x1b\x07\u200b") & set(found)


def test_reader_without_script_has_the_verdict():
    """It is text there too, before the steps."""
    found = page(judged(golden("workflow-hard-greedy"))).decode().split("<script")[0]
    assert found.index("0.0176: out of time after 2 of 10 subtasks") < found.index("<table>")
    assert "[U+202E]" in page(judged(hostile_workflow())).decode().split("<table>")[0]


def test_equal_documents_give_equal_pages(tmp_path):
    """A page depends on its document and nothing else, and is small."""
    first, second = (page(shown(golden("workflow-hard-worked-example"))) for _ in range(2))
    assert first == second
    assert len(first) <= 100 * 1024
    assert (
        b'<div id="app" data-step="3">'
        in write_page(tmp_path, shown(hostile_inbox()), at=3).read_bytes()
    )


def talkative(*, sent: int, said: int):
    """Return an episode with an exchange of so many letters."""
    episode = Episode.start(load("inbox/easy"))
    exchange = asked("r" * said, sent="s" * sent)
    while not episode.over:
        episode.step({"type": "archive"}, exchange)
        exchange = asked("brief")
    return shown(episode.events)


def test_long_documents_are_packed():
    """Above 64 KB a document is packed, which a browser undoes; nothing is lost."""
    made = talkative(sent=3 * 2**20, said=10)
    content = page(made)
    _, given, data = parsed(content).by_id("document")
    assert given["type"] == "application/gzip"
    assert json.loads(gzip.decompress(b64decode(data))) == json.loads(json.dumps(made))
    assert len(content) < 2**20


@pytest.mark.slow
def test_what_was_sent_is_left_out_first():
    """Above 32 MB what the model was sent is left out, and the page says how much that was."""
    content = page(talkative(sent=33 * 2**20, said=5))
    document = json.loads(parsed(content).by_id("document")[2])
    assert document["exchanges"][0]["sent"] == []
    assert document["exchanges"][0]["reply"]["text"] == "r" * 5
    (told,) = document["omitted"]
    assert told["bytes"] > 33 * 2**20


@pytest.mark.slow
def test_far_too_long_documents_are_refused():
    """Above 128 MB there is no page, and the error says what to do instead."""
    with pytest.raises(RefoldError, match=r"^page: expected a document of at most .*--json"):
        page(talkative(sent=5, said=129 * 2**20))


def test_difference_holds_both_episodes():
    """Rows pair positions of two whole documents, by step and by action."""
    a, b = golden("workflow-hard-worked-example"), golden("workflow-hard-greedy")
    made = diff_document(diff(a, b), (a, b))
    assert (made["a"], made["b"]) == (shown(a), shown(b))
    assert made["rows"]["step"][:3] == [(1, 1, "same"), (2, 2, "same"), (3, 3, "action")]
    assert len(made["rows"]["step"]) == 22
    for place, side in enumerate("ab"):
        taken = [row[place] for row in made["rows"]["action"] if row[place]]
        assert taken == [*range(1, len(made[side]["steps"]) + 1)]
    assert made["scores"] == [made[side]["grade"]["score"] for side in "ab"]
    assert b"difference" in page(made)


def test_commands_write_pages(tmp_path):
    """With --html nothing is printed but where the page is; exit codes are what they were."""
    shell = Shell(tmp_path)
    for agent in ("baseline", "random"):
        shell(f"record inbox/easy --agent {agent}")
    ran = shell("replay last --html one.html --step 2")
    assert ran.out == ""
    assert re.fullmatch(r"page of [\d,]+ bytes written to one.html\n", ran.err)
    assert b'data-step="2"' in (tmp_path / "one.html").read_bytes()
    ids = shell.ids()
    assert shell("diff", *ids, "--html", "two.html", code=1).out == ""
    assert shell("diff", ids[0], ids[0], "--html", "same.html").out == ""
    told = json.loads(parsed((tmp_path / "two.html").read_bytes()).by_id("document")[2])
    assert [told[side]["episode"]["id"] for side in "ab"] == ids
    assert told["say"] == ["the agents chose differently"]
    shell.refuses("replay last --html none/one.html", match="expected a file that can be written")
