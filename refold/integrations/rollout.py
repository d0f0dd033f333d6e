"""
One episode, played by a model that another library asks, by tool calls or in text.

Refold has no part in the requests: it takes what the model did, and says what there is to see then.
Whatever a model does, the episode ends: replies without an action cost it the step in the end.
"""

import json
from collections.abc import Mapping
from typing import Any

from refold.agents.action_parser import UnreadableReply
from refold.agents.interfaces import action_in, interface_of
from refold.agents.model import ANSWERS_PER_STEP, MODEL_FAILED
from refold.agents.prompting import ActionFormat, retry_message, system_message, turn_message
from refold.engine import Episode, EventLog, RefoldError
from refold.engine.exchanges import ActionForfeited, Reply, ToolCall
from refold.engine.registry import find_family
from refold.graders import Grade, grade, save_grade
from refold.scenarios import Scenario, load

STOPPED = "stopped"
"""Reason of an episode truncated because the model stopped, or was stopped, before the end."""


def load_decided(name: str) -> Scenario:
    """
    Return the scenario *name*, whose rules are refold's.

    Raises:
        RefoldError: There is none of that name, or an external environment answers it.
    """
    scenario = load(name)
    if scenario.family == "answered":
        raise RefoldError(
            f"scenario {name}: expected one of refold's own families, got an external environment; "
            "`refold record` plays those"
        )
    return scenario


def instructions(scenario: Scenario, form: ActionFormat = "tools") -> str:
    """Return what a model is told first: the rules and the aim, and to answer in *form*."""
    family = find_family(scenario.family, scenario.rules)
    text: str = system_message(family, form)["content"]
    return text


class Rollout:
    """
    An episode of *scenario* that begins now.

    Args:
        scenario: What to play.
        log: Where to record it; None keeps it in memory only.
        agent: Who plays, a name for the log.
        seed: Seed of the episode; the scenario's own if None.
        run: Name of the run it belongs to.
        epoch: 0-based number among the run's episodes of this scenario.
        form: How the model is to answer.

    Attributes:
        episode: The episode.
        replies: Number of the model's calls, texts, and replies without an action, so far.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        log: EventLog | None,
        agent: str,
        seed: int | None = None,
        run: str = "",
        epoch: int = 0,
        form: ActionFormat = "tools",
    ) -> None:
        self.replies = 0
        self._log = log
        self._form = form
        self._unread = 0
        self.episode = Episode.start(
            scenario, log=log, agent=agent, seed=seed, run=run, epoch=epoch
        )

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self.episode.over

    def describe(self) -> str:
        """Return what there is to see, as a model reads it."""
        text: str = turn_message(self.episode.family, self.episode.observation)["content"]
        end = self.episode.end
        return text if end is None else f"{text}\n\nThe episode has ended ({end.reason})."

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Take the action that a call of a tool stands for, and return what a model reads then."""
        return self._take(
            Reply("", "", (ToolCall("", name, json.dumps(arguments)),), None, None, 0)
        )

    def say(self, text: str) -> str:
        """Take the action that is in *text*, and return what a model reads then."""
        return self._take(Reply("", text, (), None, None, 0))

    def _take(self, reply: Reply) -> str:
        if self.over:  # the library has it called all the same: other calls of the same message
            self.replies += 1
            return self.describe()
        interface = interface_of(self.episode.family, self.episode.state)
        try:
            action = action_in(reply, interface, self._form)
        except UnreadableReply as error:
            return self.no_action(str(error))
        self.replies += 1
        self._unread = 0
        refused = self.episode.step(action).error
        return f"Refused: {refused}.\n\n{self.describe()}" if refused else self.describe()

    def no_action(self, reason: str) -> str:
        """
        Return what a model reads whose reply held no action, for *reason*.

        After the second such reply in a row, a stand-in for the action is taken: the family's
        forfeit, or waiting. Where there is neither, the episode is truncated.
        """
        self.replies += 1
        self._unread += 1
        if self._unread < ANSWERS_PER_STEP:
            said: str = retry_message(reason, self._form)["content"]
            return said
        self._unread = 0
        family = self.episode.family
        stand_in = family.forfeit if family.forfeit is not None else family.wait
        if stand_in is not None:
            self.episode.step(stand_in, ActionForfeited(reason))
        else:
            self.episode.note(ActionForfeited(reason))
            self.episode.truncate(MODEL_FAILED)
        return self.describe()

    def finish(self, reason: str = STOPPED) -> Grade:
        """Return the episode's grade, saved in the log; if it still runs, end it for *reason*."""
        if not self.over:
            self.episode.truncate(reason)
        given = grade(self.episode.events)
        if self._log is not None:
            save_grade(self._log, self.episode.id, given)
        return given
