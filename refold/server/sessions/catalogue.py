"""
The tasks that a server offers: scenarios by name, and the short names that people use.

What a client sends is only ever looked up here. It never becomes the path of a file.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from refold.engine import Family
from refold.engine.errors import UnknownName
from refold.engine.family import find_family
from refold.scenarios import Scenario, load, scenario_names

DEFAULT_TASK = "workflow/easy"
"""The task of a reset that names none, if it is offered."""

_FAMILY_ALIASES: Mapping[str, tuple[str, ...]] = {"inbox": ("email-triage", "email")}
"""What families were called elsewhere."""


class TaskRow(Struct):
    """A task; *task_id* is what a reset takes."""

    task_id: str
    family: str
    difficulty: str
    title: str
    description: str
    seed: int
    rubric: str


class TaskCatalogue:
    """
    Scenarios by the names that clients may use.

    A name is a scenario's own (``workflow/hard``), with ``-`` or ``_`` for ``/``, or short
    (``hard``): then it means the default's family, or the one family that has it.

    Args:
        scenarios: What is offered, at least one.
        default: Name of the one that a reset without a name gets, maybe a short one; if None,
            ``workflow/easy``, or the first if that is not there.

    Attributes:
        scenarios: By their own names, in the order given.
        default: What a reset without a name gets.
        families: The families of all of them, that of the default first.

    Raises:
        UnknownName: None is called *default*.
    """

    def __init__(self, scenarios: Iterable[Scenario], default: str | None = None) -> None:
        self.scenarios: Mapping[str, Scenario] = {each.name: each for each in scenarios}
        self.default = _find_default(self.scenarios, default)
        ordered = [self.default, *self.scenarios.values()]
        rules = dict.fromkeys((each.family, each.rules) for each in ordered)
        self.families: Sequence[Family] = [find_family(*each) for each in rules]
        self._names: dict[str, Scenario] = {}
        for scenario in sorted(ordered, key=lambda each: each.family != self.default.family):
            for name in _accepted_names(scenario):
                self._names.setdefault(_normalise(name), scenario)

    def find(self, name: str | None) -> Scenario:
        """
        Return the scenario that *name* means, the default if None.

        Raises:
            UnknownName: None is called so.
        """
        if name is None:
            return self.default
        found = self._names.get(_normalise(name)) if len(name) <= 200 else None
        if found is None:
            raise UnknownName("task", name[:200], self.scenarios)
        return found

    def family_of(self, scenario: Scenario) -> Family:
        """Return the rules that *scenario* follows."""
        return find_family(scenario.family, scenario.rules)

    def in_family(self, family: str) -> list[Scenario]:
        """Return the scenarios of the family called *family*, in order; maybe none."""
        return [each for each in self.scenarios.values() if each.family == family]


def load_catalogue(names: Sequence[str] = (), default: str | None = None) -> TaskCatalogue:
    """
    Return the catalogue of *names*: scenarios, families or files; all that ship if there are none.

    Raises:
        UnknownName: No scenario is called so, and there is no such file; or none is *default*.
        RefoldError: A file is no scenario.
    """
    shipped = scenario_names()
    chosen: list[str] = []
    for name in names or shipped:
        chosen += [each for each in shipped if each.startswith(f"{name}/")] or [name]
    return TaskCatalogue([load(name) for name in dict.fromkeys(chosen)], default)


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
    families = (scenario.family, *_FAMILY_ALIASES.get(scenario.family, ()))
    return [scenario.name, *(f"{family}-{stem}" for family in families), stem]


def _normalise(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace("/", "-")


def task_row(scenario: Scenario) -> TaskRow:
    """Return *scenario* as a task."""
    return TaskRow(
        task_id=scenario.name,
        family=scenario.family,
        difficulty=scenario.name.rpartition("/")[2],
        title=scenario.title,
        description=scenario.description,
        seed=scenario.seed,
        rubric=f"{scenario.rubric.name} v{scenario.rubric.version}",
    )
