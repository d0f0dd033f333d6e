"""What the pages on audits show is true, and what they say of checks is what there is."""

import re
from pathlib import Path

import pytest
from shell import Shell
from test_docs import Reader, folder

from bench.audits import PAGES, command_of, make_page, same_pages
from refold.audits.logs.checks import CHECKS as OF_LOGS
from refold.audits.scenarios.target import CHECKS as OF_SCENARIOS
from refold.audits.worlds.target import CHECKS as OF_WORLDS

__all__ = ["folder"]  # works in an empty folder

DOCS = Path(__file__).parents[1] / "docs"


def test_what_the_page_shows_is_true():
    """Who follows the page sees what it shows."""
    Reader().read("docs/audit.md")


@pytest.mark.parametrize(
    ("title", "checks"),
    [
        ("Checks of scenarios", OF_SCENARIOS),
        ("Checks of external environments", OF_WORLDS),
        ("Checks of saved runs", OF_LOGS),
    ],
)
def test_every_check_is_told(title, checks):
    """The page has a row for each check, in the order of the report, with its side of the bound."""
    section = (DOCS / "audit.md").read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    told = [id for row in rows for id in re.findall(r"`([a-z_]+\.[a-z_]+)`", row.split("|")[1])]
    assert told == [each.id for each in checks]
    sides = {each.id: each.side for each in checks}
    for row in rows:
        (id, *_), bound = re.findall(r"`([a-z_.]+)`", row), row.split("|")[3].strip()
        assert bound.startswith(sides[id]) or bound == "as for scenarios"


def sections(text):
    """Return the sections of a page by their headings, without the verdict on the whole."""
    return {
        title: rest for title, _, rest in (each.partition("\n") for each in text.split("\n## "))
    }


@pytest.mark.slow
def test_published_audits(tmp_path):
    """The pages say of the smallest scenarios what the command prints now, to the byte."""
    shell = Shell(tmp_path)
    words = "audit inbox/easy workflow/easy --time-limit 7200 --markdown page.md"
    shell(words, code=1)
    now = sections((tmp_path / "page.md").read_text())
    for family in ("inbox", "workflow"):
        page = sections((PAGES / f"{family}.md").read_text())
        assert now[f"{family}/easy"].rstrip() == page[f"{family}/easy"].rstrip()


@pytest.mark.parametrize(
    ("size", "rows"),
    [
        (
            "hard",
            (
                "criteria.dead | recovery, deploy_hotfix | 0 |",
                "rules.failures | enrich_logs | 0.0617 |",
                "rules.limits | capacity |",
                "rewards.optimum |",
            ),
        ),
        (
            "expert",
            (
                "rules.traps | wellness_monitor at health_alert | 0 |",
                "rules.traps | executive_assistant at conflict_resolution | 0 |",
                "rules.limits | capacity |",
                "rewards.optimum |",
            ),
        ),
    ],
)
def test_known_faults_are_published(size, rows):
    """Dead recovery of the hotfix, failing on purpose, and traps that cannot be sprung."""
    told = sections((PAGES / "workflow.md").read_text())[f"workflow/{size}"]
    failed = [line for line in told.splitlines() if line.startswith("| fail | ")]
    for row in rows:
        assert [line for line in failed if line.startswith(f"| fail | {row}")], row


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("family", "sizes"),
    [("inbox", ("medium", "hard", "easy@2")), ("workflow", ("medium", "expert", "easy@2"))],
)
def test_published_audits_of_families(family, sizes):
    """
    So they do of larger ones, the optimum of one of these too, and of the smallest of version 2.

    All are compared by ``python -m bench.audits``, which takes minutes.
    """
    published = sections((PAGES / f"{family}.md").read_text())
    names = [f"{family}/{size}" for size in sizes]
    now = sections(make_page(["audit", *names]))
    for name in (each.replace("@", "&#64;") for each in names):
        assert now[name].rstrip() == published[name].rstrip()


@pytest.mark.slow
def test_published_audit_of_environments():
    """The page on Gymnasium is what its command prints now, to the byte."""
    published = (PAGES / "gymnasium.md").read_text()
    assert same_pages(published, make_page(command_of(published)))
