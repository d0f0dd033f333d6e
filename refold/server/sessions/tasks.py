"""
The tasks that a server offers: scenarios by their names and by short names.

A name from a client is only looked up here. It never becomes the path of a file.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from refold.engine import Family, RefoldError
from refold.engine.errors import UnknownName
from refold.engine.registry import find_family
from refold.scenarios import Scenario, family_scenarios, load, scenario_names
from refold.viewer.episode_document import large_seed

DEFAULT_TASK = "workflow/easy"
"""The task of a reset that names none, provided that it is offered."""


class TaskRow(Struct, omit_defaults=True):
    """
    A task; *task_id* is what a reset takes.

    *seed_text* is the seed as a text, if the number is too large for JavaScript; else absent.
    """

    task_id: str
    family: str
    difficulty: str
    title: str
    description: str
    seed: int
    rubric: str
    seed_text: str | None = None


class TaskCatalogue:
    """
    Scenarios by the names that clients may use.

    A name is a scenario's full name (``workflow/hard``), the same with ``-`` or ``_`` for ``/``,
    or its last part (``hard``), which means the default's family if several families have it.

    Args:
        scenarios: The scenarios on offer, at least one.
        default: Name of the default task, full or short; if None, ``workflow/easy`` where it is
            on offer, else the first scenario.

    Attributes:
        scenarios: The scenarios by full name, in the order given.
        default: The scenario of a reset that names none.
        families: The families of the scenarios, without repeats, that of the default first.

    Raises:
        UnknownName: No scenario is called *default*.
    """

    def __init__(self, scenarios: Iterable[Scenario], default: str | None = None) -> None:
        self.scenarios: Mapping[str, Scenario] = {each.name: each for each in scenarios}
        self.default = _find_default(self.scenarios, default)
        ordered = [self.default, *self.scenarios.values()]
        rules = dict.fromkeys((each.family, each.rules) for each in ordered)
        self.families: Sequence[Family] = [find_family(*each) for each in rules]
        self._names: dict[str, Scenario] = {}
        # The default's family first: of scenarios with the same short name, the first keeps it.
        for scenario in sorted(ordered, key=lambda each: each.family != self.default.family):
            for name in _accepted_names(scenario):
                self._names.setdefault(_normalise(name), scenario)

    def find(self, name: str | None) -> Scenario:
        """
        Return the scenario called *name*, the default if None.

        Raises:
            UnknownName: No scenario is called so.
        """
        if name is None:
            return self.default
        # Capped, since the message repeats the name and is sent back.
        found = self._names.get(_normalise(name)) if len(name) <= 200 else None
        if found is None:
            raise UnknownName("task", name[:200], self.scenarios)
        return found

    def family_of(self, scenario: Scenario) -> Family:
        """Return the family, in the rules version, that *scenario* is played by."""
        return find_family(scenario.family, scenario.rules)

    def in_family(self, family: str) -> list[Scenario]:
        """
        Return the scenarios of the family called *family*, in order; an empty list if none.

        ``workflow`` is the family with its first rules, ``workflow@2`` that with the second.
        """
        return [each for each in self.scenarios.values() if self.family_of(each).title == family]


def load_catalogue(names: Sequence[str] = (), default: str | None = None) -> TaskCatalogue:
    """
    Return the catalogue of the scenarios, families or files *names*; of all that ship if empty.

    Raises:
        UnknownName: A name is neither a scenario, a family nor a file; or *default* is not among
            the scenarios.
        RefoldError: A file holds no valid scenario.
    """
    chosen: list[str] = []
    for name in names or scenario_names():
        chosen += family_scenarios(name) or [name]
    scenarios = [load(name) for name in dict.fromkeys(chosen)]
    for each in scenarios:
        if find_family(each.family, each.rules).answered:
            raise RefoldError(
                f"scenario {each.name}: expected one of refold's own families, got an external "
                "environment, which a server does not open; `refold proxy` records its clients"
            )
    return TaskCatalogue(scenarios, default)


def _find_default(scenarios: Mapping[str, Scenario], name: str | None) -> Scenario:
    if name is None:
        return scenarios.get(DEFAULT_TASK) or next(iter(scenarios.values()))
    usual = DEFAULT_TASK.partition("/")[0]
    for each in sorted(scenarios.values(), key=lambda each: each.family != usual):
        if _normalise(name) in map(_normalise, _accepted_names(each)):
            return each
    raise UnknownName("default task", name, scenarios)


def _accepted_names(scenario: Scenario) -> list[str]:
    stem = scenario.name.rpartition("/")[2]
    aliases = find_family(scenario.family, scenario.rules).aliases
    return [scenario.name, *(f"{family}-{stem}" for family in (scenario.family, *aliases)), stem]


def _normalise(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace("/", "-")


def task_row(scenario: Scenario) -> TaskRow:
    """Return the row that describes *scenario* to clients."""
    return TaskRow(
        task_id=scenario.name,
        family=find_family(scenario.family, scenario.rules).title,
        difficulty=scenario.name.rpartition("/")[2].partition("@")[0],
        title=scenario.title,
        description=scenario.description,
        seed=scenario.seed,
        rubric=f"{scenario.rubric.name} v{scenario.rubric.version}",
        **large_seed(scenario.seed),
    )
