import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from shell import Shell

from refold.replays.golden import goldens
from refold.scenarios import scenario_names

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".*cache", ".venv", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist", "*.db*"
)


def pip(*words):
    """Run pip."""
    subprocess.run([sys.executable, "-m", "pip", "-q", *map(str, words)], check=True)


def copy_checkout(at):
    """Copy the checkout, and nothing that tools left in it, to *at*, and return that."""
    return shutil.copytree(ROOT, at, ignore=LEFT_OUT, symlinks=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return a wheel built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = copy_checkout(folder / "source")
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", folder, source)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel):
    """Return a folder that the wheel is installed in, with no way back to the sources."""
    folder = wheel.parent / "installed"
    pip("install", "--no-deps", "--no-index", "--target", folder, wheel)
    shutil.rmtree(wheel.parent / "source")
    return folder


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
    for path in goldens():
        assert f"refold/replays/golden/{path.name}" in names
    for name in scenario_names():
        assert f"refold/scenarios/{name}.toml" in names
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


def test_the_program_is_called_refold(outside):
    """The wheel brings the program ``refold``."""
    shell, options = outside
    ran = subprocess.run(
        [shell.at / "refold", "--help"], env=options["env"], capture_output=True, check=True
    )
    assert ran.stdout.decode().startswith("Usage: refold ")
