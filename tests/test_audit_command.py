"""``refold audit``: what it prints, writes and refuses, and with which code it exits."""

from xml.etree import ElementTree as ET

import pytest
from shell import Shell

from refold.commands.auditing.text import SIGNS
from refold.engine import EventLog

QUICK = "audit inbox/easy --seeds 1 --only statistical.adversarial_floor"
CLEAN = "audit inbox/easy --seeds 1 --only semantic.oracle_max --only semantic.floor_gap"


@pytest.fixture
def shell(tmp_path):
    """Return a shell in an empty folder."""
    return Shell(tmp_path)


def test_a_finding(shell):
    """It is a row of the table, told in words, and one command away from its episode; code 1."""
    ran = shell(QUICK, code=1)
    head, row, *rest = ran.out.splitlines()
    assert head.split() == ["verdict", "check", "subject", "value", "bound", "episode"]
    verdict, check, subject, value, sign, bound, episode = row.split()
    assert (verdict, check, subject) == ("fail", "statistical.adversarial_floor", "inbox/easy")
    assert sign == SIGNS["at most"]
    assert float(value) > float(bound) == 0.25
    look = next(line.strip() for line in rest if line.startswith("  refold replay"))
    assert look == f"refold replay {episode}"
    assert "episode of inbox/easy began" in shell(look.removeprefix("refold ")).out
    assert "not seen in N runs does not mean impossible" in ran.out
    assert ran.out.endswith("\n1 failed\n")


def test_nothing_found(shell):
    """Where all is within its bound, the code is 0."""
    assert shell(CLEAN).out.endswith("\n2 passed\n")


def test_json(shell):
    """One object with the findings, each with all that the table has, and the look as a command."""
    told = shell(QUICK, "--json", code=1).json
    assert told["verdict"] == "1 failed"
    (finding,) = told["findings"]
    assert set(finding) == {
        *("check", "subject", "verdict", "value", "side", "bound", "episode", "look", "about")
    }
    assert finding["look"] == f"refold replay {finding['episode']}"
    assert told["limits"]


def test_equal_audits_are_equal(shell, tmp_path):
    """The same bytes come out again, in another log too, and nothing is recorded twice."""
    first = shell(QUICK, "--json", code=1).out
    recorded = shell.ids()
    assert shell(QUICK, "--json", code=1).out == first
    assert shell.ids() == recorded
    named = shell(QUICK, "--json", "--log", "o.db", code=1).json["findings"][0]
    assert named["episode"] in first
    assert named["look"].endswith("--log o.db")


def test_documents(shell):
    """Markdown and JUnit's XML tell the same: target, check, value, bound, words, episode."""
    ran = shell(QUICK, "--markdown", "a.md", "--junit", "a.xml", "--json", code=1)
    (finding,) = ran.json["findings"]
    text = (shell.at / "a.md").read_text()
    assert text.startswith("# Audit of inbox/easy\n\nBy `refold audit inbox/easy --only ")
    assert "## inbox/easy" in text
    assert f"`{finding['episode']}`" in text
    assert finding["about"] in text.replace("&#39;", "'")
    assert (
        "| `statistical.adversarial_floor` | playing without reading earns little | **fail** |"
        in text
    )
    root = ET.parse(shell.at / "a.xml").getroot()  # noqa: S314 - written just now
    (suite,) = root
    assert dict(suite.attrib) == {
        "name": "inbox/easy",
        "tests": "1",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
    }
    failure = suite.find("testcase/failure")
    assert failure.get("message") == finding["about"]
    assert finding["look"] in failure.text


@pytest.mark.slow
def test_several_at_once(shell):
    """Targets in processes of their own are found to be what they are one after the other."""
    words = "audit inbox/easy inbox/medium --seeds 1 --only semantic.floor_gap --json"
    alone = shell.program(words, "--log", "one.db", timeout=300)
    both = shell.program(words, "--log", "two.db", "--jobs", "2", timeout=300)
    assert both.out.replace("two.db", "one.db") == alone.out


def test_checks_are_chosen_by_group_and_pattern(shell):
    """A group stands for its checks, as does a pattern; what is unknown is refused with a hint."""
    words = "audit inbox/easy --seeds 1 --json"
    found = shell(words, "--only", "semantic", "--only", "*.idleness", code=0).json["findings"]
    checks = {each["check"] for each in found}
    assert {each.partition(".")[0] for each in checks} == {"semantic", "rewards"}
    shell.refuses("audit inbox/easy --only semantic.floor", match="did you mean semantic.floor_gap")


def test_time_limit(shell):
    """A check that has not begun by then is skipped, and says so; that is no failure."""
    found = shell("audit inbox/easy --time-limit 0.000001 --json").json["findings"]
    assert {each["verdict"] for each in found} == {"skip"}
    assert {each["about"] for each in found} == {"time limit of 1e-06 s reached"}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("audit", "missing argument"),
        ("audit inbox/esy", "did you mean inbox/easy"),
        ("audit inbox/easy --seeds 0", "--seeds: expected a whole number of at least 1, got '0'"),
        ("audit inbox/easy --log notes.txt", "notes.txt"),
        ("audit inbox/easy --markdown log.db --log log.db", "expected a file that is no part of"),
        ("audit runs.db", "runs.db"),
        ("audit log.db --run nobody", "run 'nobody': expected a name"),
        ("audit inbox/easy --run last", "expected a log to audit, got none"),
        ("audit empty.db", "empty.db: expected episodes that have ended"),
    ],
)
def test_refused(shell, words, match):
    """Bad input is one clear line; nothing is written."""
    (shell.at / "notes.txt").write_text("no log")
    (shell.at / "runs.db").write_bytes(b"SQLite format 3\0 and nothing more")
    EventLog(shell.at / "empty.db").close()
    shell("record inbox/easy --agent baseline --log log.db")
    shell.refuses(words, match=match)
