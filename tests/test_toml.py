import pytest

from refold.engine import RefoldError
from refold.scenarios.toml import MOST_DOTS, read_toml

UNCLOSED = (
    b'\\"""\n' * 400_000,
    b'a = "' + b'\\"' * 1_000_000,
    b"a = '''" + b"''x" * 900_000,
)
DEEP = ".".join("a" * (MOST_DOTS + 2))


@pytest.mark.parametrize(
    "text",
    [
        f"{DEEP} = 1",
        f"[{DEEP}]",
        f"x = {{ y = 1, {DEEP} = 1 }}",
        f'# """\n{DEEP} = 1\n# """',
        f"x = \"'''\"\n{DEEP} = 1\ny = \"'''\"",
        f'x = """a\\"""" \n{DEEP} = 1\ny = """b"""',
        f'x = """quoted"""""\n{DEEP} = 1\ny = ""',
        '"a".' * (MOST_DOTS + 1) + "b = 1",
        ".".join("a" * 2_000_000) + " = 1",
    ],
)
def test_a_key_that_would_take_hours_is_refused(text):
    """However it is written, and whatever stands around it, before the parser sees it."""
    with pytest.raises(RefoldError, match=r"f\.toml: expected keys of at most 100 dots, got"):
        read_toml(text.encode(), "f.toml")


@pytest.mark.parametrize("quote", ['"', "'", '"""', "'''"])
def test_texts_may_have_dots(quote):
    """Only keys are counted: a text or a comment has as many dots as it likes."""
    found = read_toml(f"a.b = {quote}{DEEP}{quote} # {DEEP}".encode(), "f.toml")
    assert found == {"a": {"b": DEEP}}


@pytest.mark.slow
def test_what_is_no_toml_is_told_with_its_file():
    """So is what is no text."""
    for content in (b"a = ", b"\xff", b"a = " + b"[" * 100_000, *UNCLOSED):
        with pytest.raises(RefoldError, match=r"f\.toml: expected TOML, got"):
            read_toml(content, "f.toml")
