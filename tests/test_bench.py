import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def test_benchmarks_measure_everything(tmp_path):
    """A quick run measures all that a whole one does, each beside its control; none is judged."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "--quick", "--json", str(figures)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    made = json.loads(figures.read_text())
    assert len(made["rows"]) > 20
    for row in made["rows"]:
        assert row["work"] in done.stdout
        assert row["value"] > 0
        assert row["ratio"] > 0
        assert row["control"]
    assert len(made["growth"]) == 5
