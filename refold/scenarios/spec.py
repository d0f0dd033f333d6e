"""
Scenarios: TOML files that anyone can write, and the canonical JSON that a stream carries.

A scenario is identified by its JSON ``body``, which holds everything that rules and graders
need: once an episode has begun, the file is not needed again.
"""

import pickle
from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tomli_w
from attrs import frozen

from refold.engine.codec import encode
from refold.engine.definition import header_of
from refold.engine.episode import LARGEST_SEED
from refold.engine.errors import RefoldError, UnknownName
from refold.engine.family import Family
from refold.engine.registry import ENVIRONMENTS, all_families, find_family, plugin, plugins
from refold.scenarios.criteria import find_criteria
from refold.scenarios.rubric import Rubric, read_rubric
from refold.scenarios.strict import Problem, ScenarioError, beside, plain, structure
from refold.scenarios.toml import read_toml

LARGEST_FILE = 4 * 2**20
"""Bytes of a scenario file; its parameters go into every stream."""
MOST_LETTERS = 100
"""Letters of a scenario's name."""

P = TypeVar("P")


@frozen
class _ScenarioTable:
    """The tables and values of a scenario file, before parameters and rubric are checked."""

    family: str
    rules: int
    title: str
    description: str
    seed: int
    parameters: Any
    rubric: Any


@frozen
class Scenario:
    """
    A definition that episodes can be started from.

    Attributes:
        name: ``family/name`` for those that ship, else the file's name without ``.toml``.
        family: Name of its family.
        rules: Version of the family's rules.
        title: A few words for lists.
        description: The task, as the agent reads it.
        seed: Random seed of its episodes, unless another is given.
        parameters: The family's parameters.
        rubric: How its episodes are scored.
    """

    name: str
    family: str
    rules: int
    title: str
    description: str
    seed: int
    parameters: Any
    rubric: Rubric

    @property
    def body(self) -> bytes:
        """Canonical JSON of all the above."""
        return self._encoded  # type checkers do not take a cached property for a property

    @cached_property
    def _encoded(self) -> bytes:
        return encode(plain(self))


def scenario_names() -> list[str]:
    """
    Return the names of the built-in scenarios, by family and rules, and then from easy to hard.

    Those of later rules than the first end in their version: ``workflow/easy@2``.
    """
    return [name for family in all_families() for name in family.scenario_names]


def family_scenarios(name: str) -> list[str]:
    """
    Return the names of the scenarios that ship with the family *name*; none if there is none.

    ``workflow`` is that of the first rules, ``workflow@2`` that of the second.
    """
    return [
        each for family in all_families() if family.title == name for each in family.scenario_names
    ]


def load(name: str | Path) -> Scenario:
    """
    Return the scenario *name*.

    It is a built-in one (``workflow/hard``), the path of a TOML file, or an external environment
    (``gymnasium:CartPole-v1``), which is described without being opened.

    Raises:
        UnknownName: There is neither a built-in scenario nor a file of that name.
        ScenarioError: The file has mistakes; all of them are in the error.
        RefoldError: The file cannot be read, or is not TOML.
    """
    text = str(name)
    environment = find_environment(text)
    if environment is not None:
        scenario: Scenario = environment.describe(text.partition(":")[2])
        return scenario
    # Built-in names win: a folder "workflow" in the working directory must not change them.
    if text in scenario_names():
        return _parse_tables(pickle.loads(_pickled_tables(text)), text, text)  # noqa: S301 - ours
    return parse_scenario(_read_source(text), text, Path(text).stem)


@cache
def _pickled_tables(name: str) -> bytes:
    """Return what the file of the built-in scenario *name* holds, read once and yet new to each."""
    return pickle.dumps(read_toml(_read_source(name), name))


def world_names(name: str) -> list[str]:
    """Return the environments that *name* stands for, such as all tasks of ``tau2:airline``."""
    environment = find_environment(name)
    if environment is None:
        return []
    kind, _, address = name.partition(":")
    return [f"{kind}:{each}" for each in environment.names(address)]


def find_environment(name: str) -> Any:
    """Return the kind of environment that *name*, as in ``gymnasium:ID``, begins with, or None."""
    kind, colon, _ = name.partition(":")
    if not colon or kind not in plugins(ENVIRONMENTS):
        return None
    return plugin(ENVIRONMENTS, kind, "environment")


@lru_cache(maxsize=64)  # keyed by the scenario's bytes, which the episodes of a run share
def stand_in_remark(body: bytes) -> str | None:
    """
    Return a remark if the scenario whose canonical JSON is *body* bears another's name, else None.

    A stream holds its scenario itself, so anything can be called as one that ships.
    """
    name = header_of(body).name
    if name not in scenario_names() or load(name).body == body:
        return None
    return f"{name} (not the one that ships)"


def scenario_source(name: str) -> str:
    """
    Return the TOML source of the scenario *name*, to be copied and changed.

    Raises:
        UnknownName, ScenarioError, RefoldError: As ``load``.
    """
    scenario = load(name)  # for its errors: what is printed here can be used
    if find_environment(name) is not None:
        return tomli_w.dumps(_without_none({**plain(scenario), "name": None}))
    return _read_source(name).decode()


def _without_none(value: Any) -> Any:
    """Return plain data without what is None, which TOML has no form for."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list | tuple) else value


def _read_source(name: str) -> bytes:
    for family in all_families():
        if name in family.scenario_names:
            assert family.folder is not None, "a family with scenarios has their folder"
            stem = family.scenarios[family.scenario_names.index(name)]
            return (family.folder / f"{stem}.toml").read_bytes()
    path = Path(name)
    if not _is_file(path):
        hint = "`refold scenarios` lists them; a file is named by its path"
        raise UnknownName("scenario", name, scenario_names(), hint=hint)
    return _read_file(path)


def load_rubric(path: str | Path, family: str, rules: int) -> Rubric:
    """
    Return the rubric of the TOML file at *path*, for episodes of *family* with *rules*.

    Only its ``[rubric]`` table counts, so a scenario file will do.

    Raises:
        RefoldError: The file is missing, unreadable, or not TOML with a ``[rubric]``.
        ScenarioError: The rubric has mistakes; all of them are in the error.
    """
    criteria = find_criteria(family, rules)
    rubric, problems = read_rubric(_read_rubric_table(path), "$.rubric", criteria, None)
    if problems or rubric is None:
        raise ScenarioError(str(path), problems)
    return rubric


def read_rubric_name(path: str | Path) -> str:
    """
    Return the name of the rubric of the TOML file at *path*, whatever else it says.

    Raises:
        RefoldError: The file is missing, unreadable, or not TOML with a named ``[rubric]``.
    """
    table = _read_rubric_table(path)
    name = table.get("name") if isinstance(table, dict) else None
    if not isinstance(name, str):
        raise RefoldError(f"{path}: expected a [rubric] with a name, got none")
    return name


def _read_rubric_table(path: str | Path) -> Any:
    data = read_toml(rubric_file(path), str(path))
    if "rubric" not in data:
        raise RefoldError(f"{path}: expected a table [rubric], got none")
    return data["rubric"]


def rubric_file(path: str | Path) -> bytes:
    """
    Return what the file at *path* holds, which should be TOML with a ``[rubric]``.

    Raises:
        RefoldError: The file is missing or unreadable.
    """
    if not _is_file(Path(path)):
        raise RefoldError(f"{path}: expected a TOML file with a [rubric], got no such file")
    return _read_file(Path(path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _read_file(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RefoldError(f"{path}: expected at most {LARGEST_FILE} bytes, got more")
        return path.read_bytes()
    except OSError as error:
        raise RefoldError(f"{path}: expected a readable file, got {error.strerror}") from None


def parse_scenario(content: bytes, where: str, name: str) -> Scenario:
    """
    Return the scenario *name* of *content*, the TOML file that errors call *where*.

    Raises:
        ScenarioError: The file has mistakes; all of them are in the error.
        RefoldError: It is not TOML.
    """
    return _parse_tables(read_toml(content, where), where, name)


def _parse_tables(tables: Any, where: str, name: str) -> Scenario:
    table, problems = structure(tables, _ScenarioTable, "$")
    # The name goes into streams, tables and terminals, and comes from a file name.
    if not name.isprintable() or not 1 <= len(name) <= MOST_LETTERS:
        problems.append(("file name", f"expected 1 to {MOST_LETTERS} printable letters"))
    if table is None:
        raise ScenarioError(where, problems)
    try:
        family = find_family(table.family, table.rules)
    except UnknownName as error:
        unknown = beside(problems, [("$.family", str(error))])
        raise ScenarioError(where, [*problems, *unknown]) from None
    return _make_scenario(table, family, where, name, problems)


def _make_scenario(
    table: _ScenarioTable, family: Family, where: str, name: str, problems: list[Problem]
) -> Scenario:
    if not 0 <= table.seed <= LARGEST_SEED:
        problems.append(("$.seed", f"expected 0 to {LARGEST_SEED}, got {table.seed}"))
    parameters, mistakes = _structure_parameters(
        table.parameters, family.parameters, family.problems
    )
    problems += beside(problems, mistakes)
    criteria = find_criteria(table.family, table.rules)
    rubric, mistakes = read_rubric(table.rubric, "$.rubric", criteria, parameters)
    problems += beside(problems, mistakes)
    if problems or rubric is None:
        raise ScenarioError(where, problems)
    return Scenario(
        name=name,
        family=table.family,
        rules=table.rules,
        title=table.title,
        description=table.description,
        seed=table.seed,
        parameters=parameters,
        rubric=rubric,
    )


def _structure_parameters(
    value: Any, kind: type[Any], find_problems: Callable[[Any], list[Problem]]
) -> tuple[Any, list[Problem]]:
    path = "$.parameters"
    parameters, problems = structure(value, kind, path)
    further = find_problems(parameters) if parameters is not None else []
    return parameters, problems + beside(problems, ((path + at, text) for at, text in further))


def read_parameters(
    body: bytes, kind: type[P], find_problems: Callable[[P], list[Problem]] = lambda parameters: []
) -> tuple[str, P]:
    """
    Return description and parameters of the scenario whose canonical JSON is *body*.

    Raises:
        ScenarioError: They do not fit the family; logs may come from strangers.
    """
    data = _decode_body(body)
    parameters, problems = _structure_parameters(data.get("parameters"), kind, find_problems)
    if problems or parameters is None:
        raise ScenarioError("recorded scenario", problems)
    return str(data.get("description", "")), parameters


@lru_cache(maxsize=64)
def recorded_rubric(body: bytes) -> Rubric:
    """
    Return the rubric of the scenario whose canonical JSON is *body*.

    Raises:
        ScenarioError: It does not fit the scenario's family.
    """
    header = header_of(body)
    criteria = find_criteria(header.family, header.rules)
    rubric, problems = read_rubric(_decode_body(body).get("rubric"), "$.rubric", criteria, None)
    if problems or rubric is None:
        raise ScenarioError("recorded scenario", problems)
    return rubric


def _decode_body(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise RefoldError(f"recorded scenario: expected JSON, got {error}") from None
