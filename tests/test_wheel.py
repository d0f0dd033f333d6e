import fcntl
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from pages import blocks
from shell import Shell

from refold.replays.golden import find_goldens
from refold.scenarios import scenario_names

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".*cache", ".venv", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist", "*.db*"
)

TYPED = """
from typing import assert_type

from refold import Episode, Grade, Scenario, diff, grade, load, steps
from refold.replays import Diff, Step

episode = Episode.start(assert_type(load("workflow/easy"), Scenario))
assert_type(grade(assert_type(episode, Episode).events), Grade)
assert_type(list(steps(episode.events)), list[Step])
assert_type(diff(episode.events, episode.events), Diff)
"""
MISTAKEN = """\
from refold import dif
from refold import Episode, grade, load
load(1)
Episode.start("workflow/easy")
grade(Episode.start(load("workflow/easy")))
"""
UNTYPED_FIXTURES = {"reportMissingParameterType": False, "reportUnknownParameterType": False}
"""The test in the README leaves out the types of its fixtures, as most do."""


def pip(*words):
    """Run pip."""
    subprocess.run([sys.executable, "-m", "pip", "-q", *map(str, words)], check=True)


def copy_checkout(at):
    """Copy the checkout, and nothing that tools left in it, to *at*, and return that."""
    return shutil.copytree(ROOT, at, ignore=LEFT_OUT, symlinks=True)


def mypy(folder, python):
    """Return what mypy has against the modules in *folder*: its words by file and line."""
    options = ["--strict", "--allow-untyped-defs", "--check-untyped-defs", "--no-error-summary"]
    options += [f"--python-executable={python}", f"--cache-dir={os.devnull}", "--output=json"]
    found = map(json.loads, checked("mypy", [*options, "."], folder).splitlines())
    return {(each["file"], each["line"]): each["message"] for each in found}


def pyright(folder, python):
    """Return what pyright has against the modules in *folder*: its words by file and line."""
    settings = {"typeCheckingMode": "strict", **UNTYPED_FIXTURES}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    told = json.loads(checked("pyright", ["--outputjson", f"--pythonpath={python}"], folder))
    assert told["summary"]["filesAnalyzed"] == len(list(folder.glob("*.py")))
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1): each["message"]
        for each in told["generalDiagnostics"]
    }


def checked(program, words, folder):
    """Return what *program* prints of the modules in *folder*, once it is sure that it ran."""
    command = [sys.executable, "-P", "-m", program, *words]  # -P: none of these modules is its own
    ran = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert (ran.returncode in {0, 1}, ran.stderr.decode()) == (True, "")
    return ran.stdout.decode()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return a wheel built from the sources, once for all processes that run tests."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "built"
    shared.mkdir(exist_ok=True)
    with open(shared / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(shared.glob("*.whl")):
            source = copy_checkout(tmp_path_factory.mktemp("source") / "copy")
            pip("wheel", "--no-deps", "--no-build-isolation", "-w", shared, source)
            shutil.rmtree(source)
    (found,) = shared.glob("*.whl")
    return Path(shutil.copy(found, tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def installed(wheel):
    """Return a folder that the wheel is installed in, with no way back to the sources."""
    folder = wheel.parent / "installed"
    pip("install", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder


@pytest.fixture(scope="module")
def python(wheel):
    """Return the Python of an environment that has the wheel, and else the packages of this one."""
    folder = wheel.parent / "environment"
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    pip("install", "--no-deps", "--no-index", "--target", packages, wheel)
    (packages / "rest.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


@pytest.fixture
def user(tmp_path):
    """Return the folder of a user who has the Python examples of the documents as modules."""
    for page in ("README.md", "docs/python.md"):
        examples = [text for language, _, text in blocks(page) if language == "python"]
        assert examples
        (tmp_path / f"{Path(page).stem.lower()}.py").write_text("\n".join(examples))
    return tmp_path


@pytest.fixture
def outside(installed, tmp_path):
    """Return a shell elsewhere, and the options that run what is installed, and only that."""
    paths = [str(installed), sysconfig.get_path("purelib")]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(paths)}
    shutil.copy(installed / "bin" / "refold", tmp_path)
    # Without the site module no editable install leads back to the checkout.
    return Shell(tmp_path), {"env": env, "flags": ["-S"]}


def test_a_wheel_holds_all_and_only_the_packages(wheel):
    """Every package that ships is in it with its data; tests and benchmarks are not."""
    names = zipfile.ZipFile(wheel).namelist()
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for package in setup["packages"]:
        for path in (ROOT / package.replace(".", "/")).glob("*.py"):
            assert str(path.relative_to(ROOT)) in names
    for path in find_goldens():
        assert f"refold/replays/golden/{path.name}" in names
    for name in scenario_names():
        path, _, rules = name.partition("@")
        family, _, stem = path.partition("/")
        assert f"refold/scenarios/{family}{rules}/{stem}.toml" in names
    assert "refold/py.typed" in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"refold"}


def test_it_runs_outside_the_checkout(outside, installed):
    """The modules are those of the wheel, and the families are found."""
    shell, options = outside
    where = "from refold import cli, engine; print(cli.__file__, engine.__file__)"
    files = shell.program("", script=where, **options).out.split()
    assert all(Path(file).is_relative_to(installed) for file in files)
    listed = shell.program("scenarios --json", **options).json["scenarios"]
    assert [each["name"] for each in listed] == scenario_names()
    assert shell.program("--version", **options).out.startswith("refold ")


def test_the_demo_runs_outside_the_checkout(outside):
    """``refold demo`` works right after installing, goldens and all."""
    shell, options = outside
    ran = shell.program("demo", **options)
    assert "byte for byte the grade that was given live: yes" in ran.out
    assert shell.program("verify", **options).err == "3 episodes checked, 0 wrong\n"


@pytest.mark.parametrize("check", [mypy, pyright])
def test_type_checkers_see_the_types(check, user, python):
    """
    The examples pass in strict mode, and what refold returns has the types that it names.

    What it does not take or does not have is an error: it is not all ``Any``.
    """
    (user / "typed.py").write_text(TYPED)
    (user / "wrong.py").write_text(MISTAKEN)
    assert set(found := check(user, python)) == {("wrong.py", line) for line in (1, 3, 4, 5)}, found


def test_the_program_is_called_refold(outside):
    """The wheel brings the program ``refold``."""
    shell, options = outside
    ran = subprocess.run(
        [shell.at / "refold", "--help"], env=options["env"], capture_output=True, check=True
    )
    assert ran.stdout.decode().startswith("Usage: refold ")
