"""What the page on solving shows is true."""

import pytest
from test_docs import Reader, folder

__all__ = ["folder"]  # works in an empty folder


@pytest.mark.slow
def test_what_the_page_shows_is_true() -> None:
    """Who follows the page sees what it shows."""
    Reader().read("docs/solving.md")
