"""
Runs the runtime graders of ``openenv validate`` 0.10 against a served refold, without Docker.

What is left out is what needs the container: its build, its start and its network. Prints one
line, or fails.
"""

from types import SimpleNamespace

from openenv.validation.graders.runtime.basic import (
    ObservationSchemaGrader,
    RewardWellFormedGrader,
    StateContractGrader,
)
from openenv.validation.parsers.openenv_yaml import OpenEnvYamlParser
from openenv.validation.runtime.collector import collect_runtime_evidence
from openenv.validation.runtime.contracts import load_runtime_plan


def main(url, folder):
    """
    Collect the evidence at *url* twice, grade it, and see that both times it was the same.

    The *folder* holds openenv.yaml and what it names.
    """
    manifest = OpenEnvYamlParser().parse(folder)
    plan = load_runtime_plan(folder, manifest.execution)
    first, second = (collect_runtime_evidence(url, plan, episode_timeout_s=60.0) for _ in range(2))
    assert not first.failure_reason, first.failure_reason
    subject = SimpleNamespace(runtime_evidence=first, manifest=manifest)
    for grader in (RewardWellFormedGrader(), ObservationSchemaGrader(), StateContractGrader()):
        result = grader.run(subject)
        assert result.status.name == "PASS", result
    answers = [[each.response_json for each in one.exchanges] for one in (first, second)]
    assert answers[0] == answers[1]
    print(f"runtime graders: {len(answers[0])} exchanges, the same bytes twice: ok")
