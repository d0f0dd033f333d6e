"""A family in a package of its own: nothing in engine, graders or command line knows of it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from refold.agents.mock.model import MockModel
from refold.engine import EventLog
from refold.engine.errors import UnknownName

SOURCE = Path(__file__).parent / "tiny_family"
ROLL, STOP = {"type": "roll"}, {"type": "stop"}

EPISODE = """
import json
from refold.engine import Episode, EventLog, fold
from refold.engine.family import find_family
from refold.graders import grade
from refold.scenarios import load, scenario_names

family = find_family("tiny", 1)
with EventLog("log.db") as log:
    episode = Episode.start(load("tiny/one"), log=log, agent="test", id="game")
    refused = episode.step({"type": "stop"}).error
    while episode.state.sum < 15:
        legal = [family.say(action) for action in episode.legal_actions]
        episode.step({"type": "roll"})
    episode.step({"type": "stop"})
    live = grade(episode.events)
with EventLog("log.db", readonly=True) as log:
    stream = log.events("game")
assert fold(stream, family=family) == episode.state
assert grade(stream).to_json() == live.to_json()
print(json.dumps({
    "names": scenario_names(),
    "refused": refused,
    "legal": legal,
    "view": family.view(episode.state),
    "said": [family.say(event) for event in stream[:5]],
    "grade": json.loads(live.to_json()),
}))
"""

MOCKED = """
import sys
from refold.agents.mock.model import MockModel
from refold.cli import run

with MockModel() as server:
    sys.exit(run([*sys.argv[1:], "--base-url", server.base_url]))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder in which the family is installed, as pip would do it."""
    site = tmp_path / "site"
    copytree(SOURCE / "tiny", site / "tiny")
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    about = site / f"refold_tiny-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (about / "entry_points.txt").write_text("\n".join(groups))
    return site


def python(site: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a process of its own that has the family, in the folder beside it."""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=site.parent,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refold(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = python(site, "from refold.cli import main; main()", *arguments)
    assert done.returncode == 0, done.stderr
    return done


def test_recorded_and_graded(site: Path) -> None:
    """It records, reads back, folds, grades and speaks like the families that ship."""
    done = python(site, EPISODE)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert "tiny/one" in told["names"]
    assert told["refused"] == "nothing_rolled"
    assert told["legal"] == ["roll", "stop"]
    assert told["said"][0] == "episode of tiny/one began with seed 1"
    assert told["said"][1:3] == ["stop", "refused: nothing_rolled"]
    given, rolls = told["grade"], told["grade"]["counts"]["rolls"]
    assert told["view"]["t"] == rolls + 2
    nearness = round(0.8 * told["view"]["sum"] / 20, 4)
    assert given["breakdown"] == {"nearness": nearness, "stopped": 0.2}
    assert given["score"] == round(nearness + 0.2, 4)
    assert len(given["parts"][0]["seqs"]) == rolls


def test_command_line(site: Path) -> None:
    """The commands list, record, grade, replay and verify it."""
    assert "tiny/one" in refold(site, "scenarios").stdout
    refold(site, "record", "tiny/one", "--agent", "random", "--epochs", "3", "--log", "log.db")
    graded = json.loads(refold(site, "grade", "--log", "log.db", "--json").stdout)["grades"]
    assert [each["scenario"] for each in graded] == ["tiny/one"] * 3
    assert "rolled" in refold(site, "replay", "last", "--log", "log.db").stdout
    refold(site, "verify", "--log", "log.db")


@pytest.mark.parametrize("form", ["tools", "json", "text"])
def test_mock_model(site: Path, form: str) -> None:
    """The mock model plays it without knowing it: whatever it answers is an action, to the end."""
    with MockModel() as server:
        model = ("--agent", "openai:mock", "--base-url", server.base_url, "--action-format", form)
        refold(site, "record", "tiny/one", *model, "--epochs", "5", "--log", "log.db")
        assert server.counts == {"answered": len(server.requests)}
    shown = json.loads(refold(site, "episodes", "--log", "log.db", "--json").stdout)["episodes"]
    assert {each["ended"] for each in shown} == {"terminated"}
    assert sum(each["steps"] for each in shown) == len(server.requests) > 5


def test_mock_behaviour_of_its_own(site: Path) -> None:
    """If it says what the mock model does, the mock model does that where it is installed."""
    module = site / "tiny" / "__init__.py"
    given = 'mock=lambda text: Action("roll") if text.startswith(\'{"task":\') else None,'
    module.write_text(module.read_text().replace("folder=files", f"{given} folder=files"))
    done = python(site, MOCKED, "record", "tiny/one", "--agent", "openai:mock", "--log", "log.db")
    assert done.returncode == 0, done.stderr
    listed = json.loads(refold(site, "episodes", "--log", "log.db", "--json").stdout)["episodes"]
    assert [each["reason"] for each in listed] == ["bust"]


def test_mistakes_in_its_files(site: Path) -> None:
    """Its own checks, and those of rubrics, find the mistakes in its scenario files."""
    file = site.parent / "mine.toml"
    text = (SOURCE / "tiny" / "one.toml").read_text()
    file.write_text(text.replace("target = 20", "target = 0").replace('"stopped" }', "3 }"))
    done = python(
        site, "from refold.cli import main; main()", "record", "mine.toml", "--agent", "random"
    )
    assert done.returncode == 2
    assert "$.parameters.target: expected at least 1, got 0" in done.stderr
    assert "$.rubric.criteria[1].params.reason: expected a text, got 3" in done.stderr


def test_log_without_the_family(site: Path) -> None:
    """Where the package is missing, its streams are refused by name; its log can be listed."""
    assert python(site, EPISODE).returncode == 0
    with EventLog(site.parent / "log.db", readonly=True) as log:
        assert [info.scenario for info in log.episodes()] == ["tiny/one"]
        with pytest.raises(UnknownName, match=r"^family and rules version: .*'tiny\.1'"):
            log.events("game")


@pytest.mark.parametrize("damage", ["import no_such_module", "NOTHING = 1"])
def test_broken_package(site: Path, damage: str) -> None:
    """A package that cannot be imported is one line that names it, never a traceback."""
    (site / "tiny" / "__init__.py").write_text(damage)
    done = python(site, "from refold.cli import main; main()", "scenarios")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "'tiny.1': expected an installed package that can be imported, got " in line
