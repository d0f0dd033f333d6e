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
        (
            "[chekc]",
            r"refold\.toml \$\.chekc: expected one of the keys check, .*prices; got 'chekc'",
        ),
        ("check = 3", r"\$\.check: expected a table, got 3"),
        ("[labels.x]\nvalue = []", r"\$\.labels\.x\.values: expected a value, got none"),
        ("[labels.x]\nvalues = [1]", r"\$\.labels\.x\.values\[0\]: expected a text, got 1"),
        ("[check]\ncannot_tell = 'maybe'", r"cannot_tell: expected one of fail, pass; got 'maybe'"),
        ("[check", "expected TOML, got "),
        ("parallel = '8'", r"\$\.parallel: expected a whole number, got '8'"),
        ("parallel = 0", r"\$\.parallel: expected a whole number from 1 to 1024, got 0"),
        ("pass_at = 1.5", r"\$\.pass_at: expected a number from 0 to 1, got 1\.5"),
        ("max_cost = 0", r"\$\.max_cost: expected US dollars above 0, got 0\.0"),
        ("max_cost = nan", r"\$\.max_cost: expected US dollars above 0, got nan"),
        ("log = ''", r"\$\.log: expected a path, got an empty text"),
        (
            "[model]\nkey = 'k'",
            r"\$\.model\.key: expected one of the keys action_format, base_url, ",
        ),
        (
            "[model]\ntemperature = 'hot'",
            r"temperature: expected a number of at least 0, or 'none'",
        ),
        ("[model]\ntimeout = inf", r"\$\.model\.timeout: expected a number of at least 0\.001"),
        ("[model]\nmax_tokens = 0", r"\$\.model\.max_tokens: expected a number of at least 1"),
        ("[model]\nkey_variable = 'K'", r"key_variable: expected base_url beside it, got none"),
        ("[model.parameters]\nday = 2026-01-01", r"parameters\.day: expected what JSON can say"),
        ("[prices.m]\ninput = 1", r"\$\.prices\.m\.output: expected a value, got none"),
        (
            "[prices.m]\ninput = -1\noutput = 1",
            r"\$\.prices\.m\.input: expected US dollars for a mil",
        ),
    ],
)
def test_mistakes(write, text, match):
    """Each mistake is told with its place and what would be right."""
    with pytest.raises(RefoldError, match=match):
        read_settings(write(text))


def test_no_key_stands_in_the_file(write):
    """An address with a key, and a key in place of its variable's name, are refused unquoted."""
    for model in (
        'base_url = "https://user:sk-1@host/v1"',
        'base_url = "https://host/v1?key=sk-1"',
        'base_url = "https://host/v1"\nkey_variable = "sk-1"',
    ):
        with pytest.raises(RefoldError, match=r"model\.(base_url|key_variable): expected") as error:
            read_settings(write(f"[model]\n{model}\n"))
        assert "sk-1" not in str(error.value)


def test_the_prompt_stays_in_the_folder(write, tmp_path):
    """A file that came with others' files cannot have any other file sent to a model."""
    (tmp_path / "inside.txt").write_text("Be brief.")
    assert read_settings(write('[model]\nsystem = "inside.txt"\n')).model.system == "inside.txt"
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    for name in ("link.txt", "../outside.txt", "/etc/hostname"):
        with pytest.raises(RefoldError, match=r"system: expected a file in the folder of refold"):
            read_settings(write(f'[model]\nsystem = "{name}"\n'))


def test_all_mistakes_at_once(write):
    """Several mistakes are told together, a line each."""
    with pytest.raises(
        RefoldError, match=r"(?s)\$\.check\.pass_at: .*\n.*\$\.check\.a: .*\n.*\$\.lab"
    ):
        read_settings(write('[check]\na = 1\npass_at = "x"\n[labels]\ny = 2\n'))


def test_types_and_values_at_once(write):
    """A value that is out of range is told beside one of the wrong type, and that one once."""
    with pytest.raises(RefoldError) as error:
        read_settings(write("parallel = 'x'\npass_at = 2\n[prices.m]\ninput = -1\n"))
    places = [path for path, _ in error.value.problems]
    assert places == ["$.parallel", "$.prices.m.output", "$.pass_at", "$.prices.m.input"]


def test_no_file(tmp_path):
    """A missing file and a pipe, which may never have a writer, are refused."""
    with pytest.raises(RefoldError, match=r"none\.toml: expected a file such as refold\.toml"):
        read_settings(tmp_path / "none.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(RefoldError, match="expected a file such as"):
        read_settings(tmp_path / "pipe.toml")
