"""Which module may import which: layers run one way, and what is pure stays so."""

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
LAYERS = [
    ("engine",),
    ("scenarios",),
    ("graders",),
    ("agents", "replays"),
    ("reports", "pytest_refold"),
    ("server", "gym_refold"),
    ("commands",),
    ("cli",),
]
LAYER = {package: layer for layer, packages in enumerate(LAYERS) for package in packages}
OWNERS = {
    "sqlite3": ["engine/file.py", "engine/log.py", "engine/schema.py"],
    "sqlite_utils": ["engine/file.py", "engine/schema.py"],
    "openai": ["agents/*"],
    "fastapi": ["server/*"],
    "starlette": ["server/*"],
    "uvicorn": ["server/*"],
    "prometheus_client": ["server/metrics.py"],
    "openenv": ["server/openenv_classes.py"],
    "gymnasium": ["gym_refold/*"],
}
PURE = [
    *(f"engine/{name}.py" for name in ("codec", "events", "family", "fold", "stream")),
    *(f"engine/{name}.py" for name in ("sums", "words")),
    "graders/*",
    "scenarios/*",
]
NOT_PURE = ["scenarios/spec.py", "graders/saved.py"]  # one reads files, one keeps grades in a log
CLOCKS = ["time", "datetime", "zoneinfo", "calendar", "sched"]
SYSTEM = ["os", "sys", "io", "pathlib", "shutil", "tempfile", "subprocess", "logging", "signal"]
NETWORK = ["socket", "ssl", "http", "urllib", "ftplib", "smtplib", "requests", "httpx", "aiohttp"]
CONCURRENCY = ["asyncio", "threading", "multiprocessing", "concurrent"]
CHANCE = ["random", "secrets", "uuid", "numpy"]
STORAGE = [
    *("sqlite3", "sqlite_utils"),
    *("engine.file", "engine.log", "engine.schema", "engine.EventLog"),
]
IMPURE = {*CLOCKS, *SYSTEM, *NETWORK, *CONCURRENCY, *CHANCE, *STORAGE}
DICE = "scenarios/*/rules.py"


def sources() -> list[str]:
    folders = [*SETUP["packages"], *(["server"] if (ROOT / "server").is_dir() else [])]
    paths = [path for folder in folders for path in (ROOT / folder.replace(".", "/")).glob("*.py")]
    modules = [ROOT / f"{module}.py" for module in SETUP["py-modules"]]
    return sorted({str(path.relative_to(ROOT)) for path in [*paths, *modules]})


def imports(source: str) -> Iterator[str]:
    """Yield what *source* imports anywhere in it: ``a.b`` for each way to say so, and ``a.b.c``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parents(module: str) -> set[str]:
    """Return *module* and the packages around it."""
    words = module.split(".")
    return {".".join(words[:end]) for end in range(1, len(words) + 1)}


def violations(path: str, source: str) -> set[str]:
    """Return what the module *path* with the text *source* imports against the rules."""
    found = {name for module in imports(source) for name in parents(module)}
    own = path.removesuffix(".py").split("/")[0]
    wrong = {name for name in found if name in LAYER and name != own and LAYER[name] >= LAYER[own]}
    wrong |= {
        name
        for name, owners in OWNERS.items()
        if name in found and not any(fnmatch(path, owner) for owner in owners)
    }
    if path not in NOT_PURE and any(fnmatch(path, pure) for pure in PURE):
        allowed = {"random"} if fnmatch(path, DICE) else set()
        wrong |= (found & IMPURE) - allowed
    return wrong


@pytest.mark.parametrize("path", sources())
def test_module(path: str) -> None:
    """It imports nothing from a layer above or beside its own, nor what is not its to use."""
    assert violations(path, (ROOT / path).read_text()) == set()


def test_every_package_has_a_layer() -> None:
    """Nothing is installed that these rules do not cover, and no source lies outside of it."""
    installed = {name.split(".")[0] for name in [*SETUP["packages"], *SETUP["py-modules"]]}
    assert installed <= set(LAYER)
    covered = set(sources())
    lying = {
        str(path.relative_to(ROOT)) for package in LAYER for path in (ROOT / package).rglob("*.py")
    }
    assert lying <= covered
    assert {"cli.py", "engine/log.py", "scenarios/workflow/rules.py"} <= covered


@pytest.mark.parametrize(
    ("path", "source", "wrong"),
    [
        ("engine/fold.py", "import scenarios", {"scenarios"}),
        ("engine/episode.py", "from scenarios.spec import load", {"scenarios"}),
        ("scenarios/spec.py", "import graders.grade as g", {"graders"}),
        ("graders/grade.py", "def f():\n    from replays import diff", {"replays"}),
        ("agents/play.py", "import replays", {"replays"}),
        ("replays/diff.py", "import agents.policies", {"agents"}),
        ("replays/diff.py", "if True:\n    import server", {"server"}),
        ("server/app.py", "import commands\nimport cli", {"commands", "cli"}),
        ("commands/record.py", "import cli", {"cli"}),
        ("commands/record.py", "import agents, engine, server, replays", set()),
        ("cli.py", "from commands import record", set()),
        ("engine/episode.py", "import sqlite3", {"sqlite3"}),
        ("replays/diff.py", "from sqlite_utils import Database", {"sqlite_utils"}),
        ("replays/diff.py", "from openai import OpenAI", {"openai"}),
        ("agents/play.py", "from openai.types import Model", set()),
        ("agents/play.py", "import fastapi.responses", {"fastapi"}),
        ("server/app.py", "import fastapi", set()),
        ("scenarios/workflow/state.py", "import random", {"random"}),
        ("scenarios/workflow/rules.py", "import random", set()),
        ("scenarios/workflow/rules.py", "import time, secrets", {"time", "secrets"}),
        ("scenarios/workflow/say.py", "from datetime import date", {"datetime"}),
        ("scenarios/rubric.py", "from os import path", {"os"}),
        ("graders/facts.py", "import urllib.request", {"urllib"}),
        ("graders/facts.py", "from engine import EventLog", {"engine.EventLog"}),
        ("graders/facts.py", "from engine.log import EventLog", {"engine.log"}),
        ("engine/stream.py", "import pathlib", {"pathlib"}),
        ("engine/log.py", "import sqlite3, datetime, pathlib", set()),
        ("scenarios/spec.py", "from pathlib import Path", set()),
    ],
)
def test_violation_is_noticed(path: str, source: str, wrong: set[str]) -> None:
    """These rules see an import wherever it stands and however it is written."""
    assert violations(path, source) == wrong
