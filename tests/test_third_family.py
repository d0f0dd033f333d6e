"""A family and an agent in a package of their own: nothing in refold knows of them."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from shell import Ran

from refold.agents.mock.model import MockModel
from refold.engine import EventLog
from refold.engine.errors import UnknownName

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parent / "tiny_family"
COMMANDS = """
import contextlib, io, json, sys
from refold.cli import run

ran = []
for words in map(str.split, sys.argv[1:]):
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words)
    ran.append([code, *(each.buffer.getvalue().decode() for each in (out, err))])
print(json.dumps(ran))
"""

EPISODE = """
import json
from refold.engine import Episode, EventLog, fold
from refold.engine.registry import find_family
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
    "rolls": episode.state.step - 2,
    "said": [family.say(event) for event in stream[:5]],
    "grade": json.loads(live.to_json()),
}))
"""

GYM = """
import gymnasium, json
import refold.gym
from gymnasium.utils.env_checker import check_env

env = gymnasium.make("refold/tiny-one-v1", render_mode="ansi")
check_env(env.unwrapped)
observation, info = env.reset(seed=1)
first = observation["action_mask"].tolist()
observation, reward, terminated, truncated, info = env.step(0)
print(json.dumps([first, observation["action_mask"].tolist(), observation["numbers"].tolist()]))
"""

MOCKED = """
import sys
from refold.agents.mock.model import MockModel
from refold.cli import run

with MockModel() as server:
    run(["record", "tiny/one", "--agent", "openai:mock", "--base-url", server.base_url])
run(["episodes", "--json"])
"""


SCRIPT_OF_THE_PAGE = """
import logging
from refold.server.routes.pages import viewer_file

logging.basicConfig(format="%(message)s")
print(viewer_file("site.js").body.decode())
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder in which the package is installed, as pip would do it."""
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
    """Run *code* in a process of its own that has the package, in the folder beside it."""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=site.parent,
        env={**os.environ, "PYTHONPATH": path, "REFOLD_LOG": "log.db"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refold(site: Path, *commands: str) -> list[Ran]:
    """Return what *commands* did, one after the other in such a process."""
    done = python(site, COMMANDS, *commands)
    assert done.returncode == 0, done.stderr
    return [Ran(*each) for each in json.loads(done.stdout)]


def test_recorded_and_graded(site: Path) -> None:
    """It records, reads back, folds and grades; words and view are made for it."""
    done = python(site, EPISODE)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert "tiny/one" in told["names"]
    assert told["refused"] == "nothing_rolled"
    assert told["legal"] == ["roll", "stop"]
    assert told["said"][0] == "episode of tiny/one began with seed 1"
    assert told["said"][1:3] == ["stop", "refused: nothing_rolled"]
    assert told["said"][4] == "roll"
    given, reached = told["grade"], told["view"]["sum"] / told["view"]["target"]
    assert given["breakdown"] == {
        "return": round(0.7 * (reached - 0.1), 4),
        "stopped": 0.2,
        "rolls": round(0.1 * told["rolls"] / 12, 4),
    }
    assert len(given["parts"][2]["seqs"]) == told["rolls"]


def draw(site: Path, module: str) -> None:
    """Give the family a drawing, the JavaScript *module*."""
    (site / "tiny" / "drawing.js").write_bytes(module.encode("latin-1"))
    source = site / "tiny" / "__init__.py"
    with_drawing = 'folder=files(__name__),\n    drawing=files(__name__) / "drawing.js",'
    source.write_text(source.read_text().replace("folder=files(__name__),", with_drawing))


def test_a_drawing(site: Path) -> None:
    """It is in the page of a server and in pages of its episodes."""
    draw(site, 'import { html } from "../vendor/lit-html.js";\nexport const drawing = "dice";\n')
    script = python(site, SCRIPT_OF_THE_PAGE)
    assert "$families_tiny_1" in script.stdout
    assert 'const drawing = "dice";' in script.stdout
    assert script.stderr == ""
    _, page = refold(site, "record tiny/one --agent random", "replay last --html page.html")
    assert page.code == 0


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (
            "export default 1;",
            "families/tiny.1.js (line 1 without comments): cannot take",
        ),
        ('import { a } from "./a.js";', "families/tiny.1.js: imports families/a.js"),
        ('export const drawing = "</SCRIPT>";', "families/tiny.1.js: cannot take '</SCRIPT'"),
        (
            'import { drawingOf } from "../families.js";',
            "families.js: imports itself by way of app.js",
        ),
        ('export const drawing = "\u00e9";', "families/tiny.1.js: expected UTF-8, got"),
    ],
)
def test_a_drawing_in_another_form(site: Path, module: str, told: str) -> None:
    """A server shows tables and says why; a page of its episodes is refused in one line."""
    draw(site, f"{module}\n")
    script = python(site, SCRIPT_OF_THE_PAGE)
    assert "$families_tiny_1" not in script.stdout
    assert "startRouter" in script.stdout
    (warning,) = script.stderr.splitlines()
    assert warning.startswith(told)
    assert "the page shows this family as tables" in warning
    _, page = refold(site, "record tiny/one --agent random", "replay last --html page.html")
    assert (page.code, page.out) == (2, "")
    assert page.err.startswith(f"refold: {told}")
    assert not (site.parent / "page.html").exists()


def test_command_line(site: Path) -> None:
    """The commands list, record, grade, replay, compare, fork, page and verify it."""
    scenarios, *recorded, grades = refold(
        site,
        "scenarios",
        "record tiny/one --agent random --epochs 3",
        "record tiny/one --agent careful",
        "grade --json",
    )
    assert "tiny/one" in scenarios.out
    graded = grades.json["grades"]
    assert [each["scenario"] for each in graded] == ["tiny/one"] * 4
    assert graded[3]["score"] > max(each["score"] for each in graded[:3])
    replay, diff, baseline, fork, what_if, page, verify = refold(
        site,
        "replay last",
        f"diff {graded[0]['episode']} last",
        "baseline",
        "fork last --at 2 --agent careful",
        "what-if last --at 1 --agent careful",
        "replay last --html page.html",
        "verify",
    )
    assert diff.code == 1
    ran = (scenarios, *recorded, grades, replay, baseline, fork, what_if, page, verify)
    assert {each.code for each in ran} == {0}, ran
    assert "rolled: points " in replay.out
    assert "random" in baseline.out
    assert "stop" in what_if.out
    assert "tiny/one" in (site.parent / "page.html").read_text()


def test_its_agent_plays_other_families(site: Path) -> None:
    """An installed agent plays whatever it can; who it is stands in the log."""
    _, listed, mistaken = refold(
        site,
        "record workflow/easy --agent careful",
        "episodes --json",
        "record tiny/one --agent carefull",
    )
    (row,) = listed.json["episodes"]
    assert (row["scenario"], row["agent"]) == ("workflow/easy", "careful")
    assert mistaken.code == 2
    assert mistaken.err.endswith("got 'carefull'; did you mean careful?\n")


def test_gymnasium(site: Path) -> None:
    """It is an environment: its actions enumerated, what its agent sees as numbers."""
    done = python(site, GYM)
    assert done.returncode == 0, done.stderr
    first, then, numbers = json.loads(done.stdout)
    assert (first, then) == ([1, 0], [1, 1])
    assert numbers[0] in range(1, 7)
    assert numbers[1] == 20


def test_mock_model(site: Path) -> None:
    """The mock model plays it without knowing it: whatever it answers is an action, to the end."""
    with MockModel() as server:
        model = f"--agent openai:mock --base-url {server.base_url}"
        forms = [
            f"record tiny/one --epochs 5 {model} --action-format {form} --name {form}"
            for form in ("tools", "json", "text")
        ]
        *_, listed = refold(site, *forms, "episodes --json --limit 0")
        assert server.counts == {"answered": len(server.requests)}
    shown = listed.json["episodes"]
    assert {each["run"] for each in shown} == {"tools", "json", "text"}
    assert {each["ended"] for each in shown} == {"terminated"}
    assert sum(each["steps"] for each in shown) == len(server.requests) > 15


def test_mock_behaviour_of_its_own(site: Path) -> None:
    """If it says what the mock model does, the mock model does that where it is installed."""
    module = site / "tiny" / "__init__.py"
    given = 'mock=lambda text: Action("roll") if text.startswith(\'{"sum":\') else None,'
    module.write_text(module.read_text().replace("folder=files", f"{given} folder=files"))
    done = python(site, MOCKED)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout.splitlines()[-1])["episodes"]
    assert [each["reason"] for each in listed] == ["bust"]


def test_mistakes_in_its_files(site: Path) -> None:
    """What is wrong in its scenario files is found, general measures included."""
    file = site.parent / "mine.toml"
    text = (SOURCE / "tiny" / "one.toml").read_text()
    text = text.replace("target = 20", 'target = "20"').replace("high = 1.0", "high = 0.0")
    file.write_text(text.replace('"stopped" }', "3 }"))
    (done,) = refold(site, "record mine.toml --agent random")
    assert done.code == 2
    assert "$.parameters.target: expected a whole number, got '20'" in done.err
    assert "$.rubric.criteria[0].params: expected low < high, got 0.0 and 0.0" in done.err
    assert "$.rubric.criteria[1].params.reason: expected a text, got 3" in done.err


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (
            "        Rolled: lambda state, event: replace(state, sum=event.sum),\n",
            "",
            "family tiny.1: expected a reducer with an entry for Rolled",
        ),
        (
            "events=(Rolled,)",
            "events=()",
            "family tiny.1: expected a reducer of its own events only, without Rolled",
        ),
        (
            "    decide=decide,",
            "    decide=decide, say=str,",
            "family tiny.1: expected say to be a functools.singledispatch function",
        ),
        (
            "    decide=decide,",
            "    decide=decide, say=__import__('functools').singledispatch(lambda thing: ''),",
            "family tiny.1: expected a say that is registered for Rolled",
        ),
    ],
)
def test_a_mistake_is_found_when_the_family_is_built(
    site: Path, old: str, new: str, match: str
) -> None:
    """An event that the reducer or the words do not know is one line, before anything is played."""
    module = site / "tiny" / "__init__.py"
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new))
    (done,) = refold(site, "record tiny/one --agent random")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert match in done.err


def test_a_measure_may_not_take_a_name(site: Path) -> None:
    """What a package adds to a family's measures cannot replace one of the family's own."""
    module = site / "tiny" / "__init__.py"
    text = module.read_text().replace(
        "folder=files(__name__),\n)", "folder=files(__name__),\n    criteria=CRITERIA,\n)"
    )
    start = "FAMILY = Family("
    taken = "from refold.scenarios import Criteria, Measure\n"
    taken += "CRITERIA = Criteria({'rolls': Measure(Parameters, None)}, len, lambda a, b: [])\n"
    module.write_text(text.replace(start, f"{taken}{start}"))
    (done,) = refold(site, "record tiny/one --agent random")
    assert done.code == 2
    assert "criteria of family 'tiny.1': expected new names, got rolls" in done.err


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
    (done,) = refold(site, "scenarios")
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert "'tiny.1': expected an installed package that can be imported, got " in line
