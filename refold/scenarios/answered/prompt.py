"""What a model is told of an external environment that says nothing of itself."""

from typing import Any

import msgspec

from refold.engine.presentation import Prompt
from refold.scenarios.answered.observation import shorten

_encode = msgspec.json.Encoder(order="deterministic").encode


def render(observation: Any) -> str:
    """Return *observation*, JSON data, as text: itself if it is one, else its canonical JSON."""
    return observation if isinstance(observation, str) else _encode(shorten(observation)).decode()


PROMPT = Prompt(
    version=1,
    system="You act in an environment. Reach the best result that you can.",
    render=render,
    tools=(),
)
"""The prompt of external environments; the tools are those that an environment offers."""
