"""What the mock model does with tools, schemas and forms that it has never seen."""

import json
import random
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from refold.agents.mock.answers import answer
from refold.agents.mock.requests import read_request
from refold.agents.schema_values import fill

TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "name": {"type": "string"},
            },
            "required": ["name", "children", "next"],
        },
        "sum": {
            "type": "object",
            "properties": {
                "op": {"const": "sum"},
                "left": {"$ref": "#/$defs/term"},
                "right": {"$ref": "#/$defs/term"},
            },
            "required": ["op", "left", "right"],
        },
        "term": {"oneOf": [{"$ref": "#/$defs/sum"}, {"type": "integer"}]},
    },
    "type": "object",
    "properties": {"tree": {"$ref": "#/$defs/node"}, "term": {"$ref": "#/$defs/term"}},
    "required": ["tree", "term"],
}
REFERRED = {"a": {"type": "integer", "minimum": 3}, "b/c~d": {"enum": ["x", "y"]}}
REFERENCES = [{"$ref": f"#/$defs/{name}"} for name in ("a", "b~1c~0d", "b~1c%7E0d")]
JSON = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
FLOATS = st.floats(-1000, 1000)


def bounded(kind, numbers):
    """Return schemas of *kind* with bounds, inclusive and exclusive, that leave room."""
    low = st.sampled_from(["minimum", "exclusiveMinimum"])
    high = st.sampled_from(["maximum", "exclusiveMaximum"])
    return st.builds(
        lambda low, high, at, room, sides: {
            "type": kind,
            **({low: at} if sides != "high" else {}),
            **({high: at + room} if sides != "low" else {}),
        },
        low,
        high,
        numbers,
        st.sampled_from([2, 5, 1000]) if kind == "integer" else st.floats(0.01, 50),
        st.sampled_from(["low", "high", "both"]),
    )


def lengths(few, many, least, room):
    """Return the lengths that a string or an array may have."""
    return st.fixed_dictionaries({}, optional={few: least}).flatmap(
        lambda so_far: st.fixed_dictionaries(
            {key: st.just(value) for key, value in so_far.items()},
            optional={many: room.map(lambda more: so_far.get(few, 0) + more)},
        )
    )


STRINGS = lengths("minLength", "maxLength", st.integers(0, 30), st.integers(0, 9)).map(
    lambda more: {"type": "string", **more}
)
LEAVES = st.one_of(
    STRINGS,
    bounded("integer", st.integers(-1000, 1000) | FLOATS),
    bounded("number", st.integers(-1000, 1000) | FLOATS),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, True, *REFERENCES]),
    st.sampled_from([{"type": ["string", "null"]}, {"type": ["integer", "array", "object"]}]),
    st.sampled_from([{"allOf": [each], "description": "one"} for each in REFERENCES]),
    st.lists(JSON, min_size=1, max_size=4).map(lambda values: {"enum": values}),
    JSON.map(lambda value: {"const": value}),
    st.integers(5, 9).map(lambda value: {"type": "integer", "minimum": 5, "default": value}),
    st.just({"type": "string", "default": None}),
)


def arrays(items):
    """Return schemas of arrays of *items*, of any number and of a fixed one."""
    sizes = lengths("minItems", "maxItems", st.integers(0, 3), st.integers(0, 2))
    fixed = st.lists(items, min_size=1, max_size=3).map(
        lambda each: {"prefixItems": each, "items": False, "minItems": len(each)}
    )
    unique = {"items": {"enum": [1, 2, 3]}, "uniqueItems": True}
    free = st.builds(lambda size, item: {"items": item, **size}, sizes, items)
    return (free | fixed | st.integers(0, 3).map(lambda least: {**unique, "minItems": least})).map(
        lambda more: {"type": "array", **more}
    )


@st.composite
def objects(draw, inner):
    """Draw a schema of objects, some of whose fields are required."""
    names = draw(st.lists(st.text(string.ascii_letters + "é$ /", max_size=4), max_size=4))
    required = draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    schema = {
        "type": "object",
        "properties": {name: draw(inner) for name in names},
        "required": required,
        "additionalProperties": draw(st.booleans()),
    }
    if draw(st.booleans()):
        schema["required"] = [*required, "further"]
        schema["additionalProperties"] = draw(inner)
    return schema


def variants(inner):
    """Return schemas of alternatives, those of ``oneOf`` told apart by a field."""
    tagged = st.lists(objects(inner), min_size=1, max_size=3).map(
        lambda each: {
            "oneOf": [
                {
                    **schema,
                    "properties": {**schema["properties"], "tag": {"const": place}},
                    "required": [*schema["required"], "tag"],
                }
                for place, schema in enumerate(each)
            ]
        }
    )
    optional = inner.filter(lambda each: each is not True)
    return tagged | st.lists(optional, min_size=1, max_size=3).map(lambda each: {"anyOf": each})


NESTED = st.recursive(
    LEAVES, lambda inner: st.one_of(arrays(inner), objects(inner), variants(inner)), max_leaves=12
)
SCHEMAS = objects(NESTED).map(lambda schema: {**schema, "$defs": REFERRED})


def asked(text="", tools=None, schema=None, system=None, **more):
    """Return what is answered when asked with *text*."""
    messages = [{"role": "system", "content": system}] if system else []
    body = {"model": "m", "messages": [*messages, {"role": "user", "content": text}]}
    if tools is not None:
        functions = [{"name": name, "parameters": each} for name, each in tools.items()]
        body["tools"] = [{"type": "function", "function": each} for each in functions]
    if schema is not None:
        form = {"name": "answer", "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return answer(read_request(msgspec.json.encode({**body, **more})), agent="auto")


def called(*given, **more):
    """Return name and arguments of the tool that is called when asked so."""
    (call,) = asked(*given, **more)["choices"][0]["message"]["tool_calls"]
    return call["function"]["name"], json.loads(call["function"]["arguments"])


def content(*given, **more):
    """Return the text of the answer when asked so."""
    return asked(*given, **more)["choices"][0]["message"]["content"]


def items(*names):
    """Return a text that lists *names*."""
    return "\n".join(["Here they are:", *(f"- {name} | and so on" for name in names)])


@pytest.mark.slow
@given(SCHEMAS, st.integers())
def test_arguments_fit_any_schema(schema, turn):
    """Whatever the tool, what it is called with is valid; so is a structured answer."""
    validator = Draft202012Validator(schema)
    validator.check_schema(schema)
    name, arguments = called(f"turn {turn}: - a", tools={"do": schema})
    assert name == "do"
    validator.validate(arguments)
    validator.validate(json.loads(content(f"turn {turn}", schema=schema)))


@given(NESTED, st.integers())
def test_values_fit_any_schema(schema, seed):
    """A value can be made of any schema, not only of an object's."""
    whole = {**({} if schema is True else schema), "$defs": REFERRED}
    Draft202012Validator(whole).validate(fill(whole, random.Random(seed), ["a", "long name"]))


@pytest.mark.parametrize("turn", range(50))
def test_trees_end(turn):
    """A schema that refers to itself gets a value of a reasonable size."""
    written = content(f"turn {turn}", schema=TREE)
    Draft202012Validator(TREE).validate(json.loads(written))
    assert len(written) < 10_000


def test_every_tool_has_its_turn():
    """From turn to turn, now this tool is called and now that, optional arguments or not."""
    optional = {"type": "object", "properties": {"n": {"type": "integer"}}}
    calls = [called(f"turn {turn}", tools={"a": {}, "b": {}, "c": optional}) for turn in range(60)]
    assert {name for name, _ in calls} == {"a", "b", "c"}
    given = [arguments.get("n") for name, arguments in calls if name == "c"]
    assert len({n for n in given if n is not None}) > 1
    assert None in given


def test_equal_requests_get_equal_answers():
    """An answer depends on the whole request, and on nothing else."""
    tools = {name: {"type": "object", "properties": {"n": {"type": "integer"}}} for name in "abcd"}
    once, again, otherwise = (
        [asked(f"turn {turn}", tools=tools, model=model) for turn in range(10)]
        for model in ("m", "m", "n")
    )
    assert msgspec.json.encode(once) == msgspec.json.encode(again)
    assert [each["choices"] for each in once] != [each["choices"] for each in otherwise]
    assert len({str(each["choices"]) for each in once}) == 10


@given(SCHEMAS, st.integers())
def test_the_order_of_keys_is_no_matter(schema, turn):
    """Clients write equal requests in different orders: the answer is the same, to the byte."""

    def mirrored(value):
        if isinstance(value, list):
            return [mirrored(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {key: mirrored(inner) for key, inner in reversed(value.items())}

    for offered in ({"tools": {"do": schema}}, {"schema": schema}):
        once, again = (asked(f"turn {turn}", **each) for each in (offered, mirrored(offered)))
        assert msgspec.json.encode(once) == msgspec.json.encode(again)


@pytest.mark.parametrize("parameters", [None, {}, {"type": "object"}])
def test_tools_need_no_parameters(parameters):
    """A tool that tells of no arguments is called with an empty object."""
    assert called("Hello", tools={"do": parameters}) == ("do", {})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (items("alpha", '"two words"', "b:c/d"), {"alpha", "two words", "b:c/d"}),
        ("* one\n  - two\nand - three", {"one", "two"}),
        ('id: first\nsubject: "ignored"\n- second', {"first", "second"}),
        ('{"task": "go", "at": ["x \\" y", 3], "n" : null}', {"go", 'x " y'}),
        ('Take "left" or "right".', {"left", "right"}),
    ],
)
def test_strings_are_names_that_were_shown(text, names):
    """Ids and names are taken from what was shown: list items, else what is quoted."""
    schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    used = {called(text, tools={"do": schema}, model=f"m{turn}")[1]["id"] for turn in range(60)}
    assert names <= used
    assert all(each.startswith("text ") for each in used - names)


def test_names_of_an_earlier_turn():
    """A message that shows no names, such as a correction, does not hide those before it."""
    messages = [
        {"role": "user", "content": items("alpha")},
        {"role": "assistant", "content": "- beta"},
        {"role": "user", "content": "That was no action."},
    ]
    schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    used = [
        called(tools={"do": schema}, messages=messages, model=f"m{turn}")[1]["id"]
        for turn in range(20)
    ]
    assert used.count("alpha") > 10
    assert "beta" not in used


def test_forms_are_filled_in():
    """Without tools and schema, one of the objects in the system message is answered, filled in."""
    system = 'Answer so:\n{"act": "go", "to": ["..."], "n": 1}  Go.\n{"act": "stay"}  Stay.'
    answers = [content(items("home"), system=system, model=f"m{turn}") for turn in range(30)]
    given = [json.loads(each.split("```")[1].removeprefix("json")) for each in answers]
    assert {"act": "stay"} in given
    assert {"act": "go", "to": ["home"], "n": 1} in given
    assert "..." not in str(given)
    written = content(items("home"), system=system, response_format={"type": "json_object"})
    assert json.loads(written)["act"] in ("go", "stay")


def test_nothing_offered():
    """Where no action can be seen, the answer is prose; of JSON without a schema, no more."""
    assert "{" not in content("Hello")
    assert json.loads(content("Hello", response_format={"type": "json_object"})) == {}
    assert json.loads(content("Hello", schema={})) == {}


def test_other_tools_beside_a_familiar_prompt(random_episode):
    """Tools or a schema that have no room for the family's own action are met all the same."""
    episode = random_episode("workflow/easy", 1, steps=1)
    shown = episode.family.prompt.render(episode.observation)
    schema = {"type": "object", "properties": {"ok": {"const": 1}}, "required": ["ok"]}
    assert called(shown, tools={"think": {}}) == ("think", {})
    assert json.loads(content(shown, schema=schema)) == {"ok": 1}


@pytest.mark.parametrize("name", ["workflow/easy", "inbox/easy"])
def test_after_the_end(random_episode, name):
    """An episode that is over is answered with some action, like any other text."""
    over = random_episode(name, 1)
    assert over.over
    tools = {tool.name: {} for tool in over.family.prompt.tools}
    assert called(over.family.prompt.render(over.observation), tools=tools)[0] in tools
