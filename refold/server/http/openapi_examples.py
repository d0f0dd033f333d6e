"""Examples for the OpenAPI document, long ones shortened."""

from refold.server.sessions.messages import JsonObject

DIGEST = "d591a8a1c6f2" + "0" * 52

OBSERVATION: JsonObject = {
    "task_description": "Build and test a small feature…",
    "time_elapsed": 1,
    "time_remaining": 14,
    "available_actions": ["wait", "delegate", "abort"],
    "task_id": "workflow/easy",
    "error": None,
    "reward_parts": {"unnecessary_wait": -0.03},
    "total_reward": -0.03,
    "terminated": False,
    "truncated": False,
    "end_reason": None,
    "grade": None,
    "metadata": {},
}
ENVELOPE: JsonObject = {"observation": OBSERVATION, "reward": -0.03, "done": False}
STATE: JsonObject = {
    "episode_id": "try-1",
    "step_count": 1,
    "task_id": "workflow/easy",
    "family": "workflow",
    "seed": 42,
    "total_reward": -0.03,
    "done": False,
    "end_reason": None,
}
RPC_CALL: JsonObject = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
RPC_REPLY: JsonObject = {
    "jsonrpc": "2.0",
    "id": 1,
    "result": {"tools": [{"name": "wait", "description": "Let time pass.", "inputSchema": {}}]},
}
EPISODE: JsonObject = {
    "id": "try-1",
    "scenario": "workflow/easy",
    "seed": 42,
    "agent": "openenv",
    "run": "",
    "epoch": 0,
    "release": "0.1.0",
    "started_at": "2026-11-20T10:00:00.000+00:00",
    "ended_at": None,
    "parent": None,
    "fork_at": None,
    "steps": 1,
    "total": -0.03,
    "ended": None,
    "reason": None,
    "events": 5,
    "digest": DIGEST,
    "score": None,
    "rewards": None,
}
GRADE: JsonObject = {
    "episode_id": "try-1",
    "task_id": "workflow/easy",
    "score": 0.9,
    "breakdown": {"completion": 0.75, "parallelism": 0.1, "base": 0.05},
    "counts": {"subtasks_completed": 6},
    "rubric": {"name": "workflow/easy", "version": 1},
    "digest": DIGEST,
    "complete": True,
}
