"""What several test modules share: a log, and random walks through any scenario."""

import gc
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from msgspec.structs import replace

from refold.engine import Episode, EventLog, registry
from refold.scenarios import Scenario, load

# What other packages bring is theirs to test: here, only what ships is known, whatever else is
# installed beside it. Set before any test module asks for the names of scenarios.
registry.entry_points = lambda group: ()

# Nothing is asked beyond loopback, and reading the certificates of all authorities takes longer
# than an episode does, for each client anew.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("loopback.pem"))
settings.register_profile("all", deadline=None, print_blob=True)
settings.register_profile("fast", settings.get_profile("all"), max_examples=25)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in a shell's background: whatever tests start would ignore Ctrl-C as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)

NOBODY = "nobody"
REPLY = "Here is your reset link; the invoice follows, and MFA stays on."
_load = cache(load)


def all_actions(episode: Episode) -> dict[str, list[Any]]:
    """Return by kind every action on the ids that *episode* knows, none, and an unknown one."""
    action, state = episode.family.action, episode.state
    if episode.family.title == "inbox@2":
        return inbox2_actions(episode)
    if episode.family.title == "workflow@2":
        return workflow2_actions(episode)
    if episode.family.name == "inbox":
        ids = [*state.keywords, NOBODY]
        kinds = ("respond", "escalate", "archive")
        return {kind: [action(kind, id) for id in ids] for kind in kinds}
    subtasks, workers = [*state.subtasks, None, NOBODY], [*state.workers, None, NOBODY]
    pairs = [(subtask, worker) for subtask in subtasks for worker in workers]
    return {
        "wait": [action("wait")],
        "synthesize": [action("synthesize")],
        "abort": [action("abort", subtask) for subtask in subtasks],
        "delegate": [action("delegate", *pair) for pair in pairs],
        "retry": [action("retry", *pair) for pair in pairs],
    }


def workflow2_actions(episode: Episode) -> dict[str, list[Any]]:
    """Return the same of a workflow of the rules version 2."""
    action, plan = episode.family.action, episode.state.plan
    tasks, workers = [*plan.tasks, None, NOBODY], [*plan.workers, None, NOBODY]
    return {
        "advance": [action("advance")],
        "assign": [action("assign", task, worker) for task in tasks for worker in workers],
        "cancel": [action("cancel", task) for task in tasks],
    }


def inbox2_actions(episode: Episode) -> dict[str, list[Any]]:
    """Return the same of an inbox of the rules version 2, for a few of the free fields."""
    action, plan = episode.family.action, episode.state.plan
    threads = [*list(plan.threads)[:8], None, NOBODY]
    orders, teams = [*list(plan.orders)[:3], None, NOBODY], ["legal", "security", None, NOBODY]
    records = [("order", id) for id in orders] + [
        ("customer", id) for id in list(plan.customers)[:3]
    ]
    records += [("policy", "returns"), ("partner", NOBODY), (None, None)]
    return {
        "wait": [action("wait")],
        "lookup": [action("lookup", record=record, key=key) for record, key in records],
        "reply": [
            action("reply", id, content=text) for id in threads for text in ("", REPLY, "x" * 1001)
        ],
        "refund": [
            action("refund", id, order=order, amount=amount)
            for id in threads
            for order in orders
            for amount in ("12.50", "much", None)
        ],
        "escalate": [action("escalate", id, team=team) for id in threads for team in teams],
        "archive": [action("archive", id) for id in threads],
        "report": [action("report", id) for id in threads],
        "merge": [action("merge", id, into=other) for id in threads for other in threads],
    }


def _choose(episode: Episode, dice: random.Random, noise: float) -> Any:
    """Return a legal action, seldom an abort, or no walk would get far; with *noise*, any."""
    if episode.family.rules == 2:
        return _choose_by_kind(episode, dice, noise)
    actions = all_actions(episode)
    aborts = actions.get("abort", ())
    chosen = dice.choice([action for action in episode.legal_actions if action not in aborts])
    if dice.random() < noise:
        chosen = dice.choice(actions[dice.choice(list(actions))])
    if episode.family.name == "workflow":
        return _reassigned(episode, chosen, dice) if dice.random() < noise else chosen
    return replace(chosen, content=REPLY) if dice.random() < 0.5 else chosen


def _choose_by_kind(episode: Episode, dice: random.Random, noise: float) -> Any:
    """Return a legal action of any kind, seldom a cancellation; with *noise*, any at all."""
    if dice.random() < noise:
        actions = all_actions(episode)
        return dice.choice(actions[dice.choice(list(actions))])
    legal = episode.legal_actions
    kinds = dict.fromkeys(action.type for action in legal)
    kind = dice.choice([each for each in kinds if each != "cancel" or dice.random() < 0.1])
    chosen = dice.choice([action for action in legal if action.type == kind])
    return replace(chosen, content=REPLY) if kind == "reply" else chosen


def _reassigned(episode: Episode, action: Any, dice: random.Random) -> Any:
    """Return *action*, but to any worker; where it is none to assign, begin whatever can be."""
    state = episode.state
    worker = dice.choice([*state.workers, NOBODY])
    if action.agent_name or not (state.ready or state.failed):
        return replace(action, agent_name=worker)
    subtask = dice.choice([*state.ready, *state.failed])
    kind = "delegate" if subtask in state.ready else "retry"
    return replace(action, action_type=kind, subtask_id=subtask, agent_name=worker)


def play_randomly(
    scenario: str | Scenario, seed: int, log: EventLog | None = None, *, steps: int = 10_000
) -> Episode:
    """Return an episode after at most *steps* random actions; equal arguments, equal actions."""
    dice = random.Random(seed)
    noise = dice.choice([0.0, 0.1, 0.4])
    definition = _load(scenario) if isinstance(scenario, str) else scenario
    episode = Episode.start(definition, log=log, seed=seed, agent="random")
    for _ in range(steps):
        if episode.over:
            break
        episode.step(_choose(episode, dice, noise))
    return episode


def pytest_configure(config: pytest.Config) -> None:
    """Try a quarter of the examples in the fast tier."""
    settings.load_profile("fast" if config.option.markexpr == "not slow" else "all")


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Stop collecting garbage while thousands of tests are made: all of them stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Collect it again, but not among the tests, and less often than by default."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run a test that is named in this process: its prints, breakpoints and Ctrl-C are at hand."""
    return 0 if any("::" in each for each in config.args) else None


@pytest.hookimpl(trylast=True)  # after tests were selected by their marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser, select one of the tests that need one: it says so for all of them."""
    if paged := [each for each in items if "browser" in getattr(each, "fixturenames", ())]:
        from browsing import find_browser  # noqa: PLC0415 - takes half a second

        if find_browser() is None:
            items[:] = [each for each in items if each not in paged[1:]]
            config.hook.pytest_deselected(items=paged[1:])


@pytest.fixture(scope="session")
def every_action() -> Callable[[Episode], dict[str, list[Any]]]:
    """Return ``all_actions``."""
    return all_actions


@pytest.fixture(scope="session")
def random_episode() -> Callable[..., Episode]:
    """Return ``play_randomly``."""
    return play_randomly


@pytest.fixture(scope="session", autouse=True)
def _options_are_for_this_run() -> None:
    """Let each pytest that tests start begin as its user would."""
    os.environ.pop("PYTEST_ADDOPTS", None)


@pytest.fixture(scope="session")
def empty_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a log without episodes, to be copied: making one takes longer."""
    path = tmp_path_factory.mktemp("empty") / "log.db"
    EventLog(path).close()
    return path


@pytest.fixture
def log(empty_log: Path, tmp_path: Path) -> Iterator[EventLog]:
    """Yield a new log."""
    with EventLog(shutil.copy(empty_log, tmp_path)) as log:
        yield log
