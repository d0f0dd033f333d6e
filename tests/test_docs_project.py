"""The README, the changelog and the links between the documents are as they should be."""

import os
import re

import pytest
from pages import ROOT, page, section

from refold.agents import make_policy, play
from refold.engine import Episode
from refold.graders import grade
from refold.release import RELEASE
from refold.replays.golden import GOLDEN_FOLDER, read_golden
from refold.scenarios import load

PAGES = [
    "README.md",
    "CHANGELOG.md",
    *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")),
]
INSTALL = "pip install -q -e '.[dev]'"


def anchors(name: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of *name*."""
    headings = re.findall(r"^#+ (.+)$", page(name), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links(name: str) -> None:
    """Every link to a file or heading of the project leads somewhere."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            found = (ROOT / name).parent / path if path else ROOT / name
            assert found.exists(), f"{name}: {target}"
            assert not anchor or anchor in anchors(str(found.resolve().relative_to(ROOT))), target


def test_readme_is_short_and_its_test_command_is_that_of_ci() -> None:
    """The README has at most 140 lines; CI installs as it says, and ends with what all said."""
    assert len(page("README.md").splitlines()) <= 140
    line = f"python3 -m venv .venv && . .venv/bin/activate && {INSTALL} && pytest"
    assert line in page("README.md").splitlines()
    assert INSTALL.removeprefix("pip") in page(".ci/run")
    assert "pytest -m ''" in page("README.md")
    *_, last = lines = page(".ci/run").splitlines()
    assert "    pytest -m '' || show_values" in lines
    assert "beside tests all_tests" in lines
    assert last == 'tail -n 1 "$folder/tests.txt"'
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_changelog_begins_with_this_release() -> None:
    """
    The newest release is that of pyproject.toml; only what is not released yet comes before it.

    Scoring stands first in an entry.
    """
    version = RELEASE
    entries = re.split(r"^## ", page("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    unreleased = entries[0].startswith("Unreleased\n")
    assert entries[unreleased].startswith(f"{version}\n")
    for entry in entries:
        headings = re.findall(r"^### (\w+)", entry, flags=re.MULTILINE)
        assert "Scoring" not in headings[1:]


def test_reference_scores() -> None:
    """The table of reference scores is what the agents score now."""
    table = section("docs/departures.md", "## Reference scores").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table if "0." in line]
    shown = {row[0]: row[1:] for row in cells if len(row) == 5}
    levels = {"workflow": ("easy", "medium", "hard", "expert"), "inbox": ("easy", "medium", "hard")}
    for family, agent in (("workflow", "noop"), ("workflow", "greedy"), ("inbox", "baseline")):
        given = []
        for level in levels[family]:
            episode = Episode.start(load(f"{family}/{level}"))
            play(episode, make_policy(agent, episode.family, seed=0))
            given.append(f"{grade(episode.events).score:.4f}")
        assert [cell for cell in shown[f"{family}, `{agent}`"] if cell] == given
    example = read_golden(GOLDEN_FOLDER / "workflow-hard-worked-example.jsonl")
    assert shown["workflow, worked example"] == ["", "", f"{grade(example).score:.4f}", ""]


def test_the_house_is_where_contributing_says() -> None:
    """Each of its questions is answered by files that exist."""
    answers = section("CONTRIBUTING.md", "## Where is it?")
    paths = re.findall(r"`([\w/]+\.(?:py|js))`", answers)
    assert len(paths) >= 16
    for path in paths:
        for family in ("workflow", "inbox"):
            assert (ROOT / "refold" / path.replace("FAMILY", family)).is_file(), path
