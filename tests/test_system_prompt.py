"""``--system FILE``: a prompt of the user's own, recorded, gone on with, and compared."""

import re

import pytest
from asking import of_kind
from shell import Shell
from test_world_models import WORLDS

from refold.agents.conversation import rebuild_requests
from refold.agents.mock.model import MockModel
from refold.engine import EventLog
from refold.engine.codec import encode
from refold.engine.exchanges import ModelCalled, ModelConfigured

TEXT = "Be brief.\nNever abort."
OTHER = "Be brief.\nAlways wait."
HOW = "Each turn, call exactly one tool: the action that you take."


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "mine.txt").write_text(f"\ufeff{TEXT}\n")
    (tmp_path / "other.txt").write_text(OTHER)
    (tmp_path / "shop.py").write_text(WORLDS)
    return Shell(tmp_path)


@pytest.fixture
def model():
    with MockModel() as server:
        server.options = f"--agent openai:mock --base-url {server.base_url} --api-key none"
        yield server


def streams(shell):
    """Return the streams of the log, the oldest first."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return [log.events(info.id) for info in log.episodes()]


def test_the_text_stands_in_place_of_the_familys(shell, model):
    """How to answer stays; the log says that it is a text of the user's, and which."""
    shell(f"record workflow/easy {model.options} --system mine.txt")
    assert model.requests[0]["messages"][0]["content"] == f"{TEXT}\n\n{HOW}"
    (stream,) = streams(shell)
    (asked,) = of_kind(ModelConfigured, stream)
    assert (asked.prompt, asked.text) == ("workflow.1+80121005541f", TEXT)
    assert list(map(encode, model.requests)) == [
        encode(body) for _, body in rebuild_requests(stream)
    ]
    shell("verify")


def test_the_text_stands_in_place_of_a_worlds(shell, model):
    """The world's tools stay, and the form of the answer."""
    shell(f"record python:shop.py:Dial {model.options} --system mine.txt")
    system, turn = model.requests[0]["messages"]
    assert system["content"].startswith(f"{TEXT}\n\nEach turn, call the tool act once")
    assert "Turn the dial" not in system["content"]
    assert turn["content"] == "at 0"
    assert [each.text for each in of_kind(ModelConfigured, streams(shell)[0])] == [TEXT, TEXT]
    shell("verify")


@pytest.mark.parametrize("form", ["json", "text"])
def test_examples_of_actions_stay(shell, model, form):
    """Without tools, nothing else says what an action looks like."""
    shell(f"record inbox/easy {model.options} --system mine.txt --action-format {form}")
    told = model.requests[0]["messages"][0]["content"]
    assert told.startswith(f"{TEXT}\n\nEach turn, answer with one JSON object")
    assert "The actions, as JSON:" in told


def test_an_episode_goes_on_without_the_file(shell, model):
    """Though nothing had been asked when it stopped: the text is in the log."""
    nobody = "--agent openai:mock --base-url http://127.0.0.1:9/v1 --api-key none"
    shell(f"record inbox/easy {nobody} --max-retries 0 --system mine.txt --name r", code=2)
    (shell.at / "mine.txt").unlink()
    shell(f"resume r --base-url {model.base_url} --api-key none")
    assert {body["messages"][0]["content"] for body in model.requests} == {f"{TEXT}\n\n{HOW}"}
    assert [each.text for each in of_kind(ModelConfigured, streams(shell)[0])] == [TEXT]


@pytest.mark.parametrize(("option", "text"), [("", TEXT), ("--system other.txt", OTHER)])
def test_an_episode_that_failed_is_played_again_with_its_text(shell, option, text):
    """Or with another one that is given now."""
    with MockModel(faults=["server-error:2"]) as failing:
        key = f"--base-url {failing.base_url} --api-key none"
        first = f"--agent openai:mock {key} --max-retries 1 --system mine.txt --name r"
        shell(f"record inbox/easy {first}", code=1)
        shell(f"resume r --failed {key} {option}")
    assert [of_kind(ModelConfigured, each)[0].text for each in streams(shell)] == [TEXT, text]


def test_diff_says_how_two_prompts_differ(shell):
    """Line by line, and that the prompt is the cause where the agents part."""
    with MockModel("random") as model:  # by dice of the request
        given = f"--agent openai:mock --base-url {model.base_url} --api-key none"
        for name in ("mine", "other"):
            shell(f"record workflow/easy {given} --system {name}.txt --name {name}")
    a, b = shell.ids()
    told = shell(f"diff {a} {b}", code=1).out
    assert "\n-Never abort.\n+Always wait.\n" in told
    found = shell(f"diff {a} {b} --json", code=1).json
    assert found["prompts"][:2] == ["--- A", "+++ B"]
    assert found["cause"] == "prompt"
    compared = shell("compare mine other").out
    assert "--- mine\n+++ other\n" in compared
    assert "\n-Never abort.\n+Always wait.\n" in compared
    assert shell("compare mine other --json").json["prompts"] == [
        "--- mine",
        "+++ other",
        *found["prompts"][2:],
    ]


def test_a_short_prompt_in_place_of_a_long_one_is_shown(shell, model):
    """Of many lines that went, the first: the line that came stands below them, however many."""
    shell(f"record workflow/easy {model.options} --name own")
    shell(f"record workflow/easy {model.options} --system mine.txt --name mine")
    for command, code in (("compare own mine", 0), ("diff own:workflow/easy:42 last", 1)):
        lines = shell(command, code=code).out.split("sent to the models\n")[1].splitlines()
        gone = [line for line in lines[2:] if line.startswith("-")]
        assert len(gone) == 7
        assert re.fullmatch(r"-… \d+ more lines; --json has all", gone[-1])
        assert [line for line in lines[2:] if line.startswith("+")] == [
            f"+{line}" for line in TEXT.splitlines()
        ]


def test_equal_prompts_do_not_differ(shell, model):
    """No word of it, even where one is the family's own."""
    for name, heat in (("one", 0), ("two", 1)):
        words = f"--system mine.txt --name {name} --temperature {heat}"
        shell(f"record workflow/easy {model.options} {words}")
    a, b = shell.ids()
    assert shell(f"diff {a} {b} --json", code=1).json["prompts"] == []
    assert shell("compare one two --json").json["prompts"] == []


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (None, r"--system bad\.txt: expected a text file, got No such file"),
        (b" \n", r"--system bad\.txt: expected a text, got an empty file"),
        (b"\xff\xfe\x00", r"expected text in UTF-8"),
        (b"x" * 300_000, r"expected at most 262144 bytes, got 300000"),
        (b"Your key is sk-proj-abcdefghijklmnop1234567890", r"expected nothing secret"),
        (b"Use hunter2-hunter2-hunter2 to log in.", r"expected nothing secret"),
    ],
    ids=["none", "empty", "other bytes", "large", "a key", "the key"],
)
def test_what_is_no_prompt_is_refused(shell, content, match):
    """Before anything is recorded, and no key ever is."""
    if content is not None:
        (shell.at / "bad.txt").write_bytes(content)
    given = "--agent openai:m --base-url http://127.0.0.1:9/v1 --api-key hunter2-hunter2-hunter2"
    shell.refuses(f"record inbox/easy {given} --system bad.txt", match=match)


def test_a_fork_is_told_its_own_prompt(shell, model):
    """From where it begins, and the shared part stays as it was."""
    shell(f"record workflow/easy {model.options} --name first")
    asked = len(model.requests)
    shell(f"fork last --at 2 {model.options} --system mine.txt")
    parent, fork = streams(shell)
    first = model.requests[asked]["messages"][0]["content"]
    assert first == f"{TEXT}\n\n{HOW}"
    assert of_kind(ModelCalled, fork)[:2] == of_kind(ModelCalled, parent)[:2]
    assert [each.text for each in of_kind(ModelConfigured, fork)] == [None, TEXT]
    shell("verify")


@pytest.mark.parametrize("agent", ["baseline", "mine.py:first"])
def test_who_reads_no_prompt_is_given_none(tmp_path, agent):
    """A prompt for a policy or a function is refused, not left out in silence."""
    shell = Shell(tmp_path)
    (tmp_path / "mine.py").write_text("def first(observation, legal_actions): ...\n")
    (tmp_path / "mine.txt").write_text("Be quick.")
    words = f"record inbox/easy --agent {agent} --system mine.txt"
    shell.refuses(words, match="--system: expected a model as the agent")
