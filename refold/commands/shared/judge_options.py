"""The options of commands that grade with a judge: who is asked, how much, and at what price."""

import functools
import re
from collections.abc import Sequence
from math import isfinite
from typing import Any

import click
from attrs import field, frozen

from refold.agents.endpoint import ProjectEndpoint
from refold.commands.shared.agent_names import (
    check_library_agent,
    complete_agent_name,
    is_model,
    kind_of,
    parse_parameter,
    refuse_keys,
)
from refold.commands.shared.configured import project_endpoint
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.model_options import CONNECTION_OPTIONS, price_option
from refold.commands.shared.options import CommandT
from refold.engine import RefoldError
from refold.judges.records import Judge
from refold.reports import Price, Prices
from refold.scenarios.rubric import RubricJudge

_DOLLARS = re.compile(r"(?:\$(?P<before>[\d.]+)|(?P<after>[\d.]+) ?(?:USD|usd))")
_PARAMETER = "--judge-param"


@frozen
class Limit:
    """What may be spent on a judge: *requests*, or *dollars*; the other one is None."""

    requests: int | None
    dollars: float | None


@frozen
class JudgeChoice:
    """
    The values of the judge options; their help describes them.

    Attributes:
        model: Who is asked for answers that are missing; None asks nobody.
        parameters: Parameters of its requests, in place of those that would count otherwise.
        dry_run: Whether to list the missing questions only.
        limit: What may be spent; None for no limit.
        again: How many further answers to each question are asked for.
        price: Of a million tokens; None if it was not given.
        project: The API that refold.toml names; None if it names none.
    """

    model: str | None
    parameters: dict[str, Any]
    dry_run: bool
    limit: Limit | None
    again: int
    price: Price | None
    base_url: str | None
    api_key: str | None = field(repr=False)
    timeout: float
    max_retries: int
    project: ProjectEndpoint | None = None

    def judge(self, of_rubric: RubricJudge | None) -> Judge | None:
        """
        Return who is asked: by the options, else by the rubric; None if neither names one.

        Where both name the same model, the rubric's parameters count except for those given.

        Raises:
            RefoldError: The model is none, or a parameter holds a key.
        """
        if self.model is None and of_rubric is None:
            return None
        named = None if self.model is None else complete_agent_name(self.model)
        parameters: dict[str, Any] = {"temperature": 0.0}
        if of_rubric is not None and named in (None, of_rubric.model):
            named = of_rubric.model
            parameters = {"temperature": of_rubric.temperature, **of_rubric.parameters}
        assert named is not None
        parameters |= self.parameters
        refuse_keys(named, parameters, None, self, option=_PARAMETER)
        known = {name: value for name, value in parameters.items() if value is not None}
        return Judge(named, {name: _plain(value) for name, value in known.items()})


NOBODY = JudgeChoice(
    model=None,
    parameters={},
    dry_run=False,
    limit=None,
    again=0,
    price=None,
    base_url=None,
    api_key=None,
    timeout=0.0,
    max_retries=0,
)
"""The options of a command that asks nobody."""


def _plain(value: Any) -> Any:
    """Return *value* with 0 for 0.0: however it was written, it is the same judge."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_OPTIONS = (
    click.option(
        "--judge",
        metavar="MODEL",
        help="Model that answers the grader's questions to a judge, as openai:MODEL.",
    ),
    click.option(
        _PARAMETER,
        "judge_parameters",
        multiple=True,
        metavar="NAME=JSON",
        help="A request parameter for the judge; temperature is 0 if not given, null removes one.",
    ),
    click.option("--dry-run", is_flag=True, help="List the unanswered questions; send nothing."),
    click.option(
        "--judge-limit",
        metavar="N|$X",
        help="Send the judge at most N requests, or as many as $X pays for at --price.",
    ),
    click.option(
        "--judge-again",
        type=WholeNumber(1, 100),
        metavar="N",
        help="Ask each question N more times and report how consistent the judge is.",
    ),
    *CONNECTION_OPTIONS,
)


def with_judge_options(command: CommandT) -> CommandT:
    """Add ``--judge`` and what belongs to it; the command takes it as a *judge_choice*."""

    @functools.wraps(command)
    def wrapper(
        *,
        judge: str | None,
        judge_parameters: Sequence[str],
        dry_run: bool,
        judge_limit: str | None,
        judge_again: int | None,
        prices: Prices,
        base_url: str | None,
        api_key: str | None,
        timeout: float,
        max_retries: int,
        **rest: Any,
    ) -> Any:
        _check_model(judge)
        parse = functools.partial(parse_parameter, option=_PARAMETER)
        choice = JudgeChoice(
            model=judge,
            parameters=dict(map(parse, judge_parameters)),
            dry_run=dry_run,
            limit=None if judge_limit is None else _parse_limit(judge_limit, prices.given),
            again=judge_again or 0,
            price=prices.given,
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
            project=project_endpoint(),
        )
        return command(**rest, judge_choice=choice)

    added = price_option(wrapper)
    # Decorators apply from the bottom up, so the last option is added first.
    for option in reversed(_OPTIONS):
        added = option(added)
    return added  # type: ignore[return-value]  # the same command, except for these options


def _check_model(model: str | None) -> None:
    if model is None:
        return
    if not is_model(model):
        raise RefoldError(
            f"--judge: expected openai:MODEL or any-llm:PROVIDER:MODEL, got {model!r:.100}"
        )
    if kind_of(model) == "any-llm":
        check_library_agent(model)


def _parse_limit(text: str, price: Price | None) -> Limit:
    dollars = _DOLLARS.fullmatch(text.strip())
    try:
        if dollars is None:
            limit = Limit(int(text), None)
        else:
            limit = Limit(None, float(dollars["before"] or dollars["after"]))
    except ValueError:
        limit = Limit(0, None)
    amount = limit.requests if limit.dollars is None else limit.dollars
    if amount is None or not isfinite(amount) or amount <= 0:
        expected = "a number of requests such as 200, or dollars such as $0.50 or 0.50USD"
        raise RefoldError(f"--judge-limit: expected {expected}, got {text!r:.60}")
    if limit.dollars is not None and price is None:
        raise RefoldError(f"--judge-limit {text}: expected --price beside it, got none")
    return limit
