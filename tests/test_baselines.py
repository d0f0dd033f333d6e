"""The text of a baseline: a function of grades, read back as written, refused if broken."""

import json
import random

import pytest

from refold.engine import RefoldError
from refold.graders import grade
from refold.graders.baselines import baseline_text, read_baseline
from refold.replays.golden import GOLDEN_FOLDER, find_goldens, read_golden


@pytest.fixture(scope="module")
def grades():
    """Return a grade of each golden that ships, with words of its own."""
    return [(path.name, grade(read_golden(path))) for path in find_goldens(GOLDEN_FOLDER)]


def test_it_is_read_as_written(grades):
    """Every grade comes back, with the number of its line; rubrics are listed once."""
    text = baseline_text(grades)
    found = read_baseline(text, "x")
    assert found.grades == {given.episode_digest: given for _, given in grades}
    assert set(found.rubrics) == {given.rubric for _, given in grades}
    assert found.merged == 0
    lines = text.splitlines()
    for digest, number in found.lines.items():
        assert json.loads(lines[number - 1])["episode_digest"] == digest
    assert read_baseline(text.replace("\n", "\r\n"), "x") == found


def test_order_and_repetition_change_nothing(grades):
    """Equal grades give equal text, in whatever order and under whatever names they come."""
    text = baseline_text(grades)
    shuffled = [*grades, *((f"{words} again", given) for words, given in grades)]
    for seed in range(10):
        random.Random(seed).shuffle(shuffled)
        assert baseline_text(shuffled) == text


def test_words_keep_to_their_line(grades):
    """Line ends and control characters in names break no record."""
    _, given = grades[0]
    text = baseline_text([("a\n\n# b\x1b[0m\u2028<<<<<<<", given)])
    assert text.count("\n") == 6
    assert "\x1b" not in text
    assert list(read_baseline(text, "x").grades) == [given.episode_digest]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda lines: [], r"line 1: expected a comment, a grade and a blank line"),
        (lambda lines: lines[:-1], r"line \d+: expected a comment, a grade and a blank line"),
        (lambda lines: [*lines[:6], *lines[3:6]], r"line 8: expected one grade of each episode"),
        (lambda lines: [*lines[:3], lines[6], *lines[4:6]], r"line 5: expected the grade of "),
        (lambda lines: [*lines[:4], "{}", *lines[5:]], r"line 5: expected the JSON of a grade"),
        (lambda lines: [*lines[:4], "{", *lines[5:]], r"line 5: expected the JSON of a grade"),
        (lambda lines: lines[3:], r"line 2: expected the JSON of a head"),
        (lambda lines: ["<<<<<<< HEAD", *lines], r"line 1: expected records, got a conflict"),
        (lambda lines: [*lines[:5], "=======", *lines[5:]], r"line 6: .*take either side, then"),
    ],
)
def test_what_is_refused(grades, change, match):
    """Whatever git or a hand has left that is no record is told with its line and the cure."""
    lines = baseline_text(grades).removesuffix("\n").split("\n")
    text = "".join(f"{line}\n" for line in change(lines))
    with pytest.raises(RefoldError, match=rf"^x {match}.*`refold check --update` writes it again$"):
        read_baseline(text, "x")
