"""Recorded episodes of tau2's tasks, and the grade that tau2's own evaluator gives to each."""

import os

# Else LiteLLM, which tau2's evaluator imports, waits seconds for a list of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "true"

from tau2.data_model.message import AssistantMessage, ToolCall, ToolMessage, UserMessage
from tau2.data_model.simulation import SimulationRun, TerminationReason
from tau2.evaluator.evaluator import EvaluationType, evaluate_simulation
from tau2.registry import registry

from refold.agents.rollout import make_policy
from refold.engine import ActionTaken, Episode, fold
from refold.environments import Worlds
from refold.environments.tau2.turns import NotATurn, read_turn
from refold.scenarios import load
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven

OPEN = Worlds()
_TASKS = {}


def gold_actions(scenario):
    """Return all actions of the agent ``gold`` in *scenario*."""
    policy = make_policy("gold", Episode.start(scenario).family, seed=0, scenario=scenario.body)
    return list(iter(lambda: policy(None, list), None))


def play(name, actions=None, *, leave_out=None, log=None):
    """Return the episode of the task *name* after *actions*, gold if None, without one of them."""
    scenario = load(name)
    actions = gold_actions(scenario) if actions is None else list(actions)
    if leave_out is not None:
        del actions[leave_out]
    episode = Episode.start(scenario, log=log, open_world=OPEN, agent="gold")
    for action in actions:
        if episode.over:
            break
        episode.step(action)
    episode.close()
    return episode


def given_score(episode):
    """Return the event of the one score that the world gave."""
    (score,) = [event for event in episode.events if isinstance(event, ScoreGiven)]
    return score


def grade_of_tau2(events):
    """Return what tau2's evaluator says of an episode, rebuilt from nothing but its *events*."""
    state = fold(events, family=events.family)
    parameters = state.parameters
    solo = bool(parameters.options.get("solo"))
    simulation = SimulationRun(
        id="x",
        task_id=parameters.task,
        start_time="",
        end_time="",
        duration=0.0,
        termination_reason=TerminationReason(state.info["termination_reason"]),
        messages=messages_of(events, solo=solo),
    )
    return evaluate_simulation(
        simulation, task_of(parameters), EvaluationType.ALL, solo, parameters.name
    )


def task_of(parameters):
    """Return tau2's own object of a task."""
    if parameters.name not in _TASKS:
        tasks = registry.get_tasks_loader(parameters.name)("base")
        _TASKS[parameters.name] = {task.id: task for task in tasks}
    return _TASKS[parameters.name][parameters.task]


def messages_of(events, *, solo):
    """Return the messages of *events*, as tau2 has them: it never sees what is no turn."""
    made = (
        []
        if solo
        else [AssistantMessage(role="assistant", content="Hi! How can I help you today?")]
    )
    ids = []
    for event in events:
        if isinstance(event, ActionTaken):
            if not is_turn(event.action):
                continue
            calls = event.action.get("tool_calls") or []
            if any(call["name"] == "done" for call in calls):
                made.append(AssistantMessage(role="assistant", content="###STOP###"))
                continue
            made.append(_spoken_by_agent(event.action, calls, ids))
        elif isinstance(event, EnvironmentBegan | EnvironmentAnswered):
            made.extend(_said_by_world(event, solo))
    return made


def is_turn(action):
    """Return whether *action* is a turn at all."""
    try:
        read_turn(action)
    except NotATurn:
        return False
    return True


def _spoken_by_agent(action, calls, ids):
    tool_calls = []
    for call in calls:
        ids.append(f"call_{len(ids) + 1}")
        tool_calls.append(ToolCall(id=ids[-1], name=call["name"], arguments=call["arguments"]))
    return AssistantMessage(
        role="assistant", content=action.get("content"), tool_calls=tool_calls or None
    )


def _said_by_world(event, solo):
    for message in event.observation["messages"]:
        if message["role"] == "tool" and "tool_call_id" not in message:
            continue  # the answer to what is no turn
        if message["role"] == "tool":
            yield ToolMessage(
                id=message["tool_call_id"],
                role="tool",
                content=message["content"],
                error=message.get("error", False),
            )
        elif not solo:
            yield UserMessage(role="user", content=message["content"])
