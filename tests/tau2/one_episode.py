"""Plays a task of each domain, to see that what refold tells users to install is enough."""

from refold.agents.rollout import make_policy, play
from refold.engine import Episode
from refold.environments import Worlds
from refold.graders import grade
from refold.scenarios import load, world_names

for domain in ("airline", "retail", "telecom"):
    scenario = load(world_names(f"tau2:{domain}")[0])
    episode = Episode.start(scenario, open_world=Worlds())
    play(episode, make_policy("gold", episode.family, seed=0, scenario=scenario.body))
    assert grade(episode.events).score == 1.0, episode.events[-1]
print("tau2 with no more than refold asks for: ok")
