"""Agents that are functions of a file: what they are given, what is recorded, and who runs them."""

import json
import re
from hashlib import sha256

import pytest
from asking import of_kind
from msgspec.structs import replace
from outside import NAME, write_env
from shell import Shell

from refold.agents.conversation import rebuild_requests
from refold.agents.mock.model import MockModel
from refold.engine import ActionTaken, Episode, EventLog, Stream
from refold.engine.codec import encode
from refold.engine.exchanges import ModelCalled, ModelConfigured, ProgramLoaded
from refold.replays.conversations import find_conversation_problem
from refold.scenarios import load

AGENTS = '''
import asyncio
import json
import threading

calls = []


def first(observation, legal_actions):
    calls.append((observation, legal_actions))
    return legal_actions[0]


async def waits(observation, legal_actions):
    await asyncio.sleep(0)
    return legal_actions[0]


class Counts:
    """Takes the actions in turn."""

    def __init__(self):
        self.turn = -1

    def __call__(self, observation, legal_actions):
        self.turn += 1
        return legal_actions[self.turn % len(legal_actions)]


def seen(observation, legal_actions, turn):
    with open("seen.json", "w") as file:
        told = [turn.scenario, turn.seed, turn.step, turn.instructions, turn.tools, observation]
        json.dump(told, file)
    return legal_actions[0]


class Asks:
    """Asks a model, and tells of it as programs do: all messages, each time."""

    def __init__(self):
        self.messages = None

    def __call__(self, observation, legal_actions, turn):
        if self.messages is None:
            self.messages = [{"role": "system", "content": turn.instructions}]
        self.messages.append({"role": "user", "content": json.dumps(observation)})
        reply = {"role": "assistant", "content": "2", "refusal": None}
        usage = {"input_tokens": 5, "output_tokens": 1}
        turn.record(self.messages, reply, usage=usage, model="tiny")
        self.messages.append({"role": "assistant", "content": "2"})
        return 2


def tells(observation, legal_actions, turn):
    turn.record([{"role": "user", "content": f"What now, in step {turn.step}?"}], "the first")
    return legal_actions[0]


def text(observation, legal_actions, turn):
    turn.record([{"role": "user", "content": "What now?"}], "the last")
    return legal_actions[-1]


def completion(observation, legal_actions, turn):
    message = {"role": "assistant", "content": "One."}
    whole = {"model": "m-1", "choices": [{"message": message, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    turn.record([{"role": "user", "content": "What now?"}], whole)
    return 1


def raises(observation, legal_actions):
    if observation["at"] > 1:
        raise ValueError("two\\nlines")
    return 1


def exits(observation, legal_actions):
    raise SystemExit(3)


def nothing(observation, legal_actions):
    pass


def null(observation, legal_actions, turn):
    turn.record("no messages", "x")


def wrong(observation, legal_actions):
    return {"action_type": "dance"}


def alone(observation):
    return 0


class Broken:
    def __init__(self):
        raise KeyError("no key")
'''


@pytest.fixture
def shell(tmp_path):
    """Return a shell in a folder with a world, and the agents one folder further down."""
    write_env(tmp_path)
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "mine.py").write_text(AGENTS)
    return Shell(tmp_path)


def stream_of(shell, id):
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return log.events(id)


def played(shell, function, scenario=NAME, more=""):
    """Return the row and the stream of an episode that *function* played."""
    ran = shell(f"record {scenario} --agent agents/mine.py:{function} {more} --json")
    (row,) = ran.json["episodes"]
    return row, stream_of(shell, row["id"])


@pytest.mark.parametrize("function", ["first", "waits", "Counts", "seen", "text"])
@pytest.mark.parametrize("scenario", ["workflow/easy", NAME])
def test_a_function_plays(shell, function, scenario):
    """Sync or not, a class or not, with a turn or without: in any scenario, to its end."""
    row, stream = played(shell, function, scenario, "--seed 1" if scenario != NAME else "")
    assert row["ended"] is not None
    assert row["agent"] == f"mine.py:{function}"
    content = (shell.at / "agents" / "mine.py").read_bytes()
    assert of_kind(ProgramLoaded, stream) == [
        ProgramLoaded(f"mine.py:{function}", sha256(content).hexdigest())
    ]
    assert str(shell.at).encode() not in b"".join(stream.payloads)
    shell("verify")


def test_a_class_is_made_anew_for_each_episode(shell):
    """What it keeps of one episode is not there in the next, even side by side."""
    more = "--epochs 3 --same-seed --parallel 3"
    shell(f"record workflow/easy --agent agents/mine.py:Counts {more}")
    taken = [
        [event.action for event in of_kind(ActionTaken, stream_of(shell, id))] for id in shell.ids()
    ]
    assert taken[0] == taken[1] == taken[2]


def test_it_is_given_plain_data(shell):
    """The observation as JSON data, the scenario, and what a model would be told and offered."""
    played(shell, "seen", "inbox/easy", "--seed 4")
    name, seed, step, told, tools, observation = json.loads((shell.at / "seen.json").read_text())
    assert (name, seed) == ("inbox/easy", 4)
    assert step > 0
    assert "Each turn, call exactly one tool" in told
    assert {tool["function"]["name"] for tool in tools} == {"respond", "escalate", "archive"}
    assert isinstance(observation, dict)
    played(shell, "seen")
    _, _, _, told, tools, observation = json.loads((shell.at / "seen.json").read_text())
    assert told.startswith("Walk to the goal.")
    assert [tool["function"]["name"] for tool in tools] == ["act"]
    assert list(observation) == ["at"]


def test_what_it_asks_a_model_is_recorded_once(shell):
    """Each request can be had again, whole; of the messages, only new ones are recorded."""
    _, stream = played(shell, "Asks")
    calls = of_kind(ModelCalled, stream)
    assert len(calls) == len(of_kind(ActionTaken, stream)) > 1
    assert [stream[stream.index(call) + 1] for call in calls] == of_kind(ActionTaken, stream)
    assert [len(call.sent) for call in calls] == [2, *[1] * (len(calls) - 1)]
    assert len(of_kind(ModelConfigured, stream)) == 1
    bodies = [body for _, body in rebuild_requests(stream)]
    assert [len(body["messages"]) for body in bodies] == [2 + 2 * n for n in range(len(calls))]
    assert bodies[-1]["model"] == "tiny"
    assert bodies[-1]["messages"][:-2] == bodies[-2]["messages"]
    assert (calls[0].reply.usage.input, calls[0].reply.usage.output) == (5, 1)
    assert "Walk to the goal." in shell("replay last --messages").out
    told = shell("replay last").out
    assert "mine.py:Asks asks tiny" in told
    assert "5 + 1 tokens" in told
    shell("verify")


@pytest.mark.parametrize(
    ("function", "model", "text"), [("text", "", "the last"), ("completion", "m-1", "One.")]
)
def test_a_reply_in_any_form(shell, function, model, text):
    """A text alone, or the whole completion with its model and tokens."""
    _, stream = played(shell, function)
    reply = of_kind(ModelCalled, stream)[0].reply
    assert (reply.model, reply.text) == (model, text)
    assert (reply.usage is None) == (function == "text")


def test_an_altered_message_is_found(shell):
    """The digest of each noted request covers its messages."""
    _, stream = played(shell, "Asks")
    events = list(stream)
    seq = events.index(of_kind(ModelCalled, stream)[0])
    sent = ({"role": "system", "content": "Do as you like."}, *events[seq].sent[1:])
    events[seq] = replace(events[seq], sent=sent)
    forged = Stream.read([encode(each) for each in events], episode="x")
    assert find_conversation_problem(stream) is None
    assert "request: expected digest" in find_conversation_problem(forged)


@pytest.mark.slow
def test_diff_shows_what_differs(shell):
    """Another version of the file, and what its model was told and said."""
    _, first = played(shell, "Asks")
    path = shell.at / "agents" / "mine.py"
    other = AGENTS.replace('"content": "2"', '"content": "two"').replace("return 2", "return 1")
    path.write_text(other)
    ran = shell.program(f"record {NAME} --agent agents/mine.py:Asks --json")
    again = json.loads(ran.out)["episodes"][0]["id"]
    a, b = shell.ids()
    assert b == again
    found = shell(f"diff {a} {b} --json", code=1).json
    assert found["cause"] == "model"
    assert "prompt" in found["rows"][0]["differs"]
    assert {"reply", "action"} <= {*found["rows"][1]["differs"]}
    assert "two" in shell(f"diff {a} {b} --step 1", code=1).out
    assert of_kind(ProgramLoaded, first) != of_kind(ProgramLoaded, stream_of(shell, b))


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        ("raises", r"mine\.py line \d+: ValueError: two lines; fix it; then `refold resume r "),
        ("exits", r"mine\.py line \d+: SystemExit: 3; fix it"),
        ("nothing", "expected an action, got None; return one"),
        ("null", r"mine\.py line \d+: RefoldError: messages: expected a list of objects"),
        ("alone", r"expected a function of \(observation, legal_actions\), got one of 1"),
        ("Broken", r"mine\.py line \d+: KeyError: 'no key'; fix it"),
    ],
)
def test_a_mistake_leaves_the_episode_open(shell, function, problem):
    """One line says where it is; when it is mended, the episode goes on where it stood."""
    ran = shell(f"record {NAME} --agent agents/mine.py:{function} --name r", code=2)
    assert ran.err.count("\n") == 1
    assert ran.err.startswith(f"refold: agent mine.py:{function}: ")
    assert re.search(problem, ran.err), ran.err
    (row,) = shell("episodes --json").json["episodes"]
    assert row["ended"] is None
    (shell.at / "other").mkdir()
    mended = f"\n\ndef {function}(observation, legal_actions):\n    return 2\n"
    (shell.at / "other" / "mine.py").write_text(mended)
    named = f"--agent other/mine.py:{function} --world {NAME}"
    (again,) = shell(f"resume r {named} --json").json["episodes"]
    assert (again["id"], again["ended"]) == (row["id"], "terminated")
    assert len(of_kind(ProgramLoaded, stream_of(shell, row["id"]))) == 2
    shell("verify")


def test_an_action_that_is_none_leaves_the_episode_open(shell):
    """A family knows its actions; what is no action of it is refused in one line."""
    ran = shell("record workflow/easy --agent agents/mine.py:wrong", code=2)
    assert "agent mine.py:wrong: action: expected one of family workflow, got " in ran.err
    assert ran.err.count("\n") == 1


def test_a_fork_and_what_if_play_on_with_a_function(shell):
    """From where the parent stood; its part stays as it was."""
    shell("record workflow/easy --agent greedy")
    (fork,) = shell("fork last --at 2 --agent agents/mine.py:Counts --json").json["episodes"]
    assert (fork["agent"], fork["ended"] is not None) == ("mine.py:Counts", True)
    shell("what-if last --at 3 --agent agents/mine.py:first")
    shell("verify")


def test_a_model_goes_on_where_a_function_stopped_and_back(shell):
    """Each begins a conversation of its own; every request is in the log, and whole."""
    shell("record inbox/hard --agent agents/mine.py:tells")
    with MockModel() as model:
        given = f"--agent openai:mock --base-url {model.base_url} --api-key none"
        shell(f"fork last --at 2 {given}")
        requests = model.requests
    shell("fork last --at 4 --agent agents/mine.py:tells")
    *_, stream = (stream_of(shell, id) for id in shell.ids())
    bodies = [body for _, body in rebuild_requests(stream)]
    assert list(map(encode, bodies[2:4])) == list(map(encode, requests[:2]))
    assert [len(body["messages"]) for body in bodies] == [1, 1, 2, 4, 1]
    shell("verify")


@pytest.mark.parametrize(
    ("agent", "match"),
    [
        ("agents/none.py:first", r"agent agents/none\.py:first: expected a Python file, got No "),
        ("agents/mine.py:last", r"expected a function 'last', got none"),
        ("agents/mine.py:calls", r"expected a function 'calls', got none"),
        ("agents/broken.py:x", r"broken\.py: expected Python that runs"),
    ],
)
def test_what_cannot_be_run_is_refused(shell, agent, match):
    """In one line, before anything is recorded."""
    (shell.at / "agents" / "broken.py").write_text("def x(:\n")
    shell.refuses(f"record inbox/easy --agent {agent}", match=match)


MARKER = 'open("marker", "w").close()\n'


@pytest.fixture
def hostile(shell):
    """Return a shell whose log came from a stranger: its agent is a file that lies here too."""
    (shell.at / "evil.py").write_text(MARKER + "def run(observation, legal_actions):\n    pass\n")
    (shell.at / "own.py").write_text("def run(observation, legal_actions):\n    1 / 0\n")
    shell("record inbox/easy --agent own.py:run --name r", code=2)
    with EventLog(shell.at / "theirs.db") as theirs:
        for number, agent in enumerate(("evil.py:run", "./evil.py:run", "evil:run")):
            Episode.start(load("inbox/easy"), log=theirs, agent=agent, run="r", id=f"e{number}")
    return shell


@pytest.mark.parametrize("trust", ["", "--trust"])
@pytest.mark.parametrize("id", ["e0", "e1", "e2", "r"])
def test_a_log_runs_no_file(hostile, id, trust):
    """Not even with --trust: the file has to be named, and another one is none of it."""
    for given in ("", "--failed", "--agent own.py:run"):
        hostile(f"resume {id} {trust} {given} --log theirs.db", code=2)
    assert not (hostile.at / "marker").exists()


@pytest.mark.parametrize("command", ["verify", "replay", "show", "diff e1"])
def test_reading_a_log_runs_no_file(hostile, command):
    """Whatever looks at an episode needs no agent."""
    hostile(f"{command} e0 --log theirs.db")
    assert not (hostile.at / "marker").exists()


@pytest.mark.parametrize("trust", ["", "--trust"])
def test_an_import_runs_no_file(hostile, trust):
    """Under the agent that the file names, or under any other that the user names."""
    hostile("export e0 --log theirs.db -o e0.jsonl")
    hostile("import e0.jsonl")
    hostile(f"resume e0 {trust}", code=2)
    hostile(f"resume e0 {trust} --agent own.py:run", code=2)
    hostile("fork e0 --at 0 --agent noop", code=2)
    assert not (hostile.at / "marker").exists()


def test_what_the_user_names_is_run(hostile):
    """The marker is a true one."""
    hostile("resume e0 --log theirs.db --agent evil.py:run", code=2)
    assert (hostile.at / "marker").exists()
