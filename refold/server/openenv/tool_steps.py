"""
Tools by way of ``step``: what the tool-calling client of openenv-core 0.3 sends.

``{"type": "list_tools"}`` and ``{"type": "call_tool", "tool_name", "arguments"}`` stand where an
action does. No family has actions of these kinds.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from refold.server.openenv.mcp import Caller, JsonRpc
from refold.server.sessions.messages import Envelope, encode
from refold.server.sessions.runner import Play
from refold.server.sessions.store import Session


class _Earned(Struct):
    reward: float
    done: bool


_earned = msgspec.json.Decoder(_Earned).decode

LIST = "list_tools"
CALL = "call_tool"


def step(play: Play, rpc: JsonRpc, session: Session, action: dict[str, Any]) -> bytes:
    """
    Return the envelope of what *action* led to in *session*, an action or a matter of tools.

    Raises:
        RefoldError: As ``Play.step``; what goes wrong with a tool is in its observation instead.
    """
    kind = action.get("type")
    if kind == CALL:
        return _called(rpc, session, action)
    if kind == LIST:
        return _listed(rpc, session)
    return play.step(session, action)


def _ask(rpc: JsonRpc, session: Session, method: str, params: dict[str, Any]) -> dict[str, Any]:
    request = {"jsonrpc": "2.0", "id": 0, "method": method, "params": params}
    caller = Caller(session.client, lambda: session, session, own=True)
    return rpc.answer(request, caller)


def _listed(rpc: JsonRpc, session: Session) -> bytes:
    listed = _ask(rpc, session, "tools/list", {})["result"]["tools"]
    tools = [
        {
            "name": each["name"],
            "description": each["description"],
            "input_schema": each["inputSchema"],
        }
        for each in listed
    ]
    return _envelope({"tools": tools, "metadata": {}}, 0.0, done=False)


def _called(rpc: JsonRpc, session: Session, action: dict[str, Any]) -> bytes:
    name, arguments = action.get("tool_name"), action.get("arguments", {})
    reply = _ask(rpc, session, "tools/call", {"name": name, "arguments": arguments})
    seen: dict[str, Any] = {"tool_name": str(name), "result": None, "error": None, "metadata": {}}
    if "error" in reply:
        seen["error"] = {"error_type": "invalid_args", "message": reply["error"]["message"]}
        return _envelope(seen, 0.0, done=_over(session))
    result = reply["result"]
    if "data" not in result:
        message = result["content"][0]["text"]
        seen["error"] = {"error_type": "execution_error", "message": message}
        return _envelope(seen, 0.0, done=_over(session))
    seen["result"] = result
    earned = _earned(result["data"])
    return _envelope(seen, earned.reward, done=earned.done)


def _over(session: Session) -> bool:
    return session.episode is not None and session.episode.over


def _envelope(observation: dict[str, Any], reward: float, *, done: bool) -> bytes:
    return encode(Envelope(Raw(encode(observation)), reward, done))
