"""Audits of tau2's tasks, beside what tau2's own evaluators and tools say of them."""

import pytest
from tau2.data_model.message import ToolCall
from tau2.registry import registry
from tau2_grading import gold_actions, grade_of_tau2, play, task_of

from refold.audits.running import run_audit
from refold.audits.worlds import WorldTarget
from refold.audits.worlds.scoring import adversarial_floor
from refold.scenarios import load, world_names
from refold.solving import Limits

SAMPLE = [
    *world_names("tau2:airline")[::7],
    *world_names("tau2:retail")[::11],
    *(f"tau2:retail/{task}" for task in (3, 12, 46, 67, 105)),
    *world_names("tau2:telecom")[::23],
]
TRANSFERRED = "tau2:telecom/[service_issue]contract_end_suspension|unseat_sim_card[PERSONA:Hard]"
"""A task that is passed by handing the user over at once."""
DONE = {"tool_calls": [{"name": "done", "arguments": {}}]}
ONLY = ("semantic.oracle_max", "semantic.floor_gap", "runtime.task_declaration_accuracy")


def measured(name):
    """Return the value of each check on the task *name*, by check and part."""
    scenario = load(name)
    target = WorldTarget(scenario, 0, 1, (name,), None)
    (found,) = run_audit([target], only=ONLY, seconds=600)
    assert [each.problem for each in found if each.problem] == []
    return {(each.check.id, each.measured.part): each.measured for each in found}


def refused_by_tau2(name):
    """Return the names of the gold actions that tau2's own environment answers with an error."""
    parameters = load(name).parameters
    solo = bool(parameters.options.get("solo"))
    task = task_of(parameters)
    environment = registry.get_env_constructor(parameters.name)(solo_mode=solo)
    start = task.initial_state
    if start is not None:
        environment.set_state(start.initialization_data, start.initialization_actions, [])
    refused = []
    for place, action in enumerate(gold_actions(load(name))):
        for call in action.get("tool_calls", ()):
            if call["name"] != "done":
                asked = ToolCall(id=str(place), requestor="assistant", **call)
                if environment.get_response(asked).error:
                    refused.append(call["name"])
    return refused


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SAMPLE)
def test_the_audit_says_what_tau2_says(name):
    """Doing nothing and the gold actions score as tau2 has it, and the same calls are refused."""
    found = measured(name)
    nothing = grade_of_tau2(play(name, [DONE]).events).reward
    assert found["semantic.floor_gap", "noop"].value == 1 - nothing
    assert found["semantic.oracle_max", ""].value == grade_of_tau2(play(name).events).reward
    refused = refused_by_tau2(name)
    told = found["runtime.task_declaration_accuracy", ""]
    assert told.value == len(refused)
    assert all(f"{each}(" in told.about for each in refused)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [SAMPLE[0], SAMPLE[3], SAMPLE[10], TRANSFERRED])
def test_the_panel_scores_what_tau2_says(name):
    """Each player's score is tau2's own, and the highest of them is what the audit names."""
    with WorldTarget(load(name), 0, 1, (name,), None).open(Limits(600, 4 * 10**9)) as case:
        scores = {player: runs[0].score for player, runs in case.panel.items()}
        theirs = {
            player: grade_of_tau2(runs[0].stream).reward for player, runs in case.panel.items()
        }
        (found,) = adversarial_floor(case)
    assert scores == theirs
    assert len(scores) > len(case.offer.tools)
    assert found.value == max(theirs.values())
    assert grade_of_tau2(found.episode.stream).reward == found.value
