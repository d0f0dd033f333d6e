import enum
import math
from base64 import b64decode

import attrs
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.engine import RefoldError
from refold.engine.values import (
    LARGEST_VALUE,
    encode_value,
    to_json_value,
    value_differences,
)


class Color(enum.Enum):
    RED = "red"


@attrs.frozen
class Point:
    x: int
    y: float


class Own:
    pass


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, (2.5, None)), [1, [2.5, None]]),
        (math.nan, {"$float": "nan"}),
        (-math.inf, {"$float": "-inf"}),
        (2**64, {"$int": "18446744073709551616"}),
        (-(2**63), -(2**63)),
        (b"\x00\xff", {"$bytes": "AP8="}),
        ("\ud800", {"$text": "7aCA"}),
        ({1: "a", "1": "b"}, {"$map": [[1, "a"], ["1", "b"]]}),
        ({"b", "a"}, {"$set": ["a", "b"]}),
        (np.float32(0.1), 0.10000000149011612),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1.0, math.inf], np.float32), [1.0, {"$float": "inf"}]),
        (np.array(5), 5),
        (Color.RED, "red"),
        (Point(1, 2.0), {"x": 1, "y": 2.0}),
        (Own(), {"$type": "test_values.Own"}),
        ({"line\nend": 1}, {"line\nend": 1}),
    ],
)
def test_what_json_has_no_form_for(value, plain):
    """It becomes JSON data that says what it was, and 1, 1.0 and true stay three values."""
    made = to_json_value(value)
    assert encode_value(made, "value") == encode_value(plain, "value")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_value_reads_back_as_itself(value):
    """What is stored decodes to the same JSON data, byte for byte."""
    plain = to_json_value(value)
    stored = encode_value(plain, "value")
    assert encode_value(msgspec.json.decode(stored), "value") == stored
    assert to_json_value(plain) == plain


def test_large_arrays_are_their_bytes():
    """Type, shape and bytes of an image come back equal, whatever its order in memory."""
    image = np.arange(96 * 96 * 3, dtype=np.uint8).reshape(96, 96, 3)
    for given_ in (image, np.asfortranarray(image)):
        array = to_json_value({"image": given_})["image"]["$array"]
        assert (array["dtype"], array["shape"]) == ("uint8", [96, 96, 3])
        content = np.frombuffer(b64decode(array["bytes"]), np.uint8)
        assert np.array_equal(content.reshape(96, 96, 3), image)
    big = np.arange(2000, dtype=">f8")
    assert to_json_value(big) == to_json_value(big.astype("<f8"))


def test_bounds():
    """What is nested without an end, or larger than a log should hold, is refused in words."""
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(RefoldError, match="expected one nested at most 100 deep"):
        to_json_value(loop)
    with pytest.raises(RefoldError, match=f"observation: expected at most {LARGEST_VALUE} bytes"):
        encode_value("x" * LARGEST_VALUE, "observation")


@pytest.mark.parametrize(
    ("a", "b", "paths"),
    [
        ({"a": 1}, {"a": 1.0}, ["$.a"]),
        ({"a": 1}, {"a": True}, ["$.a"]),
        ({"a": 0.0}, {"a": -0.0}, ["$.a"]),
        ({"a": None}, {}, ["$.a"]),
        ([1, [2, 3]], [1, [2, 4]], ["$[1][1]"]),
        ([1], [1, 2], ["$"]),
        ({"a": [{"b": 1}], "c": 2}, {"a": [{"b": 1}], "c": 2}, []),
    ],
)
def test_differences(a, b, paths):
    """Every value that is stored otherwise is found, with its path."""
    assert [each.path for each in value_differences(a, b)] == paths


def test_general_paths():
    """Without indexes, a path names one place of many observations."""
    (found,) = value_differences({"seen": [{"t": 1}]}, {"seen": [{"t": 2}]})
    assert (found.path, found.general_path) == ("$.seen[0].t", "$.seen[].t")
