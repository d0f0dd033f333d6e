"""Tables on terminals of any width: no number, id or name is cut in two."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from refold.commands.shared.output import add_row, new_table

HEAD = ["episode", "scenario", "seed", "reward", "ended"]
ROWS = [
    ("623ec3c767758a50", "workflow/easy", 42, "+1.0333", "terminated: synthesized"),
    ("955622fe", "a-scenario-with-a-long-name/hard", 9007199254740993, None, "running"),
]


def printed(width, head=HEAD, rows=ROWS, title=None):
    """Return a table as a terminal of *width* columns shows it."""
    listing = new_table(head, title=title, right=["seed", "reward"])
    for row in rows:
        add_row(listing, *row)
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(listing)
    return capture.get()


@pytest.mark.parametrize("width", range(48, 161, 8))
def test_no_word_is_broken(width):
    """Each stands whole in a line, however narrow the terminal is."""
    text = printed(width)
    words = [word for row in ROWS for cell in row if cell for word in str(cell).split()]
    assert not set(words) - set(text.split())
    assert max(map(len, text.splitlines())) <= width


def test_a_wide_terminal_shows_a_table():
    """With room for everything, each row is a line."""
    assert [line.rstrip() for line in printed(160).splitlines()] == [
        "episode           scenario                                      seed   reward  ended",
        "623ec3c767758a50  workflow/easy                                   42  +1.0333  "
        "terminated: synthesized",
        "955622fe          a-scenario-with-a-long-name/hard  9007199254740993           running",
    ]


def test_columns_shrink_to_their_words():
    """Where all fits but for a text, the text is wrapped and the columns move closer."""
    assert [line.rstrip() for line in printed(86).splitlines()[:3]] == [
        "episode          scenario                                     seed  reward ended",
        "623ec3c767758a50 workflow/easy                                  42 +1.0333 terminated:",
        "                                                                           synthesized",
    ]


def test_a_narrow_terminal_shows_a_line_for_each_cell():
    """Rows stand one below the other, empty cells left out."""
    lines = printed(60, title="Episodes").splitlines()
    assert [line.rstrip() for line in lines] == [
        "Episodes",
        "episode   623ec3c767758a50",
        "scenario  workflow/easy",
        "seed      42",
        "reward    +1.0333",
        "ended     terminated: synthesized",
        "",
        "episode   955622fe",
        "scenario  a-scenario-with-a-long-name/hard",
        "seed      9007199254740993",
        "ended     running",
    ]


@given(
    st.lists(st.lists(st.text("ab 1.", max_size=30), min_size=3, max_size=3), max_size=4),
    st.integers(40, 100),
)
def test_any_table_keeps_its_words(rows, width):
    """Whatever it holds."""
    text = printed(width, ["x", "y", "z"], rows)
    words = {word for row in rows for cell in row for word in cell.split()}
    assert not words - set(re.split(r"\s+", text))


def test_a_long_cell_stays_beside_its_label():
    """In a narrow terminal, what goes on in the next line cannot be taken for another cell."""
    rows = [("x" * 40, "y" * 20, "seed 7, " * 12)]
    lines = printed(60, ["episode", "run", "note"], rows).splitlines()
    assert [line[:9].rstrip() for line in lines] == ["episode", "run", "note", ""]


def spared(width, *, terminal=True, spare=("95 %", "steps")):
    """Return a table with figures and columns to spare, as *width* columns show it."""
    listing = new_table(["scenario", "mean", "95 %", "steps"], right=["95 %"], spare=spare)
    add_row(listing, "a scenario of several words", "0.379", "0.113 to 0.814", 22)
    console = Console(width=width, force_terminal=terminal, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(listing)
    return [line.rstrip() for line in capture.get().replace("\x1b[0m", "").splitlines()]


def test_what_can_be_spared_goes_before_a_text_is_wrapped():
    """On a narrow terminal, in the order given, and it is said; with room, nothing goes."""
    plain = [re.sub(r"\x1b\[\d+m", "", line).rstrip() for line in spared(44)]
    assert plain == [
        "scenario                     mean   steps",
        "a scenario of several words  0.379  22",
        "left out in 44 columns: 95 %",
    ]
    assert "22" in "".join(spared(120))
    assert not any("left out" in line for line in spared(120))


def test_a_pipe_is_spared_nothing():
    """There texts are wrapped instead, and figures are not."""
    lines = spared(44, terminal=False)
    assert any("0.113 to 0.814" in line and "22" in line for line in lines)
    assert not any("left out" in line for line in lines)


def test_a_figure_is_never_wrapped():
    """Where an interval has no room in a table, the rows stand one below the other."""
    assert "95 %      0.113 to 0.814" in spared(34, terminal=False)


def test_a_wide_terminal_wraps_before_it_leaves_out():
    """From 100 columns on, texts are wrapped first."""
    listing = new_table(["text", "steps"], spare=["steps"])
    add_row(listing, "word " * 30, 22)
    console = Console(width=100, force_terminal=True, no_color=True)
    with console.capture() as capture:
        console.print(listing)
    assert "left out" not in capture.get()
    assert "22" in capture.get()
