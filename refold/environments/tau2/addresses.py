"""Addresses of tau2's tasks: ``DOMAIN``, ``DOMAIN/TASK``, and which user answers in them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from attrs import frozen

from refold.engine.errors import RefoldError
from refold.environments.options import read_options

DOMAINS = ("airline", "retail", "telecom")

_KIND, _USER = "tau2:", "openai:"


@frozen
class Options:
    """
    Options of a task's environment.

    Attributes:
        user: Name of the model that plays the user; None if nobody does.
    """

    user: str | None


def read_address(address: str) -> tuple[str, str, dict[str, Any]]:
    """
    Return domain, task and options of *address*; the task is empty if it names a domain.

    Raises:
        RefoldError: There is no such domain or option.
    """
    place, options = read_options(address)
    domain, _, task = place.partition("/")
    check_domain(domain)
    for name, value in options.items():
        if name != "user" or _model_of(value) is None:
            raise RefoldError(
                f"tau2:{place}: expected user=openai:MODEL or no option, got {name}={value}"
            )
    return domain, task, options


def check_domain(domain: str) -> None:
    """Raise RefoldError if tau2 has no *domain*."""
    if domain not in DOMAINS:
        raise RefoldError(
            f"tau2: expected tau2:DOMAIN or tau2:DOMAIN/TASK, DOMAIN one of {', '.join(DOMAINS)}, "
            f"got {domain!r:.100}"
        )


def check_options(domain: str, options: Mapping[str, Any]) -> Options:
    """
    Return the options of a scenario.

    Raises:
        RefoldError: They are none of these that this release makes.
    """
    found = dict(options)
    user = found.pop("user", None)
    model = _model_of(user)
    solo = found.pop("solo", False)
    if found or (user is None) != (model is None) or solo is not (domain == "telecom" and not user):
        raise RefoldError(
            f"tau2:{domain}: expected user=openai:MODEL, or in telecom solo=true, "
            f"got {dict(options)!r:.200}"
        )
    return Options(model)


def with_user(names: Sequence[str], user: str) -> list[str]:
    """
    Return the scenarios *names*, each played with *user*, as in ``openai:MODEL``.

    Raises:
        RefoldError: One is no task of tau2, or names its user already.
    """
    for name in names:
        if not name.startswith(_KIND) or "?" in name:
            raise RefoldError(
                "--user: expected tau2:DOMAIN or tau2:DOMAIN/TASK, whose users can be played, "
                f"got {name!r}; leave --user out"
            )
    return [f"{name}?user={quote(user, safe=':/')}" for name in names]


def describe_aim(*, solo: bool) -> str:
    """Return what the agent is told of its task, beside the domain's policy."""
    return (
        "Solve the customer's ticket by the policy, with tool calls only. "
        "Call done when it is solved."
        if solo
        else "Serve the customer by the policy. Call done when there is nothing left to do."
    )


def _model_of(user: Any) -> str | None:
    if not isinstance(user, str) or not user.startswith(_USER):
        return None
    return user.removeprefix(_USER) or None
