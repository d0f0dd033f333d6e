"""Scenarios: their files, their rubrics as data, and the families that ship."""

from refold.scenarios.facts import Facts, Finding, IndexedEvent
from refold.scenarios.rubric import Criteria, Criterion, Measure, Rubric
from refold.scenarios.spec import (
    Scenario,
    family_scenarios,
    load,
    load_rubric,
    parse_scenario,
    read_rubric_name,
    recorded_rubric,
    scenario_names,
    scenario_source,
    world_names,
)
from refold.scenarios.strict import ScenarioError

__all__ = [
    "Criteria",
    "Criterion",
    "Facts",
    "Finding",
    "IndexedEvent",
    "Measure",
    "Rubric",
    "Scenario",
    "ScenarioError",
    "family_scenarios",
    "load",
    "load_rubric",
    "parse_scenario",
    "read_rubric_name",
    "recorded_rubric",
    "scenario_names",
    "scenario_source",
    "world_names",
]
