"""
Data from outside to attrs classes, by the letter.

"3" is not 3, unknown keys are mistakes, and all mistakes come back at once, each with its path.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from refold.engine.errors import RefoldError

T = TypeVar("T")
Problem = tuple[str, str]

OMITTED = {"refold_omitted": True}
"""Metadata of an attribute that is left out while it has its default: old digests stay."""


class ScenarioError(RefoldError):
    """
    A scenario or rubric that cannot be used.

    Attributes:
        problems: Every mistake found, as (path, text).
    """

    def __init__(self, where: str, problems: list[Problem]) -> None:
        self.problems = problems
        lines = [f"{where} {path}: {text}" for path, text in problems]
        super().__init__("\n".join(lines))


def structure(value: Any, kind: type[T], path: str) -> tuple[T | None, list[Problem]]:
    """
    Return *value*, plain data, as an instance of *kind*, and all mistakes in it.

    With mistakes, the instance is a stand-in in which unknown keys are left out, and wrong types
    and missing values replaced, so that the caller can look for further mistakes (``beside``);
    None where that is not possible.
    """
    from refold.scenarios.converting import read  # noqa: PLC0415 - slow, and not always needed

    return read(value, kind, path)


def beside(problems: list[Problem], further: Iterable[Problem]) -> list[Problem]:
    """Return those *further* mistakes that are not at or below a place of one of *problems*."""
    places = [path for path, _ in problems]
    return [
        (path, text)
        for path, text in further
        if not any(path == place or path.startswith((f"{place}.", f"{place}[")) for place in places)
    ]


def plain(value: Any) -> Any:
    """Return an attrs instance as plain data: dicts, lists, strings, numbers and None."""
    from refold.scenarios.converting import converter  # noqa: PLC0415 - the same

    return converter.unstructure(value)
