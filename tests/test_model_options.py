import pytest
from asking import KEY, of_kind, sensible
from fault_server import BUSY, DROP, HANG, FaultServer, refuses, says
from shell import Shell, check_refusal
from sizes import first_fast

from refold.engine import EventLog
from refold.engine.exchanges import ModelCalled, ModelConfigured

NOBODY = dict.fromkeys(
    ("OPENAI_API_KEY", "API_KEY", "HF_TOKEN", "OPENAI_BASE_URL", "API_BASE_URL"), ""
)
RECORD = "record workflow/easy --agent openai:m"


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def events(shell):
    """Return the events of the newest episode."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return log.events("last")


def raw(shell):
    """Return the bytes of all files that were written."""
    return b"".join(path.read_bytes() for path in shell.at.iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", {"model": "m", "temperature": 0.0}),
        ("--temperature 0.7", {"model": "m", "temperature": 0.7}),
        ("--temperature none", {"model": "m"}),
        ("--param temperature=null --param user=me", {"model": "m", "user": "me"}),
        ("--max-tokens 50", {"model": "m", "temperature": 0.0, "max_tokens": 50}),
        ("--model-seed 3", {"model": "m", "temperature": 0.0, "seed": 3}),
        (
            """--param top_p=0.5 --param stop='["x"]' --param user=me --param temperature=1""",
            {"model": "m", "temperature": 1, "top_p": 0.5, "stop": ["x"], "user": "me"},
        ),
    ],
)
def test_an_option_gets_to_the_api_and_into_the_log(shell, options, said):
    """Each request has the parameters that were asked for, and the log says so."""
    with FaultServer(then=sensible) as server:
        shell(f"{RECORD} --action-format text {options} --base-url {server.base_url}", **NOBODY)
    for body in server.requests:
        assert {name: value for name, value in body.items() if name != "messages"} == said
    (configured,) = of_kind(ModelConfigured, events(shell))
    assert configured.parameters == said


@pytest.mark.parametrize(("options", "sizes"), [("", [2, 4, 6]), ("--history 1", [2, 4, 4])])
def test_history_is_as_long_as_asked_for(shell, options, sizes):
    """All turns are repeated, or as many as asked for."""
    with FaultServer(then=sensible) as server:
        url = f"--base-url {server.base_url}"
        shell(f"{RECORD} --action-format json {options} {url}", **NOBODY)
    assert [len(body["messages"]) for body in server.requests[:3]] == sizes


def test_the_action_format_can_be_chosen(shell):
    """Then it is the only one that is tried."""
    for form, name in (("tools", "tools"), ("json", "response_format")):
        with FaultServer(refuses(400, "not this")) as server:
            url = f"--base-url {server.base_url}"
            ran = shell(f"{RECORD} --action-format {form} {url}", code=1, **NOBODY)
        (body,) = server.requests
        assert name in body
        assert f"model: {server.base_url} gave no answer: status 400: not this" in ran.err
        assert "1 not counted: the model's API kept failing (unsupported)" in ran.err


def test_patience_is_as_long_as_asked_for(shell):
    """Attempts and their time are bounded by options; an episode cut off so has no grade."""
    with FaultServer(DROP, HANG, BUSY) as server:
        url = f"--base-url {server.base_url}"
        ran = shell(f"{RECORD} --max-retries 2 --timeout 0.5 --json {url}", code=1, **NOBODY)
        assert len(server.requests) == 3
    (row,) = ran.json["episodes"]
    assert (row["reason"], row["score"], row["scores"]) == ("instrument_failed", None, [])
    (call,) = of_kind(ModelCalled, events(shell))
    assert [each.fault for each in call.faults] == ["connection", "timeout", "status"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ("--agent openai", "agent 'openai': expected openai:MODEL or MODEL_NAME, got no model"),
        ("--agent openai:", "expected openai:MODEL or MODEL_NAME, got no model"),
        ("--agent openai:m", "expected a key in OPENAI_API_KEY, .* `refold mock-model` gives one"),
        ("--agent openai:m --base-url x", "base URL: expected http://HOST or https://HOST"),
        ("--agent openai:m --base-url http://x --param a", "--param: expected NAME=JSON"),
        ("--agent openai:m --base-url http://x --param stream=true", "none of .*stream; got 'str"),
        ("--agent openai:m --base-url http://x --param messages=[]", "none of messages, model"),
        (
            "--agent openai:m --base-url http://x --param a=\udcff",
            "--param: expected valid Unicode",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_recorded(shell, options, match):
    """A missing key or a bad option is one line, and no log is made."""
    nobody = {**NOBODY, "MODEL_NAME": ""}
    shell.refuses(f"record workflow/easy {options}", match=match, **nobody)
    assert shell.files() == {}


@pytest.mark.parametrize("given", ["option", "OPENAI_API_KEY", "API_KEY", ".env"])
def test_a_key_gets_to_the_api_and_nowhere_else(shell, given):
    """Not into the log, not onto the screen, whatever the API makes of it or says about it."""
    (shell.at / ".env").write_text(f"API_KEY={KEY}\n" if given == ".env" else "")
    option = f"--api-key {KEY}" if given == "option" else ""
    env = {**NOBODY, **({given: KEY} if given.isupper() else {})}
    if given == ".env":
        env.pop("API_KEY")
    leaky = [refuses(500, f"key {KEY}"), says(None)]
    with FaultServer(*leaky, then=refuses(400, f"bad {KEY}")) as server:
        run = f"{RECORD} {option} --base-url {server.base_url} --max-retries 1"
        ran = shell(run, code=1, **env)
        assert set(server.keys) == {f"Bearer {KEY}"}
        assert len(server.keys) > 3
    (shell.at / ".env").unlink()
    assert "bad KEY" in ran.err
    assert KEY not in ran.out + ran.err
    assert KEY.encode() not in raw(shell)


@pytest.mark.parametrize(
    ("status", "words"),
    first_fast(
        [(401, "refused the key"), (403, "forbids this to the key"), (404, "knows no such address")]
    ),
)
def test_a_denial_stops_the_run_with_one_line(shell, status, words):
    """Nobody goes on asking: exit 2, one clear line without the key, episodes left open."""
    with FaultServer(*[sensible] * 3, then=refuses(status, f"{KEY} is bad")) as server:
        run = f"record workflow inbox --parallel 4 --agent openai:m --api-key {KEY} --name r"
        ran = shell(f"{run} --base-url {server.base_url}", code=2, **NOBODY)
        assert len(server.requests) <= 3 + 4
    check_refusal(ran, f"model: {server.base_url} {words}.*; check .*status {status}")
    assert KEY not in ran.err
    assert KEY.encode() not in raw(shell)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert {info.ended for info in log.episodes()} == {None}
    with FaultServer(then=sensible) as server:
        shell(f"resume r --parallel 4 --base-url {server.base_url}", **NOBODY)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert None not in {info.ended for info in log.episodes()}
