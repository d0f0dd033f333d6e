"""
Events and actions in words, one line each; a family's ``say`` falls back on these.

The shared events have phrases of their own. What is unknown here is told by its name and fields,
which serves a family that brings no words.
"""

from functools import singledispatch
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from refold.engine.definition import header_of
from refold.engine.events import (
    ActionRefused,
    ActionTaken,
    EpisodeEnded,
    EpisodeStarted,
    Reseeded,
    StepRewarded,
)
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    ProgramLoaded,
    ReplyUnread,
)


@singledispatch
def say_shared(thing: Any) -> str:
    """
    Return *thing*, an action, an event or a hint, in words: one line, no full stop.

    Raises:
        TypeError: It is no msgspec struct.
    """
    tag = type(thing).__struct_config__.tag if isinstance(thing, Struct) else None
    fields = {name: value for name, value in asdict(thing).items() if value not in (None, "", ())}
    if tag is None:  # an action: its kind comes first, and its values say enough
        return " ".join(str(value) for value in fields.values())
    told = ", ".join(f"{name} {value}" for name, value in fields.items())
    return f"{str(tag).replace('_', ' ')}{f': {told}' if told else ''}"


@say_shared.register
def _(event: ActionTaken) -> str:  # type: ignore[type-arg]  # singledispatch takes plain classes
    return say_shared(event.action)


@say_shared.register
def _(event: EpisodeStarted) -> str:
    return f"episode of {header_of(bytes(event.scenario)).name} began with seed {event.seed}"


@say_shared.register
def _(event: ActionRefused) -> str:
    return f"refused: {event.error}"


@say_shared.register
def _(event: Reseeded) -> str:
    return f"from here on, random outcomes follow seed {event.seed}"


@say_shared.register
def _(event: EpisodeEnded) -> str:
    return f"episode {event.how}: {event.reason}"


@say_shared.register
def _(event: StepRewarded) -> str:
    parts = ", ".join(f"{name} {value:+.4g}" for name, value in event.parts.items() if value)
    return f"reward {event.reward:+.4g}{f' ({parts})' if parts else ''}, {event.total:+.4g} so far"


@say_shared.register
def _(event: ModelConfigured) -> str:
    model = event.parameters.get("model", "a model")
    if event.turns == "noted":
        return f"{event.prompt} asks {model}"
    return f"{model} plays with prompt {event.prompt}, actions as {event.format}"


@say_shared.register
def _(event: ProgramLoaded) -> str:
    return f"{event.name} plays, a file with SHA-256 {event.sha256[:12]}"


@say_shared.register
def _(event: ModelCalled) -> str:
    failed = len(event.faults)
    tries = f", {failed} failed attempt{'' if failed == 1 else 's'}" if failed else ""
    if event.reply is None:
        return f"the model was asked and gave no answer{tries}"
    usage = event.reply.usage
    spent = f", {usage.input} + {usage.output} tokens" if usage else ""
    return f"the model answered in {event.latency_ms} ms{spent}{tries}"


@say_shared.register
def _(event: ReplyUnread) -> str:
    # A reason may quote the model, line ends included; this stays one line.
    return f"no action in the answer: {' '.join(event.reason.split())}"


@say_shared.register
def _(event: ActionForfeited) -> str:
    return f"the model gave no action, so a substitute was taken: {' '.join(event.reason.split())}"
