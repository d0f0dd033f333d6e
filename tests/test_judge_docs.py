"""What the page on judges shows is true, with a mock model in place of the judge."""

import pytest
from pages import blocks
from test_docs import Reader, folder

from refold.agents.mock.judge import read_judge
from refold.agents.mock.model import MockModel

__all__ = ["folder"]  # works in an empty folder
PAGE = "docs/judges.md"


@pytest.mark.slow
def test_what_the_page_shows_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows the page, with the mock model that it starts, sees what it shows."""
    script = next(text for _, name, text in blocks(PAGE) if name == "judge.toml")
    with MockModel(judge=read_judge(script.encode(), "judge.toml")) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        Reader().read(PAGE)
