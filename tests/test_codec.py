import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from sizes import first_fast

from refold.engine import ActionTaken, Episode, InvalidAction, Stream
from refold.engine.chain import GENESIS, chain_heads, is_chain, link
from refold.engine.codec import codec_of, encode
from refold.engine.events import SHARED_EVENTS, EpisodeStarted, Reseeded, StepRewarded
from refold.engine.exchanges import (
    EXCHANGE_EVENTS,
    ActionForfeited,
    Attempt,
    ModelCalled,
    ModelConfigured,
    ProgramLoaded,
    Reply,
    ReplyUnread,
    ToolCall,
    Usage,
)
from refold.engine.folding import fold_to, step_ranges
from refold.engine.registry import all_families
from refold.scenarios import load, scenario_names

SCENARIOS = st.sampled_from(scenario_names())
SEEDS = st.integers(0, 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
HARD = load("workflow/hard")
MAIL = load("inbox/easy")


@given(SCENARIOS, SEEDS)
def test_events_survive_the_codec(random_episode, scenario, seed):
    """Decoding gives equal events, and encoding those gives the same bytes again."""
    live = random_episode(scenario, seed).events
    read = Stream.read(live.payloads, episode="x")
    assert list(read) == list(live)
    assert [encode(event) for event in read] == list(live.payloads)
    assert read.digest == live.digest


@pytest.mark.parametrize("family", first_fast(["workflow", "inbox", "workflow@2", "inbox@2"], 2))
def test_every_class_of_event_survives(random_episode, family):
    """Random walks meet every event that a family knows, so that none escapes the test above."""
    (names,) = [each.scenario_names for each in all_families() if each.title == family]
    episodes = [random_episode(name, seed) for name in names for seed in range(12)]
    met = {type(event) for episode in episodes for event in episode.events}
    assert met == {*SHARED_EVENTS, ActionTaken, *episodes[0].family.events} - {Reseeded}


@given(SCENARIOS, SEEDS)
def test_a_stream_can_be_pickled_and_copied(random_episode, scenario, seed):
    """It comes back with the same events, bytes and digest, of the very same family."""
    stream = random_episode(scenario, seed, steps=4).events
    pickled = [pickle.dumps(stream, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for again in (*map(pickle.loads, pickled), copy.copy(stream), copy.deepcopy(stream)):
        assert list(again) == list(stream)
        assert (again.payloads, again.current) == (stream.payloads, stream.current)
        assert again.digest == stream.digest
        assert again.family is stream.family


CALL = {"sent": ({"role": "user", "content": "é\n"},), "first": 0, "request": "0" * 64}
EXCHANGES = [
    ProgramLoaded("mine.py:choose", "0" * 64),
    ModelConfigured("workflow.1", "tools", None, {"model": "m", "temperature": 0.5}),
    ModelCalled(
        **CALL,
        reply=Reply("m-1", "", (ToolCall("1", "wait", "{"),), "tool_calls", Usage(10, 2), cut=0),
        faults=(Attempt("timeout", None), Attempt("status", 503)),
        latency_ms=12,
    ),
    ModelCalled(**CALL, reply=None, faults=(), latency_ms=0),
    ReplyUnread("no action", "I would rather wait."),
    ActionForfeited("no reply"),
    Reseeded(HARD.seed),
]


def test_exchanges_survive_and_belong_to_the_step_that_follows():
    """What was asked and answered keeps its bytes, and stands before the action it led to."""
    episode = Episode.start(HARD)
    step = episode.step(episode.legal_actions[0]).events
    payloads = [encode(event) for event in (episode.events[0], *EXCHANGES, *step)]
    read = Stream.read(payloads, episode="x")
    assert read[1 : 1 + len(EXCHANGES)] == EXCHANGES
    assert [encode(event) for event in read] == payloads
    assert {type(event) for event in EXCHANGES} == {*EXCHANGE_EVENTS, Reseeded}
    assert step_ranges(read) == [range(1), range(1, len(payloads))]
    assert fold_to(read, 1) == episode.state


@pytest.mark.slow
@given(st.dictionaries(st.text(), NUMBERS, max_size=6))
def test_equal_events_give_equal_bytes(parts):
    """The order in which somebody filled a dict does not show in the bytes, nor in the hash."""
    backwards = dict(reversed(parts.items()))
    one, two = (StepRewarded(3, 0.1, 0.2, each) for each in (parts, backwards))
    assert one == two
    assert encode(one) == encode(two)


@given(NUMBERS, st.text())
def test_numbers_and_texts_survive_to_the_last_bit(number, text):
    """Floats keep every bit; texts keep every letter, control characters included."""
    payload = encode(StepRewarded(0, number, number, {text: number}))
    start = Episode.start(HARD).events.payloads[0]
    read = Stream.read([start, payload], episode="x")[1]
    assert repr(read) == repr(StepRewarded(0, number, number, {text: number}))
    assert encode(read) == payload


def test_the_chain_covers_every_byte_and_place():
    """A head depends on the head before it, the place, and every byte of the payload."""
    heads = {
        link(GENESIS, 0, b"payload"),
        link(GENESIS, 1, b"payload"),
        link(GENESIS, 0, b"payloae"),
        link(link(GENESIS, 0, b"payload"), 0, b"payload"),
    }
    assert len(heads) == 4
    assert {len(head) for head in heads} == {32}


@given(st.lists(st.binary(), max_size=6), st.integers(0, 6))
def test_a_chain_can_be_carried_on(payloads, cut):
    """Chaining the rest from where the first part ended is chaining all of it."""
    first = chain_heads(payloads[:cut])
    head = first[-1] if first else GENESIS
    rest = chain_heads(payloads[cut:], head=head, seq=len(first))
    assert first + rest == chain_heads(payloads)


def test_a_quick_look_tells_a_chain_from_all_else():
    """Only the heads of these payloads at these places pass; no value is an error."""
    payloads = (b"a", b"b", b"c")
    heads = tuple(chain_heads(payloads))
    assert is_chain(payloads, heads)
    late = link(heads[1], 7, b"c")
    for stored, found in (
        (payloads, (*heads[:2], late)),
        (payloads, heads[:2]),
        (payloads[:2], heads),
        ((b"a", b"B", b"c"), heads),
        ((b"a", "b", b"c"), heads),
        (payloads, (heads[0], None, heads[2])),
        (payloads, (*heads[:2], bytes(32))),
    ):
        assert not is_chain(stored, found)


def test_a_long_chain_is_one_as_a_short_one_is():
    """Beyond the first thousand events each is looked at like those before."""
    payloads = [b"%d" % number for number in range(3000)]
    heads = chain_heads(payloads)
    assert is_chain(payloads, heads)
    for place in (0, 1023, 1024, 2999):
        assert not is_chain(payloads, [*heads[:place], bytes(32), *heads[place + 1 :]])
        assert not is_chain([*payloads[:place], b"?", *payloads[place + 1 :]], heads)


def test_the_tag_comes_first():
    """What an event is can be read from the beginning of its payload, as the log's views do."""
    for payload in Episode.start(MAIL).events.payloads:
        tag = json.loads(payload)["type"]
        assert payload.startswith(b'{"type":"%s",' % tag.encode())


def nested():
    """Return a list that contains itself."""
    endless = []
    endless.append(endless)
    return endless


NO_ACTIONS = {
    "unknown-kind": ({"action_type": "nap"}, "Invalid enum value 'nap' - at `$.action_type`"),
    "no-kind": ({"subtask_id": "a"}, "missing required field `action_type`"),
    "empty": ({}, "missing required field `action_type`"),
    "number": (
        {"action_type": "abort", "subtask_id": 3},
        r"Expected `str \| null`, got `int` - at `$.subtask_id`",
    ),
    "kind-number": ({"action_type": 3}, "Expected `str`, got `int` - at `$.action_type`"),
    "nan": ({"action_type": "abort", "subtask_id": float("nan")}, ""),
    "infinity": ({"action_type": "abort", "subtask_id": float("inf")}, ""),
    "bytes": ({"action_type": "abort", "subtask_id": b"abc"}, ""),
    "list-inside": (
        {"action_type": "abort", "subtask_id": ["a"]},
        r"Expected `str \| null`, got `array` - at `$.subtask_id`",
    ),
    "line-key": ({"action_type": "wait", "a\nb": "x"}, "unknown field"),
    "extra-key": ({"action_type": "wait", "why": "x"}, "unknown field `why`"),
    "number-key": ({"action_type": "wait", 3: "x"}, ""),
    "surrogate": ({"action_type": "abort", "subtask_id": "\ud800"}, "surrogates not allowed"),
    "surrogate-key": ({"action_type": "wait", "\ud800": "x"}, "surrogates not allowed"),
    "long": ({"action_type": "abort", "subtask_id": "x" * 201}, "`str` of length <= 200"),
    "list": (["wait"], "Expected `object`, got `array`"),
    "text": ("wait", "Expected `object`, got `str`"),
    "none": (None, "Expected `object`, got `null`"),
    "true": (True, "Expected `object`, got `bool`"),
    "object": (object(), ""),
    "huge": ({"action_type": "abort", "subtask_id": 2**70}, ""),
    "endless": (nested(), ""),
    "endless-inside": ({"action_type": nested()}, ""),
    "other-family": (MAIL, ""),
    "typed": (type(Episode.start(HARD).legal_actions[0])("nap"), "Invalid enum value 'nap'"),
}


@pytest.mark.parametrize(("given_", "words"), NO_ACTIONS.values(), ids=NO_ACTIONS)
def test_what_is_no_action_is_refused_in_words(given_, words):
    """The error says what was expected where, in one line; nothing is coerced in silence."""
    episode = Episode.start(HARD)
    words = words.replace("$", r"\$")
    with pytest.raises(
        InvalidAction, match=f"^action: expected one of family workflow, got .*{words}"
    ) as error:
        episode.step(given_)
    assert "\n" not in str(error.value)
    assert len(episode.events) == 1


def test_a_text_may_be_long_but_not_endless():
    """A reply has its own limit: 20,000 characters."""
    episode = Episode.start(MAIL)
    with pytest.raises(InvalidAction, match=r"length <= 20000 - at `\$.content`"):
        episode.step({"type": "respond", "content": "x" * 20_001})
    taken = episode.step({"type": "respond", "content": "x" * 20_000}).events[0]
    assert len(taken.action.content) == 20_000


def test_an_action_may_be_a_dict_or_typed():
    """Both give the same bytes, whatever the order of the keys."""
    for action in Episode.start(HARD).legal_actions:
        as_dict = json.loads(encode(action))
        streams = [Episode.start(HARD) for _ in range(3)]
        streams[0].step(action)
        streams[1].step(as_dict)
        streams[2].step(dict(reversed(as_dict.items())))
        assert len({stream.events.digest for stream in streams}) == 1


def test_a_stream_names_its_family():
    """The family is found by what the first event says, not by anything outside the stream."""
    for definition in (HARD, MAIL):
        episode = Episode.start(definition)
        read = Stream.read(episode.events.payloads[:1], episode="x")
        assert read.family is episode.family


def test_a_line_break_in_a_raw_value_is_no_end_of_an_event():
    """Events are encoded line by line, but a scenario may be written over several."""
    body = Raw(b'{"name":"x",\n"family":"inbox",\n"rules":1}')
    started = EpisodeStarted(format=1, seed=0, scenario=body)
    payloads = codec_of("inbox", 1).payloads([started, Reseeded(3)])
    assert payloads == [encode(started), encode(Reseeded(3))]
