"""The text of ``--system``, which stands in place of the prompt's own."""

from pathlib import Path

from refold.engine import RefoldError
from refold.engine.text_marks import without_bom

LARGEST_FILE = 256 * 1024
"""Bytes of the file: the log holds its text with every episode."""


def read_system_text(path: str) -> str:
    """
    Return the text in the file at *path*, without blanks around it.

    Raises:
        RefoldError: It cannot be read, is empty or too large, or no text.
    """
    where = f"--system {path}"
    try:
        content = Path(path).read_bytes()
        text = without_bom(content, path).decode().strip()
    except OSError as error:
        raise RefoldError(f"{where}: expected a text file, got {error.strerror}") from None
    except UnicodeDecodeError:
        raise RefoldError(f"{where}: expected text in UTF-8, got other bytes") from None
    if not text:
        raise RefoldError(
            f"{where}: expected a text, got an empty file; write what the model is told"
        )
    if len(content) > LARGEST_FILE:
        raise RefoldError(f"{where}: expected at most {LARGEST_FILE} bytes, got {len(content)}")
    return text
