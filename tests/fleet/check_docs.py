"""What the page on scaling shows is true."""

from pathlib import Path

import pytest
from test_docs import Reader


def test_what_the_page_shows_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever follows the page in an empty folder sees what it shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    Reader().read("docs/scaling.md")
