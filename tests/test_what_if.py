import asyncio

import pytest
from shell import Shell
from worlds import WORKED_EXAMPLE, action, play

from refold.agents import make_policy
from refold.agents import play as play_on
from refold.agents.mock.model import MockModel
from refold.engine import Episode, EventLog
from refold.engine.errors import UnknownStep
from refold.graders import grade
from refold.replays.alternatives import action_at, candidate_actions, what_if
from refold.scenarios import load

ALPHA, BETA = (f"delegate enrich_logs investigator_{name}" for name in ("alpha", "beta"))


@pytest.fixture
def shell(tmp_path):
    """Return a shell whose log holds the worked example of workflow/hard."""
    shell = Shell(tmp_path)
    with EventLog(shell.at / "refold.db") as log:
        play(Episode.start(load("workflow/hard"), log=log, id="example"), WORKED_EXAMPLE)
    return shell


@pytest.fixture
def stream(shell):
    """Return the stream of the worked example."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return log.events("example")


def tried(stream, at, policy="greedy"):
    """Return the outcomes at a step, played on by a built-in agent."""

    async def finish(episode):
        play_on(episode, make_policy(policy, episode.family, seed=1))

    async def all_of_them():
        return [outcome async for outcome in what_if(stream, at, finish)]

    return asyncio.run(all_of_them())


def test_what_choosing_alpha_costs(shell):
    """In the second step of the worked example, the other investigator is worth .6567 more."""
    found = shell("what-if example --at 1 --agent greedy --json").json
    assert (found["episode"], found["step"], found["score"]) == ("example", 1, 0.7929)
    by_words = {outcome["say"]: outcome for outcome in found["outcomes"]}
    alpha = by_words["delegate enrich_logs to investigator_alpha"]
    beta = by_words["delegate enrich_logs to investigator_beta"]
    assert (alpha["score"], alpha["taken"]) == (0.0176, True)
    assert (beta["score"], beta["taken"]) == (0.6743, False)
    assert sum(outcome["taken"] for outcome in found["outcomes"]) == 1
    ranks = [(-outcome["score"], -outcome["total"]) for outcome in found["outcomes"]]
    assert ranks == sorted(ranks)
    shown = shell("what-if example --at 1 --agent greedy").out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[0] == (
        "as played, step 2: delegate enrich_logs to investigator_alpha; score 0.7929"
    )
    assert "delegate enrich_logs to investigator_beta 0.6743 +0.6567 +2.0063 11" in lines
    assert "delegate enrich_logs to investigator_alpha 0.0176 -1.17 22 as played" in lines


def test_each_outcome_is_what_a_fork_comes_to(shell, stream):
    """Every legal action is tried once, in the order of the rules, each as a fork would be."""
    at = 4
    legal = Episode.fork(stream, at).legal_actions
    outcomes = tried(stream, at)
    assert [outcome.action for outcome in outcomes] == list(legal)
    for outcome in outcomes:
        fork = Episode.fork(stream, at)
        reward = fork.step(outcome.action).reward
        play_on(fork, make_policy("greedy", fork.family, seed=1))
        again = grade(fork.events)
        assert (outcome.score, outcome.reward, outcome.error) == (again.score, reward, None)
        assert (outcome.steps, outcome.total) == (fork.state.t, fork.state.total)


def test_nothing_is_recorded(shell):
    """The log is as it was, to the byte, and can be read-only."""
    before = shell.files()
    (shell.at / "refold.db").chmod(0o444)
    shell("what-if example --at 0 --agent random")
    assert shell.files() == before
    assert shell.ids() == ["example"]


def test_what_was_done_is_tried_even_if_it_was_refused(shell):
    """A refused action is no legal one, but what all others are compared with."""
    shell("record workflow/hard --agent greedy")
    found = shell("what-if last --at 3 --agent greedy --json").json
    (taken,) = [outcome for outcome in found["outcomes"] if outcome["taken"]]
    assert (taken["error"], taken["score"]) == ("permanent_failure", 0.0176)
    assert found["outcomes"][0]["say"] == "retry enrich_logs with investigator_beta"
    shown = shell("what-if last --at 3 --agent greedy").out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "retry enrich_logs with investigator_beta 0.7442 +0.7266 +2.2467 12" in lines
    as_played = "0.0176 -1.17 22 as played, refused: permanent_failure"
    assert f"retry enrich_logs with investigator_alpha {as_played}" in lines


def test_an_answer_of_its_own_words_is_tried_too(shell):
    """Legal actions hold no free text; what the agent wrote is tried beside them."""
    shell("record inbox/medium --agent baseline")
    outcomes = shell("what-if last --at 0 --agent baseline --json").json["outcomes"]
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        taken = action_at(log.events("last"), 0)
    assert [each["action"]["type"] for each in outcomes if each["taken"]] == [taken.type]
    (own,) = [each for each in outcomes if each["taken"]]
    assert own["score"] == shell("grade last --json").json["grades"][0]["score"]


def test_a_running_episode(shell, stream):
    """After its last step nothing was played: outcomes are ranked without a difference."""
    with EventLog(shell.at / "refold.db") as log:
        play(Episode.start(load("workflow/hard"), log=log, id="open"), WORKED_EXAMPLE[:2])
    found = shell("what-if open --at 2 --agent greedy --json").json
    assert not any(outcome["taken"] for outcome in found["outcomes"])
    shown = shell("what-if open --at 2 --agent greedy").out
    assert shown.startswith("as played, step 3: nothing yet; score ")


def test_candidates(stream):
    """The agent's own action comes last if it is none of the legal ones; none after the end."""
    legal = list(Episode.fork(stream, 1).legal_actions)
    assert candidate_actions(stream, 1) == legal
    fork = Episode.fork(stream, 1)
    fork.step(action("retry deploy_hotfix deployer"))
    assert candidate_actions(fork.events, 1) == [*legal, action_at(fork.events, 1)]
    assert candidate_actions(stream, 14) == []
    for at in (-1, 15):
        with pytest.raises(UnknownStep, match="expected 0 to 14"):
            candidate_actions(stream, at)


def test_a_model_plays_on(shell):
    """A model finishes each branch, as the model that was named, whoever played before."""
    with MockModel() as server:
        words = ("--base-url", server.base_url)
        shell("record workflow/easy --agent openai:first", *words)
        asked = len(server.requests)
        found = shell("what-if last --at 5 --agent openai:second --json", *words).json
        ours = server.requests[asked:]
    assert ours
    assert {body["model"] for body in ours} == {"second"}
    assert len(found["outcomes"]) > 1
    assert len(shell.ids()) == 2


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("example --at 15 --agent greedy", "step: expected 0 to 14 .*, got 15"),
        ("example --at 14 --agent greedy", "--at: expected a step before the end, got 14"),
        ("example --at 3 --agent baseline", "agent 'baseline': expected a scenario of family"),
        ("example --at 3 --agent nobody", "agent: expected"),
        ("nobody --at 3 --agent greedy", "episode 'nobody': expected an id"),
        ("example --agent greedy", "missing option '--at'"),
    ],
)
def test_what_is_refused(shell, words, match):
    """A wrong step, agent or id is bad input: exit 2, one line."""
    shell.refuses(f"what-if {words}", match=match)
