"""
Records tau2's tasks and checks each: ``python all_tasks.py [DOMAIN]… [--every N]``.

For each task, the gold actions, and the same without one of them: the given reward must be the
one of tau2's own evaluator, and a fresh world must answer the same again. Prints a line for each
domain; exits with 1 if anything was otherwise.
"""

import argparse
import random
import sys
import time

from tau2_grading import given_score, gold_actions, grade_of_tau2, play

from refold.environments import Worlds
from refold.replays.live import verify_live
from refold.scenarios import load, world_names


def variants(name):
    """Yield a word and which of the gold actions to leave out: none, then any one."""
    yield "gold", None
    length = len(gold_actions(load(name)))
    if length > 1:
        yield "one left out", random.Random(name).randrange(length - 1)


def check(name, word, leave_out):
    """Yield what is wrong with a task played in one way."""
    episode = play(name, leave_out=leave_out)
    if episode.end is None or episode.end.how != "terminated":
        yield f"{name} {word}: ended as {episode.end}"
        return
    score, theirs = given_score(episode), grade_of_tau2(episode.events)
    parts = {kind.value: reward for kind, reward in (theirs.reward_breakdown or {}).items()}
    if score.value != theirs.reward or score.parts != parts:
        yield f"{name} {word}: {score.value} {score.parts}, tau2 {theirs.reward} {parts}"
    verdict = verify_live(episode.events, Worlds())
    if verdict.verdict != "same":
        yield f"{name} {word}: {verdict}"


def main():
    """Check what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("domain", nargs="*", default=["airline", "retail", "telecom"])
    parser.add_argument("--every", type=int, default=1, help="Only each Nth task.")
    asked = parser.parse_args()
    wrong = 0
    for domain in asked.domain:
        began, graded, found = time.monotonic(), 0, []
        names = world_names(f"tau2:{domain}")[:: asked.every]
        for name in names:
            for word, leave_out in variants(name):
                found += check(name, word, leave_out)
                graded += 1
        for line in found:
            print(line)
        seconds = time.monotonic() - began
        print(
            f"{domain}: {len(names)} tasks, {graded} episodes, {len(found)} wrong, {seconds:.0f} s"
        )
        wrong += len(found)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
