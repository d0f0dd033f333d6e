"""Kinds of action as Python functions, typed and documented, as libraries make tools of them."""

from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter, Signature
from typing import Any, TypeVar

from refold.agents.prompting import format_parameters
from refold.engine import Family

R = TypeVar("R")
_TYPES: Mapping[str, type[Any]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": dict,
}


def action_functions(
    family: Family, act: Callable[..., R], *receivers: str
) -> Iterator[Callable[..., R]]:
    """
    Yield a function for each kind of action of *family*, called as the kind is.

    Their docstrings have sections on arguments and result. Arguments are given by name; those that
    may be left out are None by default.

    Args:
        family: Whose actions they are.
        act: Called with the receivers, the kind and a dictionary of the fields; what it returns is
            what the function returns.
        receivers: Names of what comes before the fields, such as ``self`` of a method.
    """
    for tool in format_parameters(family, "tools")["tools"]:
        yield _function(tool["function"], act, receivers)


def _function(
    tool: Mapping[str, Any], act: Callable[..., R], receivers: tuple[str, ...]
) -> Callable[..., R]:
    name = tool["name"]
    types = {
        field: _TYPES[schema["type"]]
        if field in tool["parameters"]["required"]
        else _TYPES[schema["type"]] | None
        for field, schema in tool["parameters"]["properties"].items()
    }

    def function(*received: Any, **fields: Any) -> R:
        return act(*received, name, fields)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _docstring(tool["description"], types)
    function.__annotations__ = {**types, "return": str}
    function.__dict__["__signature__"] = _signature(tool, types, receivers)
    return function


def _signature(
    tool: Mapping[str, Any], types: Mapping[str, Any], receivers: tuple[str, ...]
) -> Signature:
    required = tool["parameters"]["required"]
    before = [Parameter(each, Parameter.POSITIONAL_OR_KEYWORD) for each in receivers]
    fields = [
        Parameter(
            field,
            Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=Parameter.empty if field in required else None,
        )
        for field, annotation in types.items()
    ]
    return Signature([*before, *fields], return_annotation=str)


def _docstring(description: str, types: Mapping[str, Any]) -> str:
    lines = [description, ""]
    if types:
        lines += ["Args:", *(f"    {field}: The {_words(field)}." for field in types), ""]
    return "\n".join([*lines, "Returns:", "    What there is to see then."])


def _words(field: str) -> str:
    return field.replace("_", " ")
