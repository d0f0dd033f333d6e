import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from worlds import subtask, worker, workflow

from refold.commands.shared.stepper import ScreenPainter
from refold.engine import Episode, fold_to
from refold.graders import grade
from refold.replays.golden import GOLDEN_FOLDER, find_goldens, read_golden
from refold.viewer.episode_document import document
from refold.viewer.navigation import PANES, Cursor, handle_key, split_keys
from refold.viewer.panes import EpisodePanes

GOLDENS = [path.name for path in find_goldens()]
HARD = "workflow-hard-worked-example.jsonl"
RIGHT, LEFT = "\x1b[C", "\x1b[D"


def filmed(stream):
    """Return the film of a stream and its grade."""
    return EpisodePanes(document(stream, grade=grade(stream)), stream.family.timeline)


@pytest.fixture(scope="module")
def panes():
    """Return the film of the worked example."""
    return filmed(read_golden(GOLDEN_FOLDER / HARD))


def walk(panes, typed, cursor=None):
    """Return where the keys *typed*, as a terminal sends them, lead to."""
    cursor = cursor or Cursor()
    for key in split_keys(typed):
        cursor = handle_key(panes, cursor, key)
    return cursor


def frame(panes, cursor, width=80, height=24):
    """Return the lines of the screen at *cursor*."""
    out = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    painter = ScreenPainter(panes, out)
    out.print(painter.frame(painter.clamp_scroll(cursor)), height=height)
    return out.file.getvalue().split("\n")[:height]


@pytest.mark.parametrize("name", GOLDENS)
def test_each_position_shows_the_state_after_so_many_actions(name):
    """What is shown is the watcher's view of the folded state, at every position."""
    stream = read_golden(GOLDEN_FOLDER / name)
    panes = filmed(stream)
    views = [stream.family.view(fold_to(stream, at)) for at in range(panes.last + 1)]
    assert panes.views == views


def test_the_screen(panes):
    """Title, timeline, state with what changed, and the step: all of it in 80 by 24."""
    shown = frame(panes, walk(panes, RIGHT * 4))
    assert shown[0].startswith("workflow/hard · score 0.7929")
    assert shown[1].startswith(" 4/14 ─")
    assert shown[1].rstrip().endswith("+0.05")
    assert len(shown) == 24
    text = "\n".join(shown)
    assert shown[1].replace("─", "").split() == ["4/14", "!●!", "+0.05"]
    assert "│▌▶ enrich_logs          investigator_beta  1" in text
    assert "│ ✓ check_dashboards     monitor  0  completed " in text
    assert "│retry enrich_logs with        │" in text
    assert "│reward +0.05  retry +0.05  so │" in text
    assert shown[23].startswith("←→ step  [ ] mark  g go  / find")


def test_the_mail_at_hand():
    """In an inbox the e-mail that the agent has before it is shown, until there is none."""
    panes = filmed(read_golden(GOLDEN_FOLDER / "inbox-hard-baseline.jsonl"))
    first = panes.document["scenario"]["parameters"]["emails"][0]
    shown = "\n".join(frame(panes, Cursor()))
    assert first["subject"] in shown
    assert f"│{first['id']} · {first['category']} · " in shown
    assert first["subject"] not in "\n".join(
        frame(panes, Cursor(position=panes.last, pane="state"))
    )


@pytest.mark.parametrize(
    ("typed", "position", "note"),
    [
        (RIGHT, 1, ""),
        (RIGHT * 3 + LEFT, 2, ""),
        (LEFT, 0, "this is the start"),
        ("\x1b[F", 14, ""),
        ("\x1bOF" + RIGHT, 14, "this is the last step"),
        ("\x1b[4~\x1b[1~", 0, ""),
        ("]", 3, "investigator_alpha failed at enrich_logs (this attempt could"),
        ("]]", 13, "deployer went offline"),
        ("]]]", 13, "no further mark"),
        ("\x1b[F[[", 3, "investigator_alpha failed"),
        ("[", 0, "no earlier mark"),
        ("g7\r", 7, ""),
        ("g#16\r", 3, "#16 monitor completed check_dashboards"),
        ("g7\x7f9\r", 9, ""),
        ("g15\r", 0, "expected 0 to 14, or #0 to #"),
        ("g-1\r", 0, "expected 0 to 14"),
        ("g²\r", 0, "expected 0 to 14"),
        ("g7\x1b", 0, ""),
        ("/monitor completed\r", 3, "1 of 2: #16 monitor completed check_dashboards"),
        ("/MONITOR completed\rn", 11, "2 of 2: "),
        ("/monitor completed\rnn", 3, "1 of 2: "),
        ("/monitor completed\rN", 11, "2 of 2: "),
        ("g12\r/monitor completed\r", 3, "1 of 2: "),
        ("/no such words\r", 0, "not found: no such words"),
        ("n", 0, "nothing to find: / asks for it"),
        ("/\r", 0, ""),
        ("x\x1b[99~\x00é", 0, ""),
    ],
)
def test_a_way_by_keys(panes, typed, position, note):
    """Keys lead where they say, and say why where they cannot."""
    cursor = walk(panes, typed)
    assert (cursor.position, cursor.done, cursor.input_mode) == (position, False, "")
    assert cursor.note.startswith(note)
    assert bool(cursor.note) == bool(note)


@pytest.mark.parametrize(
    ("typed", "pane"),
    [
        ("12345", "grade"),
        ("3", "model"),
        ("m", "model"),
        ("mm", "step"),
        ("o", "grade"),
        ("e", "events"),
        ("s", "state"),
        ("\t", "state"),
        ("\t" * 5, "step"),
        ("?m", "model"),
    ],
)
def test_panes_by_keys(panes, typed, pane):
    """Digits and letters choose a pane, Tab the next one."""
    assert walk(panes, typed).pane == pane


@pytest.mark.parametrize("key", ["q", "\x03", "\x04"])
def test_ways_out(panes, key):
    """``q`` leaves, Ctrl-C and Ctrl-D too; while something is typed, it is a letter."""
    assert walk(panes, key).done
    assert walk(panes, f"?{key}{key}").done
    asked = walk(panes, "/q")
    assert (asked.done, asked.typed) == (False, "q")
    assert walk(panes, "/a\x1bq").done


def test_what_to_do_next_is_told(panes):
    """``f`` shows the command that forks here, ``?`` the keys; the next key covers them no more."""
    shown = "\n".join(frame(panes, walk(panes, RIGHT * 4 + "f")))
    assert "refold fork ID --at 4 --agent random" in shown
    assert "refold what-if ID --at 4" in shown
    assert "previous, next mark" in "\n".join(frame(panes, walk(panes, "?")))
    assert walk(panes, "?q").help == walk(panes, f"?{RIGHT}").help == ""


@pytest.mark.parametrize("pane", PANES)
def test_one_pane_where_there_is_no_room_for_two(panes, pane):
    """Below 60 columns one pane is shown, whichever was chosen."""
    shown = frame(panes, Cursor(position=3, pane=pane), 59, 24)
    (title,) = [line for line in shown if line.startswith("╭")]
    assert title.startswith(f"╭─ {pane} ─")
    assert len(title) == 59
    assert max(map(len, shown)) <= 59


@pytest.mark.slow
def test_a_long_list_is_shown_around_what_changed(tmp_path):
    """Of 500 subtasks, those that a step changed first are on the screen."""
    tasks = [subtask(f"task_{number:03}", "work") for number in range(500)]
    names = [f"worker_{number:02}" for number in range(40)]
    scenario = workflow(tmp_path, tasks, [worker(name, "work") for name in names], time_budget=60)
    episode = Episode.start(scenario)
    for number in range(0, 500, 10):
        given = {"action_type": "delegate", "subtask_id": f"task_{number:03}"}
        episode.step({**given, "agent_name": names[number % 40]})
    panes = filmed(episode.events)
    for position in range(1, panes.last + 1):
        shown = "\n".join(frame(panes, Cursor(position=position)))
        number = (position - 1) * 10
        assert f"▌✓ task_{number:03} " in shown
        assert f" {names[number % 40]} " in shown
        assert " of 500" in shown


def test_a_pane_scrolls_as_far_as_there_is_something(panes):
    """Down to the last line and not beyond; another step begins at the top."""
    cursor, out = Cursor(pane="grade"), Console(width=40, height=10, file=io.StringIO())
    painter = ScreenPainter(panes, out)
    for _ in range(100):
        cursor = painter.clamp_scroll(handle_key(panes, cursor, "down"))
    assert "budget_overrun" in "\n".join(frame(panes, cursor, 40, 10))
    assert 0 < cursor.scroll < 30
    assert handle_key(panes, cursor, "right").scroll == 0
    for _ in range(100):
        cursor = painter.clamp_scroll(handle_key(panes, cursor, "up"))
    assert cursor.scroll == 0


SPECIAL = (RIGHT, LEFT, "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~", "\x1b[F")
KEYS = st.sampled_from([*"[]/gnN\r\x1b\x7f\t#12345m?fe世", *SPECIAL])


@given(st.lists(KEYS, max_size=30), st.integers(1, 150), st.integers(1, 50))
def test_any_keys_on_any_screen(panes, typed, width, height):
    """Whatever is pressed, one is somewhere in the episode, and the screen is just full."""
    cursor = walk(panes, "".join(typed))
    assert 0 <= cursor.position <= panes.last
    shown = frame(panes, cursor, width, height)
    assert len(shown) == height
    assert all(cell_len(line) <= width for line in shown)


def test_nothing_on_the_screen_steers_the_terminal(tmp_path):
    """Names from a log may hold anything: what could steer a terminal is named instead."""
    evil = "a\x1b]0;owned\x07\u202e\x9b2J[/red]"
    tasks, who = [subtask(evil, "work")], worker(f"w{evil}", "work")
    episode = Episode.start(workflow(tmp_path, tasks, [who]))
    episode.step({"action_type": "delegate", "subtask_id": evil, "agent_name": f"w{evil}"})
    panes = filmed(episode.events)
    for pane in PANES:
        for query in ("", evil):
            shown = frame(panes, Cursor(position=1, pane=pane, query=query, note=evil), 150)
            steering = {c for c in "".join(shown) if unicodedata.category(c) in ("Cc", "Cf")}
            assert not steering
            assert pane == "grade" or "a<U+001B>]0;owned" in "".join(shown)
