import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import unicodedata

import pytest
from shell import SCRIPT, Shell
from worlds import WORKED_EXAMPLE, play

from refold.engine import Episode, EventLog
from refold.engine.exchanges import ModelCalled, Reply
from refold.scenarios import load

pytestmark = pytest.mark.slow

RIGHT, END = "\x1b[C", "\x1b[F"
EVIL = "\x1b]0;owned\x07 \u202e \x9b2J [/red] </script>"
WAIT_SECONDS = 30
UNSET = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "REFOLD_LOG")


class Terminal:
    """Refold in a real terminal: what was drawn last, and keys to press."""

    def __init__(self, at, *words, size=(24, 80), **env):
        self.ours, self.theirs = pty.openpty()
        self.before = termios.tcgetattr(self.theirs)
        self.resize(*size)
        self.sent = b""
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *words],
            cwd=at,
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env},
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def resize(self, rows, columns):
        """Give the terminal another size."""
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        """Send *keys* as a terminal does."""
        os.write(self.ours, keys.encode())

    @property
    def screen(self):
        """What was drawn last, without colours."""
        text = self.sent.decode(errors="replace").rpartition("\x1b[H")[2]
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def shows(self, *texts):
        """Wait until all of *texts* are on the screen."""
        while not all(text in self.screen for text in texts):
            assert self.read(WAIT_SECONDS), f"expected {texts}, got\n{self.screen}"

    def read(self, seconds):
        """Take in what was sent; return whether anything was, in so many seconds."""
        ready, _, _ = select.select([self.ours], [], [], seconds)
        self.sent += os.read(self.ours, 2**16) if ready else b""
        return bool(ready)

    def ends(self):
        """Wait for the end, and return the exit code."""
        while self.process.poll() is None:
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.returncode

    @property
    def restored(self):
        """Whether the terminal is as it was: its own screen, a cursor, echo and the like."""
        left = self.sent.rfind(b"\x1b[?1049l") > self.sent.rfind(b"\x1b[?1049h")
        cursor = self.sent.rfind(b"\x1b[?25h") > self.sent.rfind(b"\x1b[?25l")
        return left and cursor and termios.tcgetattr(self.theirs) == self.before


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder whose log holds the worked example, and an episode full of hostile text."""
    at = tmp_path_factory.mktemp("terminal")
    reply = Reply(EVIL, f"I choose {EVIL}\nto wait", (), EVIL, None, 0)
    sent = ({"role": "user", "content": EVIL},)
    with EventLog(at / "refold.db") as log:
        play(Episode.start(load("workflow/hard"), log=log, id="example"), WORKED_EXAMPLE)
        evil = Episode.start(load("workflow/hard"), log=log, id="evil", agent=f"openai:{EVIL}")
        action = {"action_type": "delegate", "subtask_id": EVIL, "agent_name": EVIL}
        evil.step(action, ModelCalled(sent, 1, "0" * 64, reply, (), 5))
    return at


def test_a_walk(folder):
    """Steps, marks, search and panes, each drawn as soon as its key was pressed."""
    with Terminal(folder, "replay", "example", "-i") as terminal:
        terminal.shows("workflow/hard · score 0.7929", " 0/14 ●", "start", "? keys")
        terminal.press(RIGHT)
        terminal.shows(" 1/14", "▌✓ alert_triage", "delegate alert_triage to", "reward +0.13")
        terminal.press("]")
        terminal.shows(" 3/14", "investigator_alpha failed at enrich_logs (this")
        terminal.press("/hotfix")
        terminal.shows("find: hotfix▏")
        terminal.press("\r")
        terminal.shows("1 of ", "deploy_hotfix")
        terminal.press("g14\ro")
        terminal.shows("14/14", "score 0.7929 by workflow/hard v1")
        terminal.press("f")
        terminal.shows("refold fork example --at 14 --agent random")
        terminal.press("?q")
        terminal.shows("? keys")
        terminal.press("q")
        assert terminal.ends() == 0
        assert terminal.restored


@pytest.mark.parametrize("way", ["q", "\x03", "\x04", signal.SIGINT])
def test_the_terminal_is_left_as_it_was(folder, way):
    """However one leaves, the screen comes back, and the exit code is 0."""
    with Terminal(folder, "replay", "example", "--interactive") as terminal:
        terminal.shows(" 0/14")
        assert not terminal.restored
        if isinstance(way, str):
            terminal.press(way)
        else:
            terminal.process.send_signal(way)
        assert terminal.ends() == 0
        assert terminal.restored
        assert b"Traceback" not in terminal.sent


def test_no_key_is_lost(folder):
    """Keys that are pressed before anything is drawn count, and none of them is echoed."""
    with Terminal(folder, "replay", "example", "-i", "--step", "2") as terminal:
        terminal.shows(" 2/14")
        terminal.press(RIGHT * 9)
        terminal.shows("11/14")
        terminal.press("/世界\r")
        terminal.shows("not found: 世界")
        assert b"^[[C" not in terminal.sent


def test_text_from_a_log_cannot_steer_the_terminal(folder):
    """Replies and names may hold anything: nothing but what the stepper draws is sent."""
    with Terminal(folder, "replay", "evil", "-i", size=(40, 120)) as terminal:
        terminal.shows("workflow/hard")
        for key, text in (
            (END, "delegate <U+001B>]0;owned<U+0007> <U+202E>"),
            ("m", "I choose <U+001B>]0;owned<U+0007> <U+202E> <U+009B>2J [/red] </script>"),
            ("e", "   3 refused: unknown_subtask"),
            ("/owned\r", "1 of "),
        ):
            terminal.press(key)
            terminal.shows(text)
        terminal.press("q")
        terminal.ends()
        drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.sent.decode())
        steering = {each for each in drawn if unicodedata.category(each) in ("Cc", "Cf")}
        assert steering <= {"\n", "\r"}


def test_a_narrow_terminal_shows_one_pane(folder):
    """Below 60 columns Tab switches; another size is drawn at once."""
    with Terminal(folder, "replay", "example", "-i", size=(20, 50)) as terminal:
        terminal.shows("╭─ step ─")
        assert "╭─ state ─" not in terminal.screen
        terminal.press("\t")
        terminal.shows("╭─ state ─", "alert_triage")
        terminal.press("\t")
        terminal.shows("╭─ model ─")
        terminal.resize(24, 80)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.shows("╭─ state ─", "╭─ model ─")


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_not_needed(folder, env, coloured):
    """With NO_COLOR there is none: glyphs tell what colours would."""
    with Terminal(folder, "replay", "example", "-i", "--step", "4", **env) as terminal:
        terminal.shows("▌▶ enrich_logs", " ✓ alert_triage", " ○ validate_fix")
        assert bool(re.search(rb"\x1b\[[0-9;]*3[1-7]m", terminal.sent)) == coloured


def test_without_a_terminal_it_is_printed(folder):
    """Piped, or in a terminal that cannot draw, the plain replay is printed."""
    shell = Shell(folder)
    plain = shell("replay example").out
    assert shell("replay example -i").out == plain
    assert shell.program("replay example -i", stdin=subprocess.DEVNULL).out == plain
    assert "state\n" in shell("replay example -i --step 3").out
    with Terminal(folder, "replay", "example", "-i", TERM="dumb") as terminal:
        assert terminal.ends() == 0
        assert b"\x1b" not in terminal.sent
        assert b"episode terminated: synthesized" in terminal.sent


def test_the_end_of_the_terminal_is_the_end(folder):
    """When the terminal is closed, the stepper does not stay behind."""
    terminal = Terminal(folder, "replay", "example", "-i")
    terminal.shows(" 0/14")
    os.close(terminal.theirs)
    os.close(terminal.ours)
    assert terminal.process.wait(WAIT_SECONDS) is not None


def test_what_is_refused(folder):
    """A position that is not there, or a second form of output, is bad input."""
    shell = Shell(folder)
    shell.refuses("replay example -i --json", match="--interactive: expected it without --json")
    shell.refuses("replay example -i --html x.html", match="--interactive: expected it without")
    with Terminal(folder, "replay", "example", "-i", "--step", "15") as terminal:
        assert terminal.ends() == 2
        assert b"expected 0 to 14" in terminal.sent
