import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.agents.schema_checks import find_mismatch

SCHEMAS = {
    "discrete": {"type": "integer", "minimum": 0, "maximum": 1},
    "box": {
        "type": "array",
        "items": {"type": "number", "minimum": -2.0, "maximum": 2.0},
        "minItems": 1,
        "maxItems": 1,
    },
    "kinds": {"enum": ["left", "right", 1]},
    "const": {"const": "down"},
    "pair": {"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "string"}]},
    "object": {
        "type": "object",
        "properties": {"kind": {"enum": ["go"]}, "by": {"type": ["integer", "null"]}},
        "required": ["kind"],
    },
    "any": {},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.sampled_from("left go"),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["kind", "by"]), inner, max_size=2)
    ),
)


@pytest.mark.parametrize("name", SCHEMAS)
@given(value=VALUES)
def test_as_the_reference_says(name, value):
    """For schemas of actions, a mismatch is found where the reference implementation finds one."""
    found = find_mismatch(value, SCHEMAS[name])
    assert (found is None) == jsonschema.Draft202012Validator(SCHEMAS[name]).is_valid(value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("discrete", 7, "$: expected a number from 0 to 1, got 7"),
        ("discrete", "1", '$: expected integer, got "1"'),
        ("box", [3.0], "$[0]: expected a number from -2.0 to 2.0, got 3.0"),
        ("box", [], "$: expected items from 1 to 1, got []"),
        ("kinds", "up", '$: expected one of ["left","right",1], got "up"'),
        ("object", {"by": 1}, "$: expected 'kind', got by"),
        ("object", {"kind": "go", "by": "x"}, '$.by: expected integer or null, got "x"'),
    ],
)
def test_in_words(name, value, words):
    """The first mismatch is told in one line, with its place."""
    assert find_mismatch(value, SCHEMAS[name]) == words
