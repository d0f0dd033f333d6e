"""
Writes what ``drive.py`` needs: for tasks of each family, actions and what they lead to in process.

``python expect.py FILE`` in an environment that has refold.
"""

import json
import sys
from pathlib import Path

import msgspec

from refold.agents import make_policy, play
from refold.engine import ActionTaken, Episode
from refold.graders import grade
from refold.scenarios import load, scenario_names


def expected(task):
    """Return the actions of the reference agent of *task*, score, digest and total."""
    episode = Episode.start(load(task))
    agent = "greedy" if task.startswith("workflow") else "baseline"
    play(episode, make_policy(agent, episode.family, seed=0))
    given = grade(episode.events)
    taken = [event.action for event in episode.events if isinstance(event, ActionTaken)]
    return {
        "actions": msgspec.to_builtins(taken),
        "score": given.score,
        "digest": given.episode_digest,
        "total": episode.events[-1].total,
    }


if __name__ == "__main__":
    # All sizes of a family go the same way.
    names = [name for name in scenario_names() if "/easy" in name or "/hard" in name]
    tasks = {task: expected(task) for task in names}
    Path(sys.argv[1]).write_text(json.dumps(tasks), encoding="utf-8")
