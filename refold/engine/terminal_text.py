"""
Text that is safe to print: what strangers wrote must not steer the terminal that shows it.

A model's reply, a path or a name in a log could hold escape sequences that rewrite the screen,
marks that turn the order of letters round, or line ends that forge a message.
"""

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
    return "".join(f"<U+{ord(each):04X}>" if _steers_terminal(each) else each for each in text)


def safe_lines(text: str) -> str:
    """Return *text* made safe line by line, its line ends kept."""
    return "\n".join(map(safe_text, text.split("\n")))


def safe_json(text: str) -> str:
    """Return the JSON *text*, a line without its end, with such characters as JSON escapes."""
    if text.isprintable():
        return text
    return "".join(_json_escape(each) if _steers_terminal(each) else each for each in text)


def _steers_terminal(letter: str) -> bool:
    return category(letter) in _STEERING_CATEGORIES


def _json_escape(letter: str) -> str:
    """Return *letter* as JSON escapes it: as one or two UTF-16 code units."""
    units = letter.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)
