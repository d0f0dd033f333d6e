"""
The model as an agent: asks, reads, records, and tells the model's failures from the API's.

Everything that is said is recorded when it is said, so an episode that was interrupted goes on
where it stood, and no answer is paid for twice.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from refold.agents.action_parser import Unreadable, read_action
from refold.agents.client import Asker, is_unsupported
from refold.agents.conversation import Conversation, Message, request_digest
from refold.agents.prompting import (
    FORMATS,
    ActionFormat,
    ModelOptions,
    configured,
    options_of,
    prompt_of,
    retry_message,
    system_message,
    turn_message,
)
from refold.agents.recorded import NotRecorded, place_of
from refold.engine import Episode, EpisodeInfo, Input, RefoldError, StepResult
from refold.engine.exchanges import (
    INSTRUMENT_FAILED,
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    ReplyUnread,
)

CHANCES = 2
"""Answers that the model may give for one step, before the step is forfeited."""

MODEL_FAILED = "no_action"
"""Reason of an episode that was cut off because nothing can stand in for a missing action."""


class ModelAgent:
    """
    Plays episodes with a model.

    Args:
        asker: Who answers the requests.
        options: How the model is used, in episodes that do not say so themselves.
        watch: Called after each step.
    """

    def __init__(
        self,
        asker: Asker,
        options: ModelOptions,
        *,
        watch: Callable[[StepResult], None] | None = None,
    ) -> None:
        self._asker = asker
        self._options = options
        self._watch = watch
        self._refused: set[ActionFormat] = set()

    async def play(self, episode: Episode, info: EpisodeInfo | None = None) -> None:
        """
        Play *episode* from where it stands to its end.

        Raises:
            Denied: The API refuses the key or the model; the episode stays open.
            RefoldError: The episode was begun with another version of the prompt, or an answer
                is wanted that only a live model could give.
        """
        conversation = Conversation()
        for event in episode.events:
            conversation.apply(event)
        self._configure(episode, conversation)
        place = place_of(info) if info else ""
        while not episode.over:
            await self._advance(episode, conversation, place)

    def _configure(self, episode: Episode, conversation: Conversation) -> None:
        """Begin, or see to it that what was begun can go on, in a form that the API takes."""
        if conversation.configured is None:
            form = self._options.format or FORMATS[0]
            _note(episode, conversation, configured(episode.family, self._options, form))
        recorded = _configured(conversation)
        ours = f"{episode.family.name}.{prompt_of(episode.family).version}"
        if recorded.prompt != ours:
            raise RefoldError(
                f"episode {episode.id}: expected prompt {ours}, got {recorded.prompt}; "
                "resume it with the release that began it"
            )
        if recorded.format in self._refused and not conversation.answered:
            self._change_format(episode, conversation)

    async def _advance(self, episode: Episode, conversation: Conversation, place: str) -> None:
        """Do the next thing that the episode needs: ask, or make a step of an answer."""
        if conversation.pending is not None:
            self._take(episode, conversation)
        elif conversation.failed is not None:
            self._give_up(episode, conversation, conversation.failed)
        elif conversation.unread >= CHANCES:
            self._forfeit(episode, conversation)
        else:
            await self._ask(episode, conversation, place)

    def _take(self, episode: Episode, conversation: Conversation) -> None:
        reply = conversation.pending
        assert reply is not None
        try:
            action = read_action(reply, episode.family, _names(episode))
        except Unreadable as error:
            text = reply.text or "\n".join(call.arguments for call in reply.tool_calls)
            _note(episode, conversation, ReplyUnread(str(error), text))
            return
        self._step(episode, conversation, action)

    def _forfeit(self, episode: Episode, conversation: Conversation) -> None:
        forfeited = ActionForfeited(conversation.reason)
        family = episode.family
        stand_in = family.forfeit if family.forfeit is not None else family.wait
        if stand_in is not None:
            self._step(episode, conversation, stand_in, forfeited)
            return
        if not conversation.forfeited:
            _note(episode, conversation, forfeited)
        episode.truncate(MODEL_FAILED)

    def _step(
        self, episode: Episode, conversation: Conversation, action: Any, *inputs: Input
    ) -> None:
        result = episode.step(action, *inputs)
        for event in result.events:
            conversation.apply(event)
        if self._watch:
            self._watch(result)

    async def _ask(self, episode: Episode, conversation: Conversation, place: str) -> None:
        new = list(_new_messages(episode, conversation))
        first = conversation.first_message(new)
        body = conversation.request(new, first)
        try:
            answer = await self._asker.ask(body, place=place)
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
        _note(episode, conversation, called)

    def _give_up(self, episode: Episode, conversation: Conversation, failed: ModelCalled) -> None:
        """Go on with the next action format if that may help; else cut the episode off."""
        recorded = _configured(conversation)
        if (
            self._options.format is None
            and not conversation.answered
            and is_unsupported(failed.faults)
            and recorded.format != FORMATS[-1]
        ):
            self._refused.add(recorded.format)
            self._change_format(episode, conversation)
        else:
            episode.truncate(INSTRUMENT_FAILED)

    def _change_format(self, episode: Episode, conversation: Conversation) -> None:
        recorded = _configured(conversation)
        later = FORMATS[FORMATS.index(recorded.format) + 1 :]
        form = next((each for each in later if each not in self._refused), FORMATS[-1])
        _note(episode, conversation, configured(episode.family, options_of(recorded), form))


def _configured(conversation: Conversation) -> ModelConfigured:
    assert conversation.configured is not None
    return conversation.configured


def _new_messages(episode: Episode, conversation: Conversation) -> Iterator[Message]:
    form = _configured(conversation).format
    if not conversation.instructed:
        yield system_message(episode.family, form)
    yield from conversation.replies_to_tools()
    if conversation.unread:
        yield retry_message(conversation.reason, form)
    else:
        yield turn_message(episode.family, episode.observation)


def _note(episode: Episode, conversation: Conversation, event: Input) -> None:
    episode.note(event)
    conversation.apply(event)


def _names(episode: Episode) -> Mapping[str, str]:
    """Return each name that a watcher sees, by its case-folded form; none where two share one."""
    names: dict[str, str] = {}
    shared = set()
    for name in _texts(episode.family.view(episode.state)):
        folded = name.casefold()
        if names.setdefault(folded, name) != name:
            shared.add(folded)
    return {folded: name for folded, name in names.items() if folded not in shared}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
