"""
Tool calls through ``step``, as the tool-calling client of openenv-core 0.3 sends them.

``{"type": "list_tools"}`` and ``{"type": "call_tool", "tool_name", "arguments"}`` take the place
of an action. No family has actions of these kinds.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from refold.server.openenv.mcp import Caller, RpcDispatcher
from refold.server.sessions.messages import Envelope, encode
from refold.server.sessions.runner import SessionRunner
from refold.server.sessions.store import Session


class _Outcome(Struct):
    reward: float
    done: bool


# Two fields of an envelope of several kilobytes: the decoder skips the rest.
_decode_outcome = msgspec.json.Decoder(_Outcome).decode

LIST_TOOLS = "list_tools"
CALL_TOOL = "call_tool"


def step_or_use_tool(
    runner: SessionRunner, rpc: RpcDispatcher, session: Session, action: dict[str, Any]
) -> bytes:
    """
    Take *action* in *session*, or list or call a tool if it says so, and return the envelope.

    Raises:
        RefoldError: As ``SessionRunner.step``. A tool's error is part of its observation instead.
    """
    kind = action.get("type")
    if kind == CALL_TOOL:
        return _call_tool(rpc, session, action)
    if kind == LIST_TOOLS:
        return _list_tools(rpc, session)
    return runner.step(session, action)


def _call_rpc(
    rpc: RpcDispatcher, session: Session, method: str, params: dict[str, Any]
) -> dict[str, Any]:
    request = {"jsonrpc": "2.0", "id": 0, "method": method, "params": params}
    caller = Caller(session.client, lambda: session, session, owns_connection=True)
    return rpc.answer(request, caller)


def _list_tools(rpc: RpcDispatcher, session: Session) -> bytes:
    listed = _call_rpc(rpc, session, "tools/list", {})["result"]["tools"]
    tools = [
        {
            "name": each["name"],
            "description": each["description"],
            "input_schema": each["inputSchema"],
        }
        for each in listed
    ]
    return _encode_envelope({"tools": tools, "metadata": {}}, 0.0, done=False)


def _call_tool(rpc: RpcDispatcher, session: Session, action: dict[str, Any]) -> bytes:
    name, arguments = action.get("tool_name"), action.get("arguments", {})
    reply = _call_rpc(rpc, session, "tools/call", {"name": name, "arguments": arguments})
    seen: dict[str, Any] = {"tool_name": str(name), "result": None, "error": None, "metadata": {}}
    if "error" in reply:
        seen["error"] = {"error_type": "invalid_args", "message": reply["error"]["message"]}
        return _encode_envelope(seen, 0.0, done=_is_over(session))
    result = reply["result"]
    if "data" not in result:
        message = result["content"][0]["text"]
        seen["error"] = {"error_type": "execution_error", "message": message}
        return _encode_envelope(seen, 0.0, done=_is_over(session))
    seen["result"] = result
    earned = _decode_outcome(result["data"])
    return _encode_envelope(seen, earned.reward, done=earned.done)


def _is_over(session: Session) -> bool:
    return session.episode is not None and session.episode.over


def _encode_envelope(observation: dict[str, Any], reward: float, *, done: bool) -> bytes:
    return encode(Envelope(Raw(encode(observation)), reward, done))
