"""Lists on terminals of 60 to 200 columns: no figure, id or name is broken, and a pipe gets all."""

import contextlib
import io
import os
import pty
import re
import termios

import pytest
from recorded_runs import called
from shell import Shell
from sizes import first_fast
from worlds import write

from refold import cli
from refold.agents import make_policy, play
from refold.engine import Episode, EventLog
from refold.scenarios import load

MAIN, PULL = "nightly-regression-2026-11-28-main", "nightly-regression-2026-11-29-pull-4711"
LLAMA = "openai:meta-llama/Llama-3.3-70B-Instruct-Turbo"
SONNET = "any-llm:anthropic:claude-sonnet-4-5-20250929"
SEED = 9007199254740993
SCENARIOS = ("workflow/hard", "workflow/expert")
LISTS = (
    "episodes",
    "runs",
    f"report {PULL}",
    "leaderboard",
    f"compare {MAIN} {PULL}",
    f"compare {MAIN} {PULL} {PULL}",
    "group workflow/hard",
    "regrade --rubric easier.toml",
    "grade",
    "labels",
    "scenarios",
    "config",
    "solve inbox/easy --log solved.db",
)
WIDTHS = (60, 80, 100, 120, 200)
ID = re.compile(r"[0-9a-f]{16}")


class Terminal(io.TextIOWrapper):
    """A stdout that says it is a terminal."""

    def isatty(self):  # noqa: D102 - as of any stream
        return True


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """Return a shell with a log of long names."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    with EventLog(shell.at / "refold.db") as log:
        for run, policy, agent in ((MAIN, "greedy", LLAMA), (PULL, "random", SONNET)):
            for name in SCENARIOS:
                for epoch in range(2):
                    seed = SEED + epoch
                    episode = Episode.start(
                        load(name), log=log, agent=agent, seed=seed, run=run, epoch=epoch
                    )
                    episode.note(called((120_000, 3400)))
                    play(episode, make_policy(policy, episode.family, seed=seed, epoch=epoch))
    for id in shell.ids():
        shell("label", id, "--name", "is-the-answer-correct", "--value", "yes", "--by", "somebody")
    criterion = {"name": "completion", "weight": 1.0, "measure": "share_completed"}
    rubric = {"name": "a-rubric-of-a-long-name", "version": 1, "criteria": [criterion]}
    write(shell.at / "easier.toml", {"rubric": rubric})
    return shell


def on_terminal(shell, words, width):
    """Return what a terminal of *width* columns shows of the command *words*."""
    raw = io.BytesIO()
    out = Terminal(raw, "utf-8", write_through=True)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.chdir(shell.at)
        patch.setenv("COLUMNS", str(width))
        patch.setenv("TERM", "xterm")
        code = cli.run(words.split())
    assert code in (0, 1), raw.getvalue()  # regrade: 1, as grades moved
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", raw.getvalue().decode())


def piped(shell, words):
    """Return what a pipe gets of the command *words*, however narrow the terminal is."""
    return shell(words, code=int(words.startswith("regrade")), COLUMNS="30").out


def tokens(text):
    """Return the words of *text*, but for whole ids, since `solve` makes new ones each time."""
    return {word.rstrip(";") for word in text.split() if not ID.fullmatch(word)}


@pytest.mark.parametrize("words", first_fast([LISTS[1], LISTS[0], *LISTS[2:]]))
def test_no_word_is_broken(shell, words):
    """Each word stands as it does where there is room, and no line is too long."""
    whole = tokens(piped(shell, words)) | tokens(on_terminal(shell, words, 999))
    assert "left out in" not in piped(shell, words)
    for width in WIDTHS:
        shown = on_terminal(shell, words, width)
        told = {"left", "out", "in", str(width), "columns:"}
        assert not tokens(shown) - told - whole, width
        # Commands stay in one line, to be copied; so do the remarks of `compare`.
        lines = [line for line in shown.splitlines() if "refold " not in line]
        assert "compare" in words or max(map(len, lines)) <= width


@pytest.mark.parametrize("words", first_fast([LISTS[3], LISTS[0], LISTS[2], LISTS[4]]))
def test_a_narrow_terminal_is_told_what_it_lacks(shell, words):
    """What is left out in 80 columns is named, and is there in 200."""
    wide = on_terminal(shell, words, 200)
    told = re.findall(
        r"^left out in 80 columns: (.*)$", on_terminal(shell, words, 80), re.MULTILINE
    )
    assert "left out in" not in wide
    for heading in (heading for line in told for heading in line.split("; ")):
        assert heading in wide
    assert told or words == "episodes"


@pytest.mark.slow
def test_a_program_on_a_terminal(shell):
    """The same on a real terminal of 80 columns, whose lines it never fills up."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 80))
    ran = shell.program(f"report {PULL}", stdout=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    assert ran.code == 0
    shown = b""
    with contextlib.suppress(OSError):  # that is how Linux says that nobody writes any more
        while chunk := os.read(ours, 65536):
            shown += chunk
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert "left out in 80 columns: pass@" in text
    assert max(map(len, text.splitlines())) <= 80
