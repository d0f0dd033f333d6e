"""
Controls for steps: the same rules as a plain program would have them.

One mutable object each, loops over everything, no events, no observation, no log, nothing to
replay. They earn the same rewards, which the benchmark checks before it measures.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from refold.scenarios.inbox.actions import Action as InboxAction
from refold.scenarios.inbox.rules import due_action
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.parameters import WorkflowParameters

_REFUSED = {
    "lacks_capability": -0.05,
    "not_ready": -0.10,
    "capacity": -0.15,
    "permanent_failure": -0.06,
}


@dataclass(slots=True)
class Node:
    """A subtask."""

    id: str
    type: str
    needs: tuple[str, ...]
    status: str
    left: int = 0
    failures: int = 0


@dataclass(slots=True)
class Hand:
    """A worker."""

    name: str
    capabilities: tuple[str, ...]
    speed: int
    reliability: float
    cost: float
    status: str = "idle"
    task: Node | None = None


class PlainWorkflow:
    """A workflow that is played once; ``total`` is the sum of its rewards."""

    def __init__(self, parameters: WorkflowParameters, seed: int) -> None:
        self.parameters = parameters
        self.seed = seed
        self.nodes = {
            each.id: Node(
                each.id, each.type, each.dependencies, "pending" if each.dependencies else "ready"
            )
            for each in parameters.subtasks
        }
        self.hands = {
            each.name: Hand(
                each.name, each.capabilities, each.speed, each.reliability, each.cost_per_step
            )
            for each in parameters.workers
        }
        self.chances = {
            (each.worker, each.subtask_type): each.reliability
            for each in parameters.reliability_overrides
        }
        self.t = 0
        self.used = 0.0
        self.total = 0.0
        self.over = False
        self.lingering: list[Node] = []
        self.working_before = 0

    def step(self, action: Action) -> float:
        """Take *action* and one step of time, and return the reward."""
        error = self._error(action)
        reward = 0.0 if error is None else _REFUSED.get(error, -0.05)
        if error is None:
            self._apply(action)
        running = sum(hand.status == "working" for hand in self.hands.values())
        done = self._tick()
        self._run_schedule()
        self._unblock()
        if error is None:
            reward += self._earned(action, done, running)
        reward += self._penalties(action)
        self.working_before = sum(hand.status == "working" for hand in self.hands.values())
        self.t += 1
        reward += self._end(synthesized=action.action_type == "synthesize" and error is None)
        self.total += reward
        return reward

    def _error(self, action: Action) -> str | None:
        if action.action_type == "wait":
            return None
        if action.action_type == "synthesize":
            return None if self._complete() else "incomplete"
        node = self.nodes.get(action.subtask_id or "")
        if node is None:
            return "unknown_subtask"
        if action.action_type == "abort":
            return "already_completed" if node.status == "completed" else None
        return self._start_error(action, node)

    def _start_error(self, action: Action, node: Node) -> str | None:
        if action.action_type == "delegate" and node.status != "ready":
            return "not_ready"
        if action.action_type == "retry" and node.status != "failed":
            return "not_failed"
        if not all(self.nodes[need].status == "completed" for need in node.needs):
            return "not_ready"
        hand = self.hands.get(action.agent_name or "")
        if hand is None or hand.status == "offline":
            return "unknown_or_offline_agent"
        if hand.status == "working":
            return "agent_busy"
        if node.type not in hand.capabilities:
            return "lacks_capability"
        working = sum(each.status == "working" for each in self.hands.values())
        if working >= self.parameters.capacity_limit:
            return "capacity"
        if action.action_type == "retry" and self._chance(hand, node) == 0.0:
            return "permanent_failure"
        return None

    def _chance(self, hand: Hand, node: Node) -> float:
        chances = self.chances.get((hand.name, node.type))
        if chances is None:
            return hand.reliability
        return chances[min(node.failures, len(chances) - 1)]

    def _apply(self, action: Action) -> None:
        if action.action_type == "abort":
            node = self.nodes[action.subtask_id or ""]
            node.status = "failed"
            for hand in self.hands.values():
                if hand.task is node:
                    hand.status, hand.task = "idle", None
        elif action.action_type in ("delegate", "retry"):
            node, hand = self.nodes[action.subtask_id or ""], self.hands[action.agent_name or ""]
            node.status, node.left = "in_progress", hand.speed
            hand.status, hand.task = "working", node

    def _tick(self) -> list[Node]:
        done = []
        for hand in self.hands.values():
            node = hand.task
            if node is None:
                continue
            self.used += hand.cost
            node.left -= 1
            if node.left:
                continue
            hand.status, hand.task = "idle", None
            if self._succeeds(hand, node):
                node.status = "completed"
                done.append(node)
            else:
                node.status = "failed"
                node.failures += 1
        return done

    def _succeeds(self, hand: Hand, node: Node) -> bool:
        chance = self._chance(hand, node)
        if chance in (0.0, 1.0):
            return chance == 1.0
        text = f"{hand.name}:{node.id}:{node.failures}"
        key = int(sha256(text.encode()).hexdigest()[:16], 16)
        return random.Random(self.seed + key).random() < chance

    def _run_schedule(self) -> None:
        for event in self.parameters.scheduled_events:
            if event.step != self.t:
                continue
            hand = self.hands[event.worker]
            if event.event == "degradation":
                hand.speed = event.speed or hand.speed
                continue
            if hand.task is not None:
                hand.task.status = "failed"
                hand.task.failures += 1
            hand.status, hand.task = "offline", None

    def _unblock(self) -> None:
        for node in self.nodes.values():
            if node.status == "pending" and all(
                self.nodes[need].status == "completed" for need in node.needs
            ):
                node.status = "ready"

    def _earned(self, action: Action, done: list[Node], running: int) -> float:
        reward = sum(0.18 if node.failures else 0.08 for node in done)
        if running >= 2 and running > self.working_before:
            reward += 0.10
        if action.action_type == "delegate":
            communicates = action.subtask_id in self.parameters.communication_subtasks
            reward += 0.05 + 0.05 * communicates + self._thrift(action)
        elif action.action_type == "wait":
            reward += -0.03 if self._could_start() else 0.03
        elif action.action_type in ("retry", "abort"):
            reward += 0.05 if action.action_type == "retry" else -0.03
        return reward

    def _thrift(self, action: Action) -> float:
        type = self.nodes[action.subtask_id or ""].type
        costs = [
            hand.cost
            for hand in self.hands.values()
            if hand.status == "idle" and type in hand.capabilities
        ]
        if self.parameters.cost_budget is None or len(costs) <= 1:
            return 0.0
        return 0.04 if self.hands[action.agent_name or ""].cost <= min(costs) else -0.04

    def _could_start(self) -> bool:
        return any(
            node.status == "ready" and hand.status == "idle" and node.type in hand.capabilities
            for node in self.nodes.values()
            for hand in self.hands.values()
        )

    def _penalties(self, action: Action) -> float:
        penalty = 0.0
        for milestone in self.parameters.sla_milestones:
            if 1 <= self.t - milestone.deadline <= 3:
                penalty -= 0.05 * (self.nodes[milestone.subtask].status != "completed")
        penalty -= 0.08 * sum(node.status == "failed" for node in self.lingering)
        retried = action.subtask_id if action.action_type == "retry" else None
        failed = (node for node in self.nodes.values() if node.status == "failed")
        self.lingering = [node for node in failed if node.id != retried]
        return penalty

    def _complete(self) -> bool:
        return all(node.status == "completed" for node in self.nodes.values())

    def _end(self, *, synthesized: bool) -> float:
        budget, cost = self.parameters.time_budget, self.parameters.cost_budget
        self.over = synthesized or self.t >= budget
        if not self.over:
            return 0.0
        if not synthesized:
            return -0.10
        saved = max(0.0, 1 - self.used / cost) if cost else 0.0
        return 0.20 + 0.10 * (budget - self.t) / budget + 0.05 * saved


@dataclass(slots=True)
class PlainInbox:
    """An inbox that is played once: category and reply keywords of each e-mail, by id."""

    categories: dict[str, str]
    keywords: Mapping[str, tuple[str, ...]]
    max_steps: int
    t: int = 0
    total: float = 0.0
    handled: list[str] = field(default_factory=list)

    def step(self, action: InboxAction) -> float:
        """Take *action* and return the reward."""
        id = action.email_id or next(iter(self.categories))
        category = self.categories.pop(id, None)
        reward = -0.3
        if category is not None:
            self.handled.append(id)
            reward = sum(self._parts(action, id, due_action(category)))
            reward += 0.0 if self.categories else 0.2
        self.t += 1
        if self.categories and self.t >= self.max_steps:
            reward -= 0.2
        reward = max(-1.0, min(1.0, reward))
        self.total += reward
        return reward

    def _parts(self, action: InboxAction, id: str, due: str) -> Iterator[float]:
        if action.type == due:
            yield 0.6
        elif action.type == "archive":
            yield -0.4
        else:
            yield 0.1
            yield -0.5 if action.type == "respond" and due == "escalate" else -0.2
        if action.type == "respond" and self.keywords[id]:
            text = action.content.lower()
            found = sum(word.lower() in text for word in self.keywords[id])
            yield min(0.2, 0.1 * found) if found else -0.1
