import pytest
from shell import Shell

from refold.engine import Episode, EventLog, fold_to
from refold.scenarios import load


@pytest.fixture
def shell(tmp_path):
    """Return a shell whose log holds a greedy episode of workflow/hard."""
    shell = Shell(tmp_path)
    shell("record workflow/hard --agent greedy --name first")
    return shell


@pytest.fixture
def stream(shell):
    """Return the stream of the newest episode."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return log.events("last")


def test_a_whole_episode_as_json(shell, stream):
    """Each event stands in its step with its seq and its stored content; the rewards sum up."""
    ran = shell("replay last --json")
    assert ran.err == ""
    assert ran.json["episode"] == shell.ids()[0]
    steps = ran.json["steps"]
    assert [step["step"] for step in steps] == list(range(23))
    events = [event for step in steps for event in step["events"]]
    assert [event["seq"] for event in events] == list(range(len(stream)))
    assert [event["event"]["type"] for event in events] == [
        event.__struct_config__.tag for event in stream
    ]
    assert events[0]["event"]["scenario"]["name"] == "workflow/hard"
    assert steps[0]["action"] is None
    total = 0.0
    for step in steps[1:]:
        assert step["reward"] == pytest.approx(sum(step["parts"].values()))
        total += step["reward"]
        assert step["total"] == pytest.approx(total)
    assert steps[4]["error"] == "permanent_failure"
    assert steps[4]["say"] == "retry enrich_logs with investigator_alpha"


@pytest.mark.parametrize("step", [0, 1, 7, 22])
def test_one_moment_as_json(shell, stream, step):
    """``--step N`` gives the state and the observation after N actions, and only that moment."""
    (found,) = shell("replay last --json --step", step).json["steps"]
    state = fold_to(stream, step)
    assert found["step"] == found["state"]["t"] == state.t == step
    assert found["state"]["total"] == found["total"] == state.total
    assert found["observation"]["time_elapsed"] == step
    statuses = {id: subtask["status"] for id, subtask in found["observation"]["subtasks"].items()}
    assert statuses == {id: subtask.status for id, subtask in state.subtasks.items()}
    whole = shell("replay last --json").json["steps"][step]
    assert {**whole, "observation": found["observation"]} == found


def test_a_whole_episode_for_people(shell):
    """People see each action with its reward, and below it what it caused, with its seq."""
    shown = shell("replay last").out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[:4] == [
        "start",
        "0 episode of workflow/hard began with seed 44",
        "1 delegate alert_triage to triage_analyst +0.13",
        "2 triage_analyst began alert_triage, 1 step",
    ]
    assert "20 refused: permanent_failure (that worker would fail at this subtask again)" in lines
    assert lines[-2].endswith("episode truncated: time_budget")


def test_one_moment_for_people(shell):
    """``--step N`` shows the step, the state and what the agent saw then."""
    shown = shell("replay last --step 3").out
    assert "delegate check_dashboards to triage_analyst" in shown
    assert "retry enrich_logs" not in shown.partition("state")[0]
    state, _, observation = shown.partition("\nstate\n")[2].partition("\nobservation\n")
    assert "    enrich_logs: failed  -  1\n" in state
    assert "hint: retry enrich_logs with investigator_beta" in observation


@pytest.mark.parametrize("reference", ["last", "id", "prefix"])
def test_an_episode_has_three_names(shell, reference):
    """An id, a prefix of it and ``last`` name the same episode."""
    shell("record inbox/easy --agent baseline --seed 9")
    id = shell.ids()[-1]
    names = {"last": "last", "id": id, "prefix": id[:9]}
    assert shell("replay --json", names[reference]).json["episode"] == id


def test_an_episode_that_was_cut_off(shell):
    """What stands after the last whole step is shown too, as no step of its own."""
    with EventLog(shell.at / "refold.db") as log:
        episode = Episode.start(load("inbox/easy"), log=log)
        reward = episode.step({"type": "archive"}).reward
        episode.truncate("power_cut")
    steps = shell("replay last --json").json["steps"]
    assert [step["step"] for step in steps] == [0, 1, 1]
    assert [step["total"] for step in steps] == [0, reward, reward]
    lines = shell("replay last").out.splitlines()
    assert lines[0] == "start"
    assert lines[-2:] == ["then", "        5  episode truncated: power_cut"]


def test_colours_are_for_terminals(shell):
    """What is piped holds no escape codes, even if the environment promises colours."""
    for words in ("replay last", "show last", "episodes", "grade", "verify", "scenarios"):
        ran = shell(words, TERM="xterm-256color", COLORTERM="truecolor")
        assert "\x1b" not in ran.out + ran.err


def test_numbers_of_a_state_are_shown_without_noise(shell):
    """Sums of floats end in noise: people see ten digits, programs the number as it is."""
    shell("record workflow/hard --agent greedy")
    assert shell("replay last --json --step 22").json["steps"][0]["total"] == -1.1699999999999997
    lines = shell("replay last --step 22").out.splitlines()
    assert "  total: -1.17" in lines
