"""Streams that fit their chain and yet never happened: commands judge them, and never crash."""

import copy
import random

import msgspec
import pytest

from refold import cli
from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.replays.golden import find_goldens, read_golden

pytestmark = pytest.mark.slow

STREAMS = {path.name.removesuffix(".jsonl"): path for path in find_goldens()}
FORGERIES = 6
ODD = [None, True, -1, 0, 3, 2**62, 1e308, 0.5, "", "x", "\u202e\x1b[2J", [], ["x"], {}, {"x": 1}]
COMMANDS = [
    *("verify --json", "replay forged --json", "replay forged", "grade --json", "show forged"),
    *("export", "episodes --json", "diff true forged", "diff forged true --json"),
]


def places(value, path=()):
    """Yield the path of every value inside of *value*."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def change(events, dice):
    """Change one value somewhere inside of an event, or take it away."""
    event = dice.choice(events)
    *path, key = dice.choice(list(places(event)))
    parent = event
    for step in path:
        parent = parent[step]
    choices = [each for each in ODD if type(each) is type(parent[key])] or ODD
    choices += [other[key] for other in events if isinstance(key, str) and key in other]
    if dice.random() < 0.05:
        del parent[key]
    else:
        parent[key] = copy.deepcopy(dice.choice(ODD if dice.random() < 0.1 else choices))


def move(events, dice):
    """Put an event elsewhere."""
    event = events.pop(dice.randrange(len(events)))
    events.insert(dice.randrange(len(events) + 1), event)


def repeat(events, dice):
    """Let an event happen twice."""
    events.insert(dice.randrange(len(events) + 1), copy.deepcopy(dice.choice(events)))


def lose(events, dice):
    """Take an event out."""
    del events[dice.randrange(len(events))]


def exchange(events, dice):
    """Put a value in the place of the same value of another event: other ids, other workers."""
    event, other = dice.choice(events), dice.choice(events)
    for key in {*event} & {*other} - {"type"}:
        event[key] = copy.deepcopy(other[key])


def forged(payloads, dice):
    """Return *payloads* after up to four forgeries that leave valid JSON, most of it events."""
    events = [msgspec.json.decode(payload) for payload in payloads]
    for _ in range(dice.randrange(1, 5)):
        dice.choice([change, change, exchange, move, repeat, lose])(events, dice)
    typed = [{"type": event.pop("type", None), **event} for event in events]
    return [msgspec.json.encode(event) for event in typed]


def made_by_rules(payloads):
    """Return what neither scenario nor agent could have said otherwise."""
    said = (b'{"type":"episode_started"', b'{"type":"action_taken"')
    return [payload for payload in payloads if not payload.startswith(said)]


def judged(capsys, words, log):
    """Return the exit code of a command, which says in words what is wrong with its input."""
    code = cli.run([*words.split(), "--log", str(log)])
    said = capsys.readouterr()
    assert code in (0, 1, 2)
    assert code != 2 or said.err.startswith("refold: ")
    return code


def test_an_error_is_one_line(tmp_path, capsys):
    """Of a scenario that is not the one that ships, an event that cannot have happened is told."""
    true = read_golden(STREAMS["inbox-medium-baseline"])
    header = msgspec.json.decode(true.scenario)
    started, filled, *others = map(msgspec.json.decode, true.payloads)
    started["scenario"]["description"] = "Another desk."
    filled["emails"][0]["template"] = "nobody"
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        payloads = list(map(msgspec.json.encode, [started, filled, *others]))
        log.begin(EpisodeInfo("forged", header["name"], true.started.seed), payloads, end=True)
    assert judged(capsys, "verify", path) == 1
    assert judged(capsys, "replay forged", path) == 2


@pytest.mark.parametrize("name", STREAMS)
def test_forged_streams(tmp_path, capsys, name):
    """Each is found by verify, unless it is what the rules make; no command crashes over it."""
    dice = random.Random(name)
    true = read_golden(STREAMS[name])
    header = msgspec.json.decode(true.scenario)
    caught = 0
    for number in range(FORGERIES):
        path = tmp_path / f"{number}.db"
        with EventLog(path) as log:
            info = EpisodeInfo("true", header["name"], true.started.seed)
            log.begin(info, true.payloads, end=True)
            try:
                payloads = forged(true.payloads, dice)
                log.begin(EpisodeInfo("forged", info.scenario, info.seed), payloads, end=True)
            except RefoldError:
                continue  # the tables take nothing but JSON objects that begin with their type
        found = judged(capsys, "verify", path)
        assert found or made_by_rules(payloads) == made_by_rules(true.payloads)
        caught += found
        for words in COMMANDS:
            judged(capsys, words, path)
    assert caught > FORGERIES / 2
