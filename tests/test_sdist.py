"""Other ways to an installed refold: from its source distribution, and without symbolic links."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest
from test_wheel import copy_checkout, pip, wheel  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

TOPS = {"LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """Return a source distribution, built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("sdist")
    source = copy_checkout(folder / "source")
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "-o", folder, source]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    (found,) = folder.glob("*.tar.gz")
    return found


@pytest.fixture
def linkless(tmp_path):
    """Return a checkout as Git leaves it where there are no links: they are files of a line."""
    folder = copy_checkout(tmp_path / "linkless")
    links = [path for path in folder.iterdir() if path.is_symlink()]
    assert links
    for link in links:
        target = os.readlink(link)
        link.unlink()
        link.write_text(target)
    return folder


def contents(path):
    """Return the files of the wheel at *path* with their sums."""
    return {each.filename: each.CRC for each in zipfile.ZipFile(path).infolist()}


def test_a_source_distribution_holds_the_package_alone(sdist):
    """No test is shipped that could not run, and nothing a second time by a link."""
    with tarfile.open(sdist) as archive:
        files = [each for each in archive if not each.isdir()]
    assert all(each.isfile() for each in files)
    names = {each.name.partition("/")[2] for each in files}
    assert len(names) == len(files)
    tops = {name for name in names if name.partition("/")[0] not in {"refold", "refold.egg-info"}}
    assert tops == TOPS


def test_a_source_distribution_builds_the_same_wheel(sdist, wheel, tmp_path):  # noqa: F811
    """What is built from it is what is built from the checkout, to the byte."""
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, sdist)
    (built,) = tmp_path.glob("*.whl")
    assert contents(built) == contents(wheel)


def test_a_checkout_without_links_installs(linkless, wheel, tmp_path):  # noqa: F811
    """``pip install .`` installs what the wheel holds where Git could not make links."""
    folder = tmp_path / "installed"
    pip("install", "--no-deps", "--no-build-isolation", "--target", folder, linkless)
    paths = [path for path in (folder / "refold").rglob("*") if path.is_file()]
    found = {str(path.relative_to(folder)) for path in paths if path.suffix != ".pyc"}
    assert found == {name for name in contents(wheel) if name.startswith("refold/")}


def test_a_checkout_without_links_is_imported(linkless):
    """Nor does an import from a clone need them."""
    script = "from refold import cli, engine; print(cli.__file__, engine.__file__, sep='\\n')"
    ran = subprocess.run(
        # Without the site module no editable install leads back to the checkout.
        [sys.executable, "-S", "-c", script],
        cwd=linkless,
        env={"PYTHONPATH": sysconfig.get_path("purelib")},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    inside = linkless / "refold"
    assert ran.stdout.splitlines() == [f"{inside / 'cli.py'}", f"{inside / 'engine/__init__.py'}"]
