"""What people say of episodes: stored beside them for good, carried along, and listed."""

import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import SCRIPT, Shell, copy_shell

from refold.engine import Episode, EpisodeInfo, EventLog, RefoldError
from refold.engine.errors import UnknownEpisode, UnknownStep
from refold.engine.log.remarks import Remark, standing
from refold.labels.drawing import place
from refold.labels.making import make_label, make_note, remark_problem
from refold.scenarios import load

CHOICES = ("yes", "no", "unsure")
HOSTILE = "\x1b[2J[bold]<b>\u202e"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with a log of three episodes, the first two of which have ended."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record inbox/easy --agent baseline --epochs 2 --name first")
    (shell.at / "wait.jsonl").write_text('{"action_type":"wait"}')
    shell("record workflow/easy --agent script:wait.jsonl --name half")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def said(shell, *words, log="refold.db"):
    """Return what counts, as ``refold labels --json`` lists it."""
    return shell("labels --json --log", log, *words).json["labels"]


def values(shell, **more):
    """Return episode, name, value and author of what counts."""
    return [(e["episode"], e["name"], e["value"], e["author"]) for e in said(shell, **more)]


def test_the_newest_label_of_a_person_counts(shell):
    """A second label takes the place of the first, a null takes it back; others' stay."""
    one, two, _ = shell.ids()
    shell("label --name correct --value yes --by anna", one)
    shell("label --name correct --value no --by ben", one)
    shell("label --name correct --value unsure --by anna", one)
    shell("label --name correct --value yes --by anna --step 2", one)
    assert [(e["step"], e["value"], e["author"]) for e in said(shell)] == [
        (None, "no", "ben"),
        (None, "unsure", "anna"),
        (2, "yes", "anna"),
    ]
    shell("label --name correct --take-back --by anna", one)
    assert values(shell) == [(one, "correct", "no", "ben"), (one, "correct", "yes", "anna")]
    assert said(shell, two) == []
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert [each.value for each in log.remarks()] == ["yes", "no", "unsure", "yes", None]


def test_the_view_lists_what_counts(shell):
    """``label_list`` has the rows of ``refold labels``, whoever wrote the log."""
    one, two, _ = shell.ids()
    for words in ("label --name correct --value yes", "label --name correct --value no"):
        shell(words, "--by", "anna", one)
    shell("tag --by anna", one, "hard-case")
    shell("tag --by anna --take-back", one, "hard-case")
    shell("note --by ben --step 1", two, "look here")
    names = "episode, step, kind, name, label, note, author, later_events"
    with closing(sqlite3.connect(shell.at / "refold.db")) as connection:
        rows = connection.execute(f"SELECT {names} FROM label_list").fetchall()
    assert rows == [
        (one, None, "label", "correct", "no", "", "anna", 0),
        (two, 1, "note", "", "yes", "look here", "ben", 0),
    ]


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE remarks SET value = 'no'", "remarks are immutable"),
        ("DELETE FROM remarks", "remarks cannot be deleted"),
        ("INSERT OR REPLACE INTO remarks SELECT * FROM remarks", "remark exists"),
    ],
)
def test_remarks_cannot_be_changed(shell, statement, match):
    """Nobody with an SQL shell changes or removes what was said."""
    shell("label last --name correct --value yes --by anna")
    with (
        closing(sqlite3.connect(shell.at / "refold.db")) as connection,
        pytest.raises(sqlite3.IntegrityError, match=match),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("change", ["note = 'other'", "episode = 2", "author = 'ben'", "step = 1"])
def test_verify_finds_what_was_altered(shell, change):
    """Whoever drops the triggers and changes a remark, or moves it, is found out."""
    shell("label last --name correct --value yes --by anna")
    shell("verify")
    with closing(sqlite3.connect(shell.at / "refold.db")) as connection:
        connection.executescript(f"DROP TRIGGER remarks_immutable; UPDATE remarks SET {change};")
        sql = (
            "CREATE TRIGGER remarks_immutable BEFORE UPDATE ON remarks\n"
            "BEGIN SELECT RAISE(ABORT, 'refold: remarks are immutable'); END"
        )
        connection.execute(sql)
    assert "expected the stored hash to fit, got another" in shell("verify", code=1).out
    shell.refuses("labels", match="got an altered one; `refold verify` tells more")


def test_verify_finds_a_state_that_never_was(shell):
    """A label of a digest that the episode never had is none of its labels."""
    with EventLog(shell.at / "refold.db") as log:
        info = evolve(log.find("last"), digest="0" * 64)
        log.save_remark(make_label(info, "correct", "yes", author="x", choices=CHOICES))
    assert "expected a state that its episode had" in shell("verify", code=1).out


def test_an_episode_that_grew_is_told(shell):
    """A label says how many events its author has not seen."""
    with EventLog(shell.at / "refold.db") as log:
        grown = next(info for info in log.episodes() if info.run == "half").id
        before = log.find(grown).events
    shell("label --name correct --value yes --by anna", grown)
    (shell.at / "wait.jsonl").write_text('{"action_type":"wait"}\n' * 2)
    shell("resume", grown)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        more = log.find(grown).events - before
    assert f"labelled before {more} more events" in shell("labels").out
    assert said(shell)[0]["later_events"] == more
    ran = shell("agree --name correct")
    assert "1 label not counted, given before more events" in ran.err


def test_remarks_travel(shell):
    """Export, import and merge carry all that was said; what comes twice counts once."""
    one, two, _ = shell.ids()
    shell("export -o bare.jsonl")
    shell("label --name correct --value yes --by anna", one)
    shell("label --name correct --value no --by anna", one)
    shell("note --by ben", two, HOSTILE)
    shell("export -o all.jsonl")
    shell("export -o one.jsonl", one)
    shell("import all.jsonl --log copy.db")
    assert said(shell, log="copy.db") == said(shell)
    assert (shell.at / "one.jsonl").read_text().count('{"type":"remark"') == 2
    shell("import bare.jsonl --log other.db")
    lines = shell("labels --export").out
    assert lines.splitlines() == sorted(lines.splitlines())
    (shell.at / "labels.jsonl").write_text(lines)
    assert "3 remarks imported" in shell("import labels.jsonl --log other.db").err
    assert "0 remarks imported, 3 there already" in shell("import labels.jsonl --log other.db").err
    assert said(shell, log="other.db") == said(shell)
    shell("label --log other.db --name correct --value unsure --by ben", one)
    shell("merge refold.db other.db copy.db -o merged.db")
    assert values(shell, log="merged.db") == values(shell, log="other.db")
    with EventLog(shell.at / "merged.db", readonly=True) as log:
        assert len(log.remarks()) == 4
    shell("verify --log merged.db")


def test_a_merge_renames(tmp_path):
    """Where an id names two episodes, what was said of the second follows it to its new id."""
    shell = Shell(tmp_path)
    for log, task in (("a.db", "inbox/easy"), ("b.db", "inbox/hard")):
        shell(f"record {task} --agent baseline --log", log)
        shell(f"fork last --at 1 --agent random --new-id same --log {log}")
        shell(f"label same --name correct --value yes --by anna --log {log}")
    shell("merge a.db b.db -o both.db")
    assert {each["episode"] for each in said(shell, log="both.db")} == {"same", "same-2"}
    shell("verify --log both.db")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"value": "no"}, "expected the hash to fit, got another; the file was altered"),
        ({"episode": "nobody"}, "expected the hash to fit"),
        ({"author": ""}, "author: expected 1 to 100 printable letters"),
        ({"note": "x" * 5001}, "note|5000"),
        ({"at": "today"}, "at: expected a time in UTC"),
        ({"choices": ["yes"]}, "expected 2 to 9 different values, got yes"),
        ({"version": 2}, "expected the header of an exported episode"),
    ],
)
def test_altered_lines_are_refused(shell, change, match):
    """Nothing of a file is stored if a remark in it is not what was exported."""
    shell("label last --name correct --value yes --by anna")
    line = {**json.loads(shell("labels --export").out), **change}
    (shell.at / "bad.jsonl").write_text(json.dumps(line) + "\n")
    shell.refuses("import bad.jsonl", match=match)


def test_a_remark_without_its_episode_is_refused(shell):
    """Labels are of states of episodes that the log holds: others are refused with what to do."""
    shell("label last --name correct --value yes --by anna")
    (shell.at / "labels.jsonl").write_text(shell("labels --export").out)
    shell("record inbox/hard --agent baseline --log other.db")
    shell.refuses("import labels.jsonl --log other.db", match="got none; import it first")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("label last --name correct --by anna", "expected --value or --take-back"),
        ("label last --name correct --value yes", "missing option '--by'"),
        ("label --name correct --by anna", "expected ID with --value, or --next alone"),
        ("label last --name correct --value maybe --by anna", "expected --values at its first use"),
        ("label last --name a --value b --values b --by x", "expected 2 to 9 different values"),
        ("label last --name 'a\tb' --value yes --by x", "expected 1 to 64 printable letters"),
        ("label last --name a --value yes --by '\x1b[2J'", r"author: expected .* got '\\x1b\[2J'"),
        ("label last --name a --value yes --by x --step 99", "step: expected 0 to"),
        ("label nobody --name a --value yes --by x", "got none that fits"),
        ("note last --by x", "note: expected a text, got none"),
        ("tag last '' --by x", "name of the tag: expected 1 to 64"),
        ("labels --log none.db", "none.db"),
        (
            "agree --name none",
            r"label: expected one of \(there is none\); got 'none'; `refold label`",
        ),
    ],
)
def test_mistakes_are_told(shell, words, match):
    """Nothing is stored of what nobody can have meant, and one line says why."""
    shell.refuses(words, match=match)


def test_the_first_use_fixes_the_values(shell):
    """Later labels of a name have one of the values that the first was chosen from."""
    shell("label last --name severity --values low,high --value low --by anna")
    shell.refuses(
        "label last --name severity --value yes --by ben", match="expected one of low, high; got"
    )
    shell.refuses(
        "label last --name severity --values high,low --value low --by ben",
        match="expected low,high, which its first use fixed, got high,low",
    )
    shell("label last --name severity --value high --by ben")
    assert [each["choices"] for each in said(shell)] == [["low", "high"]] * 2


def test_tags_filter_episodes(shell):
    """``episodes --tag`` lists those that somebody tagged so, and nobody took back."""
    one, two, _ = shell.ids()
    for id in (one, two):
        shell("tag --by anna", id, "hard-case")
    shell("tag --by anna --take-back", two, "hard-case")
    listed = shell("episodes --json --tag hard-case").json["episodes"]
    assert [each["id"] for each in listed] == [one]


def test_the_next_is_drawn_and_blind(shell):
    """The order is a hash of name and id; agent, score, rewards and labels are not shown."""
    shell("grade --save")
    one, two, _ = shell.ids()
    order = sorted((one, two), key=lambda each: place("correct", each))
    shell("label --name correct --value no --by ben --note 'seen by ben'", order[0])
    ran = shell("label --next --name correct --by anna")
    assert order[0] in ran.out
    assert "task" in ran.out.lower() or "inbox" in ran.out
    for told in ("baseline", "score", "reward", "seen by ben", "+0."):
        assert told not in ran.out, told
    assert f"refold label {order[0]} --next --name correct --by anna" in ran.err
    shell.refuses(
        "label --next --name correct --value yes --by anna", order[1], match=f"expected {order[0]}"
    )
    shell("label --next --name correct --value yes --by anna", order[0])
    assert order[1] in shell("label --next --name correct --by anna").out
    shell("label --name correct --value yes --by anna", order[1])
    assert "nothing left" in shell("label --next --name correct --by anna").err
    drawn = {(e["episode"], e["author"]): e["drawn"] for e in said(shell)}
    assert drawn == {
        (order[0], "ben"): "",
        (order[0], "anna"): "queue",
        (order[1], "anna"): "",
    }


def test_filters_narrow_the_queue(shell):
    """How the queue was narrowed is kept with the label."""
    ran = shell("label --next --name correct --by anna --scenario inbox --run first")
    id = ran.err.split("refold label ")[1].split()[0]
    words = "label --next --name correct --value yes --by anna --scenario inbox --run first"
    shell(words, id)
    assert said(shell)[0]["drawn"] == "queue --scenario inbox --run first"
    assert "nothing left" in shell("label --next --name correct --by anna --run half").err


@pytest.mark.slow
def test_a_person_labels_at_a_terminal(shell):
    """Episodes come one after the other; a digit gives the value, q stops."""
    master, slave = pty.openpty()
    command = [
        sys.executable,
        "-c",
        SCRIPT,
        *["label", "--next", "--name", "correct", "--by", "anna"],
    ]
    with subprocess.Popen(command, cwd=shell.at, stdin=slave, stdout=slave, stderr=slave) as run:
        os.close(slave)
        shown = _answer(master, [("> ", "9\n"), ("> ", "1\n"), ("note", "fine\n"), ("> ", "q\n")])
        assert run.wait(30) == 0
    os.close(master)
    assert "1 yes, 2 no, 3 unsure, q to stop" in shown
    (label,) = said(shell)
    assert (label["value"], label["note"], label["drawn"]) == ("yes", "fine", "queue")


def _answer(terminal, answers):
    """Write each answer once its prompt has come, and return all that was shown."""
    shown = ""
    for prompt, answer in answers:
        asked = ""
        while prompt not in asked:
            assert select.select([terminal], [], [], 30)[0], asked
            asked += os.read(terminal, 4096).decode(errors="replace")
        shown += asked
        os.write(terminal, answer.encode())
    with suppress(OSError):  # the program has closed its end
        while more := os.read(terminal, 4096):
            shown += more.decode(errors="replace")
    return shown


def test_hostile_notes_are_shown_safely(shell):
    """A note may hold anything; no terminal is steered by it."""
    shell("note last --by anna", HOSTILE)
    shown = shell("labels").out
    assert "<U+001B>[2J[bold]<b><U+202E>" in shown
    assert shell("labels --json").json["labels"][0]["note"] == HOSTILE


def test_the_log_refuses_a_stranger(log):
    """A remark needs an episode that the log holds."""
    info = EpisodeInfo("x", "inbox/easy", 1)
    with pytest.raises(UnknownEpisode, match="got none that fits"):
        log.save_remark(make_note(info, "text", author="anna"))
    with pytest.raises(UnknownStep, match="expected 0 to 0"):
        make_note(info, "text", author="anna", step=1)
    with pytest.raises(RefoldError, match="half a letter"):
        make_note(info, "\ud800", author="anna")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Yield a log with an episode ``x``."""
    with EventLog(tmp_path_factory.mktemp("store") / "refold.db") as log:
        Episode.start(load("inbox/easy"), log=log, id="x")
        yield log


TEXTS = st.text(max_size=20) | st.sampled_from(["yes", "no", ",", " a", "a\nb", "\u202e"])
CHOSEN = st.sampled_from([(), ("yes", "no")]) | st.lists(TEXTS, max_size=10).map(tuple)
NOTES = st.text(max_size=20) | st.just("x" * 5001)


@pytest.mark.slow
@settings(max_examples=80)
@given(
    remark=st.builds(
        Remark,
        *(st.just("x"), st.just("0" * 64), st.none() | st.integers(0, 9)),
        st.sampled_from(["label", "tag", "note"]),
        *(TEXTS, st.none() | st.just("yes") | TEXTS, CHOSEN),
        *(NOTES, TEXTS, TEXTS, st.just("2026-01-01T00:00:00.000+00:00")),
    )
)
def test_what_is_accepted_can_be_stored(store, remark):
    """Whatever texts people give: what passes the checks is stored, once, and read back."""
    if remark_problem(remark) is None:
        store.save_remark(remark)
        assert not store.save_remark(remark)
        assert remark in store.remarks()


def test_standing_keeps_the_order_of_what_counts():
    """What was said again counts from then on."""
    one, other = (
        Remark("x", "0" * 64, None, "tag", name, "yes", (), "", "anna", "", at)
        for name, at in (("a", "1"), ("b", "2"))
    )
    again = evolve(one, at="3")
    assert standing([one, other, again]) == [other, again]
    assert standing([one, other, evolve(one, value=None)]) == [other]
