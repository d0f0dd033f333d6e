"""Lists longer than a page: plain lines in a pipe, every episode in its place."""

import pytest
from rich.cells import cell_len
from shell import Shell

from refold.agents import make_policy, play
from refold.commands.shared.listing import plain_pages
from refold.engine import Episode, EpisodeInfo, EventLog
from refold.graders import grade, save_grade
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


def test_lines(shell: Shell) -> None:
    """Each episode is a line, in order, with the score that is saved for it."""
    head, *lines = shell("episodes --limit 0").out.splitlines()
    assert head.split()[:4] == ["episode", "scenario", "agent", "seed"]
    assert len(lines) == EPISODES
    listed = shell("episodes --limit 0 --json").json["episodes"]
    assert [row["seed"] for row in listed] == list(range(EPISODES))[::-1]
    for line, row in zip(lines, listed, strict=True):
        assert line.startswith(f"{row['id'][:8]}  inbox/easy  ")
        assert f"  {row['seed']}  " in line.replace("   ", "  ")
        assert (f"{row['score']:.3f}" in line.split()) if row["score"] else row["seed"] % 2 == 0
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("order", ["score", "-steps", "agent", "-duration"])
def test_pages_of_an_order(shell: Shell, order: str) -> None:
    """All pages of a sorted list are one order: that of a list in one page is its beginning."""
    every = shell(f"episodes --limit 0 --sort {order} --json").json["episodes"]
    first = shell(f"episodes --limit 300 --sort {order} --json").json["episodes"]
    assert [row["id"] for row in every[:300]] == [row["id"] for row in first]
    assert len({row["id"] for row in every}) == EPISODES


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
