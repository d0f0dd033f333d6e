"""
Lets requests that are well-formed meet an episode that is being played.

To act in one takes the secret of a session, which cannot be made up: nearly all answers to steps
would be that there is no such session. Requests that are meant to be wrong stay as they are.
"""

import requests
import schemathesis

STEP, ACT, PREVIEW = "/step", "/api/episodes/{id}/actions", "/api/episodes/{id}/preview"


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """If *case* is an action, begin an episode for it, one of the action's family."""
    if case.path not in (STEP, ACT, PREVIEW) or not case.meta.generation.mode.is_positive:
        return
    url = case.operation.base_url.rstrip("/") + "/api/episodes"
    action = case.body.get("action", case.body)
    task = "workflow/easy" if "action_type" in action else "inbox/easy"
    answer = requests.post(url, json={"task": task}, timeout=60)
    answer.raise_for_status()
    begun = answer.json()
    case.headers["x-session-id"] = begun["session"]
    if case.path == STEP:
        case.query.pop("session_id", None)
    else:
        case.path_parameters["id"] = begun["id"]
        case.body["at"] = begun["position"]
