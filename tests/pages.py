"""The pages of documentation as text: sections, tables, fenced blocks."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """Return the text of the page *name*, a path in the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[tuple[str, str, str]]:
    """Return the fenced blocks of the page *name*: language, file name or nothing, text."""
    return _BLOCK.findall(page(name))


def section(name: str, heading: str) -> str:
    """Return the text of the page *name* under *heading*, up to the next as high or higher."""
    level = heading.split(maxsplit=1)[0]
    _, found, rest = f"\n{page(name)}".partition(f"\n{heading}\n")
    assert found, f"{name} has no {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, list[str]]:
    """Return the tables in *text*: the cells of each row by each name in its first cell."""
    found = {}
    for line in text.splitlines():
        if line.startswith("| "):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            found |= dict.fromkeys(names(cells[0]), cells[1:])
    return found


def names(text: str) -> list[str]:
    """Return what stands in backticks in *text*."""
    return re.findall(r"`([^`]+)`", text)
