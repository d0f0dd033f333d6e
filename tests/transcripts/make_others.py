"""Writes files with the models of atif, tau2 and verifiers, and what they hold."""

import json
import sys
from pathlib import Path
from typing import Any

import atif
from tau2.data_model import message as tau2
from tau2.data_model.simulation import RewardInfo, SimulationRun


def write_atif(folder: Path) -> list[dict[str, Any]]:
    """Write a trajectory with a call, a subagent and metrics."""
    step = {
        "step_id": 2,
        "source": "agent",
        "message": "I look.",
        "tool_calls": [{"tool_call_id": "c", "function_name": "ls", "arguments": {"p": "."}}],
        "observation": {"results": [{"source_call_id": "c", "content": "a.txt"}]},
        "metrics": {"prompt_tokens": 10, "completion_tokens": 2, "cost_usd": 0.5},
    }
    first = {"step_id": 1, "source": "user", "message": "List them."}
    agent = {"name": "a", "version": "1", "model_name": "m"}
    child = {
        "schema_version": "ATIF-v1.8",
        "trajectory_id": "child",
        "agent": agent,
        "steps": [first],
    }
    parent = {**child, "trajectory_id": "parent", "steps": [first, step]}
    trajectory = atif.Trajectory.model_validate({**parent, "subagent_trajectories": [child]})
    (folder / "atif.json").write_text(json.dumps(trajectory.to_json_dict()))
    return [{"steps": 1, "given": {}}, {"steps": 0, "given": {}}]


def write_tau2(folder: Path) -> list[dict[str, Any]]:
    """Write results of one simulation."""
    call = tau2.ToolCall(id="x", name="cancel", arguments={"id": "F1"})
    messages = [
        tau2.AssistantMessage(role="assistant", content="Hi! How can I help you today?"),
        tau2.UserMessage(role="user", content="Cancel it."),
        tau2.AssistantMessage(role="assistant", content=None, tool_calls=[call], cost=0.1),
        tau2.ToolMessage(id="x", role="tool", content="ok", requestor="assistant"),
        tau2.AssistantMessage(role="assistant", content="Done."),
        tau2.UserMessage(role="user", content="Thanks. ###STOP###"),
    ]
    run = SimulationRun(
        id="s",
        task_id="3",
        start_time="2026-01-31T10:00:00",
        end_time="2026-01-31T10:01:00",
        duration=60.0,
        termination_reason="user_stop",
        reward_info=RewardInfo(reward=0.5),
        messages=messages,
        trial=0,
        seed=7,
    )
    info = {
        "agent_info": {"implementation": "llm_agent", "llm": "m"},
        "user_info": {"implementation": "user_simulator", "llm": "u"},
        "environment_info": {"domain_name": "airline", "policy": "Be kind."},
    }
    results = {"info": info, "tasks": [], "simulations": [run.model_dump(mode="json")]}
    (folder / "tau2.json").write_text(json.dumps(results))
    return [{"scenario": "tau2:airline/3?user=openai:u", "steps": 2, "given": {"reward": 0.5}}]


def write_verifiers(folder: Path) -> list[dict[str, Any]]:
    """Write a trace of one turn, its nodes and rewards by verifiers' own models."""
    from verifiers.v1.graph import MessageNode  # noqa: PLC0415 - slow
    from verifiers.v1.trace import ModelCall, Reward  # noqa: PLC0415
    from verifiers.v1.types import AssistantMessage, Usage, UserMessage  # noqa: PLC0415

    nodes = [
        MessageNode(message=UserMessage(content="What is 2 + 2?")),
        MessageNode(message=AssistantMessage(content="4"), parent=0, sampled=True),
    ]
    call = ModelCall(node=1, model="m", usage=Usage(prompt_tokens=3, completion_tokens=1))
    trace = {
        "version": 1,
        "task": {"type": "Sums", "data": {"idx": 0}},
        "agent": {"name": "agent", "config": {"model": "m"}},
        "nodes": [node.model_dump(mode="json") for node in nodes],
        "calls": [call.model_dump(mode="json")],
        "rewards": {"right": Reward(score=1.0, weight=0.5).model_dump()},
        "is_completed": True,
        "stop_condition": "done",
    }
    (folder / "verifiers.jsonl").write_text(json.dumps(trace) + "\n")
    return [{"scenario": "Sums/0", "steps": 1, "given": {"reward": 0.5, "right": 1.0}}]


def main(folder: Path) -> None:
    """Write a file with each library, and what they hold in ``others.expected.json``."""
    expected = {
        "atif.json": write_atif(folder),
        "tau2.json": write_tau2(folder),
        "verifiers.jsonl": write_verifiers(folder),
    }
    (folder / "others.expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
