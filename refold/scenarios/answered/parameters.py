"""What a scenario says of an external environment: which one, its task, its volatile values."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

MOST_STEPS = 1_000_000

Problem = tuple[str, str]


@frozen
class AnsweredParameters:
    """
    Which environment answers. Never an address nor a secret: logs are shared.

    Attributes:
        environment: Kind of environment, such as ``gymnasium``.
        name: Name of the environment among those of its kind.
        options: Options that it is made with.
        task: Its task, where it has several.
        volatile: Paths of values in answers that differ each time, as in
            ``$.observation.time``; ``[]`` stands for any index.
        max_steps: Steps after which the episode is truncated; None for no limit but the
            environment's.
    """

    environment: str
    name: str
    options: Mapping[str, Any] = field(factory=dict)
    task: str = ""
    volatile: tuple[str, ...] = ()
    max_steps: int | None = None


def problems(parameters: AnsweredParameters) -> list[Problem]:
    """Return every mistake in *parameters* as (path below the parameters, text)."""
    return list(_problems(parameters))


def _problems(parameters: AnsweredParameters) -> Iterator[Problem]:
    for name in ("environment", "name"):
        if not getattr(parameters, name).strip():
            yield f".{name}", "expected a name, got an empty text"
    if parameters.max_steps is not None and not 1 <= parameters.max_steps <= MOST_STEPS:
        yield ".max_steps", f"expected 1 to {MOST_STEPS}, got {parameters.max_steps}"
    for index, path in enumerate(parameters.volatile):
        if not path.startswith("$"):
            yield f".volatile[{index}]", f"expected a path that begins with '$', got {path!r}"
