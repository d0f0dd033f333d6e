"""A real notebook, executed by Jupyter's own client: objects show themselves, without a word."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = (
    "import refold",
    "import talks",
    "from refold.replays.golden import GOLDEN_FOLDER, read_golden",
    "log = refold.EventLog('refold.db')",
    "episode = refold.Episode.start(refold.load('workflow/easy'), log=log)\n"
    "result = episode.step({'action_type': 'wait'})\nepisode",
    "stream = talks.shop(log)\nstream",
    "refold.grade(stream)",
    "one = read_golden(GOLDEN_FOLDER / 'workflow-hard-greedy.jsonl')\n"
    "two = read_golden(GOLDEN_FOLDER / 'workflow-hard-worked-example.jsonl')\n"
    "refold.diff(one, two)",
    "talks.hostile_shop()",
)
SHOWN = ("wait", "mine:shop", "by ", "0.0176 → 0.7929", "&lt;/script&gt;")


@pytest.fixture
def outputs(tmp_path: Path) -> list[dict[str, str]]:
    """Return what the last cells show, by the kind of their content."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    nbformat.write(notebook, tmp_path / "shown.ipynb")
    cells = notebook.cells[-len(SHOWN) :]
    return [output.data for cell in cells for output in cell.outputs if "data" in output]


def test_a_notebook_shows_them(outputs: list[dict[str, str]]) -> None:
    """Episode, stream, grade and diff are tables, and plain text where HTML is not shown."""
    assert len(outputs) == len(SHOWN)
    for data, words in zip(outputs, SHOWN, strict=True):
        assert words in data["text/html"], words
        assert 0 < len(data["text/plain"]) < 10_000
        assert "<script" not in data["text/html"]
