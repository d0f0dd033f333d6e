"""Conversations in worlds outside, for tests of transcripts: short, hostile, long."""

from typing import Any

from viewing import HOSTILE

from refold.engine import Episode, Stream
from refold.engine.exchanges import Attempt, ModelCalled, Reply, ReplyUnread, ToolCall, Usage
from refold.engine.log.protocol import Log
from refold.environments import answered, answered_scenario, began
from refold.scenarios.answered.events import ScoreGiven
from refold.scenarios.answered.parameters import AnsweredParameters

RULES = "You help customers of a shop.\n" + "\n".join(f"Rule {n}: be kind." for n in range(1, 40))


def generated(
    text: str, *calls: tuple[str, str], thought: str = "", sent: tuple[Any, ...] = (), ms: int = 800
) -> ModelCalled:
    """Return an exchange in which a model thought, said *text*, and made *calls*."""
    made = tuple(ToolCall(f"c{place}", name, given) for place, (name, given) in enumerate(calls))
    message = {"role": "assistant", "content": text, "reasoning_content": thought}
    usage = Usage(900, 40, cost=0.001)
    reply = Reply("model-x", text, made, "stop", usage, 0, message if thought else None)
    return ModelCalled(sent, 1, "0" * 64, reply, (), ms)


def shop(log: Log | None = None) -> Stream:
    """Return a conversation of five turns: two calls at once, an error, words, the end."""
    episode = _begun("mine:shop", "I want my money back for order 7.", log)
    episode.step(
        _calls(("get_order", {"id": 7}), ("get_customer", {"name": "Ada"})),
        generated(
            "",
            ("get_order", '{"id":7}'),
            ("get_customer", '{"name":"Ada"}'),
            thought="I look the order up first.\nThe customer may be another one.",
            sent=({"role": "system", "content": RULES},),
        ),
        answers=[
            answered(
                {
                    "messages": [
                        _tool("c0", '{"id": 7, "total": "12.50", "state": "delivered"}'),
                        _tool("c1", "\n".join(f"line {n} of the file" for n in range(40))),
                    ]
                },
                0.25,
            )
        ],
    )
    episode.step(
        _calls(("refund", {"order": 7, "amount": 99})),
        ModelCalled((), 1, "0" * 64, None, (Attempt("status", 429),), 50),
        generated("Refund it, I mean.", ms=300),
        ReplyUnread("expected a call of a tool, got text without one", ""),
        generated(
            "I refund it now.",
            ("refund", '{"order":7,"amount":99}'),
            sent=({"role": "user", "content": "No action could be read from your answer."},),
        ),
        answers=[
            answered(
                {
                    "messages": [
                        _tool(
                            "c0",
                            "\n".join(f"  at frame {n}" for n in range(30))
                            + "\nValueError: amount is above the total",
                            error=True,
                        )
                    ]
                }
            )
        ],
    )
    episode.step(
        {"content": "It cost $12.50. Shall I refund that?"},
        generated("It cost $12.50. Shall I refund that?"),
        answers=[answered({"messages": [{"role": "user", "content": "Yes, please."}]})],
    )
    episode.step(
        _calls(("refund", {"order": 7, "amount": 12.5})),
        answers=[answered({"messages": [_tool("c0", "refunded")]}, 0.5)],
    )
    episode.step(
        {"content": "Done."},
        generated("Done."),
        answers=[answered({"messages": []}, 0.25, terminated=True)],
    )
    episode.note(ScoreGiven(name="satisfied", value=0.9, by="a judge"))
    return episode.events


def hostile_shop() -> Stream:
    """Return a conversation in which every text is hostile."""
    episode = _begun("mine:shop", HOSTILE)
    for place in range(3):
        episode.step(
            _calls((HOSTILE, {HOSTILE: HOSTILE})),
            generated(
                HOSTILE,
                (HOSTILE, HOSTILE),
                thought=HOSTILE,
                sent=({"role": "system", "content": HOSTILE},) if not place else (),
            ),
            answers=[
                answered(
                    {
                        "messages": [
                            {"role": HOSTILE, "content": HOSTILE},
                            _tool(HOSTILE, HOSTILE, name=HOSTILE, error=True),
                            _tool("", [{"type": HOSTILE}, {"type": "text", "text": HOSTILE}]),
                        ]
                    }
                )
            ],
        )
    return episode.events


def long_shop(turns: int = 200, *, log: Log | None = None) -> Stream:
    """Return a conversation of so many *turns*, some 3 KB each."""
    episode = _begun("mine:shop", "Refund everything.", log)
    for place in range(turns):
        call = ("look_up", {"page": place})
        episode.step(
            _calls(call),
            generated(
                f"Page {place} next.",
                ("look_up", f'{{"page":{place}}}'),
                thought=f"Nothing of {place} yet. " * 8,
                sent=({"role": "system", "content": RULES},) if not place else (),
            ),
            answers=[
                answered(
                    {
                        "messages": [
                            _tool(
                                "c0", "\n".join(f"row {place}.{n}: {'x' * 40}" for n in range(50))
                            )
                        ]
                    },
                    0.001,
                )
            ],
        )
    episode.truncate("enough")
    return episode.events


def _begun(name: str, text: str, log: Log | None = None) -> Episode:
    parameters = AnsweredParameters("mine", name.partition(":")[2])
    episode = Episode.start(answered_scenario(name, parameters), log=log, agent="model-x")
    episode.note(began({"messages": [{"role": "user", "content": text}]}))
    return episode


def _calls(*calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": given} for name, given in calls]}


def _tool(id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content, **more}
