"""The study of tau2's airline tasks: who follows it sees what it shows."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from test_docs import Reader


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_figure_of_the_study_is_true(tmp_path, monkeypatch):
    """All episodes are played again, and each command prints what the page shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    Reader().read("docs/studies/tau2-unchanged-database.md")
