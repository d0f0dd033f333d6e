"""Which module may import which: floors run one way, and what is pure stays so."""

import ast
import tomllib
from fnmatch import fnmatch
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import refold

ROOT = Path(__file__).parents[1]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
FLOORS = [
    ("engine",),
    ("jobs",),
    ("judges",),
    ("scenarios",),
    ("graders", "agents", "project"),
    ("environments",),
    ("transcripts",),
    ("labels",),
    ("replays", "solving", "generating"),
    ("viewer", "reports", "pytest_plugin", "gym", "integrations", "notebook"),
    ("triage",),
    ("overviews",),
    ("audits",),
    ("server.settings", "server.metrics", "server.sessions"),
    ("server.context",),
    ("server.http",),
    ("server.openenv",),
    ("server.routes",),
    ("server",),
    ("server.proxy",),
    ("commands.shared",),
    ("fleet",),
    ("commands",),
    ("cli",),
]
"""The rooms of refold from the ground up: a module imports from lower floors and its own room."""
FLOOR = {f"refold.{room}": floor for floor, rooms in enumerate(FLOORS) for room in rooms}
LINKS = {"engine", "graders", "scenarios", "replays", "server", "cli"}
"""Links to rooms, for people and for OpenEnv: importing through one loads a module twice."""
PUBLIC = {f"refold.{name}" for name in refold.__all__}
"""Names for programs that use refold: inside, they would hide which room a module builds on."""
OWNERS = {
    "sqlite3": ["refold/engine/log/*"],
    "sqlite_utils": ["refold/engine/log/*"],
    "refold.engine.log.store": [  # episodes know the protocol only
        "refold/engine/__init__.py",
        "refold/engine/log/index/*",
        "refold/engine/log/logs.py",
    ],
    "openai": ["refold/agents/*"],
    "any_llm": ["refold/agents/any_llm_client.py"],
    "fastapi": ["refold/server/*"],
    "starlette": ["refold/server/*"],
    "uvicorn": ["refold/server/*"],
    "prometheus_client": ["refold/server/metrics.py"],
    "openenv": ["refold/server/openenv/classes.py"],
    "backports": ["refold/transcripts/archive.py"],
    "pyarrow": ["refold/transcripts/exports/parquet.py"],
    "gymnasium": [
        "refold/gym/*",
        "refold/environments/gymnasium/*",
    ],
    "tau2": ["refold/environments/tau2/*"],
    "loguru": ["refold/environments/tau2/installed.py"],
    "websockets": ["refold/environments/openenv/sockets.py", "refold/server/proxy/sockets.py"],
    "inspect_ai": ["refold/integrations/inspect_ai.py"],
    "verifiers": ["refold/integrations/verifiers.py"],
    "pandas": ["refold/reports/frames.py"],
    "polars": ["refold/reports/frames.py"],
    "IPython": ["refold/notebook/__init__.py"],
    "ray": ["refold/fleet/actors.py", "refold/fleet/cluster.py"],
    "re2": ["refold/scenarios/answered/patterns.py"],
}
PURE = [
    "refold/engine/*.py",
    "refold/graders/*.py",
    "refold/judges/*",
    "refold/replays/verdict/*",
    "refold/scenarios/*",
]
NOT_PURE = [
    "refold/engine/__init__.py",  # hands on the log
    "refold/engine/episode.py",  # writes to one
    "refold/engine/episode_ids.py",  # makes them up
    "refold/engine/log/*",
    "refold/graders/saved.py",  # grades in a log
    "refold/graders/answers.py",  # what judges answered, likewise
    "refold/graders/elsewhere.py",  # opens a log in another process
    "refold/graders/pairing.py",  # grades in a log
    "refold/graders/regrading.py",
    "refold/graders/rubric_files.py",
    "refold/graders/sources.py",  # files, functions, and grades in a log
    "refold/graders/process/*",
    "refold/scenarios/spec.py",  # reads files
]
CLOCKS = ["time", "datetime", "zoneinfo", "calendar", "sched"]
SYSTEM = ["os", "sys", "io", "pathlib", "shutil", "tempfile", "subprocess", "logging", "signal"]
NETWORK = ["socket", "ssl", "http", "urllib", "ftplib", "smtplib", "requests", "httpx", "aiohttp"]
CONCURRENCY = ["asyncio", "threading", "multiprocessing", "concurrent"]
CHANCE = ["random", "secrets", "uuid", "numpy"]
STORAGE = ["sqlite3", "sqlite_utils", "refold.engine.log", "refold.engine.EventLog"]
IMPURE = {*CLOCKS, *SYSTEM, *NETWORK, *CONCURRENCY, *CHANCE, *STORAGE}
DICE = [
    "refold/scenarios/*/rules.py",
    "refold/scenarios/*/policies.py",
    "refold/scenarios/dice.py",
    "refold/scenarios/blind.py",
    "refold/scenarios/inbox2/canaries.py",
]
DAYS = ["refold/scenarios/inbox2/days.py"]
"""Who may reckon with days of the calendar; nobody may ask for today's."""


def sources() -> list[str]:
    """Return the path of every module that is installed."""
    paths = [path for name in PACKAGES for path in (ROOT / name.replace(".", "/")).glob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in paths)


@cache
def imports(source: str) -> frozenset[str]:
    """Return what *source* imports anywhere: ``a.b`` for each way to say so, and ``a.b.c``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def parents(module: str) -> set[str]:
    """Return *module* and the packages around it."""
    words = module.split(".")
    return {".".join(words[:end]) for end in range(1, len(words) + 1)}


def room_of(module: str) -> str | None:
    """Return the innermost room that *module* lies in; None for what belongs to no floor."""
    rooms = [name for name in parents(module) if name in FLOOR]
    return max(rooms, key=len, default=None)


def matches(path: str, patterns: list[str]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


def violations(path: str, source: str) -> set[str]:
    """Return what the module *path* with the text *source* imports against the rules."""
    imported = imports(source)
    found = {name for module in imported for name in parents(module)}
    own = room_of(path.removesuffix(".py").replace("/", "."))
    rooms = {room for module in imported if (room := room_of(module))}
    wrong = {room for room in rooms if own and room != own and FLOOR[room] >= FLOOR[own]}
    wrong |= found & (LINKS | PUBLIC)
    wrong |= {name for name in found & OWNERS.keys() if not matches(path, OWNERS[name])}
    if matches(path, PURE) and not matches(path, NOT_PURE):
        allowed = {"random"} if matches(path, DICE) else set()
        allowed |= {"datetime"} if matches(path, DAYS) else set()
        wrong |= (found & IMPURE) - allowed
    return wrong


def test_modules() -> None:
    """None imports anything from a floor above or beside its own, nor what is not its to use."""
    found = {path: violations(path, (ROOT / path).read_text()) for path in sources()}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def needs(modules: dict[str, str]) -> dict[str, set[str]]:
    """Return for each of *modules*, texts by name, those of them that it imports."""
    return {name: set(imports(source) & modules.keys()) for name, source in modules.items()}


def test_no_module_needs_itself() -> None:
    """Not even by way of others, nor by an import within a function."""
    texts = {path: (ROOT / path).read_text() for path in sources()}
    named = {path.removesuffix(".py").replace("/", "."): text for path, text in texts.items()}
    TopologicalSorter(needs(named)).prepare()
    with pytest.raises(CycleError):
        TopologicalSorter(needs({"a": "import b", "b": "def f():\n    import a"})).prepare()


def test_every_package_has_a_floor() -> None:
    """Nothing is installed that these rules do not cover, and no source lies outside of it."""
    assert [name for name in PACKAGES if name != "refold" and not room_of(name)] == []
    lying = {str(path.relative_to(ROOT)) for path in (ROOT / "refold").rglob("*.py")}
    assert lying == set(sources())
    assert {"refold/cli.py", "refold/scenarios/workflow/rules.py"} <= lying


def test_links_lead_to_their_rooms() -> None:
    """The folders that the project's layout promises are there, each a link into the package."""
    for name in LINKS:
        file = f"{name}.py" if name == "cli" else name
        assert (ROOT / file).resolve() == ROOT / "refold" / file


@pytest.mark.parametrize(
    ("path", "source", "wrong"),
    [
        ("engine/folding.py", "import refold.scenarios", {"refold.scenarios"}),
        ("engine/episode.py", "from refold.scenarios.spec import load", {"refold.scenarios"}),
        ("scenarios/spec.py", "import refold.graders.grading as g", {"refold.graders"}),
        ("graders/text.py", "def f():\n    from refold import replays", {"refold.replays"}),
        ("graders/text.py", "from refold.agents import play", {"refold.agents"}),
        ("replays/golden.py", "import refold.viewer.html_page", {"refold.viewer"}),
        ("replays/golden.py", "if True:\n    import refold.server", {"refold.server"}),
        ("server/http/guard.py", "import refold.server.routes.runs", {"refold.server.routes"}),
        ("server/http/guard.py", "import refold.server.app", {"refold.server"}),
        ("server/app.py", "from refold import commands, cli", {"refold.commands", "refold.cli"}),
        ("commands/shared/options.py", "from refold.commands import show", {"refold.commands"}),
        ("commands/record.py", "import refold.cli", {"refold.cli"}),
        ("commands/record.py", "from refold import agents, engine, server, replays", set()),
        ("cli.py", "from refold.commands import record", set()),
        ("graders/text.py", "from refold import diff, scenarios", {"refold.diff"}),
        ("cli.py", "import engine\nfrom cli import main", {"engine", "cli"}),
        ("engine/episode.py", "import sqlite3", {"sqlite3"}),
        ("replays/golden.py", "from sqlite_utils import Database", {"sqlite_utils"}),
        ("replays/golden.py", "from openai import OpenAI", {"openai"}),
        ("agents/play.py", "from openai.types import Model", set()),
        ("agents/play.py", "import fastapi.responses", {"fastapi"}),
        ("server/app.py", "import fastapi", set()),
        ("scenarios/workflow/state.py", "import random", {"random"}),
        ("scenarios/workflow/rules.py", "import random", set()),
        ("scenarios/workflow/rules.py", "import time, secrets", {"time", "secrets"}),
        ("scenarios/workflow/phrases.py", "from datetime import date", {"datetime"}),
        ("scenarios/rubric.py", "from os import path", {"os"}),
        ("scenarios/facts.py", "import urllib.request", {"urllib"}),
        ("scenarios/facts.py", "from refold.engine import EventLog", {"refold.engine.EventLog"}),
        ("scenarios/facts.py", "from refold.engine.log.info import A", {"refold.engine.log"}),
        ("engine/episode.py", "from refold.engine.log.protocol import Log", set()),
        ("engine/episode.py", "import refold.engine.log.store", {"refold.engine.log.store"}),
        ("engine/stream.py", "import pathlib", {"pathlib"}),
        ("engine/log/store.py", "import sqlite3, datetime, pathlib", set()),
        ("scenarios/spec.py", "from pathlib import Path", set()),
    ],
)
def test_violation_is_noticed(path: str, source: str, wrong: set[str]) -> None:
    """These rules see an import wherever it stands and however it is written."""
    assert violations(f"refold/{path}", source) == wrong
