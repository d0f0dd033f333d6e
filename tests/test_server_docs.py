from pathlib import Path

import pytest
from pages import blocks, rows, section
from serving import running
from test_docs import Reader

from refold.server.settings import VARIABLES

PAGE = "docs/serving.md"


def test_what_the_page_shows_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines with curl print what stands below them; only the port is another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    reader = Reader()
    shown = 0
    with running(tmp_path) as server:
        for language, _, text in blocks(PAGE):
            if language == "console":
                reader.console(text.replace("http://127.0.0.1:8000", server.url))
                shown += 1
    assert shown == 3


def test_gymnasium_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example prints what stands below it."""
    monkeypatch.chdir(tmp_path)
    found = blocks(PAGE)
    place = next(n for n, block in enumerate(found) if "gymnasium" in block[2])
    reader = Reader()
    reader.compare(found[place + 1][2], reader.python(found[place][2]), "the example")


def test_every_variable_is_documented() -> None:
    """The table of the environment names those that are read, and no other."""
    assert set(rows(section(PAGE, "## Environment"))) == set(VARIABLES)
