"""
Plays refold's OpenEnv classes in process, and by the typed client on a server.

Needs ``openenv`` and refold in one environment. Prints one line, or fails.
"""

from drive import client_version
from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, Observation, State

from refold.engine import EventLog
from refold.server.openenv.classes import (
    InboxAction,
    InboxEnvironment,
    RefoldClient,
    RefoldObservation,
    WorkflowAction,
    WorkflowEnvironment,
)

WAIT = WorkflowAction(action_type="wait")


def play(env, action):
    """Return the last observation and the sum of rewards of doing *action* to the end."""
    seen, total = env.reset(seed=3, episode_id="mine"), 0.0
    while not seen.done:
        seen = env.step(action)
        total += seen.reward
    return seen, total


def main(url):
    """See that the classes are what they say, and play alike in process and at *url*."""
    workflow = WorkflowEnvironment("workflow/hard")
    assert isinstance(workflow, Environment)
    assert isinstance(WAIT, Action)
    seen, total = play(workflow, WAIT)
    assert isinstance(seen, Observation)
    assert isinstance(workflow.state, State)
    assert (workflow.state.episode_id, workflow.state.step_count) == ("mine", 22)
    assert abs(total - workflow.state.total_reward) < 1e-9
    assert (seen.truncated, seen.grade["score"]) == (True, 0.01)
    assert workflow.num_tasks("workflow") == 4
    with EventLog("in_process.db") as log:
        inbox = InboxEnvironment(log=log)
        last, _ = play(inbox, InboxAction(type="archive"))
        assert log.events("mine").digest == last.grade["digest"]
    create_app(WorkflowEnvironment, WorkflowAction, RefoldObservation, max_concurrent_envs=4)
    with RefoldClient(base_url=url).sync() as client:
        result = client.reset(task_id="workflow/hard", seed=3)
        while not result.done:
            result = client.step(WAIT)
        assert result.observation.model_dump() == seen.model_dump()
        assert client.state().step_count == 22
    print(f"{client_version()}: classes in process, and typed client: ok")
