"""What the panel can do in a family of scenarios, made of its legal actions and its action type."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from attrs import frozen
from msgspec.structs import fields, replace

from refold.agents.prompting import prompt_of
from refold.engine import Family

_NOWHERE = "nothing of this name"


@frozen
class FamilyMoves:
    """What *legal*, the legal actions of *family*, allow."""

    family: Family
    legal: Sequence[Any]

    def of_kind(self, kind: str) -> Sequence[Any]:
        """Return the legal actions of *kind*, in their order."""
        name = fields(self.family.action)[0].name
        return [action for action in self.legal if getattr(action, name) == kind]

    def written(self, kind: str, text: str) -> Any:
        """Return the first legal action of *kind* with *text* in each field that takes one."""
        found = self.of_kind(kind)
        empty = text_fields(self.family, kind)
        return replace(found[0], **dict.fromkeys(empty, text)) if found and empty else None

    def refused(self) -> Any:
        """Return the legal action that names most, with names of what there is not."""
        made = [each for action in self.legal for each in self._renamed(action)]
        return max(made, key=lambda pair: pair[0], default=(0, None))[1]

    def _renamed(self, action: Any) -> Iterator[tuple[int, Any]]:
        """Yield how many names were changed, and the action with them, if it is one."""
        _, *rest = fields(self.family.action)
        named = [each.name for each in rest if getattr(action, each.name)]
        changed = replace(action, **dict.fromkeys(named, _NOWHERE))
        try:
            msgspec.convert(msgspec.to_builtins(changed), self.family.action)
        except msgspec.ValidationError:
            return
        if named:
            yield len(named), changed


def kinds_of(family: Family) -> list[str]:
    """Return the kinds of action that *family* has."""
    return [tool.name for tool in prompt_of(family).tools]


def text_fields(family: Family, kind: str) -> list[str]:
    """Return the fields of an action of *kind* that take any text."""
    free = {each.name for each in fields(family.action) if each.default == ""}
    return [
        field
        for tool in prompt_of(family).tools
        if tool.name == kind
        for field in tool.fields
        if field in free
    ]
