import pytest

from refold.agents import make_policy, play
from refold.engine import (
    ActionRefused,
    ActionTaken,
    Episode,
    EpisodeEnded,
    RefoldError,
    StepRewarded,
)
from refold.engine.errors import UnknownName
from refold.engine.registry import find_family
from refold.graders import grade
from refold.scenarios import load, scenario_names

WORKFLOWS = [f"workflow/{name}" for name in ("easy", "medium", "hard", "expert")]
INBOXES = [f"inbox/{name}" for name in ("easy", "medium", "hard")]


def played(scenario, agent, *, seed=None, epoch=0):
    """Return an episode that *agent* has played."""
    definition = load(scenario)
    seed = definition.seed if seed is None else seed
    episode = Episode.start(definition, seed=seed)
    play(episode, make_policy(agent, episode.family, seed=seed, epoch=epoch))
    return episode


def actions(episode):
    """Return the actions that were taken."""
    return [event.action for event in episode.events if isinstance(event, ActionTaken)]


@pytest.mark.parametrize(
    ("agent", "scenarios", "scores"),
    [
        ("noop", WORKFLOWS, [0.01, 0.01, 0.01, 0.01]),
        ("greedy", WORKFLOWS, [0.9, 0.6325, 0.0176, 0.8003]),
        ("baseline", INBOXES, [0.875, 0.7129, 0.824]),
    ],
)
def test_reference_rows(agent, scenarios, scores):
    """The built-in agents score what was published for them."""
    assert [grade(played(scenario, agent).events).score for scenario in scenarios] == scores


@pytest.mark.parametrize("scenario", WORKFLOWS)
def test_noop_waits_until_time_is_up(scenario):
    """It waits in every step, to the end of the time budget."""
    episode = played(scenario, "noop")
    assert {action.action_type for action in actions(episode)} == {"wait"}
    assert len(actions(episode)) == load(scenario).parameters.time_budget


def first_capable(observation, subtask):
    """Return the first idle worker that can do *subtask*, permanently failing ones included."""
    return next(
        (
            worker.name
            for worker in observation.workers.values()
            if worker.status == "idle" and subtask.type in worker.capabilities
        ),
        None,
    )


def greedy_choice(observation):
    """Return what the rules say of the greedy policy: kind, subtask and worker."""
    subtasks = observation.subtasks.values()
    if all(subtask.status == "completed" for subtask in subtasks):
        return "synthesize", None, None
    for status, kind in (("failed", "retry"), ("ready", "delegate")):
        for subtask in subtasks:
            worker = first_capable(observation, subtask)
            if subtask.status == status and worker:
                return kind, subtask.id, worker
    return "wait", None, None


@pytest.mark.parametrize("scenario", WORKFLOWS)
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_greedy_takes_the_first_useful_action(scenario, seed):
    """Synthesize when all is done, else the first retry, else the first delegation, else wait."""
    expected = []
    definition = load(scenario)
    seed = definition.seed if seed is None else seed
    episode = Episode.start(definition, seed=seed)
    policy = make_policy("greedy", episode.family, seed=seed)
    while not episode.over:
        expected.append(greedy_choice(episode.observation))
        episode.step(policy(episode.observation, lambda: pytest.fail("greedy needs no list")))
    taken = [(each.action_type, each.subtask_id, each.agent_name) for each in actions(episode)]
    assert taken == expected


@pytest.mark.parametrize("scenario", INBOXES)
def test_baseline_routes_by_category(scenario):
    """It takes the first pending e-mail, goes by its category, and replies with one keyword."""
    definition = load(scenario)
    episode = Episode.start(definition)
    policy = make_policy("baseline", episode.family, seed=1)
    escalated = {"legal", "compliance", "payment", "security"}
    answered = {"access", "account", "billing", "product"}
    while not episode.over:
        email = episode.observation.current
        action = policy(episode.observation, list)
        assert action.email_id == email.id
        if email.category in escalated:
            expected = "escalate"
        elif email.category in answered and email.id.partition("_")[0] != "h4":
            expected = "respond"
        else:
            expected = "archive"
        assert action.type == expected, email
        words = [word for word in ("mfa", "invoice", "reset") if word in action.content]
        assert len(words) <= 1
        assert expected == "respond" or not action.content
        episode.step(action)
    assert policy(episode.observation, list) is None


@pytest.mark.parametrize("scenario", scenario_names())
def test_random_is_legal_and_seeded(scenario):
    """No action is ever refused; seed and epoch make the episode, in any order of playing."""
    first = {epoch: played(scenario, "random", seed=5, epoch=epoch) for epoch in (0, 1)}
    again = {epoch: played(scenario, "random", seed=5, epoch=epoch) for epoch in (1, 0)}
    for epoch, episode in first.items():
        assert episode.over
        assert not any(isinstance(event, ActionRefused) for event in episode.events)
        assert episode.events.payloads == again[epoch].events.payloads
    assert actions(first[0]) != actions(first[1])


def test_random_comes_around():
    """Over some epochs every action that is legal at the start is chosen."""
    legal = Episode.start(load("inbox/easy")).legal_actions
    chosen = {actions(played("inbox/easy", "random", seed=1, epoch=n))[0] for n in range(120)}
    assert chosen == set(legal)


def test_a_policy_that_stops_leaves_the_episode_open(tmp_path):
    """A script is played to its end and no further; each step can be watched."""
    path = tmp_path / "two.jsonl"
    path.write_text('{"action_type":"wait"}\n{"action_type":"abort","subtask_id":"run_tests"}\n')
    episode = Episode.start(load("workflow/easy"))
    policy = make_policy(f"script:{path}", episode.family, seed=0)
    watched = []
    play(episode, policy, watch=watched.append)
    assert [result.reward for result in watched] == [
        event.reward for event in episode.events if isinstance(event, StepRewarded)
    ]
    assert [each.action_type for each in actions(episode)] == ["wait", "abort"]
    assert not episode.over
    play(episode, make_policy("greedy", episode.family, seed=0))
    assert any(isinstance(event, EpisodeEnded) for event in episode.events)


@pytest.mark.parametrize(
    ("agent", "family", "match"),
    [
        ("noop", "inbox", "'noop': expected a family with an action that does nothing, got 'inbox"),
        ("greedy", "inbox", "family 'inbox@2' or 'workflow' or 'workflow@2', got 'inbox'"),
        ("baseline", "workflow", "'baseline': expected a scenario of family 'inbox' or 'inbox@2'"),
        ("script:none.jsonl", "workflow", "none.jsonl: expected a script, got No such file"),
    ],
)
def test_an_agent_of_another_family(agent, family, match):
    """An agent that cannot play a family says so, and who can."""
    with pytest.raises(RefoldError, match=match):
        make_policy(agent, find_family(family, 1), seed=0)


def test_an_unknown_agent():
    """The error holds every agent there is, and its text those that are near."""
    with pytest.raises(UnknownName, match=r"got 'rando'; did you mean random") as error:
        make_policy("rando", find_family("inbox", 1), seed=0)
    assert {"noop", "random", "greedy", "baseline", "script:FILE"} <= set(error.value.known)
