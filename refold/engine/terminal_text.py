"""
Text that is safe to print: what strangers wrote must not steer the terminal that shows it.

A model's reply, a path or a name in a log could hold escape sequences that rewrite the screen,
marks that turn the order of letters round, or line ends that forge a message.
"""

from collections.abc import Callable
from unicodedata import category

# Unicode categories: control, format, surrogate, line and paragraph separators.
_STEERING_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")


def safe_text(text: object) -> str:
    """
    Return *text* as one line that is safe to print on a terminal.

    Control characters (line ends too), format characters (bidirectional, zero-width), line
    separators and surrogates are written as ``<U+001B>`` and the like.
    """
    text = str(text)
    if text.isprintable():
        return text
    return _escape_steering(text, lambda letter: f"<U+{ord(letter):04X}>")


def safe_lines(text: str) -> str:
    """Return *text* made safe line by line, its line ends kept."""
    return "\n".join(map(safe_text, text.split("\n")))


def safe_json(text: str) -> str:
    """Return the JSON *text*, a line without its end, with such characters as JSON escapes."""
    if text.isprintable():
        return text
    return _escape_steering(text, _json_escape)


def _escape_steering(text: str, escape: Callable[[str], str]) -> str:
    """Return *text* with what *escape* makes of each letter that could steer a terminal."""
    # A long text has few different letters: each is judged once.
    steering = (each for each in set(text) if category(each) in _STEERING_CATEGORIES)
    return text.translate({ord(each): escape(each) for each in steering})


def _json_escape(letter: str) -> str:
    """Return *letter* as JSON escapes it: as one or two UTF-16 code units."""
    units = letter.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)
