from collections import Counter

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from sizes import first_fast

from refold.agents import make_policy, play
from refold.engine import Episode, EpisodeOver, EventLog, InvalidAction
from refold.graders import grade
from refold.gym import environment_ids
from refold.replays import verify
from refold.scenarios import load, scenario_names

IDS = dict(environment_ids())
AGENTS = {"workflow": "greedy", "inbox": "baseline", "workflow@2": "witness", "inbox@2": "noop"}
"""Agents whose actions are choices of the environment, but for the texts of ``baseline``."""


def test_every_scenario_that_ships_is_an_environment():
    """Their ids hold family, name and rules version."""
    assert sorted(IDS.values()) == sorted(scenario_names())
    assert IDS["refold/workflow-hard-v1"] == "workflow/hard"
    assert IDS["refold/workflow2-hard-v2"] == "workflow/hard@2"


@pytest.mark.parametrize("id", first_fast(IDS, 4))
def test_gymnasium_finds_no_fault(id):
    """Its own checker passes, without a warning."""
    env = gymnasium.make(id, render_mode="ansi")
    check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize(("id", "scenario"), first_fast(IDS.items(), 4))
def test_an_episode_is_that_of_the_engine(id, scenario):
    """The same choices earn the same rewards and the same score; masks say what is legal."""
    episode = Episode.start(load(scenario))
    name = AGENTS[episode.family.title]
    results = []
    play(episode, make_policy(name, episode.family, seed=0), watch=results.append)
    env = gymnasium.make(id).unwrapped
    observation, info = env.reset()
    for result in results:
        (choice,) = choices_that_are(env, result.events[0].action)
        legal = result.events[0].action in env.episode.legal_actions or result.error is None
        assert observation["action_mask"][choice] == legal
        observation, reward, terminated, truncated, info = env.step(np.int64(choice))
        if name != "baseline":
            assert reward == result.reward
        assert (terminated, truncated) == (result.terminated, result.truncated)
        assert observation in env.observation_space
    assert info["end_reason"] == episode.end.reason
    if name != "baseline":
        assert info["score"] == grade(episode.events).score
    assert not observation["action_mask"].any()
    with pytest.raises(EpisodeOver, match="after the end"):
        env.step(np.int64(0))


def choices_that_are(env, action):
    """Return the numbers of the choices that make *action*, but for its text."""
    fields = [name for name in action.__struct_fields__ if name not in ("content", "rationale")]

    def plain(each):
        return [getattr(each, name) for name in fields]

    state = env.episode.state
    made = [choice(state) for choice in env.choices]
    return [number for number, each in enumerate(made) if plain(each) == plain(action)]


def test_seeds():
    """A seed is a world: the same one gives the same e-mails, another gives others."""
    env = gymnasium.make("refold/inbox-hard-v1").unwrapped
    first, own, again, other = (
        env.reset(seed=seed)[1]["observation"]["inbox"] for seed in (7, 1, 7, 8)
    )
    assert first == again
    assert first not in (own, other)
    assert env.reset()[1]["observation"]["inbox"] != other
    fresh = gymnasium.make("refold/inbox-hard-v1").unwrapped
    assert fresh.reset()[1]["observation"]["inbox"] == own


def test_a_refused_choice_is_a_step():
    """It costs time and reward, and says why."""
    env = gymnasium.make("refold/workflow-easy-v1").unwrapped
    observation, _ = env.reset()
    refused = int(np.flatnonzero(observation["action_mask"] == 0)[0])
    later, reward, _, _, info = env.step(np.int64(refused))
    assert reward < 0
    assert info["error"] == "incomplete"
    assert later["time_remaining"] == observation["time_remaining"] - 1


def test_episodes_are_recorded(tmp_path):
    """With a log, each is in it, by its name, with its grade."""
    path = str(tmp_path / "log.db")
    env = gymnasium.make("refold/inbox-easy-v1", log=path, agent="me")
    observation, info = env.reset(options={"episode_id": "mine", "run": "gym"})
    while "score" not in info:
        choice = np.int64(np.flatnonzero(observation["action_mask"])[0])
        observation, _, _, _, info = env.step(choice)
    env.close()
    with EventLog(path, readonly=True) as log:
        found = log.find("mine")
        assert (found.agent, found.run, found.ended) == ("me", "gym", "terminated")
        assert grade(log.events("mine")).score == info["score"]
        assert len(log.grades("mine")) == 1


@pytest.mark.parametrize("action", [-1, 10**6, "0", 0.0, None, np.array([0])])
def test_what_is_no_choice_is_refused(action):
    """Only the numbers of the action space are taken; nothing happens in the episode."""
    env = gymnasium.make("refold/workflow-easy-v1").unwrapped
    env.reset()
    before = env.episode.events.digest
    with pytest.raises(InvalidAction, match=r"expected .* 0 to 23, got"):
        env.step(action)
    assert env.episode.events.digest == before


@pytest.mark.parametrize("action", [0, np.int64(0), np.uint8(0), np.array(0)])
def test_a_whole_number_of_any_type_is_a_choice(action):
    """Agents hand over what their library returns."""
    env = gymnasium.make("refold/workflow-easy-v1").unwrapped
    env.reset()
    assert env.step(action)[1] == -0.03


def test_an_environment_that_was_closed_says_so(tmp_path):
    """Its log is closed with it."""
    env = gymnasium.make("refold/workflow-easy-v1", log=str(tmp_path / "a.db")).unwrapped
    env.reset()
    env.close()
    env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError, match="no reset after close"):
        env.reset()


@pytest.mark.parametrize("id", IDS)
def test_masks_for_maskable_ppo(id):
    """The method that sb3-contrib asks says the same as the observation, through all wrappers."""
    env = gymnasium.make(id)
    observation, _ = env.reset()
    mask = env.get_wrapper_attr("action_masks")()
    assert mask.dtype == np.bool_
    assert mask.any()
    assert mask.tolist() == observation["action_mask"].astype(bool).tolist()


def first_choices(observation):
    """Return the first possible choice of each environment; 0 where an episode has ended."""
    return observation["action_mask"].argmax(axis=1)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("sync", {}),
        pytest.param("async", {}, marks=pytest.mark.slow),
        pytest.param("async", {"context": "spawn"}, marks=pytest.mark.slow),
    ],
)
def test_vectorised_environments_share_a_log(tmp_path, mode, options):
    """
    Several at once, in one process or in several, write into one file.

    It holds an episode of each seed, those after an automatic reset too, all whole and of the run.
    """
    path = str(tmp_path / "log.db")
    envs = gymnasium.make_vec(
        "refold/inbox-easy-v1",
        num_envs=4,
        vectorization_mode=mode,
        vector_kwargs=options,
        log=path,
        run="vectors",
    )
    observation, _ = envs.reset(seed=7)
    ended = np.zeros(4, np.int64)
    while ended.min() < 2:
        observation, _, terminated, truncated, _ = envs.step(first_choices(observation))
        ended += terminated | truncated
    envs.close()
    with EventLog(path, readonly=True) as log:
        episodes = list(log.episodes())
        assert {episode.run for episode in episodes} == {"vectors"}
        assert {7, 8, 9, 10} < {episode.seed for episode in episodes}
        whole = Counter(episode.ended for episode in episodes)
        assert whole["terminated"] == ended.sum()
        for episode in episodes:
            assert verify(log.events(episode.id)) is None
            assert len(log.grades(episode.id)) == (episode.ended == "terminated")


def test_a_clerk_with_templates():
    """In an inbox of the rules version 2, choices by what the arrays show earn a good part."""
    env = gymnasium.make("refold/inbox2-easy-v2").unwrapped
    seen, info = env.reset(seed=3)
    over = False
    while not over:
        seen, _, terminated, truncated, info = env.step(np.int64(clerk(seen)))
        over = terminated or truncated
    assert info["score"] > 0.5


LOOKUPS, TEMPLATES = 8, 12
ANSWERS = {
    "legal": 6,
    "breach": 8,
    "fyi": 9,
    "scam": 10,
    "access": 3,
    "invoice": 1,
    "whereabouts": 0,
}


def clerk(values):
    """Return the choice of who looks up all that is suggested, and then goes by intent."""
    if values["action_mask"][1]:
        return 1
    place = next(at for at, is_open in enumerate(values["open"]) if is_open)
    first = 1 + LOOKUPS + place * TEMPLATES
    if values["false_domain"][place] or values["sender"][place] == 2:
        return first + 10
    intent = values["intent"][place]
    kinds = ("none", "scam", "supplier", "breach", "legal", "fyi", "access", "invoice", "return")
    kind = (*kinds, "whereabouts")[int(intent)]
    if kind == "return":
        return first + (4 if values["returnable"][place] else 2)
    return first + ANSWERS.get(kind, 9)


def test_what_can_be_chosen_is_not_refused():
    """In both families of version 2, the mask is what the rules accept, but for empty places."""
    for id in ("refold/inbox2-medium-v2", "refold/workflow2-medium-v2"):
        env = gymnasium.make(id).unwrapped
        env.reset(seed=4)
        dice = np.random.default_rng(1)
        for _ in range(25):
            possible = np.flatnonzero(env.action_masks())
            *_, info = env.step(np.int64(dice.choice(possible)))
            if "score" in info:
                break
            assert info["error"] is None
