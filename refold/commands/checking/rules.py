"""The rules of ``refold.toml``, in the words of ``--fail-if``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from refold.engine import RefoldError
from refold.project.settings import CheckSettings, SettingsError
from refold.reports.gates import Rule, parse_rule
from refold.reports.regrading import RULES

GOLDENS = "goldens"

_USUAL: Mapping[str, Any] = {"moved": 0, "missing": 0, GOLDENS: True}
"""Without any rules, nothing may differ from what is committed."""


@frozen
class CheckRules:
    """What a check has to hold to: *rules* for each grader, and whether it looks at *goldens*."""

    rules: Sequence[Rule]
    goldens: bool


def read_rules(check: CheckSettings, path: Path) -> CheckRules:
    """
    Return the rules of *check*, the settings in the file *path*.

    Raises:
        SettingsError: A rule is not known, or has no such limit.
    """
    said = _USUAL if check.fail is None else check.fail
    rules, problems = [], []
    for name, value in said.items():
        try:
            rule = _read_rule(name, value)
        except RefoldError as error:
            problems.append((f"$.check.fail.{name}", str(error)))
        else:
            rules += [rule] if rule else []
    if problems:
        raise SettingsError(str(path), problems)
    return CheckRules(rules, bool(said.get(GOLDENS)) and check.goldens is not None)


def _read_rule(name: str, value: Any) -> Rule | None:
    """Return the rule *name* with the limit *value*; None for one that is switched off."""
    known = sorted((*RULES, GOLDENS))
    if name not in known:
        raise RefoldError(f"expected one of the rules {', '.join(known)}; got {name!r}")
    if name == GOLDENS:
        if not isinstance(value, bool):
            raise RefoldError(f"expected true or false, got {value!r:.100}")
        return None
    if isinstance(value, bool):
        return parse_rule(name, known=RULES) if value else None
    if value == 0:  # what a rule means without a number, which not every rule takes
        return parse_rule(name, known=RULES)
    if isinstance(value, int | float | str):
        return parse_rule(f"{name}:{value}", known=RULES)
    raise RefoldError(f"expected true, false, a number or a text such as '2%', got {value!r:.100}")
