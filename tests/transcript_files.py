"""Files of other tools for tests, made by hand by the rules of each format."""

import json
import zipfile
from pathlib import Path
from typing import Any

Lines = list[dict[str, Any]]

ATIF = {
    "schema_version": "ATIF-v1.7",
    "session_id": "s-1",
    "agent": {
        "name": "terminus",
        "version": "2.0",
        "model_name": "openai/gpt-4o",
        "tool_definitions": [
            {"type": "function", "function": {"name": "ls", "parameters": {"type": "object"}}}
        ],
    },
    "steps": [
        {"step_id": 1, "source": "system", "message": "Be brief."},
        {"step_id": 2, "source": "user", "message": "List the files."},
        {
            "step_id": 3,
            "source": "agent",
            "message": "I look.",
            "model_name": "gpt-4o",
            "reasoning_content": "ls will do",
            "timestamp": "2026-01-31T10:00:00Z",
            "tool_calls": [
                {"tool_call_id": "c1", "function_name": "ls", "arguments": {"path": "."}}
            ],
            "observation": {"results": [{"source_call_id": "c1", "content": "a.txt"}]},
            "metrics": {
                "prompt_tokens": 100,
                "completion_tokens": 7,
                "cached_tokens": 60,
                "cost_usd": 0.25,
                "logprobs": [-0.5],
            },
        },
        {"step_id": 4, "source": "agent", "message": "There is a.txt.", "llm_call_count": 1},
    ],
    "final_metrics": {"total_steps": 4},
}
"""A trajectory of two turns, the first with a call, tokens and cost."""

MESSAGES: Lines = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is 2 + 2?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "add", "arguments": '{"a": 2, "b": 2}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "4"},
    {"role": "assistant", "content": "It is 4."},
]
"""A conversation of two turns in the form of chat APIs."""

CHAT: Lines = [
    {"id": "sum-1", "model": "m-1", "messages": MESSAGES, "reward": 0.5, "split": "train"},
    {"messages": MESSAGES[:2] + MESSAGES[4:], "scores": {"style": 1, "length": 0.25}},
]
NEMO_GYM: Lines = [
    {
        "responses_create_params": {
            "input": [{"role": "user", "content": "Weather?"}],
            "temperature": 0.5,
            "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}}],
        },
        "response": {
            "id": "r-1",
            "model": "qwen",
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "look first"}]},
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "look",
                    "arguments": '{"where": "out"}',
                },
                {"type": "function_call_output", "call_id": "c1", "output": "rain"},
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "It rains.", "annotations": []}],
                },
            ],
            "usage": {"input_tokens": 9, "output_tokens": 4},
        },
        "reward": 0.75,
        "terminated": True,
        "truncated": False,
        "agent_ref": {"name": "weather"},
        "_ng_task_index": 3,
        "_ng_rollout_index": 1,
        "similarity": 0.5,
    }
]
VERIFIERS: Lines = [
    {
        "version": 1,
        "id": "t-1",
        "task": {"type": "Sums", "data": {"idx": 7, "answer": "4"}},
        "agent": {"name": "solver", "config": {"model": "qwen"}},
        "nodes": [
            {"message": MESSAGES[0], "parent": None},
            {"message": MESSAGES[1], "parent": 0},
            {"message": {"role": "assistant", "content": "5"}, "parent": 1, "sampled": True},
            {
                "message": {"role": "assistant", "content": "4", "reasoning_content": "easy"},
                "parent": 1,
                "sampled": True,
                "token_ids": [1, 2],
            },
        ],
        "calls": [
            {
                "node": 3,
                "model": "qwen",
                "finish_reason": "stop",
                "usage": {"prompt_tokens": 11, "completion_tokens": 2},
                "sampling": {"temperature": 1.0},
            }
        ],
        "rewards": {"right": {"score": 1.0, "weight": 0.5}, "short": {"score": 0.5}},
        "is_completed": True,
        "ok": True,
        "stop_condition": "done",
    }
]
SWE_AGENT = {
    "environment": "swe_main",
    "trajectory": [
        {"action": "ls\n", "observation": "a.py", "response": "I look.\nls", "state": "{}"},
        {"action": "submit\n", "observation": "done", "response": "Ready.\nsubmit", "state": "{}"},
    ],
    "history": [
        {"role": "system", "content": "You are an engineer.", "agent": "primary"},
        {"role": "user", "content": "An example", "is_demo": True},
        {"role": "assistant", "content": "So it goes", "is_demo": True},
        {"role": "user", "content": "Fix it."},
        {"role": "assistant", "content": "I look.\nls", "thought": "I look.", "action": "ls\n"},
        {"role": "user", "content": "a.py"},
        {"role": "assistant", "content": "Ready.\nsubmit", "thought": "Ready."},
    ],
    "info": {"exit_status": "submitted", "model_stats": {"api_calls": 2}},
}
CLAUDE_CODE: Lines = [
    {
        "type": "user",
        "sessionId": "one",
        "message": {"role": "user", "content": "Read it."},
        "timestamp": "2026-01-31T11:00:00.000Z",
    },
    *(
        {
            "type": "assistant",
            "sessionId": "one",
            "message": {
                "id": "msg-1",
                "model": "claude",
                "role": "assistant",
                "content": [part],
                "usage": {"input_tokens": 20, "output_tokens": 5},
            },
        }
        for part in (
            {"type": "thinking", "thinking": "use Read"},
            {"type": "tool_use", "id": "t1", "name": "Read", "input": {"file": "a"}},
        )
    ),
    {
        "type": "user",
        "sessionId": "one",
        "message": {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "text"}],
        },
    },
    {
        "type": "assistant",
        "sessionId": "one",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Done."}]},
    },
    {"type": "user", "sessionId": "two", "message": {"role": "user", "content": "Hello"}},
]


def tau2_message(role: str, content: str | None, **more: Any) -> dict[str, Any]:
    """Return a message as tau2 stores it."""
    return {"role": role, "content": content, "turn_idx": 0, "timestamp": "2026-01-31", **more}


TAU2 = {
    "info": {
        "agent_info": {"implementation": "llm_agent", "llm": "m", "llm_args": {"temperature": 0}},
        "user_info": {"implementation": "user_simulator", "llm": "u"},
        "environment_info": {"domain_name": "airline", "policy": "Be kind."},
    },
    "tasks": [{"id": "12", "user_scenario": {"instructions": "Cancel it."}}],
    "simulations": [
        {
            "id": "sim-1",
            "task_id": "12",
            "trial": 1,
            "seed": 300,
            "termination_reason": "user_stop",
            "reward_info": {"reward": 1.0, "reward_breakdown": {"DB": 1.0}},
            "messages": [
                tau2_message("assistant", "Hi! How can I help you today?"),
                tau2_message("user", "Cancel my flight.", usage={"prompt_tokens": 3}),
                tau2_message(
                    "assistant",
                    None,
                    tool_calls=[
                        {
                            "id": "x1",
                            "name": "cancel",
                            "arguments": {"id": "F1"},
                            "requestor": "assistant",
                        }
                    ],
                    usage={"prompt_tokens": 50, "completion_tokens": 6},
                    cost=0.5,
                ),
                {
                    "role": "tool",
                    "id": "x1",
                    "content": "ok",
                    "requestor": "assistant",
                    "error": False,
                },
                tau2_message("assistant", "It is cancelled."),
                tau2_message(
                    "user",
                    None,
                    tool_calls=[
                        {"id": "u1", "name": "check", "arguments": {}, "requestor": "user"}
                    ],
                ),
                {"role": "tool", "id": "u1", "content": "seen", "requestor": "user"},
                tau2_message("user", "Thanks ###STOP###"),
            ],
        }
    ],
}
INSPECT_HEADER = {
    "version": 2,
    "status": "success",
    "eval": {"task": "sums", "model": "openai/gpt-4o", "packages": {"inspect_ai": "0.3.285"}},
}


def inspect_sample(id: str | int = 1, epoch: int = 1, **more: Any) -> dict[str, Any]:
    """Return a sample of inspect_ai with one turn that calls a tool and one that answers."""
    call = {"id": "c1", "function": "add", "arguments": {"a": 2, "b": 2}, "type": "function"}
    first = {
        "id": "m2",
        "role": "assistant",
        "source": "generate",
        "content": [
            {"type": "reasoning", "reasoning": "add them"},
            {"type": "text", "text": "I add."},
        ],
        "tool_calls": [call],
    }
    return {
        "id": id,
        "epoch": epoch,
        "input": "What is 2 + 2?",
        "target": "4",
        "messages": [
            {"id": "m0", "role": "system", "content": "attachment://abc"},
            {"id": "m1", "role": "user", "source": "input", "content": "What is 2 + 2?"},
            first,
            {"id": "m3", "role": "tool", "tool_call_id": "c1", "function": "add", "content": "4"},
            {"id": "m4", "role": "assistant", "source": "generate", "content": "4"},
        ],
        "output": {"model": "gpt-4o", "choices": []},
        "scores": {"match": {"value": "C", "answer": "4", "explanation": "equal"}},
        "attachments": {"abc": "Be brief."},
        "events": [
            {
                "event": "model",
                "model": "openai/gpt-4o",
                "config": {"temperature": 0.5},
                "tools": [{"name": "add", "description": "Adds.", "parameters": {}}],
                "output": {
                    "model": "gpt-4o-2024",
                    "choices": [{"message": first, "stop_reason": "tool_calls"}],
                    "usage": {"input_tokens": 30, "output_tokens": 5, "total_tokens": 35},
                },
            }
        ],
        **more,
    }


def write_json(path: Path, value: Any) -> Path:
    """Write *value* as one JSON document, and return *path*."""
    path.write_text(json.dumps(value))
    return path


def write_lines(path: Path, values: Lines) -> Path:
    """Write *values* as JSON Lines, and return *path*."""
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def write_eval(path: Path, samples: Lines, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write an ``.eval`` archive with *samples*, and return *path*."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for sample in samples:
            name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
            archive.writestr(name, json.dumps(sample))
        archive.writestr("header.json", json.dumps(INSPECT_HEADER))
    return path


def write_harbor(folder: Path, *, reward: float | None = 1.0, trajectory: bool = True) -> Path:
    """Write a trial's folder of Harbor, and return *folder*."""
    (folder / "agent").mkdir(parents=True)
    result: dict[str, Any] = {
        "task_name": "hello",
        "trial_name": "hello__1",
        "source": "terminal-bench",
        "agent_info": {"name": "terminus", "version": "2"},
        "verifier_result": None if reward is None else {"rewards": {"reward": reward}},
        "exception_info": None,
        "started_at": "2026-01-31T10:00:00Z",
        "finished_at": "2026-01-31T10:05:00Z",
    }
    if reward is None:
        result["exception_info"] = {
            "exception_type": "AgentTimeoutError",
            "exception_message": "too slow",
        }
    write_json(folder / "result.json", result)
    if trajectory:
        write_json(folder / "agent" / "trajectory.json", ATIF)
    return folder


def write_all(folder: Path) -> dict[str, Path]:
    """Write a file of each format, and return their paths by the format's name."""
    return {
        "atif": write_json(folder / "atif.json", ATIF),
        "chat": write_lines(folder / "chat.jsonl", CHAT),
        "claude-code": write_lines(folder / "claude.jsonl", CLAUDE_CODE),
        "harbor": write_harbor(folder / "trial"),
        "inspect": write_eval(folder / "sums.eval", [inspect_sample()]),
        "nemo-gym": write_lines(folder / "nemo.jsonl", NEMO_GYM),
        "swe-agent": write_json(folder / "fix.traj", SWE_AGENT),
        "tau2": write_json(folder / "tau2.json", TAU2),
        "verifiers": write_lines(folder / "traces.jsonl", VERIFIERS),
    }
