"""
Plays scenarios with Inspect: its own loop and tools, with models on loopback and in process.

``python inspect_tasks.py FOLDER``, where refold and inspect_ai are installed. Prints a line for
each scenario, or fails.
"""

import sys
from pathlib import Path

from inspect_ai import eval as evaluate
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from refold.agents.mock import MockModel
from refold.engine import EventLog
from refold.engine.exchanges import ActionForfeited
from refold.graders import grade
from refold.integrations.inspect_ai import scenario_task
from refold.replays import verify


def run(folder, task, model, **options):
    """Return what became of *task*, a task or the name of one."""
    (log,) = evaluate(task, model=model, display="none", log_dir=str(folder / "inspect"), **options)
    return log


def behind_api(url):
    """Return a model that is asked over HTTP."""
    return get_model("openai-api/mock/auto", base_url=url, api_key="any", memoize=False)


def scripted(*outputs):
    """Return a model that gives *outputs*, the last one for ever."""

    def given():
        yield from outputs
        while True:
            yield outputs[-1]

    def counted(output):
        # Without it, Inspect downloads a tokenizer to count.
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output.model_copy(deep=True)

    return get_model("mockllm/model", custom_outputs=map(counted, given()))


def call(tool, **arguments):
    """Return a model's output that calls *tool*."""
    return ModelOutput.for_tool_call("mockllm/model", tool, arguments)


def say(text):
    """Return a model's output that is *text*."""
    return ModelOutput.from_content("mockllm/model", text)


def recorded(path, run):
    """Return the only stream of *run*, after checks that hold for any."""
    with EventLog(path, readonly=True) as log:
        (episode,) = log.episodes(run=run)
        stream = log.events(episode.id)
        assert verify(stream) is None
        return episode, stream


def plays_to_the_end(folder, path, scenario):
    """By its registered name, against an API: score, episode and grade are one."""
    with MockModel(keep=False) as server:
        arguments = {"name": scenario, "log": path, "worlds": 2, "run": scenario}
        log = run(folder, "refold/scenario", behind_api(server.base_url), task_args=arguments)
    assert log.status == "success", log.error
    with EventLog(path, readonly=True) as opened:
        episodes = {episode.id: episode for episode in opened.episodes(run=scenario)}
        for sample in log.samples:
            (score,) = sample.scores.values()
            episode = episodes.pop(score.metadata["episode"])
            stream = opened.events(episode.id)
            assert verify(stream) is None
            assert episode.ended == "terminated"
            assert episode.agent == "openai-api/mock/auto"
            assert sample.id == f"seed-{episode.seed}"
            assert score.value == grade(stream).score
            assert len(opened.grades(episode.id)) == 1
            assert sum(message.role == "tool" for message in sample.messages) == episode.steps
    assert not episodes
    print(f"inspect: 2 episodes of {scenario}: ok")


def ends_whatever_the_model_does(folder, path):
    """Texts, unknown tools and wrong arguments cost steps; the episode ends all the same."""
    model = scripted(
        say("Let me think."), call("fly"), call("delegate", subtask_id=7), say("No."), call("wait")
    )
    log = run(folder, scenario_task("workflow/easy", log=path, run="stubborn"), model)
    assert log.status == "success", log.error
    episode, stream = recorded(path, "stubborn")
    assert episode.reason == "time_budget"
    assert sum(isinstance(event, ActionForfeited) for event in stream) == 2
    assert log.samples[0].scores["refold_grade"].value == grade(stream).score


def is_scored_at_a_limit(folder, path):
    """Where Inspect stops a sample, the episode is truncated and scored as it stands."""
    task = scenario_task("workflow/easy", log=path, run="limited")
    log = run(folder, task, scripted(call("wait")), message_limit=8)
    assert log.samples[0].limit.type == "message"
    episode, stream = recorded(path, "limited")
    assert episode.reason == "stopped"
    assert log.samples[0].scores["refold_grade"].value == grade(stream).score


def failure_is_not_counted(folder, path):
    """A model that cannot be reached makes an error of the sample, and no play of the model's."""
    task = scenario_task("workflow/easy", log=path, run="broken")
    log = run(folder, task, behind_api("http://127.0.0.1:9/v1"), max_retries=0)
    assert log.status == "error"
    assert recorded(path, "broken")[0].reason == "instrument_failed"


def main(folder):
    path = folder / "inspect.db"
    path.unlink(missing_ok=True)
    for scenario in ("workflow/easy", "inbox/easy"):
        plays_to_the_end(folder, str(path), scenario)
    ends_whatever_the_model_does(folder, str(path))
    is_scored_at_a_limit(folder, str(path))
    failure_is_not_counted(folder, str(path))
    print("inspect: hopeless models, limits and failures: ok")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
