"""Lists longer than a page: plain lines in a pipe, every episode in its place."""

import shutil
from pathlib import Path

import pytest
from forging import alter
from rich.cells import cell_len
from shell import Shell
from sizes import first_fast

from refold.agents import make_policy, play
from refold.commands.shared.listing import plain_pages
from refold.engine import Episode, EpisodeInfo, EventLog
from refold.graders import grade, save_grade, saved_grades
from refold.scenarios import load

EPISODES = 1_203
AGENTS = ("random", "模型", "a\x1b[31m", "a-long-name-of-an-agent")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a shell beside a log of copies of an episode, by agents with various names."""
    shell = Shell(tmp_path_factory.mktemp("long"))
    episode = Episode.start(load("inbox/easy"))
    play(episode, make_policy("random", episode.family, seed=1))
    given = grade(episode.events)
    with EventLog(shell.at / "refold.db") as log, log.transaction():
        for number in range(EPISODES):
            agent = AGENTS[0] if number > 1_000 else AGENTS[number % len(AGENTS)]
            info = EpisodeInfo(f"{number:016}", "inbox/easy", number, agent, run="r")
            log.begin(info, episode.events.payloads, end=True)
            if number % 2:
                save_grade(log, info.id, given)
    return shell


@pytest.mark.slow
def test_lines(shell: Shell) -> None:
    """Each episode is a line, in order, with the score that is saved for it."""
    head, *lines = shell("episodes --limit 0").out.splitlines()
    assert head.split()[:4] == ["episode", "scenario", "agent", "seed"]
    assert len(lines) == EPISODES
    listed = shell("episodes --limit 0 --json").json["episodes"]
    assert list(listed[0]) == sorted(listed[0])
    assert [row["seed"] for row in listed] == list(range(EPISODES))[::-1]
    for line, row in zip(lines, listed, strict=True):
        assert line.startswith(f"{row['id'][:8]}  inbox/easy  ")
        assert f"  {row['seed']}  " in line.replace("   ", "  ")
        assert (f"{row['score']:.3f}" in line.split()) if row["score"] else row["seed"] % 2 == 0
    assert "\x1b" not in "".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sql", ["grade = '{}'", "grade = replace(grade, '\"score\":0.', '\"score\":0.0')"]
)
def test_a_damaged_grade_far_down(shell: Shell, tmp_path: Path, sql: str) -> None:
    """A saved grade that cannot be read is told, however long the list; one that can is shown."""
    shutil.copytree(shell.at, tmp_path / "damaged")
    damaged = Shell(tmp_path / "damaged")
    (damaged.at / "refold.db.index").unlink(missing_ok=True)
    alter(damaged.at / "refold.db", (f"UPDATE grades SET {sql} WHERE episode = 2",))
    unreadable = "{}" in sql
    ran = damaged("episodes --limit 0 --json", code=int(unreadable))
    whole, found = shell("episodes --limit 0 --json").json["episodes"], ran.json["episodes"]
    assert [a for a, b in zip(whole, found, strict=True) if a != b] == [whole[-2]]
    with EventLog(damaged.at / "refold.db", readonly=True) as log:
        saved = [] if unreadable else saved_grades(log, whole[-2]["id"])
    assert found[-2]["score"] == (saved[0].score if saved else None)
    assert [each["score"] for each in found[-2]["scores"]] == [each.score for each in saved]
    assert (whole[-2]["id"] in ran.err) == unreadable
    lines = damaged("episodes --limit 0", code=int(unreadable)).out.splitlines()
    assert lines[1:-2] == shell("episodes --limit 0").out.splitlines()[1:-2]


@pytest.mark.parametrize("order", first_fast(["score", "-steps", "agent", "-duration"]))
def test_pages_of_an_order(shell: Shell, order: str) -> None:
    """All pages of a sorted list are one order: that of a list in one page is its beginning."""
    every = shell(f"episodes --limit 0 --sort {order} --json").json["episodes"]
    first = shell(f"episodes --limit 300 --sort {order} --json").json["episodes"]
    assert [row["id"] for row in every[:300]] == [row["id"] for row in first]
    assert len({row["id"] for row in every}) == EPISODES


@pytest.mark.slow
def test_a_short_list_is_the_beginning_of_a_long_one(shell: Shell) -> None:
    """What a table of 500 says, the first lines of a longer list say too."""
    short = shell("episodes --limit 500").out.splitlines()
    long = shell("episodes --limit 501").out.splitlines()
    assert [line.split() for line in long[:501]] == [line.split() for line in short]


def test_plain_pages() -> None:
    """Columns align by the width of letters, grow with later pages, and never break a line."""
    pages = [[["a", "模型"], [1, None]], [["a\nb\x1b"], [12_345_678]]]
    first, second = plain_pages(["name", "n"], pages, [False, True])
    assert first == ["name  n", "a     1", "模型"]
    assert second == ["a; b<U+001B>  12345678"]
    assert {cell_len(line) for line in first[:2]} == {7}
