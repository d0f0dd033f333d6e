import json
from time import process_time

import pytest

from refold.agents.action_parser import UnreadableReply, read_action
from refold.agents.completions import LONGEST_TEXT
from refold.agents.lenient_json import find_json_objects
from refold.engine.exchanges import Reply, ToolCall
from refold.engine.registry import find_family

WORKFLOW = find_family("workflow", 1)
INBOX = find_family("inbox", 1)
NAMES = {"fetch": "fetch", "analyst-1": "Analyst-1", "<m1@host>": "<m1@host>", "none": "none"}
WAIT = WORKFLOW.action("wait")
DELEGATE = WORKFLOW.action("delegate", "fetch", "Analyst-1")
OBJECT = '{"action_type": "delegate", "subtask_id": "fetch", "agent_name": "Analyst-1"}'
FIELDS = '{"subtask_id": "fetch", "agent_name": "Analyst-1"}'


def reply(text="", *calls, finish="stop"):
    """Return a reply with *text* and tool *calls*, (name, arguments) pairs."""
    made = tuple(ToolCall(f"c{place}", *call) for place, call in enumerate(calls))
    return Reply("m", text, made, finish, None, 0)


def read(text="", *calls, family=WORKFLOW, **more):
    """Return the action in a reply, of a workflow unless *family* says otherwise."""
    return read_action(reply(text, *calls, **more), family, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        OBJECT,
        f"```json\n{OBJECT}\n```",
        f"I give the first subtask to the analyst.\n\n{OBJECT}\nThat is all.",
        f'<think>Perhaps {{"action_type": "wait"}}?</think>{OBJECT}',
        f'<Reasoning>{{"action_type": "wait"}}</reasoning>\n{OBJECT}',
        f'Perhaps {{"action_type": "wait"}}?</think>{OBJECT}',
        f"{OBJECT}\n<think>and what if",
        f"Of the kinds {{delegate, retry}} and {{}}: {OBJECT}",
        f"The sets {{{{a}}, {{b}}}} say {OBJECT}",
        f'{{"thought": "no action here"}} {OBJECT}',
        f'[{OBJECT}, {{"action_type": "wait"}}]',
        f'{{"action": {OBJECT}}}',
        f'{{"action": "delegate", "parameters": {FIELDS}}}',
        f'{{"name": "delegate", "arguments": {FIELDS}}}',
        f'{{"name": "delegate", "arguments": {json.dumps(FIELDS)}}}',
        f'<tool_call>{{"name": "delegate", "arguments": {FIELDS}}}</tool_call>',
        f'{{"function": {{"name": "delegate", "arguments": {json.dumps(FIELDS)}}}}}',
        f'{{"tool": "delegate", "input": {FIELDS}}}',
        OBJECT.replace('"delegate"', '" Delegate "'),
        OBJECT.replace('"delegate"', '"DELEGATE"'),
        OBJECT.replace("fetch", "FETCH").replace("Analyst-1", "analyst-1"),
        OBJECT.replace("action_type", "Action_Type").replace("subtask_id", "SUBTASK_ID"),
        OBJECT.replace("}", ', "type": "research", "reason": "it is first", "n": [1, {}]}'),
    ],
)
def test_an_action_is_read_out_of_what_models_write(text):
    """However it is wrapped, the first valid object outside of thinking is the action."""
    assert read(text) == DELEGATE


@pytest.mark.parametrize(
    "calls",
    [
        [("delegate", FIELDS)],
        [("delegate", json.dumps(FIELDS))],
        [("delegate", f"```json\n{FIELDS}\n```")],
        [("Delegate", FIELDS), ("wait", "{}")],
        [("functions.delegate", FIELDS)],
        [("take_action", OBJECT)],
        [("dance", "{}"), ("delegate", FIELDS)],
        [("delegate", '{"subtask_id": "fetch"'), ("delegate", FIELDS)],
        [("delegate", FIELDS.replace("{", '{"name": "wait", "type": "retry", '))],
    ],
)
def test_an_action_is_read_out_of_tool_calls(calls):
    """The first valid call counts, by its name and not by what its arguments hold besides."""
    assert read(f"Then: {WAIT}", *calls) == DELEGATE


@pytest.mark.parametrize("arguments", ["", "{}", "null", "[]", "None", " {} "])
def test_a_call_without_arguments_is_a_call(arguments):
    """APIs write nothing in several ways."""
    assert read("", ("wait", arguments)) == WAIT


@pytest.mark.parametrize(
    "call",
    [("delegate", "{'subtask_id': 'fetch'"), ("delegate", "fetch"), ("dance", "{}")],
)
def test_after_calls_that_are_none_the_text_counts(call):
    """A call with unreadable arguments, or of no tool, does not hide an action in the text."""
    assert read(OBJECT, call) == DELEGATE
    with pytest.raises(
        UnreadableReply, match=r"arguments of tool 'delegate'|Invalid enum value 'dance'"
    ):
        read("", call)


@pytest.mark.parametrize(
    "value", ["<subtask id>", "{id}", "null", "NONE", "N/A", "string", "", None]
)
def test_a_placeholder_is_no_value(value):
    """What stands in a template for a value counts as left out."""
    fields = {"action_type": "abort", "subtask_id": "fetch", "agent_name": value}
    names = {"fetch": "fetch"}
    action = read_action(reply(json.dumps(fields)), WORKFLOW, names)
    assert action == WORKFLOW.action("abort", "fetch")


def test_a_name_that_looks_like_a_placeholder_is_a_name():
    """An id that exists is meant, whatever it looks like."""
    text = '{"action_type": "archive", "email_id": "<M1@HOST>"}'
    assert read(text, family=INBOX) == INBOX.action("archive", "<m1@host>")
    assert read('{"action_type": "abort", "subtask_id": "None"}').subtask_id == "none"


def test_free_text_is_kept_as_it_is():
    """A reply to an e-mail keeps its case, its space, its braces; bare line breaks are let pass."""
    content = ' Dear {name},\n\tsee "the\u2028 INVOICE" \U0001f600 '
    fields = {"action_type": "respond", "email_id": "m1", "content": content}
    text = json.dumps(fields, ensure_ascii=False)
    for written in (text, text.replace("\\n", "\n").replace("\\t", "\t")):
        assert read(written, family=INBOX) == INBOX.action("respond", "m1", content)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON object was found"),
        ("I wait.", "no JSON object was found"),
        ("[1, 2]", "no JSON object was found"),
        ('{"action_type": "wait"', "no JSON object was found"),
        ("{'action_type': 'wait'", "no JSON object was found: what begins with '{' is not closed"),
        (f"<think>{OBJECT}", "no JSON object was found"),
        ("{}", "expected an object with 'action_type', got none"),
        ('{"act": "wait", "on": 1}', "expected an object with 'action_type', got act, on"),
        ('{"action_type": 3}', "expected an object with 'action_type', got action_type"),
        ('{"action_type": "dance"}', "Invalid enum value 'dance'"),
        ('{"action_type": "abort", "subtask_id": 3}', r"Expected `str \| null`, got `int`"),
        ('{"action_type": "wait", "subtask_id": NaN}', "deeply nested ones or NaN"),
        ('{"action_type": "wait", "subtask_id": [[1]]}', r"Expected `str \| null`, got `array`"),
        (f'{{"action_type": "wait", "subtask_id": {"[" * 30}{"]" * 30}}}', "deeply nested ones"),
    ],
)
def test_what_is_no_action_is_refused_with_a_reason(text, reason):
    """The reason tells the model what to mend; of several objects it is about the last."""
    with pytest.raises(UnreadableReply, match=reason):
        read(text)


def test_a_reply_that_was_cut_off_says_so():
    """Who ran into the token limit should be shorter, not write better JSON."""
    with pytest.raises(UnreadableReply, match=r"no JSON object was found; .* cut off at the limit"):
        read("<think>First of all", finish="length")


HOSTILE = {
    "braces": "{" * LONGEST_TEXT,
    "nested": '{"a":' * (LONGEST_TEXT // 5),
    "nested-and-closed": '{"a":' * 60_000 + "1" + "}" * 60_000,
    "arrays": '{"a":' + "[" * LONGEST_TEXT,
    "quotes": '{"' + '\\"' * (LONGEST_TEXT // 2),
    "bare-quotes": '{"' * (LONGEST_TEXT // 2),
    "long-tails": '{"a":' * 400 + "[1," * (LONGEST_TEXT // 4),
    "objects": "{}" * (LONGEST_TEXT // 2),
    "digits": '{"a":' * 500 + "1" * LONGEST_TEXT,
    "thinking": "<think>" * (LONGEST_TEXT // 7),
    "thoughts": "</think" * (LONGEST_TEXT // 7),
    "ends-of-thinking": "</think>" * (LONGEST_TEXT // 8),
    "backslashes": '{"a": "' + "\\" * LONGEST_TEXT,
    "keys": "{" + ",".join(f'"{number}": 1' for number in range(20_000)) + "}",
    "placeholder": json.dumps({"action_type": "<" * LONGEST_TEXT}),
    "spaces": json.dumps({"action_type": " - " * (LONGEST_TEXT // 3)}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long_to_read(name):
    """Texts of the greatest length, made to be slow, as text and as arguments of a tool."""
    began = process_time()
    for made in (reply(HOSTILE[name]), reply("", ("dance", HOSTILE[name]))):
        with pytest.raises(UnreadableReply, match=r"^.{1,600}$"):
            read_action(made, WORKFLOW, NAMES)
    assert process_time() - began < 5


def test_the_places_that_are_looked_at_are_few():
    """The search ends in a long text of beginnings or small objects, not in a usual one."""
    assert len(list(find_json_objects("{}" * 100_000))) == 512
    assert [found.value for found in find_json_objects("{ " * 500 + OBJECT)] == [json.loads(OBJECT)]
    assert list(find_json_objects("{ " * 600 + OBJECT)) == []


def test_half_a_surrogate_pair_is_mended():
    """JSON within the text may hold what no log can: in an action it becomes a question mark."""
    assert read(r'{"action_type": "abort", "subtask_id": "a\ud800"}') == WORKFLOW.action(
        "abort", "a?"
    )


@pytest.mark.parametrize(
    "text",
    [
        r'{"action_type": "\udfff"}',
        r'{"\ud800": 1}',
        r'{"action_type": "abort", "subtask_id": {"\ud800": ["\udc00"]}}',
        '{"action_type": "abort", "subtask_id": ' + "[" * 900 + "]" * 900 + "}",
    ],
)
def test_what_a_log_cannot_hold_is_refused(text):
    """Neither surrogates nor deep nesting get into a reason, or stop the run."""
    with pytest.raises(UnreadableReply, match=r"expected|no JSON") as refused:
        read(text)
    assert str(refused.value).encode()
