"""
The agent that plays with a model: it asks, parses the reply, and records both.

Each exchange is recorded as soon as it took place, so an interrupted episode resumes where it
stood and no reply is paid for twice. Failures of the model (no valid action) are kept apart from
failures of the API (no reply).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from refold.agents.action_parser import UnreadableReply
from refold.agents.client import ModelBackend, is_unsupported
from refold.agents.configuration import (
    adjusted,
    completed,
    model_configuration,
    recorded_options,
)
from refold.agents.conversation import Conversation, request_digest
from refold.agents.interfaces import Interface, action_in, ignores_form, interface_of
from refold.agents.messages import Message
from refold.agents.prompting import FORMATS, ActionFormat, ModelOptions, in_tool_result
from refold.agents.recorded import NotRecorded, rollout_key
from refold.agents.worlds import begin, take_step
from refold.engine import Episode, EpisodeInfo, Input, RefoldError, StepResult
from refold.engine.exchanges import (
    INSTRUMENT_FAILED,
    ActionForfeited,
    Attempt,
    ModelCalled,
    ModelConfigured,
    ReplyUnread,
    Turns,
)

ANSWERS_PER_STEP = 2
"""Replies that the model may give for one step before the step is forfeited."""

MODEL_FAILED = "no_action"
"""Reason of an episode truncated because the family has no action to take for the model."""

_PLAINER: Mapping[Turns, Turns] = {"whole": "plain", "plain": "text"}


class ModelAgent:
    """
    Plays episodes with a model.

    Args:
        backend: Who answers the requests.
        options: How the model is asked, unless the episode already recorded it.
        watch: Called after each step.
    """

    def __init__(
        self,
        backend: ModelBackend,
        options: ModelOptions,
        *,
        watch: Callable[[StepResult], None] | None = None,
    ) -> None:
        self._backend = backend
        self._options = options
        self._watch = watch
        # What other episodes have found out about the API.
        self._unsupported_formats: set[ActionFormat] = set()
        self._working_formats: set[ActionFormat] = set()
        self._refusals: list[Attempt] = []

    async def play(self, episode: Episode, info: EpisodeInfo | None = None) -> None:
        """
        Play *episode* from where it stands to its end.

        Raises:
            Unavailable: The API rejects the key or the model, or cannot be used for another
                reason outside of it and the model; the episode stays open.
            RefoldError: The episode began with another version of the prompt, or a reply is
                needed that is not in the log and there is no API to ask.
        """
        await begin(episode)
        if episode.over:  # the world outside did not begin
            return
        conversation = Conversation()
        for event in episode.events:
            conversation.apply(event)
        self._configure(episode, conversation)
        rollout = rollout_key(info) if info else ""
        while not episode.over:
            await self._advance(episode, conversation, rollout)

    def _configure(self, episode: Episode, conversation: Conversation) -> None:
        """Record how the model is asked, or check that the recorded way can be continued."""
        interface = _interface(episode)
        if conversation.configuration is None:
            form = self._options.format or FORMATS[0]
            made = model_configuration(episode.family, self._options, form, episode.state)
            _record(episode, conversation, made)
        recorded = _configuration(conversation)
        if recorded.own_prompt != interface.prompt:
            raise RefoldError(
                f"episode {episode.id}: expected prompt {interface.prompt}, got {recorded.prompt}; "
                "resume it with the release that began it"
            )
        if (whole := completed(recorded, interface)) != recorded:
            _record(episode, conversation, whole)
        if not conversation.has_reply:
            self._apply_findings(episode, conversation)

    def _apply_findings(self, episode: Episode, conversation: Conversation) -> None:
        """Begin with what other episodes of this run have found out about the API."""
        if _configuration(conversation).format in self._unsupported_formats:
            self._change_format(episode, conversation)
        recorded = _configuration(conversation)
        changed = recorded
        for refused in self._refusals:
            changed = adjusted(changed, refused) or changed
        if changed != recorded:
            _record(episode, conversation, changed)

    async def _advance(self, episode: Episode, conversation: Conversation, rollout: str) -> None:
        """Do what comes next: call the model, act on its reply, or deal with a failure."""
        if conversation.pending_reply is not None:
            await self._act_on_reply(episode, conversation)
        elif conversation.failed_call is not None:
            self._handle_failed_call(episode, conversation, conversation.failed_call)
        elif conversation.unread_in_form >= ANSWERS_PER_STEP:
            if self._is_form_ignored(conversation):
                self._change_format(episode, conversation)
            else:
                await self._forfeit(episode, conversation)
        else:
            await self._call_model(episode, conversation, rollout)

    async def _act_on_reply(self, episode: Episode, conversation: Conversation) -> None:
        reply = conversation.pending_reply
        assert reply is not None
        form = _configuration(conversation).format
        try:
            action = action_in(reply, _interface(episode), form)
        except UnreadableReply as error:
            # Kept in full beside the reason: the reply itself may hold only tool calls.
            text = reply.text or "\n".join(call.arguments for call in reply.tool_calls)
            _record(episode, conversation, ReplyUnread(str(error), text))
            return
        self._working_formats.add(form)
        if self._options.format is None:
            earlier = set(FORMATS[: FORMATS.index(form)])
            self._unsupported_formats |= earlier - self._working_formats
        await self._take_step(episode, conversation, action)

    def _is_form_ignored(self, conversation: Conversation) -> bool:
        """Return whether the API seems to ignore the action format, which it never refused."""
        recorded, last = _configuration(conversation), conversation.said
        return (
            self._options.format is None
            and recorded.format != FORMATS[-1]
            and recorded.format not in self._working_formats
            and not conversation.has_called
            and recorded.turns != "separate"
            and last is not None
            and ignores_form(last.reply, recorded.format)
        )

    async def _forfeit(self, episode: Episode, conversation: Conversation) -> None:
        forfeited = ActionForfeited(conversation.reason)
        family = episode.family
        stand_in = family.forfeit if family.forfeit is not None else family.wait
        if stand_in is not None:
            await self._take_step(episode, conversation, stand_in, forfeited)
            return
        if not conversation.forfeited:  # a resumed episode may have recorded it before a crash
            _record(episode, conversation, forfeited)
        episode.truncate(MODEL_FAILED)

    async def _take_step(
        self, episode: Episode, conversation: Conversation, action: Any, *inputs: Input
    ) -> None:
        result = await take_step(episode, action, *inputs)
        for event in result.events:
            conversation.apply(event)
        if self._watch:
            self._watch(result)

    async def _call_model(self, episode: Episode, conversation: Conversation, rollout: str) -> None:
        new = list(_new_messages(episode, conversation))
        first = conversation.first_message(new)
        body = conversation.request_body(new, first)
        try:
            answer = await self._backend.complete(body, rollout=rollout)
        except NotRecorded:
            raise RefoldError(
                f"episode {episode.id} step {conversation.steps + 1}: expected the answer in the "
                "log, got none recorded for this request; go on without --offline"
            ) from None
        called = ModelCalled(
            sent=tuple(new),
            first=first,
            request=request_digest(body),
            reply=answer.reply,
            faults=answer.faults,
            latency_ms=answer.latency_ms,
        )
        _record(episode, conversation, called)

    def _handle_failed_call(
        self, episode: Episode, conversation: Conversation, failed: ModelCalled
    ) -> None:
        """Ask in another way if that may help; otherwise truncate the episode."""
        if not is_unsupported(failed.faults):
            episode.truncate(INSTRUMENT_FAILED)
            return
        changed = self._adjusted(conversation, failed.faults[-1])
        if changed is not None:
            _record(episode, conversation, changed)
        elif self._may_change_format(conversation):
            if not conversation.messages:
                self._unsupported_formats.add(_configuration(conversation).format)
            self._change_format(episode, conversation)
        else:
            episode.truncate(INSTRUMENT_FAILED)

    def _adjusted(self, conversation: Conversation, fault: Attempt) -> ModelConfigured | None:
        """Return how to ask without what the API refused; None if only another format is left."""
        recorded = _configuration(conversation)
        if fault.parameter is not None and (changed := adjusted(recorded, fault)):
            self._refusals.append(fault)
            return changed
        plainer = _PLAINER.get(recorded.turns)
        # The fault may lie in what the model said before, once it has said something.
        if plainer is None or not conversation.messages:
            return None
        if plainer == "text" and not conversation.has_calls:
            return None
        return replace(recorded, turns=plainer)

    def _may_change_format(self, conversation: Conversation) -> bool:
        recorded = _configuration(conversation)
        works = conversation.has_reply and recorded.turns == "separate"
        return self._options.format is None and not works and recorded.format != FORMATS[-1]

    def _change_format(self, episode: Episode, conversation: Conversation) -> None:
        recorded = _configuration(conversation)
        later = FORMATS[FORMATS.index(recorded.format) + 1 :]
        form = next((each for each in later if each not in self._unsupported_formats), FORMATS[-1])
        changed = model_configuration(
            episode.family, recorded_options(recorded), form, episode.state
        )
        _record(
            episode,
            conversation,
            replace(changed, turns=recorded.turns, system=recorded.system),
        )


def _configuration(conversation: Conversation) -> ModelConfigured:
    assert conversation.configuration is not None
    return conversation.configuration


def _interface(episode: Episode) -> Interface:
    return interface_of(episode.family, episode.state)


def _new_messages(episode: Episode, conversation: Conversation) -> Iterator[Message]:
    recorded, interface = _configuration(conversation), _interface(episode)
    if not conversation.is_instructed:
        yield interface.system(recorded.format, recorded.text)
    if conversation.heard is not None:
        return
    if conversation.unread_replies:
        message = interface.retry(conversation.reason, recorded.format)
    else:
        message = interface.turn(episode.observation)
    calls = conversation.said.calls if conversation.said else []
    if recorded.turns == "separate":
        yield from conversation.tool_results()
        yield message
    elif calls:
        yield from in_tool_result(message, calls)
    else:
        yield message


def _record(episode: Episode, conversation: Conversation, event: Input) -> None:
    episode.note(event)
    conversation.apply(event)
