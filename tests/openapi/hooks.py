"""
Lets requests that are well-formed meet an episode that is being played.

To act in one takes the secret of a session, which cannot be made up: nearly all answers to steps
would be that there is no such session. Requests that are meant to be wrong stay as they are.
"""

import requests
import schemathesis

OWN_FIELDS = {  # of a family's actions: no other family's have one of these
    "workflow/easy": {"action_type"},
    "workflow/easy@2": {"task", "worker"},
    "inbox/easy@2": {"thread", "record", "key", "order", "amount", "team", "into"},
}
KINDS = {
    "workflow/easy@2": {"assign", "cancel", "advance"},
    "inbox/easy": {"respond", "archive", "escalate"},
}
STEP, ACT, PREVIEW = "/step", "/api/episodes/{id}/actions", "/api/episodes/{id}/preview"


def task_of(action):
    """Return a task whose family has actions like *action*."""
    for task, fields in OWN_FIELDS.items():
        if fields & action.keys():
            return task
    fitting = (task for task, kinds in KINDS.items() if action.get("type") in kinds)
    return next(fitting, "inbox/easy@2")


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """If *case* is an action, begin an episode for it, one of the action's family."""
    if case.path not in (STEP, ACT, PREVIEW) or not case.meta.generation.mode.is_positive:
        return
    url = case.operation.base_url.rstrip("/") + "/api/episodes"
    action = case.body.get("action", case.body)
    answer = requests.post(url, json={"task": task_of(action)}, timeout=60)
    answer.raise_for_status()
    begun = answer.json()
    case.headers["x-session-id"] = begun["session"]
    if case.path == STEP:
        case.query.pop("session_id", None)
    else:
        case.path_parameters["id"] = begun["id"]
        case.body["at"] = begun["position"]
