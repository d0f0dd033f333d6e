"""The conversation of an episode, made of its events: in documents, and in the terminal."""

import random
from functools import reduce

import msgspec
import pytest
from shell import Shell
from talks import RULES, generated, hostile_shop, long_shop, shop
from viewing import asked, golden, hostile_workflow

from refold.engine import Episode, EventLog
from refold.engine.exchanges import ActionForfeited, ModelConfigured, ReplyUnread, ToolCall
from refold.environments import answered, answered_scenario, began
from refold.replays import steps
from refold.replays.golden import find_goldens, read_golden
from refold.scenarios import load
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.viewer.episode_document import document, drop_sent_messages
from refold.viewer.transcript import conversation_turns
from refold.viewer.transcript_lines import FIRST_LINES, piece_lines
from refold.viewer.transcript_pieces import Piece


def turns(stream):
    return conversation_turns(stream.family, steps(stream))


def told(stream):
    """Return (kind, name, text) of the pieces by position; long texts by their beginning."""
    return {
        turn.position: [(each.kind, each.name, each.text[:40]) for each in turn.pieces]
        for turn in turns(stream)
    }


def mine(observation):
    """Return an episode that began with *observation*."""
    episode = Episode.start(answered_scenario("mine:x", AnsweredParameters("mine", "x")))
    episode.note(began(observation))
    return episode


def test_a_conversation():
    """Instructions, thoughts, words, calls, results, failures, the end: in order, each once."""
    found = told(shop())
    assert found == {
        0: [
            ("system", "", RULES[:40]),
            ("user", "user", "I want my money back for order 7."),
        ],
        1: [
            ("thought", "", "I look the order up first.\nThe customer "[:40]),
            ("call", "get_order", '{"id":7}'),
            ("call", "get_customer", '{"name":"Ada"}'),
            ("result", "get_order", '{"id": 7, "total": "12.50", "state": "de'),
            ("result", "get_customer", "line 0 of the file\nline 1 of the file\nli"),
        ],
        2: [
            ("fault", "", "no answer: 429"),
            ("said", "", "Refund it, I mean."),
            ("fault", "", "no action in it: expected a call of a to"),
            ("shown", "", "No action could be read from your answer"),
            ("said", "", "I refund it now."),
            ("call", "refund", '{"order":7,"amount":99}'),
            ("result", "refund", "  at frame 0\n  at frame 1\n  at frame 2\n "),
        ],
        3: [
            ("said", "", "It cost $12.50. Shall I refund that?"),
            ("user", "user", "Yes, please."),
        ],
        4: [
            ("call", "refund", '{"amount":12.5,"order":7}'),
            ("result", "refund", "refunded"),
        ],
        5: [
            ("said", "", "Done."),
            ("end", "", "episode terminated: world"),
            ("score", "", "score satisfied 0.9 by a judge"),
        ],
    }
    assert [turn.tokens for turn in turns(shop())][:3] == [None, (900, 40), (1800, 80)]
    assert [turn.ms for turn in turns(shop())][:3] == [0, 800, 1150]
    assert [each.error for each in turns(shop())[2].pieces] == [1, 0, 1, 0, 0, 0, 1]


STREAMS = {
    "shop": shop,
    "hostile": hostile_shop,
    "long": lambda: long_shop(5),
    "hostile workflow": hostile_workflow,
    **{path.stem: lambda path=path: read_golden(path) for path in list(find_goldens())[:6]},
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_document_holds_each_text_once(name):
    """Every piece of a document leads to its text, and is of an event that is there."""
    stream = STREAMS[name]()
    made = msgspec.json.decode(msgspec.json.encode(document(stream)))
    pure = [(turn.position, piece) for turn in turns(stream) for piece in turn.pieces]
    rows = [(turn["position"], piece) for turn in made["transcript"] for piece in turn["pieces"]]
    assert len(pure) == len(rows) > 0
    for (position, piece), (row_position, row) in zip(pure, rows, strict=True):
        path = row.get("path") or (["events", row["seq"], 4] if "text" not in row else None)
        value = row["text"] if path is None else reduce(lambda inner, key: inner[key], path, made)
        text = (
            value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
        )
        assert (row_position, row["kind"], row["seq"], text) == (
            position,
            piece.kind,
            piece.seq,
            piece.text,
        )
        assert (
            made["events"][row["seq"]][1] + 1 in (position, position + 1) or piece.kind == "system"
        )


def test_documents_grow_with_the_conversation():
    """A conversation of twice the turns makes a document of twice the size, not of four times."""
    one, two = (len(msgspec.json.encode(document(long_shop(n)))) for n in (40, 80))
    assert two < 2.1 * one


def test_actions_of_other_kinds():
    """Any JSON is an action, and any an observation: each is told as it is, arrays in words."""
    episode = mine({"at": 1})
    array = {"$array": {"dtype": "uint8", "shape": [2, 2], "bytes": "AAAA"}}
    episode.step(2, answers=[answered("a text", 1)])
    episode.step({"move": [1, 2]}, answers=[answered({"messages": ["no", {"role": 7}], "left": 3})])
    episode.step("north", answers=[answered(array)])
    found = told(episode.events)
    assert found[0] == [("result", "", '{"at":1}')]
    assert found[1] == [("call", "", "2"), ("result", "", "a text")]
    assert found[2] == [("call", "", '{"move":[1,2]}'), ("result", "", '{"left":3}')]
    assert found[3][0] == ("said", "", "north")
    assert found[3][1][2].startswith("uint8 2x2, 4 values")


def test_messages_of_other_kinds():
    """Parts of content, calls and thoughts of other speakers, and what has no text at all."""
    call = {"id": "x", "function": {"name": "look", "arguments": '{"a": 1}'}}
    episode = mine(
        {
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "assistant", "content": None, "tool_calls": [call], "reasoning": "Hm."},
                {
                    "role": "tool",
                    "name": "look",
                    "content": [{"type": "text", "text": "seen"}, {"type": "image"}],
                },
                {"role": "user", "content": ""},
            ]
        }
    )
    assert told(episode.events)[0] == [
        ("system", "developer", "Be brief."),
        ("thought", "assistant", "Hm."),
        ("call", "look", '{"a": 1}'),
        ("result", "look", "seen\n[image]"),
    ]


def test_results_without_ids_are_in_the_order_of_the_calls():
    """Each has the name of its tool all the same; a further one has none."""
    episode = mine({"messages": []})
    calls = [{"name": "one", "arguments": {}}, {"name": "two", "arguments": {}}]
    results = [{"role": "tool", "content": text} for text in "abc"]
    messages = [results[0], {"role": "user", "content": "x"}, *results[1:]]
    episode.step({"tool_calls": calls}, answers=[answered({"messages": messages})])
    assert told(episode.events)[1][2:] == [
        ("result", "one", "a"),
        ("user", "user", "x"),
        ("result", "two", "b"),
        ("result", "", "c"),
    ]


def test_what_an_answer_in_json_says_is_told_as_the_action_that_it_is():
    """A reply that wrote its call as text is there, and so is the call that was read from it."""
    episode = mine({"messages": []})
    action = {"tool_calls": [{"name": "look", "arguments": {"a": 1}}]}
    episode.step(action, generated('{"name": "look"}'), answers=[answered({"messages": []})])
    assert told(episode.events)[1] == [
        ("said", "", '{"name": "look"}'),
        ("call", "look", '{"a":1}'),
    ]


def test_a_family_with_rules():
    """The model's call, then what came of it in words; what it was shown again is counted."""
    episode = Episode.start(load("workflow/easy"))
    episode.note(ModelConfigured("workflow.1", "tools", None, {"model": "m"}))
    call = ToolCall("1", "wait", "{}")
    board = "\n".join(f"line {n}" for n in range(9))
    episode.step({"action_type": "wait"}, asked("", sent=board, calls=(call,)))
    episode.step({"action_type": "wait"}, asked("", sent=f"{board}\nnew", calls=(call,)))
    episode.step({"action_type": "wait"}, ReplyUnread("no", ""), ActionForfeited("no action"))
    one, two, three = turns(episode.events)[-3:]
    assert [piece.kind for piece in one.pieces[:2]] == ["shown", "call"]
    assert [piece.news for piece in (one.pieces[0], two.pieces[0])] == [None, 1]
    assert all(piece.kind in ("event", "fault") for piece in one.pieces[2:])
    assert [(piece.kind, piece.text) for piece in three.pieces[:3]] == [
        ("fault", "no action in it: no"),
        ("fault", "the model gave no action, so a substitute was taken: no action"),
        ("call", "wait"),
    ]


def test_a_running_episode_tells_nothing_hidden():
    """What its document hides, its transcript does not tell either."""
    episode = Episode.start(load("inbox/medium"))
    episode.step({"type": "archive"})
    assert b"was due" in msgspec.json.encode(
        [each.text for each in turns(episode.events)[-1].pieces]
    )
    assert b"was due" not in msgspec.json.encode(document(episode.events))


def test_what_a_large_page_leaves_out_is_not_told():
    """Without the messages sent, the pieces that they were lead nowhere, and say no more."""
    made = drop_sent_messages(document(shop()))
    piece = made["transcript"][0]["pieces"][0]
    assert piece["kind"] == "system"
    with pytest.raises(IndexError):
        reduce(lambda inner, key: inner[key], piece["path"], made)


def lines(text, kind="result", **more):
    return ["".join(part for part, _ in line) for line in piece_lines(Piece(kind, 1, text, **more))]


def test_long_texts_fold():
    """Of a long text the first lines are shown, of an error the last, and how many there are."""
    text = "\n".join(map(str, range(40)))
    assert lines(text) == ["←: 0", *(f"  {n}" for n in range(1, 6)), "  … first 6 of 40 lines"]
    assert lines(text, error=True)[0] == "← ✕: … last 6 of 40 lines"
    assert lines(text, error=True)[-1] == "  39"
    assert len(lines("\n".join("abc"))) == 3
    assert lines("x" * 5000)[-1] == "  … of 5000 letters"
    assert len(piece_lines(Piece("result", 1, text), whole=True)) == 40
    assert lines(text, "shown", news=3) == ["shown to the model: 40 lines, 3 new"]
    assert len(lines(text, "shown", news=21)) == FIRST_LINES + 1


def test_folding_loses_no_first_line():
    """Texts of any shape begin as they are, whatever is folded."""
    dice = random.Random(1)
    for _ in range(300):
        text = "\n".join("y" * dice.choice([0, 1, 30, 900]) for _ in range(dice.randrange(1, 30)))
        first = text.splitlines()[0] if text.splitlines() else ""
        assert lines(text, "user")[0].startswith(first[:700]) if first else True


def test_in_the_terminal(tmp_path, snapshot):
    """``replay --messages`` prints the conversation; of one step, whole."""
    with EventLog(tmp_path / "refold.db") as log:
        shop(log)
    shell = Shell(tmp_path)
    assert shell("replay last --messages").out == snapshot
    assert "frame 0" not in shell("replay last --messages").out
    assert "frame 0" in shell("replay last --messages --step 2").out


def test_what_follows_the_last_step_is_printed_once(tmp_path):
    """A score that came after the end belongs to the last turn."""
    with EventLog(tmp_path / "refold.db") as log:
        shop(log)
    out = Shell(tmp_path)("replay last --messages").out
    assert out.count("score satisfied") == out.count("Done.") - 1 == 1


def test_a_golden_without_a_model():
    """Without a model: each action in words, then what came of it."""
    found = told(golden("workflow-hard-worked-example"))
    assert 0 not in found
    assert found[1][0] == ("call", "", "delegate alert_triage to triage_analyst")
    assert {kind for kind, *_ in found[2][1:]} == {"event"}
