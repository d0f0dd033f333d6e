"""
Learns with MaskablePPO of sb3-contrib for a few hundred steps, in environments that share a log.

``python maskable_ppo.py FOLDER``, where refold with its extra ``gym`` and sb3-contrib are
installed. Prints one line, or fails.
"""

import sys
from pathlib import Path

import torch
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.env_util import make_vec_env

import refold.gym  # noqa: F401 - registers the environments
from refold.engine import EventLog
from refold.engine.events import ActionRefused
from refold.replays import verify

STEPS = 512


def main(folder):
    torch.set_num_threads(1)
    path = folder / "ppo.db"
    path.unlink(missing_ok=True)
    env = make_vec_env(
        "refold/workflow-easy-v1",
        n_envs=2,
        env_kwargs={"log": str(path), "agent": "MaskablePPO", "run": "ppo", "render_mode": "ansi"},
    )
    env.reset()
    assert is_masking_supported(env)
    assert get_action_masks(env).any(axis=1).all()
    learner = MaskablePPO("MultiInputPolicy", env, n_steps=64, batch_size=64, n_epochs=2, seed=1)
    learner.learn(STEPS)
    env.close()
    with EventLog(path, readonly=True) as log:
        episodes = list(log.episodes(run="ppo"))
        streams = [log.events(episode.id) for episode in episodes]
    assert sum(episode.steps for episode in episodes) == STEPS
    assert all(verify(stream) is None for stream in streams)
    # Chosen by the masks, no action was one that the rules refuse.
    assert not any(isinstance(event, ActionRefused) for stream in streams for event in stream)
    print(f"sb3-contrib: {STEPS} steps of MaskablePPO in {len(episodes)} episodes: ok")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
