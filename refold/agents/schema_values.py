"""
Random values that fit a JSON schema: actions of worlds, arguments of tools, structured answers.

Supported: types, ``enum``, ``const``, ``default``, bounds of numbers, lengths of strings and
arrays, ``uniqueItems``, ``$ref`` within the schema, ``allOf``, ``anyOf``, and ``oneOf`` if its
variants exclude each other. Ignored: patterns, formats, conditions, ``multipleOf``.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import asdict, replace

from refold.engine import RefoldError

_DEEP = 3
"""From this level on, optional parts are left out: a recursive schema has no end of its own."""

_MOST_VALUES = 10_000
_MOST_LETTERS = 100_000

Kind = Literal["object", "array", "string", "integer", "number", "boolean", "null"]
_Count = Annotated[int, Meta(ge=0)]


class Schema(Struct, omit_defaults=True):
    """A JSON schema, as far as it is supported."""

    type: Kind | Annotated[list[Kind], Meta(min_length=1)] | UnsetType = UNSET
    enum: Annotated[list[Any], Meta(min_length=1)] | UnsetType = UNSET
    const: Any = UNSET
    default: Any = UNSET
    ref: str | UnsetType = field(default=UNSET, name="$ref")
    all_of: list["Schema"] = field(default_factory=list, name="allOf")
    any_of: list["Schema"] = field(default_factory=list, name="anyOf")
    one_of: list["Schema"] = field(default_factory=list, name="oneOf")
    properties: dict[str, "Schema | bool"] = {}
    required: list[str] = []
    additional: "Schema | bool" = field(default=True, name="additionalProperties")
    prefix_items: list["Schema | bool"] = field(default_factory=list, name="prefixItems")
    items: "Schema | bool" = True
    min_items: _Count = field(default=0, name="minItems")
    max_items: _Count | UnsetType = field(default=UNSET, name="maxItems")
    unique_items: bool = field(default=False, name="uniqueItems")
    min_length: _Count = field(default=0, name="minLength")
    max_length: _Count | UnsetType = field(default=UNSET, name="maxLength")
    minimum: int | float | UnsetType = UNSET
    maximum: int | float | UnsetType = UNSET
    above: int | float | UnsetType = field(default=UNSET, name="exclusiveMinimum")
    below: int | float | UnsetType = field(default=UNSET, name="exclusiveMaximum")


def read_schema(raw: Any) -> Schema:
    """
    Return the JSON schema *raw*.

    Raises:
        RefoldError: It is none.
    """
    try:
        return msgspec.convert(raw, Schema)
    except msgspec.ValidationError as error:
        raise RefoldError(f"schema: {error}") from None


def fill(
    raw: Mapping[str, Any], dice: random.Random, names: Sequence[str] = (), *, real: bool = False
) -> Any:
    """
    Return a value that fits the JSON schema *raw*, an object where it does not say of what type.

    Strings are one of *names* if one fits, mostly. Numbers that are bounded on both sides are
    drawn evenly between them if *real*, and are whole ones if not. Equal dice pick equal values.

    Raises:
        RefoldError: It is no JSON schema, or no small value was found that fits it.
        RecursionError: It refers to itself without an end.
    """
    return _Filler(raw, dice, names, real=real).value(read_schema(raw))


class _Filler:
    """Makes one value, and gives up when it becomes too large."""

    def __init__(
        self, root: Mapping[str, Any], dice: random.Random, names: Sequence[str], *, real: bool
    ) -> None:
        self._root = root
        self._dice = dice
        self._names = names
        self._real = real
        self._left = _MOST_VALUES
        self._made: Mapping[str, Callable[[Schema, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": lambda schema, _: self._string(schema),
            "integer": lambda schema, _: self._integer(schema),
            "number": lambda schema, _: self._number(schema),
            "boolean": lambda *_: self._coin(),
            "null": lambda *_: None,
        }

    def value(self, schema: Schema | bool, level: int = 0) -> Any:
        """Return a value of *schema*, which stands *level* levels deep in the whole one."""
        if schema is False:
            raise RefoldError("schema: expected one that some value fits, got false")
        plain = self._plain(Schema() if schema is True else schema)
        if plain.const is not UNSET:
            return plain.const
        if not isinstance(plain.enum, UnsetType):
            return self._dice.choice(plain.enum)
        # A default of null stands for leaving it out, often against the type.
        if plain.default is not UNSET and plain.default is not None and self._coin():
            return plain.default
        for name in ("any_of", "one_of"):
            if variants := getattr(plain, name):
                rest = replace(plain, **{name: []})
                return self.value(_merged(rest, self._variant(variants, level)), level)
        return self._made[self._type(plain, level)](plain, level)

    def _plain(self, schema: Schema) -> Schema:
        """Return *schema* with all that it refers to written out, but for what lies within."""
        self._left -= 1
        if self._left < 0:
            raise RefoldError("schema: expected one that a small value fits, got none")
        parts = schema.all_of
        if schema.ref is not UNSET:
            parts = [self._definition(schema.ref), *parts]
        if not parts:
            return schema
        own = replace(schema, ref=UNSET, all_of=[])
        return reduce(_merged, [*map(self._plain, parts), own])

    def _definition(self, ref: str) -> Schema:
        found: Any = self._root
        try:
            for part in unquote(ref).split("/")[1:]:
                key = part.replace("~1", "/").replace("~0", "~")
                found = found[int(key)] if isinstance(found, list) else found[key]
        except (KeyError, IndexError, ValueError, TypeError):
            found = None
        if not (ref.startswith("#") and isinstance(found, dict)):
            raise RefoldError(f"schema: expected a definition at {ref!r}, got none")
        return read_schema(found)

    def _variant(self, variants: Sequence[Schema], level: int) -> Schema:
        """Return one of *variants*: seldom null, and deep down the one that likely ends first."""
        plain = [self._plain(each) for each in variants]
        if level >= _DEEP:
            return min(plain, key=_weight)
        picked = self._dice.choice(plain)
        return self._dice.choice(plain) if picked.type == "null" else picked

    def _type(self, schema: Schema, level: int) -> Kind:
        if isinstance(schema.type, list):
            kind = self._variant([Schema(type=each) for each in schema.type], level).type
        else:
            kind = schema.type
        if isinstance(kind, str):
            return kind
        if schema.items is not True or schema.prefix_items:
            return "array"
        return "object" if schema.properties or schema.required or level == 0 else "string"

    def _coin(self) -> bool:
        return self._dice.random() < 0.5

    def _object(self, schema: Schema, level: int) -> dict[str, Any]:
        wanted = set(schema.required)
        made = {}
        for name, inner in schema.properties.items():
            if name in wanted or (inner is not False and level < _DEEP and self._coin()):
                made[name] = self.value(inner, level + 1)
        for name in schema.required:
            if name not in made:
                made[name] = self.value(schema.additional or True, level + 1)
        return made

    def _array(self, schema: Schema, level: int) -> list[Any]:
        begin, most = schema.prefix_items, schema.max_items
        few = 0 if level >= _DEEP or schema.items is False else 1
        count = max(schema.min_items, len(begin), few)
        if few and not schema.unique_items and self._coin():
            count += 1
        if most is not UNSET:
            count = min(count, most)
        made: list[Any] = []
        while len(made) < count:
            inner = begin[len(made)] if len(made) < len(begin) else schema.items
            item = self.value(inner, level + 1)
            if not (schema.unique_items and item in made):
                made.append(item)
        return made

    def _string(self, schema: Schema) -> str:
        least = schema.min_length
        most = _MOST_LETTERS if schema.max_length is UNSET else schema.max_length
        if least > _MOST_LETTERS:
            raise RefoldError(f"schema: expected a string of some letters, got minLength {least}")
        names = [name for name in self._names if least <= len(name) <= most]
        if names and self._dice.random() < 0.9:
            return self._dice.choice(names)
        return f"text {self._dice.randrange(1000)}".ljust(least, ".")[:most]

    def _integer(self, schema: Schema) -> int:
        low, high = _whole_bounds(schema)
        if low > high:
            raise RefoldError("schema: expected an integer within its bounds, got none")
        return self._dice.randint(low, high)

    def _number(self, schema: Schema) -> float:
        if self._real and schema.minimum is not UNSET and schema.maximum is not UNSET:
            return self._dice.uniform(schema.minimum, schema.maximum)
        low, high = _whole_bounds(schema)
        if low <= high:
            return self._dice.randint(low, high)
        # No whole number lies between them, so both are set, and neither is large.
        least = max(each for each in (schema.minimum, schema.above) if each is not UNSET)
        most = min(each for each in (schema.maximum, schema.below) if each is not UNSET)
        if least > most:
            raise RefoldError("schema: expected a number within its bounds, got none")
        return (least + most) / 2


def _merged(first: Schema, second: Schema) -> Schema:
    """Return what both say; where they differ, *second* counts."""
    untouched = Schema()
    said = {
        name: value for name, value in asdict(second).items() if value != getattr(untouched, name)
    }
    said["properties"] = {**first.properties, **second.properties}
    said["required"] = [*first.required, *second.required]
    return replace(first, **said)


def _weight(schema: Schema) -> tuple[int, int]:
    written = msgspec.json.encode(schema)
    return written.count(b'"$ref"'), len(written)


def _whole_bounds(schema: Schema) -> tuple[int, int]:
    """Return the least and the greatest whole number allowed, ten of them if not bounded."""
    lows = [math.ceil(schema.minimum)] if schema.minimum is not UNSET else []
    lows += [math.floor(schema.above) + 1] if schema.above is not UNSET else []
    highs = [math.floor(schema.maximum)] if schema.maximum is not UNSET else []
    highs += [math.ceil(schema.below) - 1] if schema.below is not UNSET else []
    if lows:
        return max(lows), min(highs, default=max(lows) + 9)
    return (min(highs) - 9, min(highs)) if highs else (0, 9)
