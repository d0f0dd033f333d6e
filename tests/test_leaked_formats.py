"""Thoughts, tool calls and small mistakes that servers leave in a model's text."""

import json
from contextlib import suppress
from time import process_time

import pytest

from refold.agents.action_parser import UnreadableReply, read_action
from refold.agents.completions import LONGEST_TEXT
from refold.agents.thinking_marks import strip_thinking
from refold.engine.exchanges import Reply, ToolCall
from refold.engine.registry import find_family

WORKFLOW = find_family("workflow", 1)
INBOX = find_family("inbox", 1)
NAMES = {"fetch": "fetch", "analyst_1": "Analyst_1", "m1": "m1"}
WAIT = WORKFLOW.action("wait")
DELEGATE = WORKFLOW.action("delegate", "fetch", "Analyst_1")
OBJECT = '{"action_type": "delegate", "subtask_id": "fetch", "agent_name": "Analyst_1"}'
FIELDS = '{"subtask_id": "fetch", "agent_name": "Analyst_1"}'
OTHER = '{"action_type": "wait"}'


def read(text, family=WORKFLOW, finish="stop"):
    """Return the action in a reply that is only *text*."""
    return read_action(Reply("m", text, (), finish, None, 0), family, NAMES)


MARKS = {
    "think": ("<think>", "</think>"),
    "upper case": ("<THINK>", "</THINK>"),
    "thinking": ("<thinking>", "</thinking>"),
    "thought": ("<thought>", "</thought>"),
    "thoughts": ("<thoughts>\n", "\n</thoughts>"),
    "reason": ("<reason>", "</reason>"),
    "reasoning": ("<reasoning>", "</reasoning>"),
    "analysis": ("<analysis>", "</analysis>"),
    "reflection": ("<reflection>", "</reflection>"),
    "scratchpad": ("<scratchpad>", "</scratchpad>"),
    "attribute": ('<think type="x">', "</think >"),
    "seed": ("<seed:think>", "</seed:think>"),
    "antml": ("<thinking>", "</thinking>"),
    "longcat": ("<longcat_think>", "</longcat_think>"),
    "glm": ("<|thinking|>", "</|thinking|>"),
    "mistral": ("[THINK]", "[/THINK]"),
    "brackets": ("[Reasoning]\n", "\n[/Reasoning]\n"),
    "details": ('<details type="reasoning" done="true">\n', "\n</details>\n"),
    "process": ("<thinking_process>", "</thinking_process>"),
    "monologue": ("<inner_monologue>", "</inner_monologue>"),
    "full-width": ("<｜begin▁of▁thought｜>", "<｜end▁of▁thought｜>"),
    "kimi": ("◁think▷", "◁/think▷"),
    "thought token": ("<|begin_of_thought|>", "<|end_of_thought|><|begin_of_solution|>"),
    "cohere": ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    "apertus": ("<|inner_prefix|>", "<|inner_suffix|>"),
    "gemma": ("<|channel>thought\n", "<channel|>"),
    "fence": ("```thinking\n", "\n```\n"),
    "granite": ("Here is my thought process:\n", "\nHere is my response:\n"),
    "granite's": ("Here's my thought process: ", "\nHere's my response: "),
    "harmony": (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    "harmony without tokens": ("analysis", "assistantfinal"),
    "harmony twice": ("analysisNo.assistantanalysis", "assistantfinal"),
}


@pytest.mark.parametrize("name", MARKS)
@pytest.mark.parametrize("thought", [OTHER, f"I could {OTHER}\nFinal answer: {OTHER}\n"])
def test_no_action_is_read_out_of_thoughts(name, thought):
    """The answer after the mark counts; without one, or with an unclosed mark, nothing does."""
    opening, closing = MARKS[name]
    assert read(f"{opening}{thought}{closing}{OBJECT}") == DELEGATE
    for text in (f"{opening}{thought}{closing}", f"{opening}{thought}"):
        with pytest.raises(UnreadableReply, match="no JSON object was found"):
            read(text)


@pytest.mark.parametrize("name", sorted(MARKS.keys() - {"fence", "harmony", "details"}))
def test_a_closing_mark_ends_thoughts_that_the_prompt_began(name):
    """Some chat templates write the opening mark themselves."""
    assert read(f"{OTHER}{MARKS[name][1]}{OBJECT}") == DELEGATE


@pytest.mark.parametrize(
    "text",
    [
        "Analysis: the tests come first.",
        "analysis of the plan: ok",
        "a <thinkpad>, <think/> and a [THINKER]",
        "```python\nthinking = 1\n```",
        "I think here is my response: none",
    ],
)
def test_words_are_no_marks(text):
    """What only resembles a mark stays in the text."""
    assert strip_thinking(text) == text


CALLS = {
    "hermes": f'<tool_call>\n{{"name": "delegate", "arguments": {FIELDS}}}\n</tool_call>',
    "mistral": f'[TOOL_CALLS][{{"name": "delegate", "arguments": {FIELDS}}}]',
    "mistral 11": f"[TOOL_CALLS]delegate[CALL_ID]abc123[ARGS]{FIELDS}",
    "mistral 13": f"[TOOL_CALLS]delegate{FIELDS}",
    "llama": f'<|python_tag|>{{"type": "function", "name": "delegate", "parameters": {FIELDS}}}',
    "llama tag": f"<function=delegate>{FIELDS}</function>",
    "llama python": '<|python_tag|>delegate(subtask_id="fetch", agent_name="Analyst_1")',
    "llama 4": "<|python_start|>[delegate(subtask_id='fetch', agent_name='Analyst_1')]",
    "python list": 'So:\n[delegate(subtask_id="fetch", agent_name="Analyst_1"), wait()]',
    "python call": 'delegate(subtask_id="fetch", agent_name="Analyst_1")',
    "tool_code": '```tool_code\ndelegate(subtask_id="fetch", agent_name="Analyst_1")\n```',
    "lfm": '<|tool_call_start|>[delegate(subtask_id="fetch", agent_name="Analyst_1")]'
    "<|tool_call_end|>",
    "qwen coder": "<tool_call>\n<function=delegate>\n<parameter=subtask_id>\nfetch\n</parameter>\n"
    "<parameter=agent_name>\nAnalyst_1\n</parameter>\n</function>\n</tool_call>",
    "seed": "<seed:tool_call><function=delegate><parameter=subtask_id>fetch</parameter>"
    "<parameter=agent_name>Analyst_1</parameter></function></seed:tool_call>",
    "anthropic": '<function_calls><invoke name="delegate"><parameter name="subtask_id">fetch'
    '</parameter><parameter name="agent_name">Analyst_1</parameter></invoke></function_calls>',
    "minimax": '<minimax:tool_call><invoke name="delegate"><parameter name="subtask_id">fetch'
    '</parameter>\n<parameter name="agent_name">Analyst_1</parameter></invoke>',
    "deepseek 3.2": '<｜DSML｜invoke name="delegate">'
    '<｜DSML｜parameter name="subtask_id" string="true">fetch</｜DSML｜parameter>'
    '<｜DSML｜parameter name="agent_name" string="true">Analyst_1</｜DSML｜parameter>'
    "</｜DSML｜invoke>",
    "deepseek r1": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>delegate\n"
    f"```json\n{FIELDS}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "deepseek 3.1": f"<｜tool▁call▁begin｜>delegate<｜tool▁sep｜>{FIELDS}<｜tool▁call▁end｜>",
    "kimi": "<|tool_calls_section_begin|><|tool_call_begin|>functions.delegate:0"
    f"<|tool_call_argument_begin|>{FIELDS}<|tool_call_end|><|tool_calls_section_end|>",
    "glm": "<tool_call>delegate\n<arg_key>subtask_id</arg_key>\n<arg_value>fetch</arg_value>\n"
    "<arg_key>agent_name</arg_key>\n<arg_value>Analyst_1</arg_value>\n</tool_call>",
    "harmony": "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary "
    f"to=functions.delegate <|constrain|>json<|message|>{FIELDS}<|call|>",
    "harmony role": "<|start|>assistant to=functions.delegate<|channel|>commentary json<|message|>"
    f"{FIELDS}<|call|>",
    "harmony without tokens": f"analysisHm.assistantcommentary to=functions.delegate json{FIELDS}",
    "cohere": '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "delegate", "parameters": '
    f"{FIELDS}}}]<|END_ACTION|>",
    "granite": f'<|tool_call|>[{{"name": "delegate", "arguments": {FIELDS}}}]',
    "phi": f'functools[{{"name": "delegate", "arguments": {FIELDS}}}]',
    "nemotron": f'<TOOLCALL>[{{"name": "delegate", "arguments": {FIELDS}}}]</TOOLCALL>',
    "apertus": f'<|tools_prefix|>[{{"delegate": {FIELDS}}}]<|tools_suffix|>',
    "gemma": '<|tool_call>call:delegate{subtask_id:<|"|>fetch<|"|>,agent_name:<|"|>Analyst_1<|"|>}'
    "<tool_call|>",
    "llama builtin": '<|python_tag|>delegate.call(subtask_id="fetch", agent_name="Analyst_1")',
    "functionary": f">>>delegate\n{FIELDS}",
    "qwen 2": f"✿FUNCTION✿: delegate\n✿ARGS✿: {FIELDS}\n✿RETURN✿",
    "react python": 'Action: delegate(subtask_id="fetch", agent_name="Analyst_1")\nObservation: ok',
    "langchain": f'Action:\n```json\n{{"action": "delegate", "action_input": {FIELDS}}}\n```',
    "react": f"Thought: easy.\nAction: delegate\nAction Input: {FIELDS}\nObservation: done\n"
    "Action: wait\nAction Input: {}",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_in_the_text_is_read(name):
    """In each model's own syntax, after thoughts and prose, and over an example that it quotes."""
    assert read(CALLS[name]) == DELEGATE
    if name not in ("python call", "harmony without tokens"):  # these are all of a text
        assert read(f"The form is {OTHER}.\n{CALLS[name]}") == DELEGATE
    assert read(f"<think>{OTHER}</think>\n{CALLS[name]}") == DELEGATE


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_is_cut_off_is_not_completed(name):
    """Until the last argument has ended, nothing is read from it."""
    whole = CALLS[name]
    cut = whole[: whole.index("Analyst_1") + 4]
    with pytest.raises(UnreadableReply, match=r"arguments of tool '(functions.)?delegate'|no JSON"):
        read(cut, finish="length")


@pytest.mark.parametrize(
    "text",
    [
        "<function=wait>\n</function>",
        '<invoke name="wait"></invoke>',
        "<tool_call>wait</tool_call>",
        "[TOOL_CALLS]wait[ARGS]{}",
        "[wait()]",
        "wait()",
        "to=functions.wait <|message|>{}<|call|>",
        "Action: wait\nAction Input: None",
        "<|tool_call_begin|>functions.wait:0<|tool_call_argument_begin|>{}<|tool_call_end|>",
    ],
)
def test_a_call_without_arguments_is_read(text):
    """Nothing between the marks is no arguments."""
    assert read(text) == WAIT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[TOOL_CALLS]delegate{subtask", "arguments of tool 'delegate' as a JSON object"),
        ("Action: delegate\nAction Input: fetch", "arguments of tool 'delegate'"),
        ("[delegate('fetch', 'Analyst_1')]", "arguments of tool 'delegate'"),
        (f"<function=dance>{FIELDS}</function>", "Invalid enum value 'dance'"),
        ("<function=abort><parameter=subtask_id>fetch", "arguments of tool 'abort'"),
    ],
)
def test_a_call_that_cannot_be_read_is_named(text, reason):
    """The reason says which tool, so the model can write it again."""
    with pytest.raises(UnreadableReply, match=reason):
        read(text)


def test_a_call_that_the_api_gives_outweighs_the_text():
    """Whatever the text says besides, it is what the model called."""
    text = "\nor\n".join(CALLS.values()) + OBJECT
    calls = (ToolCall("1", "wait", "{}"),)
    assert read_action(Reply("m", text, calls, None, None, 0), WORKFLOW, NAMES) == WAIT


def test_calls_in_a_row_are_a_plan():
    """The first of them is what to do next, as among the calls that an API gives."""
    first, second = CALLS["hermes"], '<tool_call>{"name": "wait", "arguments": {}}</tool_call>'
    assert read(f"{first}\n{second}") == DELEGATE
    assert read(f"{second}{first}") == WAIT
    with pytest.raises(UnreadableReply, match="got different ones"):
        read(f"The form is {second}, as I was told.\nSo: {first}")


def test_values_of_xml_keep_their_text():
    """A value is text, whatever it looks like, if the field is; one line break around it goes."""
    text = (
        "<function=respond><parameter=email_id>m1</parameter>"
        "<parameter=content>\n[1] Dear {name},\n\n</parameter></function>"
    )
    assert read(text, INBOX) == INBOX.action("respond", "m1", "[1] Dear {name},\n")


@pytest.mark.parametrize(
    "text",
    [
        OBJECT.replace('"', "'"),
        OBJECT.replace('"', "“"),
        OBJECT.replace('"', "＂"),
        OBJECT.replace(" ", "\u00a0"),
        OBJECT.replace('"action_type"', "action_type"),
        OBJECT.replace("}", ",}"),
        OBJECT.replace("}", ', "sure": True, "note": None, "p": NaN, "q": [1, -Infinity,],}'),
        OBJECT.replace("}", r""", "note": "it\'s \"first\"", 'b': 'a "b" it\'s'}"""),
        OBJECT.replace(", ", ", // next\n").replace("}", "/* {end} */ # so\n}"),
        OBJECT.replace("Analyst_1", "Analyst\u200b_1"),
        "\ufeff" + OBJECT,
    ],
)
def test_small_mistakes_in_json_are_read(text):
    """Where only one meaning is possible, it is taken."""
    assert read(text) == DELEGATE


def test_arguments_with_small_mistakes_are_read():
    """The arguments of a tool call are read in the same way."""
    calls = (ToolCall("1", "delegate", FIELDS.replace('"', "'").replace("}", ",}")),)
    assert read_action(Reply("m", "", calls, None, None, 0), WORKFLOW, NAMES) == DELEGATE


@pytest.mark.parametrize(
    "text",
    [
        f"I could {OTHER}, but that wastes a step.\n{OBJECT}",
        f"Example: {OTHER}\nFinal answer:\n```json\n{OBJECT}\n```",
        f"Example: {OTHER}\n**Answer:** {OBJECT}",
        f"{OTHER} would do. My decision is: {OBJECT}.",
        f"{OTHER} or <answer>{OBJECT}</answer>",
        f"Perhaps:\n{OTHER}\n\\boxed{{{OBJECT}}}",
        f"Action: {OTHER}\nNo. Final answer: {OBJECT}",
        f"{OBJECT}\nI mean: {OBJECT}",
        f'The form: {{"action_type": "..."}}\n{OBJECT}',
    ],
)
def test_of_several_objects_the_final_answer_counts(text):
    """The text must say which one that is, unless they are the same action."""
    assert read(text) == DELEGATE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{OBJECT}{OTHER}", "expected one action, got different ones"),
        (f"{OTHER}\n\nOr better:\n{OBJECT}", "write 'Final answer:' before it"),
        (f"Final answer: {OTHER}\nFinal answer: {OBJECT}", "got different ones"),
        (f"Final answer: {OTHER}\nThe form was:\n{OBJECT}", "got different ones"),
        (f"I could {OTHER} but I delegate to the analyst.", "in the middle of a sentence"),
        (f"Example:\n{OTHER}\nFinal answer: {OBJECT[:-1]}", "not closed or not valid"),
        (f'{OTHER}\nFinal answer: {{"action_type": "dance"}}', "Invalid enum value 'dance'"),
        (f'{{"thought": "the "best"", "else": {OTHER}, "action": {OBJECT}}}', "not closed or not"),
        (OBJECT[:-1] + ', "action_type": "wait"}', "'action_type' once, got it twice"),
        (OBJECT[:-1] + ', "Subtask_ID": "x"}', "'subtask_id' once, got it twice"),
    ],
)
def test_an_example_is_never_played(text, reason):
    """Where the text leaves open what is meant, the model is asked again, and told why."""
    with pytest.raises(UnreadableReply, match=reason):
        read(text)


PIECES = [
    *(mark for marks in MARKS.values() for mark in marks),
    *(call[: call.index("fetch")] for call in CALLS.values()),
    *CALLS.values(),
    *("{'", "{“", "{a:", "{/*", "{//", "{#", "{a:[1,", '{a:<|"|>', "(a=", "{'a':'b',", "{\u200b"),
    *("wait(a=", "[wait(", "Action: a\n", "to=functions.a", "final answer: ", "<parameter=a>"),
    *(f"Answer: {OTHER}\n", OBJECT, OTHER.replace('"', "'"), OTHER.replace("wait", "dance")),
]


LIMIT = 5  # seconds, for the longest text


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_no_mark_takes_long_to_read(piece):
    """The longest text of one mark over and over is read in seconds."""
    if reading_seconds(piece, LONGEST_TEXT // 8) > LIMIT / 64:  # could grow beyond it, by squares
        assert reading_seconds(piece, LONGEST_TEXT) < LIMIT


def reading_seconds(piece, length):
    """Return how long a text of *piece* over and over takes, as content and as arguments."""
    text = piece * (length // len(piece))
    called = Reply("m", "<function=a>" + text, (ToolCall("1", "dance", text),), None, None, 0)
    began = process_time()
    for reply in (Reply("m", text, (), None, None, 0), called):
        with suppress(UnreadableReply):
            read_action(reply, WORKFLOW, NAMES)
    return process_time() - began


def test_the_last_of_many_objects_is_not_overlooked():
    """Where the search has ended early, what was found before is not taken for the answer."""
    text = OTHER + "\n{}" * 600 + f"\nFinal answer: {OBJECT}"
    with pytest.raises(UnreadableReply, match="not closed or not valid"):
        read(text)


def test_what_models_write_back_is_still_read():
    """JSON that is valid is never read otherwise: what looks like a mark inside stays as it is."""
    content = "it's “so”, // no comment, {'a': 1,} and NaN"
    text = json.dumps({"type": "respond", "email_id": "m1", "content": content}, ensure_ascii=False)
    assert read(text, INBOX) == INBOX.action("respond", "m1", content)
