"""refold beside a distribution, and in a user's folder, that have modules called like its own."""

import json
import os
import subprocess
import sysconfig
import venv

import pytest
from shell import SCRIPT
from test_wheel import pip, wheel  # noqa: F401 - a fixture

from refold.scenarios import scenario_names

pytestmark = pytest.mark.slow

STAND_IN = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "stand-in"
version = "1.0"

[tool.setuptools]
packages = ["agents", "server"]
py-modules = ["cli"]
"""
WORKS = {
    "refold": "import refold.agents, refold.server, refold.cli; from refold import engine",
    "stand-in": "import agents, server, cli; assert agents.X == server.X == cli.X == 'stand-in'",
}
ORDERS = pytest.mark.parametrize(
    "order", [("refold", "stand-in"), ("stand-in", "refold")], ids=" then ".join
)


@pytest.fixture(scope="module")
def wheels(wheel, tmp_path_factory):  # noqa: F811
    """Return by name the wheels of refold and of what has ``agents``, ``server`` and ``cli``."""
    folder = tmp_path_factory.mktemp("stand-in")
    (folder / "pyproject.toml").write_text(STAND_IN)
    for package in ("agents", "server"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("X = 'stand-in'")
    (folder / "cli.py").write_text("X = 'stand-in'")
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", folder, folder)
    (found,) = folder.glob("*.whl")
    return {"refold": wheel, "stand-in": found}


class Environment:
    """A virtual environment that has what refold depends on, but not refold."""

    def __init__(self, folder):
        venv.create(folder, symlinks=True)
        self.bin = folder / "bin"
        (self._packages,) = folder.glob("lib/python*/site-packages")
        # A path in such a file is searched, but leads on to no editable install.
        (self._packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    def pip(self, *words):
        """Run pip on the environment."""
        pip("--python", self.bin / "python", *words)

    def run(self, *command, at):
        """Run a program of the environment in the folder *at*, and return what it prints."""
        env = {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.check_output(command, cwd=at, env=env, encoding="utf-8")

    def files(self):
        """Return the installed files, but for what Python compiled."""
        paths = self._packages.rglob("*")
        return {path for path in paths if path.is_file() and "__pycache__" not in path.parts}


@pytest.fixture
def environment(tmp_path):
    """Return a new environment."""
    return Environment(tmp_path / "environment")


@ORDERS
def test_neither_is_in_the_way_of_the_other(environment, wheels, order, tmp_path):
    """Installed in any order both work; uninstalling the first leaves the second whole."""
    first, second = order
    before = environment.files()
    owned = {}
    for name in order:
        had = environment.files()
        environment.pip("install", "--no-deps", "--no-index", wheels[name])
        assert had <= environment.files()
        owned[name] = environment.files() - had
    for name in order:
        environment.run("python", "-c", WORKS[name], at=tmp_path)
    environment.pip("uninstall", "-y", first)
    assert environment.files() == before | owned[second]
    environment.run("python", "-c", WORKS[second], at=tmp_path)


def test_it_works_in_a_folder_with_such_modules(environment, wheels, tmp_path):
    """Modules of the user, in the folder or beside it in the environment, do not stop refold."""
    environment.pip("install", "--no-deps", "--no-index", *wheels.values())
    (tmp_path / "server").mkdir()
    for name in ("engine.py", "cli.py", "server/__init__.py"):
        (tmp_path / name).write_text("raise ImportError('not what refold imports')")
    for command in (["refold"], ["python", "-c", SCRIPT]):
        listed = environment.run(*command, "scenarios", "--json", at=tmp_path)
        found = [each["name"] for each in json.loads(listed)["scenarios"]]
        assert found == scenario_names()
