"""``refold.toml``: where it is found, what it may say, and how mistakes in it are told."""

import os

import pytest

from refold.engine import RefoldError
from refold.project import find_settings, read_settings


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a ``refold.toml`` and returns its path."""

    def write_text(text):
        path = tmp_path / "refold.toml"
        path.write_text(text)
        return path

    return write_text


def test_the_closest_counts(tmp_path, write):
    """It is looked for upward; a folder of that name is none."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    path = write("")
    (below / "refold.toml").mkdir()
    assert find_settings(below) == path.resolve()
    (tmp_path / "a" / "refold.toml").write_text("")
    assert find_settings(below) == (tmp_path / "a" / "refold.toml").resolve()


def test_an_empty_file_says_nothing(write):
    """Every table may be left out."""
    found = read_settings(write(""))
    assert found.check is None
    assert found.labels == {}


def test_values_of_labels(write):
    """A label has the values that its table says, in their order."""
    text = '[labels.correct]\nvalues = ["yes", "no"]\n[labels."ton e"]\nvalues = ["a"]\n'
    assert read_settings(write(text)).labels == {"correct": ("yes", "no"), "ton e": ("a",)}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[chekc]", r"refold\.toml \$\.chekc: expected one of the keys check, labels; got 'chekc'"),
        ("check = 3", r"\$\.check: expected a table, got 3"),
        ("[labels.x]\nvalue = []", r"\$\.labels\.x\.values: expected a value, got none"),
        ("[labels.x]\nvalues = [1]", r"\$\.labels\.x\.values\[0\]: expected a text, got 1"),
        ("[check]\ncannot_tell = 'maybe'", r"cannot_tell: expected one of fail, pass; got 'maybe'"),
        ("[check", "expected TOML, got "),
    ],
)
def test_mistakes(write, text, match):
    """Each mistake is told with its place and what would be right."""
    with pytest.raises(RefoldError, match=match):
        read_settings(write(text))


def test_all_mistakes_at_once(write):
    """Several mistakes are told together, a line each."""
    with pytest.raises(
        RefoldError, match=r"(?s)\$\.check\.pass_at: .*\n.*\$\.check\.a: .*\n.*\$\.lab"
    ):
        read_settings(write('[check]\na = 1\npass_at = "x"\n[labels]\ny = 2\n'))


def test_no_file(tmp_path):
    """A missing file and a pipe, which may never have a writer, are refused."""
    with pytest.raises(RefoldError, match=r"none\.toml: expected a file such as refold\.toml"):
        read_settings(tmp_path / "none.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(RefoldError, match="expected a file such as"):
        read_settings(tmp_path / "pipe.toml")
