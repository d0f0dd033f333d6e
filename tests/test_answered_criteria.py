"""What rubrics measure in episodes of worlds outside, and which events each value rests on."""

import subprocess
import sys
import time

import pytest

from refold.engine import Episode
from refold.engine.exchanges import ModelCalled, Reply, ToolCall, Usage
from refold.environments import answered, answered_scenario, began
from refold.graders import grade
from refold.scenarios import Criterion, Rubric, ScenarioError, load_rubric
from refold.scenarios.answered import FAMILY
from refold.scenarios.answered.events import ScoreGiven
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.answered.paths import read_path, same_value, values_at
from refold.scenarios.answered.patterns import found_in, pattern_problem
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.strict import structure


def tool(text, **more):
    return {"role": "tool", "content": text, **more}


def call(name, **arguments):
    return {"name": name, "arguments": arguments}


def asked(text, *calls, **usage):
    """Return an exchange in which the model answered *text* and called *calls*."""
    made = tuple(ToolCall(str(place), name, "{}") for place, name in enumerate(calls))
    counted = Usage(**usage) if usage else None
    return ModelCalled((), 1, "0" * 64, Reply("m", text, made, "stop", counted, 0), (), 5)


@pytest.fixture
def stream():
    """Return an episode of four actions: two calls at once, an error, a text, the end."""
    episode = Episode.start(answered_scenario("mine:shop", AnsweredParameters("mine", "shop")))
    episode.note(began({"messages": [{"role": "user", "content": "Refund order #7, please."}]}))
    episode.step(
        {"tool_calls": [call("find", id=7, deep={"a": [1, 2]}), call("find", id=8.0)]},
        asked("I look it up.", "find", "find", input=100, output=20, cost=0.5),
        answers=[answered({"messages": [tool("found"), tool("gone", error=True)]}, 0.25)],
    )
    episode.step(
        {"tool_calls": [call("refund", id=7, all=True)]},
        asked("", "refund", input=150, output=30, cost=0.25),
        answers=[answered({"messages": [tool("no", is_error=True)], "left": [{"n": 3}]}, 0)],
    )
    episode.step(
        {"content": "Is order #7 yours?"},
        asked('{"content": "Is order #7 yours?"}'),
        answers=[answered({"messages": [{"role": "user", "content": "yes"}], "left": [{"n": 5}]})],
    )
    episode.step(
        {"content": " Refunded: $12.50 "}, answers=[answered({"left": []}, 0.5, terminated=True)]
    )
    episode.note(ScoreGiven(name="reward", value=0.75))
    return episode.events


def measured(stream, measure, **params) -> Finding:
    """Return what *measure* finds, after its parameters were checked as those of a file are."""
    criteria = FAMILY.criteria
    made, problems = structure(params, criteria.measures[measure].params, "$")
    assert problems == []
    assert criteria.problems(made, None) == []
    return criteria.measures[measure].take(Facts(stream), made)


def kinds(stream, finding):
    """Return type and step of the events that *finding* rests on."""
    at = {
        each.seq: each.step
        for kind in set(map(type, stream))
        for each in Facts(stream).of_type(kind)
    }
    return [(type(stream[seq]).__name__, at[seq]) for seq in finding.seqs]


ACTION, ANSWER, CALL = "ActionTaken", "EnvironmentAnswered", "ModelCalled"
CASES = [
    ("ended", {"how": "terminated"}, 1, [("EpisodeEnded", 3)]),
    ("ended", {"reason": "world"}, 1, [("EpisodeEnded", 3)]),
    ("ended", {"how": "terminated", "reason": "max_steps"}, 0, []),
    ("steps", {"few": 2, "many": 6}, 0.5, []),
    ("tokens", {"few": 200, "many": 400}, 0.5, [(CALL, 0), (CALL, 1)]),
    ("cost", {"few": 0.5, "many": 1}, 0.5, [(CALL, 0), (CALL, 1)]),
    ("reward", {"low": 0, "high": 1}, 0.75, [(ANSWER, 0), (ANSWER, 3)]),
    ("score", {"name": "reward"}, 0.75, [("ScoreGiven", 4)]),
    ("score", {"name": "other"}, 0, []),
    ("tool_called", {"name": "find"}, 1, [(ACTION, 0)]),
    ("tool_called", {"name": "find", "times": 2}, 1, [(ACTION, 0)]),
    ("tool_called", {"name": "find", "times": 3}, 0, [(ACTION, 0)]),
    ("tool_called", {"name": "find", "arguments": {"id": 8}}, 1, [(ACTION, 0)]),
    ("tool_called", {"name": "find", "arguments": {"deep": {"a": [1, 2]}}}, 1, [(ACTION, 0)]),
    ("tool_called", {"name": "find", "arguments": {"deep": {"a": [1]}}}, 0, []),
    ("tool_called", {"name": "refund", "arguments": {"all": 1}}, 0, []),
    ("tool_called", {"name": "refund", "arguments": {"id": "7"}}, 0, []),
    ("tool_called", {"name": "refund", "arguments": {"who": 7}}, 0, []),
    ("tool_never_called", {"name": "drop"}, 1, []),
    ("tool_never_called", {"name": "refund"}, 0, [(ACTION, 1)]),
    ("tool_never_called", {"name": "refund", "arguments": {"all": False}}, 1, []),
    ("tool_order", {"names": ["find", "refund"]}, 1, [(ACTION, 0), (ACTION, 1)]),
    ("tool_order", {"names": ["find", "find", "refund"]}, 1, [(ACTION, 0), (ACTION, 1)]),
    ("tool_order", {"names": ["refund", "find"]}, 0.5, [(ACTION, 1)]),
    ("tool_errors", {"most": 2}, 1, [(ANSWER, 0), (ANSWER, 1)]),
    ("tool_errors", {"most": 1}, 0, [(ANSWER, 0), (ANSWER, 1)]),
    ("tool_errors", {}, 0, [(ANSWER, 0), (ANSWER, 1)]),
    ("says", {"text": "order #7"}, 1, [(ACTION, 2)]),
    ("says", {"text": "I look it up"}, 1, [(CALL, 0)]),
    ("says", {"text": "Order #7"}, 0, []),
    ("says", {"pattern": r"(?i)REFUNDED: \$\d+\.\d\d"}, 1, [(ACTION, 3)]),
    ("never_says", {"text": "order #7"}, 0, [(ACTION, 2)]),
    ("never_says", {"pattern": "please"}, 1, []),
    ("answer_equals", {"text": "Refunded: $12.50"}, 1, [(ACTION, 3)]),
    ("answer_equals", {"text": "refunded: $12.50"}, 0, [(ACTION, 3)]),
    ("answer_contains", {"text": "12.50"}, 1, [(ACTION, 3)]),
    ("answer_contains", {"text": "order"}, 0, [(ACTION, 3)]),
    ("answer_matches", {"pattern": r"\$\d+"}, 1, [(ACTION, 3)]),
    ("answer_matches", {"pattern": r"^\d"}, 0, [(ACTION, 3)]),
    ("observation", {"path": "$.left[0].n", "equals": 3}, 1, [(ANSWER, 1)]),
    ("observation", {"path": "$.left[].n", "at_least": 4}, 1, [(ANSWER, 2)]),
    ("observation", {"path": "$.left[].n", "at_most": 2}, 0, []),
    ("observation", {"path": "$.left[0]", "exists": True, "of": "last"}, 0, [(ANSWER, 3)]),
    ("observation", {"path": "$.left[0]", "exists": False, "of": "last"}, 1, [(ANSWER, 3)]),
    (
        "observation",
        {"path": "$.messages[0].role", "equals": "user"},
        1,
        [("EnvironmentBegan", 0), (ANSWER, 2)],
    ),
    ("observation", {"path": "$", "equals": {"left": []}, "of": "last"}, 1, [(ANSWER, 3)]),
]


@pytest.mark.parametrize(("measure", "params", "value", "behind"), CASES, ids=str)
def test_measure(stream, measure, params, value, behind):
    """Each measure's value, and the events that it names as the reason for it."""
    found = measured(stream, measure, **params)
    assert found.value == pytest.approx(value)
    assert kinds(stream, found) == behind


def test_every_measure_has_a_case():
    """No measure is without one above."""
    assert {measure for measure, *_ in CASES} == set(FAMILY.criteria.measures)


def test_what_nobody_counted_earns_nothing():
    """Where the API told no tokens and no cost, they are not taken for none."""
    episode = Episode.start(answered_scenario("mine:x", AnsweredParameters("mine", "x")))
    episode.note(began(0))
    episode.step("on", asked("on"), answers=[answered(1)])
    for measure in ("tokens", "cost"):
        assert measured(episode.events, measure, few=0, many=10) == Finding.of(0.0)


def test_other_kinds_of_actions():
    """Words that are an action are said; numbers, and calls in a form of their own, are neither."""
    episode = Episode.start(answered_scenario("mine:x", AnsweredParameters("mine", "x")))
    episode.note(began(0))
    for action in ("north", 3, {"tool_calls": "none"}, {"tool_calls": [7, {"name": 1}]}, [None]):
        episode.step(action, answers=[answered({"messages": "many"})])
    assert measured(episode.events, "answer_equals", text="north").value == 1
    assert measured(episode.events, "tool_never_called", name="1").value == 1
    assert measured(episode.events, "tool_errors").value == 1


@pytest.mark.parametrize(
    ("measure", "params", "problem"),
    [
        ("says", "{}", "$.rubric.criteria[0].params: expected either a text or a pattern"),
        ("says", '{text = "a", pattern = "b"}', "expected either a text or a pattern, got both"),
        ("says", '{pattern = "("}', "params.pattern: expected a regular expression that RE2 knows"),
        ("says", "{pattern = '(a)\\1'}", "invalid escape sequence"),
        ("answer_matches", "{pattern = 'a{900}b{900}'}", "fewer or shorter repetitions"),
        ("answer_matches", "{pattern = '" + "a" * 1001 + "'}", "at most 1000 letters, got 1001"),
        ("ended", "{}", "expected how or reason, got neither"),
        ("steps", "{few = 3, many = 3}", "expected 0 <= few < many, got 3 and 3"),
        ("cost", "{few = -1, many = 3}", "expected 0 <= few < many, got -1 and 3"),
        ("tool_called", '{name = "a", times = 0}', ".times: expected at least 1, got 0"),
        ("tool_order", "{names = []}", ".names: expected names of tools, got none"),
        ("tool_errors", "{most = -1}", ".most: expected at least 0, got -1"),
        ("observation", '{path = "a.b", exists = true}', ".path: expected a path such as"),
        ("observation", '{path = "$.a"}', "expected one of equals, at_least, at_most, exists"),
        ("observation", '{path = "$", at_least = 1, at_most = 2}', "got none or several"),
        ("observation", '{path = "$", exists = true, of = "first"}', "expected one of any, last"),
    ],
)
def test_mistakes_in_files(tmp_path, measure, params, problem):
    """A mistake in the parameters is told with its path, when the file is read."""
    path = tmp_path / "mine.toml"
    path.write_text(
        f'[rubric]\nname = "mine"\nversion = 1\n[[rubric.criteria]]\nname = "it"\nweight = 1.0\n'
        f'measure = "{measure}"\nparams = {params}\n'
    )
    with pytest.raises(ScenarioError) as caught:
        load_rubric(path, family=FAMILY.name, rules=FAMILY.rules)
    assert problem in str(caught.value)


def test_a_rubric_of_a_file(stream, tmp_path):
    """A rubric with several of the measures grades; each part names its events."""
    path = tmp_path / "mine.toml"
    path.write_text(
        """[rubric]
name = "refunds"
version = 1

[[rubric.criteria]]
name = "asked first"
weight = 0.4
measure = "says"
params = { pattern = '(?i)is order #\\d+ yours\\?' }

[[rubric.criteria]]
name = "refunded"
weight = 0.6
measure = "tool_called"
params = { name = "refund", arguments = { id = 7 } }

[[rubric.criteria]]
name = "errors"
weight = -0.3
measure = "tool_errors"
params = { most = 5 }
"""
    )
    given = grade(stream, rubric=load_rubric(path, family=FAMILY.name, rules=FAMILY.rules))
    assert given.score == 0.7
    assert [bool(part.seqs) for part in given.parts] == [True, True, True]


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", r"(.*)(.*)(.*)(.*)(.*)[^a]$", r"^(\w+\s?)*$"]
)
def test_no_pattern_hangs(pattern):
    """Patterns that keep Python's own engine busy for ever search a million letters at once."""
    began_at = time.perf_counter()
    found_in(pattern, "a" * 1_000_000 + "!")
    assert time.perf_counter() - began_at < 5


@pytest.mark.slow
def test_without_the_engine_patterns_say_what_to_install():
    """A rubric with a pattern is refused in words where RE2 is not installed; others are not."""
    code = (
        "import sys; sys.modules['re2'] = None\n"
        "from refold.scenarios.answered.criteria_words import Words\n"
        "print(Words(pattern='a').problems(), Words(text='a').problems())\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'refold[patterns]'" in told.stdout
    assert told.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    ("measure", "params", "problem"),
    [
        (
            "says",
            {"pattern": "("},
            r"params\.pattern: expected a regular expression that RE2 knows",
        ),
        ("steps", {"few": 3, "many": 3}, "params: expected 0 <= few < many"),
        ("reward", {"low": 1, "high": 1}, "params: expected low < high"),
    ],
)
def test_a_recorded_rubric_that_nobody_checked(stream, measure, params, problem):
    """It ends in words where it grades, not in an error of Python or of the engine."""
    rubric = Rubric("bad", 1, (Criterion("it", 1.0, measure, params),))
    with pytest.raises(ScenarioError, match=problem):
        grade(stream, rubric=rubric)


def test_halves_of_characters_are_no_pattern():
    """A pattern that no text in UTF-8 can hold is refused in words."""
    assert "half a character" in str(pattern_problem("half \ud800"))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", [{"a": [{"b": 1}, {"b": 2}, 3], "c-d": None}]),
        ("$.a[1].b", [2]),
        ("$.a[].b", [1, 2]),
        ("$.a[9]", []),
        ("$.a.b", []),
        ("$.c-d", [None]),
        ("$.c-d.e", []),
    ],
)
def test_values_at_paths(path, found):
    """A path leads to one value, to several with ``[]``, or to none."""
    value = {"a": [{"b": 1}, {"b": 2}, 3], "c-d": None}
    assert list(values_at(value, read_path(path))) == found


@pytest.mark.parametrize("path", ["", "a", "$a", "$.", "$..a", "$[x]", "$[-1]", "$.a]", "$.a[1"])
def test_no_paths(path):
    """Anything else is no path."""
    assert read_path(path) is None


def test_values_are_of_one_kind():
    """Numbers are equal by value; a truth, a number and a text are never."""
    assert same_value({"a": [1, 2.0]}, {"a": (1.0, 2)})
    assert not any(same_value(1, other) for other in (True, "1", [1], None, {"a": 1}))
    assert not same_value({"a": 1}, {"a": 1, "b": 2})
    assert same_value(None, None)
