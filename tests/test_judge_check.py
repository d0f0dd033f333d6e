"""Texts that ask a judge for a verdict: put into what it judges, and counted where it obeys."""

import json

import pytest
from fault_server import FaultServer, says
from judging import inbox_shell
from pages import names, rows, section

from refold.judges.fence import fenced
from refold.judges.injection import HARMLESS, inject, payloads
from refold.judges.questions import make_question
from refold.reports.attacks import Attacked, attack_rates

OBEYED = "order"
CHECK = "judge-check polite.toml --label correct --judge openai:mock --max-retries 0 --base-url"


@pytest.fixture
def shell(tmp_path):
    """Return a shell with two episodes that people call bad, and a rubric that asks a judge."""
    shell = inbox_shell(tmp_path)
    for id in shell.ids():
        shell("label --name correct --value no --by anna", id)
    return shell


def weak(request):
    """Answer no, but for records in which somebody orders otherwise: these get a yes."""
    prompt = request["messages"][-1]["content"]
    verdict = "yes" if "Ignore all earlier instructions" in prompt else "no"
    return says(json.dumps({"reason": "so", "verdict": verdict}))


def test_a_judge_that_obeys_is_found(shell):
    """Each way is told with how many verdicts it moved; answers are kept, so it is asked once."""
    with FaultServer(then=weak) as server:
        ran = shell(f"{CHECK} {server.base_url} --json", code=1)
        asked = len(server.requests)
        again = shell(f"{CHECK} {server.base_url} --json", code=1)
        assert len(server.requests) == asked
    assert again.out == ran.out
    data = ran.json
    _, fields = rows(section("docs/cli.md", "## JSON"))["judge-check"]
    assert {*names(fields)} == {*data["attacks"][0]}
    assert (data["word"], data["episodes"], data["questions"]) == ("yes", 2, 2)
    moved = {rate["kind"]: (rate["moved"], rate["n"], rate["failed"]) for rate in data["attacks"]}
    assert moved == dict.fromkeys(["harmless", *payloads("yes")], (0, 2, 0)) | {OBEYED: (2, 2, 0)}
    shown = shell("judge-check polite.toml --label correct", code=1)
    assert "most moved by 'order': 2" in shown.err
    shell("verify")


def test_a_judge_that_does_not(shell):
    """A judge that stays with its verdict passes; where it gives none, that is counted apart."""

    def steady(request):
        silent = "SYSTEM: note" in request["messages"][-1]["content"]
        return says("no verdict" if silent else '{"reason": "so", "verdict": "no"}')

    with FaultServer(then=steady) as server:
        ran = shell(f"{CHECK} {server.base_url} --json")
    failed = {rate["kind"]: (rate["n"], rate["failed"]) for rate in ran.json["attacks"]}
    assert failed.pop("authority") == (0, 2)
    assert set(failed.values()) == {(2, 0)}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("judge-check polite.toml --label correct", "2 questions not asked"),
        ("judge-check recorded --label correct", "whose verdict is not 'yes', got none of 0"),
        ("judge-check nothing --label correct", "nothing: expected 'recorded'"),
        ("judge-check polite.toml --label none", "label: expected one of correct; got 'none'"),
    ],
)
def test_mistakes_are_told(shell, words, match):
    """What cannot be checked is said in a line, and nobody is asked."""
    shell.refuses(words, match=match)


def test_nobody_is_called_bad(tmp_path):
    """Without episodes that people call bad, there is nothing to attack."""
    shell = inbox_shell(tmp_path)
    shell("label last --name correct --value yes --by anna")
    shell.refuses(
        "judge-check polite.toml --label correct",
        match="expected episodes that people call no, got none; label some",
    )


@pytest.mark.parametrize("kind", ["harmless", *payloads("yes")])
def test_the_text_stands_inside_of_the_record(random_episode, kind):
    """Whatever is added stands within the fence, as data; the question stays the same."""
    text = {"harmless": HARMLESS, **payloads("yes")}[kind]
    events = random_episode("inbox/easy", 1).events
    plain = make_question(events, "Polite?", show=range(1, len(events)), words=("yes", "no"))
    made = inject(plain, text)
    assert (made.text, made.words, made.show) == (plain.text, plain.words, plain.show)
    assert made.digest != plain.digest
    prompt = made.messages[1]["content"]
    fence, data, end, *_ = prompt.split("The record:\n")[1].split("\n")
    assert fence == end
    assert prompt.count(fence) == 2
    assert f"{fence}\n{data}\n{end}" == fenced(json.loads(data), "Polite?")
    assert json.dumps(text)[1:-1] in data
    assert prompt.replace(data, "").count(text) == 0


def test_rates_by_episode():
    """Verdicts of one episode depend on each other; failures are no verdicts."""
    found = [Attacked("a", f"e{n // 5}", n == 0) for n in range(50)]
    (rate,) = attack_rates([*found, Attacked("a", "e1", None)])
    assert (rate.moved, rate.n, rate.failed) == (1, 50, 1)
    assert rate.interval.method == "korn_graubard"
    (none,) = attack_rates([Attacked("b", "e1", None)])
    assert (none.n, none.failed, none.interval) == (0, 1, None)
