"""From what a user names to what is audited."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from refold.audits.logs import LogTarget
from refold.audits.running import Target
from refold.audits.scenarios import ScenarioTarget
from refold.audits.worlds import WorldTarget
from refold.engine import open_to_read
from refold.reports import find_run
from refold.scenarios import family_scenarios, load, world_names

_SQLITE = b"SQLite format 3\0"


def find_targets(
    name: str,
    *,
    seed: int | None,
    seeds: int,
    run: str | None,
    named: Sequence[str] = (),
    oracle: str | None = None,
) -> Iterator[Target]:
    """
    Yield what *name* stands for: a scenario, each scenario of a family, an environment, or a log.

    Args:
        name: A scenario, its file, a family, an external environment, a log, or a folder of logs.
        seed: The first seed of a scenario; its own if None.
        seeds: How many seeds of a scenario are played.
        run: The run of a log; all of them if None.
        named: External environments that may be opened, beside *name*.
        oracle: The agent that does all that the environment expects; its own, if any, if None.

    Raises:
        UnknownName: There is nothing of that name.
        RefoldError: The file cannot be read, or is no scenario; the log has no such run; or the
            environment cannot be opened, or there is no such oracle.
    """
    if _is_log(name):
        with open_to_read(name) as log:
            yield LogTarget(name, None if run is None else find_run(log, run))
        return
    for place, each in enumerate(family_scenarios(name) or world_names(name) or [name]):
        scenario = load(each)
        first = scenario.seed if seed is None else seed
        if scenario.family == "answered":
            world = WorldTarget(scenario, first, seeds, (name, *named), oracle)
            if not place:  # the others are of its kind
                world.check()
            yield world
        else:
            yield ScenarioTarget(scenario, first, seeds)


def _is_log(name: str) -> bool:
    """Return whether *name* is the path of a log, or of a folder and of no family."""
    if Path(name).is_dir():
        return not family_scenarios(name)
    try:
        with Path(name).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def honest_limits(targets: Sequence[Target]) -> list[str]:
    """Return what an audit of *targets* does not show, each sentence once."""
    return list(dict.fromkeys(limit for target in targets for limit in target.limits))
