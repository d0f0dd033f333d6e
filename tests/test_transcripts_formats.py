"""Each format of other tools: what is read of it, and what becomes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import transcript_files as made

from refold.engine import ActionTaken, EpisodeEnded, EventLog, Stream
from refold.engine.exchanges import ModelCalled, ModelConfigured
from refold.replays.conversations import find_conversation_problem
from refold.replays.verification import verify
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven
from refold.transcripts.formats import find_format
from refold.transcripts.importing import Importer
from refold.transcripts.sources import Source

FORMATS = (
    *("atif", "chat", "claude-code", "harbor", "inspect", "nemo-gym", "swe-agent", "tau2"),
    "verifiers",
)


def streams(path: Path, *, problems: int = 0) -> list[Stream]:
    """Return the episodes that the file or trial at *path* becomes."""
    file = path / "result.json" if path.is_dir() else path
    with EventLog(path.parent / f"{path.name}.db") as log, file.open("rb") as opened:
        importer = Importer(log)
        kind = find_format(opened, path.name)
        source = Source(opened, path.name, file.parent)
        found = [log.events(each.info.id) for each in importer.read(source, kind, run="r")]
    assert len(importer.report.problems) == problems
    return found


def of_type(stream: Stream, kind: type) -> list[Any]:
    return [event for event in stream if isinstance(event, kind)]


def actions(stream: Stream) -> list[Any]:
    return [event.action for event in of_type(stream, ActionTaken)]


def heard(stream: Stream) -> list[list[Any]]:
    """Return the messages of the beginning, and of each answer."""
    answers = of_type(stream, EnvironmentBegan) + of_type(stream, EnvironmentAnswered)
    return [answer.observation["messages"] for answer in answers]


def scores(stream: Stream) -> dict[str, float | None]:
    return {score.name: score.value for score in of_type(stream, ScoreGiven)}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return made.write_all(tmp_path)


def test_there_is_a_file_of_every_format(files: dict[str, Path]) -> None:
    """Whoever adds a format adds a file of it here."""
    assert tuple(files) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_says_what_it_is(files: dict[str, Path], name: str) -> None:
    """The content tells the format, and the name of the file does not matter."""
    path = files[name]
    with (path / "result.json" if path.is_dir() else path).open("rb") as file:
        assert find_format(file, "anything.txt") == name
        assert file.tell() == 0


@pytest.mark.parametrize("name", FORMATS)
def test_what_comes_out_is_sound(files: dict[str, Path], name: str) -> None:
    """Every episode passes the checks that one of refold's own passes."""
    for stream in streams(files[name]):
        assert verify(stream) is None
        assert find_conversation_problem(stream) is None
        assert len(of_type(stream, EpisodeEnded)) == 1


def test_atif(files: dict[str, Path]) -> None:
    """Calls, results, thoughts, tokens and tools of a trajectory are where a model's own are."""
    (stream,) = streams(files["atif"])
    assert actions(stream) == [
        {"content": "I look.", "tool_calls": [{"name": "ls", "arguments": {"path": "."}}]},
        {"content": "There is a.txt."},
    ]
    assert heard(stream) == [
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "List the files."},
        ],
        [{"role": "tool", "tool_call_id": "c1", "content": "a.txt", "name": "ls"}],
        [],
    ]
    first, second = (event.reply for event in of_type(stream, ModelCalled))
    assert (first.model, first.reasoning) == ("gpt-4o", "ls will do")
    assert (first.usage.input, first.usage.output, first.usage.cached) == (100, 7, 60)
    assert (first.usage.cost, second.usage) == (0.25, None)
    (began,) = of_type(stream, EnvironmentBegan)
    assert [tool["name"] for tool in began.offer.tools] == ["ls"]
    assert began.info["final_metrics"] == {"total_steps": 4}


@pytest.mark.parametrize("version", [f"ATIF-v1.{minor}" for minor in range(9)])
def test_atif_versions(tmp_path: Path, version: str) -> None:
    """All released versions are read."""
    document = {**made.ATIF, "schema_version": version}
    assert len(streams(made.write_json(tmp_path / "a.json", document))) == 1


def test_atif_of_a_later_version(tmp_path: Path) -> None:
    """A version that nobody knows yet is refused, not half understood."""
    document = {**made.ATIF, "schema_version": "ATIF-v2.0"}
    assert streams(made.write_json(tmp_path / "a.json", document), problems=1) == []


def test_atif_subagents_and_copied_context(tmp_path: Path) -> None:
    """A subagent is an episode that names its parent; what was copied is no turn."""
    copied = {"source": "agent", "message": "Before.", "is_copied_context": True, "step_id": 1}
    document = {
        **made.ATIF,
        "trajectory_id": "parent",
        "steps": [copied, *made.ATIF["steps"]],  # type: ignore[misc]
        "subagent_trajectories": [{**made.ATIF, "trajectory_id": "child"}],
    }
    parent, child = streams(made.write_json(tmp_path / "a.json", document))
    assert heard(parent)[0][0] == {
        "role": "assistant",
        "content": "Before.",
        "is_copied_context": True,
    }
    assert len(actions(parent)) == len(actions(child)) == 2
    assert of_type(child, EnvironmentBegan)[0].info["subagent_of"] == "parent"


def test_harbor(tmp_path: Path) -> None:
    """The result beside a trajectory gives task, time and reward."""
    (stream,) = streams(made.write_harbor(tmp_path / "trial", reward=0.5))
    assert scores(stream) == {"reward": 0.5}
    assert json.loads(stream.scenario)["name"] == "terminal-bench/hello"
    assert of_type(stream, EnvironmentAnswered)[-1].reward == 0.5
    assert of_type(stream, EpisodeEnded)[0].how == "terminated"


@pytest.mark.parametrize("trajectory", [True, False])
def test_harbor_failure(tmp_path: Path, trajectory: bool) -> None:
    """A trial that failed without a reward is the instrument's failure, with or without turns."""
    (stream,) = streams(made.write_harbor(tmp_path / "trial", reward=None, trajectory=trajectory))
    assert of_type(stream, EpisodeEnded)[0].reason == "instrument_failed"
    kind = EnvironmentAnswered if trajectory else EnvironmentBegan
    assert of_type(stream, kind)[-1].fault == "AgentTimeoutError: too slow"


def test_harbor_continued(tmp_path: Path) -> None:
    """What continues a trajectory is an episode too; a name outside of the trial is not read."""
    folder = made.write_harbor(tmp_path / "trial")
    outside = made.write_json(tmp_path / "outside.json", made.ATIF)
    document = {**made.ATIF, "continued_trajectory_ref": f"../../{outside.name}"}
    made.write_json(folder / "agent" / "trajectory.json", document)
    assert len(streams(folder)) == 1
    made.write_json(folder / "agent" / "trajectory.cont-1.json", {**made.ATIF, "notes": "on"})
    assert len(streams(folder)) == 2


def test_inspect(files: dict[str, Path]) -> None:
    """Attachments are put in, and events say how each reply was made."""
    (stream,) = streams(files["inspect"])
    assert actions(stream) == [
        {"content": "I add.", "tool_calls": [{"name": "add", "arguments": {"a": 2, "b": 2}}]},
        {"content": "4"},
    ]
    assert heard(stream)[0][0]["content"] == "Be brief."
    first, second = (event.reply for event in of_type(stream, ModelCalled))
    assert (first.model, first.finish, first.usage.input) == ("gpt-4o-2024", "tool_calls", 30)
    assert (first.reasoning, second.usage) == ("add them", None)
    assert of_type(stream, ModelConfigured)[0].parameters == {"temperature": 0.5}
    assert scores(stream) == {"match": 1.0}
    assert of_type(stream, EnvironmentBegan)[0].info["target"] == "4"


def test_inspect_document(tmp_path: Path, files: dict[str, Path]) -> None:
    """The same samples are the same episodes, as an archive and as JSON."""
    document = {**made.INSPECT_HEADER, "samples": [made.inspect_sample()]}
    (other,) = streams(made.write_json(tmp_path / "log.json", document))
    assert other.digest == streams(files["inspect"])[0].digest


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("C", {"s": 1.0}),
        ("I", {"s": 0.0}),
        ("P", {"s": 0.5}),
        ("N", {"s": 0.0}),
        (True, {"s": 1.0}),
        ("yes", {"s": 1.0}),
        ("0.75", {"s": 0.75}),
        (7, {"s": 7.0}),
        ("blue", {"s": None}),
        (None, {"s": None}),
        ({"style": 1, "tone": "C"}, {"s/style": 1.0, "s/tone": 1.0}),
    ],
)
def test_inspect_scores(tmp_path: Path, value: Any, expected: dict[str, Any]) -> None:
    """A score counts what inspect_ai counts it, and nothing where that would be a guess."""
    sample = made.inspect_sample(scores={"s": {"value": value}})
    (stream,) = streams(made.write_eval(tmp_path / "a.eval", [sample]))
    assert scores(stream) == expected


def test_inspect_ids_and_epochs(tmp_path: Path) -> None:
    """Ids may hold slashes and dots, and each epoch is an episode."""
    samples = [made.inspect_sample("a/../b", epoch) for epoch in (1, 2)]
    found = streams(made.write_eval(tmp_path / "a.eval", samples))
    assert [json.loads(each.scenario)["name"] for each in found] == ["sums/a/../b"] * 2


def test_inspect_ends(tmp_path: Path) -> None:
    """A limit truncates; an error without a score is the instrument's failure."""
    limited = made.inspect_sample(1, limit={"type": "message", "limit": 10})
    failed = made.inspect_sample(2, scores=None, error={"message": "no memory"})
    one, other = streams(made.write_eval(tmp_path / "a.eval", [limited, failed]))
    assert of_type(one, EpisodeEnded)[0].how == "truncated"
    assert of_type(one, EnvironmentAnswered)[-1].info == {"termination_reason": "message"}
    assert of_type(other, EpisodeEnded)[0].reason == "instrument_failed"


def test_tau2(files: dict[str, Path]) -> None:
    """The agent's side is the conversation; what the user does alone is beside it."""
    (stream,) = streams(files["tau2"])
    scenario = json.loads(stream.scenario)
    assert scenario["name"] == "tau2:airline/12?user=openai:u"
    assert scenario["parameters"]["options"] == {"user": "openai:u"}
    assert (stream.started.seed, scores(stream)) == (300, {"reward": 1.0})
    assert actions(stream) == [
        {"tool_calls": [{"name": "cancel", "arguments": {"id": "F1"}}]},
        {"content": "It is cancelled."},
    ]
    assert heard(stream) == [
        [{"role": "user", "content": "Cancel my flight."}],
        [{"role": "tool", "tool_call_id": "x1", "name": "cancel", "content": "ok"}],
        [{"role": "user", "content": "Thanks ###STOP###"}],
    ]
    last = of_type(stream, EnvironmentAnswered)[-1]
    assert (last.terminated, last.reward) == (True, 1.0)
    assert [each["role"] for each in last.info["user"]["messages"]] == ["user", "tool"]
    assert of_type(stream, ModelCalled)[0].reply.usage.cost == 0.5


def test_nemo_gym(files: dict[str, Path]) -> None:
    """Items of a response become turns, and the reward is the reward."""
    (stream,) = streams(files["nemo-gym"])
    assert json.loads(stream.scenario)["name"] == "weather/3"
    assert actions(stream) == [
        {"tool_calls": [{"name": "look", "arguments": {"where": "out"}}]},
        {"content": "It rains."},
    ]
    assert heard(stream)[1] == [{"role": "tool", "tool_call_id": "c1", "content": "rain"}]
    assert of_type(stream, ModelCalled)[0].reply.reasoning == "look first"
    assert (scores(stream), of_type(stream, EpisodeEnded)[0].how) == (
        {"reward": 0.75},
        "terminated",
    )
    info = of_type(stream, EnvironmentBegan)[0].info
    assert (info["similarity"], info["usage"]) == (0.5, {"input_tokens": 9, "output_tokens": 4})


def test_verifiers(files: dict[str, Path]) -> None:
    """The last branch is the trial; rewards count by their weights."""
    (stream,) = streams(files["verifiers"])
    assert actions(stream) == [{"content": "4"}]
    assert scores(stream) == {"reward": 1.0, "right": 1.0, "short": 0.5}
    (called,) = of_type(stream, ModelCalled)
    assert (called.reply.usage.input, called.reply.reasoning) == (11, "easy")
    assert json.loads(stream.scenario)["name"] == "Sums/7"


def test_verifiers_results(tmp_path: Path) -> None:
    """Older results, a prompt and its completion, are read as well."""
    line = {
        "prompt": made.MESSAGES[:2],
        "completion": made.MESSAGES[2:],
        "reward": 0.25,
        "example_id": 5,
        "task": "sums",
    }
    (stream,) = streams(made.write_lines(tmp_path / "r.jsonl", [line]))
    assert (len(actions(stream)), scores(stream)) == (2, {"reward": 0.25})


def test_chat(files: dict[str, Path]) -> None:
    """Each line is an episode, with the scores that it names."""
    one, other = streams(files["chat"])
    assert [len(actions(each)) for each in (one, other)] == [2, 1]
    assert scores(one) == {"reward": 0.5}
    assert scores(other) == {"style": 1.0, "length": 0.25}
    assert of_type(one, EnvironmentBegan)[0].info == {"split": "train"}
    assert of_type(other, EpisodeEnded)[0].reason == "record_ends"


def test_swe_agent(files: dict[str, Path], tmp_path: Path) -> None:
    """Demonstrations are no turns, and the last observation comes from the trajectory."""
    (stream,) = streams(files["swe-agent"])
    assert [each["content"] for each in actions(stream)] == ["I look.\nls", "Ready.\nsubmit"]
    assert [len(each) for each in heard(stream)] == [4, 1, 1]
    assert heard(stream)[-1][0]["content"] == "done"
    without = {name: each for name, each in made.SWE_AGENT.items() if name != "history"}
    (other,) = streams(made.write_json(tmp_path / "b.traj", without))
    assert actions(other) == actions(stream)


def test_claude_code(files: dict[str, Path]) -> None:
    """Lines of one message are one turn, and each session is an episode."""
    one, other = streams(files["claude-code"])
    assert actions(one) == [
        {"tool_calls": [{"name": "Read", "arguments": {"file": "a"}}]},
        {"content": "Done."},
    ]
    assert heard(one)[1] == [{"role": "tool", "tool_call_id": "t1", "content": "text"}]
    assert of_type(one, ModelCalled)[0].reply.reasoning == "use Read"
    assert (actions(other), heard(other)) == ([], [[{"role": "user", "content": "Hello"}]])
