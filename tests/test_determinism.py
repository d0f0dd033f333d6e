import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sizes import SMALLEST_AND_LARGEST

from refold.engine import ActionTaken, Episode, EventLog
from refold.scenarios import load, scenario_names

SCENARIOS = scenario_names()
SEEDS = st.integers(0, 2**63 - 1)


def replayed(events, scenario, log=None, **words):
    """Return a new episode of *scenario* after the seed and the actions of *events*."""
    episode = Episode.start(load(scenario), log=log, seed=events.started.seed, **words)
    for event in events:
        if isinstance(event, ActionTaken):
            episode.step(event.action)
    return episode


@given(st.sampled_from(SCENARIOS), SEEDS)
def test_the_same_seed_and_actions_give_the_same_bytes(random_episode, scenario, seed):
    """A run can be repeated to the last byte, and so to the digest."""
    first = random_episode(scenario, seed).events
    second = replayed(first, scenario).events
    assert second.payloads == first.payloads
    assert second.digest == first.digest


@pytest.mark.parametrize("scenario", SMALLEST_AND_LARGEST)
def test_names_and_times_are_outside_the_digest(log, tmp_path, random_episode, scenario):
    """Who played, when, in which log and under which id changes no digest."""
    first = random_episode(scenario, 6, log)
    with EventLog(tmp_path / "other.db", durable=True) as other:
        words = {"agent": "somebody else", "id": "other", "run": "later", "epoch": 3}
        replayed(first.events, scenario, other, **words)
        mine, theirs = log.find(first.id), other.find("other")
    assert theirs.digest == mine.digest
    assert (theirs.id, theirs.agent, theirs.run, theirs.epoch) != (mine.id, mine.agent, "", 0)


@pytest.mark.parametrize("scenario", SMALLEST_AND_LARGEST)
def test_whatever_differs_shows_in_the_digest(random_episode, scenario):
    """Another scenario, seed or action is another digest."""
    events = random_episode(scenario, 6).events
    digests = {events.digest, random_episode(scenario, 7).events.digest}
    digests |= {Episode.start(load(scenario), seed=seed).events.digest for seed in range(20)}
    digests |= {Episode.start(load(name), seed=6).events.digest for name in SCENARIOS}
    assert len(digests) == 2 + 20 + len(SCENARIOS) - 1


PLAY_ALL = """
import sys
from conftest import play_randomly
from refold.engine import EventLog
from refold.scenarios import scenario_names
with EventLog(sys.argv[1]) as log:
    for name in scenario_names():
        play_randomly(name, 1, log)
"""


@pytest.mark.slow
def test_every_process_records_the_same(tmp_path):
    """Identical runs have identical bytes in processes that hash texts differently."""
    recorded = []
    for hash_seed in ("0", "4294967295"):
        path = tmp_path / f"{hash_seed}.db"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", PLAY_ALL, str(path)]
        subprocess.run(command, cwd=Path(__file__).parent, env=environment, check=True)
        with EventLog(path, readonly=True) as log:
            streams = [log.events(info.id) for info in log.episodes()]
        recorded.append([(stream.digest, stream.payloads) for stream in streams])
    assert len(recorded[0]) == len(SCENARIOS)
    assert recorded[0] == recorded[1]
