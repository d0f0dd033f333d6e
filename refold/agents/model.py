"""
The agent that plays with a model: it asks, parses the reply, and records both.

Each exchange is recorded as soon as it took place, so an interrupted episode resumes where it
stood and no reply is paid for twice. Failures of the model (no valid action) are kept apart from
failures of the API (no reply).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from refold.agents.action_parser import UnreadableReply, read_action
from refold.agents.client import ModelBackend, is_unsupported
from refold.agents.conversation import Conversation, Message, request_digest
from refold.agents.prompting import (
    FORMATS,
    ActionFormat,
    ModelOptions,
    model_configuration,
    prompt_of,
    recorded_options,
    retry_message,
    system_message,
    turn_message,
)
from refold.agents.recorded import NotRecorded, rollout_key
from refold.engine import Episode, EpisodeInfo, Input, RefoldError, StepResult
from refold.engine.exchanges import (
    INSTRUMENT_FAILED,
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    ReplyUnread,
)

ANSWERS_PER_STEP = 2
"""Replies that the model may give for one step before the step is forfeited."""

MODEL_FAILED = "no_action"
"""Reason of an episode truncated because the family has no action to take for the model."""


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
        self._unsupported_formats: set[ActionFormat] = set()

    async def play(self, episode: Episode, info: EpisodeInfo | None = None) -> None:
        """
        Play *episode* from where it stands to its end.

        Raises:
            AccessDenied: The API rejects the key or the model; the episode stays open.
            RefoldError: The episode began with another version of the prompt, or a reply is
                needed that is not in the log and there is no API to ask.
        """
        conversation = Conversation()
        for event in episode.events:
            conversation.apply(event)
        self._configure(episode, conversation)
        rollout = rollout_key(info) if info else ""
        while not episode.over:
            await self._advance(episode, conversation, rollout)

    def _configure(self, episode: Episode, conversation: Conversation) -> None:
        """Record how the model is asked, or check that the recorded way can be continued."""
        if conversation.configuration is None:
            form = self._options.format or FORMATS[0]
            _record(episode, conversation, model_configuration(episode.family, self._options, form))
        recorded = _configuration(conversation)
        ours = f"{episode.family.name}.{prompt_of(episode.family).version}"
        if recorded.prompt != ours:
            raise RefoldError(
                f"episode {episode.id}: expected prompt {ours}, got {recorded.prompt}; "
                "resume it with the release that began it"
            )
        # Another episode of this run has already found out what the API does not support.
        if recorded.format in self._unsupported_formats and not conversation.has_reply:
            self._change_format(episode, conversation)

    async def _advance(self, episode: Episode, conversation: Conversation, rollout: str) -> None:
        """Do what comes next: call the model, act on its reply, or deal with a failure."""
        if conversation.pending_reply is not None:
            self._act_on_reply(episode, conversation)
        elif conversation.failed_call is not None:
            self._handle_failed_call(episode, conversation, conversation.failed_call)
        elif conversation.unread_replies >= ANSWERS_PER_STEP:
            self._forfeit(episode, conversation)
        else:
            await self._call_model(episode, conversation, rollout)

    def _act_on_reply(self, episode: Episode, conversation: Conversation) -> None:
        reply = conversation.pending_reply
        assert reply is not None
        try:
            action = read_action(reply, episode.family, _names_in_view(episode))
        except UnreadableReply as error:
            # Kept in full beside the reason: the reply itself may hold only tool calls.
            text = reply.text or "\n".join(call.arguments for call in reply.tool_calls)
            _record(episode, conversation, ReplyUnread(str(error), text))
            return
        self._take_step(episode, conversation, action)

    def _forfeit(self, episode: Episode, conversation: Conversation) -> None:
        forfeited = ActionForfeited(conversation.reason)
        family = episode.family
        stand_in = family.forfeit if family.forfeit is not None else family.wait
        if stand_in is not None:
            self._take_step(episode, conversation, stand_in, forfeited)
            return
        if not conversation.forfeited:  # a resumed episode may have recorded it before a crash
            _record(episode, conversation, forfeited)
        episode.truncate(MODEL_FAILED)

    def _take_step(
        self, episode: Episode, conversation: Conversation, action: Any, *inputs: Input
    ) -> None:
        result = episode.step(action, *inputs)
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
        """Switch to the next action format if that may help; otherwise truncate the episode."""
        recorded = _configuration(conversation)
        # Once the model has replied, the format works, and the fault must lie elsewhere.
        if (
            self._options.format is None
            and not conversation.has_reply
            and is_unsupported(failed.faults)
            and recorded.format != FORMATS[-1]
        ):
            self._unsupported_formats.add(recorded.format)
            self._change_format(episode, conversation)
        else:
            episode.truncate(INSTRUMENT_FAILED)

    def _change_format(self, episode: Episode, conversation: Conversation) -> None:
        recorded = _configuration(conversation)
        later = FORMATS[FORMATS.index(recorded.format) + 1 :]
        form = next((each for each in later if each not in self._unsupported_formats), FORMATS[-1])
        _record(
            episode,
            conversation,
            model_configuration(episode.family, recorded_options(recorded), form),
        )


def _configuration(conversation: Conversation) -> ModelConfigured:
    assert conversation.configuration is not None
    return conversation.configuration


def _new_messages(episode: Episode, conversation: Conversation) -> Iterator[Message]:
    form = _configuration(conversation).format
    if not conversation.is_instructed:
        yield system_message(episode.family, form)
    yield from conversation.tool_results()
    if conversation.unread_replies:
        yield retry_message(conversation.reason, form)
    else:
        yield turn_message(episode.family, episode.observation)


def _record(episode: Episode, conversation: Conversation, event: Input) -> None:
    episode.note(event)
    conversation.apply(event)


def _names_in_view(episode: Episode) -> Mapping[str, str]:
    """Return the names in the state's view by case-folded form, without ambiguous ones."""
    names: dict[str, str] = {}
    shared = set()
    for name in _strings_in(episode.family.view(episode.state)):
        folded = name.casefold()
        if names.setdefault(folded, name) != name:
            shared.add(folded)
    return {folded: name for folded, name in names.items() if folded not in shared}


def _strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _strings_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings_in(inner)
