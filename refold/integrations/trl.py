"""
Scenarios for TRL's ``GRPOTrainer``: an ``environment_factory``, and the rows of a data set.

TRL makes a tool of every public method of an environment, so its class has one for each kind of
action, and ``get_reward`` gives the grade. Nothing of TRL is imported.
"""

from collections.abc import Callable
from typing import Any

from refold.agents.rollout import epoch_seed
from refold.engine import EventLog, RefoldError
from refold.engine.log.lifetime import close_with
from refold.engine.registry import find_family
from refold.integrations.functions import action_functions
from refold.integrations.rollout import Rollout, instructions, load_decided

_RESERVED = ("reset", "get_reward")


class _Environment:
    """What TRL asks of an environment, except for the tools; ``environment_factory`` adds those."""

    _begin: Callable[[int | None], Rollout]
    _rollout: Rollout | None = None

    def reset(self, seed: int | None = None, **_row: Any) -> str:
        """
        Begin an episode and return what there is to see, the end of the first message.

        Args:
            seed: Seed of the episode; the scenario's own if None.
            _row: The row's other columns, which change nothing.
        """
        if self._rollout is not None:
            self._rollout.finish()
        self._rollout = type(self)._begin(seed)
        return self._rollout.describe()

    def get_reward(self) -> float:
        """Return the grade's score; an unfinished episode is truncated, as the model stopped."""
        return self._playing().finish().score

    def _playing(self) -> Rollout:
        if self._rollout is None:
            raise RefoldError("environment: expected reset before anything else; call it first")
        return self._rollout


def environment_factory(
    scenario: str, *, log: str | None = None, agent: str = "trl", run: str = ""
) -> type[_Environment]:
    """
    Return a class whose instances play *scenario*, for ``GRPOTrainer(environment_factory=…)``.

    Args:
        scenario: Name of a scenario, or path of its file.
        log: File to record every episode in; none if None. Processes may share one.
        agent: Who plays, a name for the log.
        run: Name of the run that the episodes belong to.

    Raises:
        RefoldError: There is no such scenario, an external environment answers it, or one of its
            kinds of action has a name that TRL uses otherwise.
    """
    loaded = load_decided(scenario)
    family = find_family(loaded.family, loaded.rules)
    opened = EventLog(log) if log is not None else None

    def begin(seed: int | None) -> Rollout:
        return Rollout(loaded, log=opened, agent=agent, seed=seed, run=run)

    tools = {each.__name__: each for each in action_functions(family, _call, "self")}
    for name in tools:
        if name in _RESERVED or name.startswith("_"):
            raise RefoldError(
                f"family {family.name}: expected kinds of action that can be TRL's tools, got "
                f"{name!r}; rename it"
            )
    name = "".join(word.title() for word in loaded.name.replace("-", "/").split("/"))
    made = type(f"{name}Environment", (_Environment,), {**tools, "_begin": staticmethod(begin)})
    if opened is not None:
        close_with(made, opened.close)
    return made


def dataset_rows(scenario: str, worlds: int) -> list[dict[str, Any]]:
    """
    Return rows to train on: one for each of *worlds* seeds, from the scenario's own upward.

    ``datasets.Dataset.from_list`` makes a data set of them. A row's ``prompt`` tells the rules,
    and its ``seed`` goes to ``reset``, so that all completions of a group play one seed.

    Raises:
        RefoldError: There is no such scenario, or an external environment answers it.
    """
    loaded = load_decided(scenario)
    rules = {"role": "system", "content": instructions(loaded)}
    # What there is to see is put behind the last message by TRL, when it has reset.
    prompt = [rules, {"role": "user", "content": ""}]
    return [{"prompt": prompt, "seed": epoch_seed(loaded.seed, number)} for number in range(worlds)]


def _call(environment: _Environment, kind: str, fields: dict[str, Any]) -> str:
    return environment._playing().call(kind, fields)
