import msgspec
import pytest
from asking import KEY, ask, sensible
from fault_server import FaultServer, Sent, says
from shell import Shell, check_refusal

from refold.agents.completions import LONGEST_TEXT
from refold.agents.redaction import find_credential, is_secret, redact, redact_json
from refold.engine import EventLog

ODD = 'a/"b\\c-0123'
NOBODY = dict.fromkeys(
    (
        "OPENAI_API_KEY",
        "API_KEY",
        "HF_TOKEN",
        "OPENAI_BASE_URL",
        "API_BASE_URL",
        "OPENAI_CUSTOM_HEADERS",
        "OPENAI_ORG_ID",
    ),
    "",
)
RECORD = "record workflow/easy --agent openai:m --max-retries 1"


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.mark.parametrize(
    ("text", "key", "left"),
    [
        (rf'{{"a": "x{KEY}y"}}', KEY, '{"a": "xKEYy"}'),
        (r'{"a": "sk\u002Dnever-to-be-\u0073een-8c41"}', KEY, '{"a": "KEY"}'),
        (r'{"a": "a\/\"b\\c-0123", "b": "a/\u0022b\u005Cc-0123"}', ODD, '{"a": "KEY", "b": "KEY"}'),
        (r'{"a": "\nabc-0123"}', "nabc-0123", r'{"a": "\nabc-0123"}'),
        (r'{"a": "\\nabc-0123"}', "nabc-0123", r'{"a": "\\KEY"}'),
        (r'{"a": "\u0041b-012345"}', "0041b-012345", r'{"a": "\u0041b-012345"}'),
        (f"not JSON {KEY} \\", KEY, "not JSON KEY \\"),
        ('{"a": "EMPTY ollama anything none"}', "ollama", '{"a": "EMPTY ollama anything none"}'),
    ],
)
def test_a_key_is_replaced_however_it_is_escaped(text, key, left):
    """And nothing else: no other escape is torn apart, and no plain word is lost."""
    assert redact_json(text.encode(), key) == left.encode()
    assert redact({f"bad {KEY}!": [KEY, 1, None]}, KEY) == {"bad KEY!": ["KEY", 1, None]}


@pytest.mark.parametrize(
    "content",
    [
        f"{'x' * (LONGEST_TEXT - 10)}{KEY}",  # cut in the middle of the key
        [{"type": "text", "text": KEY[:9]}, {"type": "text", "text": KEY[9:]}],
    ],
)
def test_a_key_in_pieces_is_replaced(content):
    """No limit leaves half of it, and no parts make it whole."""
    with FaultServer(says(content)) as server:
        (answer,), _ = ask(server.base_url, {"model": "m", "messages": []})
    assert KEY[:9] not in answer.reply.text
    assert answer.reply.text.endswith("KEY")


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        (KEY, True),
        ("topsecretkey", True),
        ("sk-123", True),
        ("placeholder", False),
        ("none", False),
        ("a-b", False),
    ],
)
def test_words_are_no_secrets(key, secret):
    """What people give servers that need no key may be said by a model."""
    assert is_secret(key) is secret


@pytest.mark.parametrize(
    ("parameter", "at"),
    [
        ({"extra_headers": {"X-Team": "a"}}, "extra_headers"),
        ({"headers": '{"a": 1}'}, "headers"),
        ({"extra_body": {"api_key": "x"}}, "extra_body.api_key"),
        ({"extra_body": {"auth": {"Authorization": "x"}}}, "extra_body.auth.Authorization"),
        ({"x-api-key": "x"}, "x-api-key"),
        ({"OPENAI_API_KEY": "x"}, "OPENAI_API_KEY"),
        ({"aws_session_token": "x"}, "aws_session_token"),
        ({"user": "Bearer x"}, "user"),
        ({"user": "sk-proj-0123456789abcdef"}, "user"),
        ({"stop": ["a", f"b {KEY}"]}, "stop"),
        ({"prompt_cache_key": "a", "max_tokens": 5, "user": "me", "top_p": 0.5}, None),
        ({"logit_bias": {"50256": -100}, "metadata": {"key": "value"}}, None),
        ({"response_format": {"schema": {"properties": {"token": {"type": "string"}}}}}, None),
        ({"extra_headers": {}}, None),
    ],
)
def test_what_looks_like_a_credential_is_found(parameter, at):
    """By its name, by its value, or because it is the key; ordinary parameters are not."""
    assert find_credential(parameter, [KEY]) == at


@pytest.mark.parametrize(
    "options",
    [
        f"""--param extra_headers='{{"X": "{KEY}"}}'""",
        f"""--param extra_body='{{"api_key": "{KEY}"}}'""",
        f"--param user={KEY}",
        f"--param {KEY}=1",
        f"--param 'Authorization: Bearer {KEY}'",
    ],
)
@pytest.mark.parametrize("given", ["option", "OPENAI_API_KEY", "HF_TOKEN", ".env"])
def test_a_key_in_a_parameter_is_refused(shell, options, given):
    """Parameters are recorded: one line names the right way without the key, no log is made."""
    (shell.at / ".env").write_text(f"API_KEY={KEY}\n" if given == ".env" else "")
    option = f"--api-key {KEY}" if given == "option" else ""
    env = {**NOBODY, **({given: KEY} if given.isupper() else {})}
    if given == ".env":
        env.pop("API_KEY")  # set, even empty, it hides that of the file
    ran = shell(f"{RECORD} --base-url http://127.0.0.1:1 {option} {options}", code=2, **env)
    check_refusal(ran, "--param.*expected (nothing secret.* give the key as --api-key|NAME=JSON)")
    assert KEY not in ran.err
    assert not (shell.at / "refold.db").exists()


def test_a_key_in_a_parameter_of_a_second_try_is_refused(shell):
    """Episodes that are played again take new parameters: nothing of them is recorded, either."""
    with FaultServer(then=Sent(500, b"{}", {"Retry-After": "0"})) as server:
        url = f"--base-url {server.base_url} --max-retries 0"
        shell(f"record workflow/easy --agent openai:m --name r {url}", code=1, **NOBODY)
        words = f"resume r --failed {url} --api-key {KEY} --param user={KEY}"
        ran = shell.refuses(words, match="--param user: expected nothing secret", **NOBODY)
    assert KEY not in ran.err


def test_a_key_in_the_model_is_refused(shell):
    """The name of the agent is recorded, too."""
    ran = shell(f"record workflow/easy --agent openai:{KEY} --api-key {KEY}", code=2, **NOBODY)
    check_refusal(ran, "agent: expected openai:MODEL, got a key in it")
    assert KEY not in ran.err


def echoing(request):
    """Answer as the model does, with the key in every text, its letters escaped in one."""
    answer = msgspec.json.decode(sensible(request).body)
    (choice,) = answer["choices"]
    choice["message"] |= {"content": f"{KEY} is mine", "reasoning_content": KEY, KEY: KEY}
    choice |= {"finish_reason": f"stop {KEY}", KEY: KEY}
    for call in choice["message"].get("tool_calls") or []:
        call["id"] = f"call-{KEY}"
    answer |= {"model": f"m-{KEY}", "system_fingerprint": KEY, "usage": {KEY: 1}}
    body = msgspec.json.encode(answer).replace(b"is mine", KEY.replace("-", r"\u002d").encode())
    return Sent(body=body, headers={"X-Request-Id": KEY, "Set-Cookie": KEY})


def test_a_key_that_comes_back_is_not_stored(shell):
    """Log, WAL, exports, page and screen never hold it, and what was recorded goes on."""
    fails = Sent(
        500, f'{{"error": {{"message": "{KEY}", "{KEY}": 1}}}}'.encode(), {"Retry-After": "0"}
    )
    script = [fails, says(f"no action, but {KEY}"), fails]
    with FaultServer(*script, then=echoing) as server, EventLog(shell.at / "refold.db") as log:
        assert log.count() == 0
        url = f"--base-url {server.base_url} --api-key {KEY}"
        said = [shell(f"{RECORD} --name r {url}", **NOBODY)]
        # The log is held open, so that its WAL stays.
        assert {path.name for path in shell.at.iterdir()} >= {"refold.db", "refold.db-wal"}
        assert set(server.keys) == {f"Bearer {KEY}"}
        assert KEY not in str(server.requests)
        said += [shell("show last"), shell("replay last --html page.html")]
        said += [shell("export -o all.jsonl"), shell("export last"), shell("verify")]
        said += [shell(f"{RECORD} --offline --json", **NOBODY), shell("show last --json")]
    assert [each for each in said if KEY in each.out + each.err] == []
    assert "KEY" in shell("export last").out
    for path in shell.at.iterdir():
        assert KEY.encode() not in path.read_bytes(), path


def test_a_file_that_is_used_is_named(shell):
    """One line on stderr says what comes from it, without values."""
    with FaultServer(then=sensible) as server:
        (shell.at / ".env").write_text(
            f"OPENAI_BASE_URL={server.base_url}\nOPENAI_API_KEY={KEY}\nMODEL_NAME=some-model\n"
        )
        unused = {"HF_TOKEN": "other-token-1"}
        ran = shell("record workflow/easy --agent openai", **unused)
        assert set(server.keys) == {f"Bearer {KEY}"}
    told = [line for line in ran.err.splitlines() if ".env" in line]
    assert told == ["model: OPENAI_BASE_URL, OPENAI_API_KEY, MODEL_NAME from .env"]


def test_a_file_does_not_get_the_users_key(shell):
    """A folder of somebody else's cannot have the key sent to it: nothing is sent at all."""
    with FaultServer(then=sensible) as server:
        (shell.at / ".env").write_text(f"OPENAI_BASE_URL={server.base_url}/${{OPENAI_API_KEY}}\n")
        ran = shell(RECORD, code=2, OPENAI_API_KEY=KEY)
        assert server.requests == []
    check_refusal(ran, "model: OPENAI_BASE_URL comes from .env, but OPENAI_API_KEY from the env.*")


def test_no_other_variable_decides_what_is_sent(shell):
    """What the client library would read by itself reaches no other API."""
    headers = "Authorization: Bearer other\nX-Gateway: other-secret\nno header"
    odd = {"OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "p", "OPENAI_CUSTOM_HEADERS": headers}
    with FaultServer(then=sensible) as server:
        url = f"--base-url {server.base_url}"
        shell(f"{RECORD} --api-key {KEY} {url}", **{**NOBODY, **odd, "OPENAI_ADMIN_KEY": "x"})
        assert set(server.keys) == {f"Bearer {KEY}"}
        names = {name.lower() for headers in server.headers for name in headers}
    assert names & {"openai-organization", "openai-project", "x-gateway"} == set()


def test_a_redirect_does_not_take_the_key_along(shell):
    """An API that sends the client elsewhere cannot pass the key on."""
    with FaultServer(then=sensible) as other:
        away = Sent(307, headers={"Location": f"{other.base_url}/chat/completions"})
        with FaultServer(then=away) as server:
            shell(f"{RECORD} --base-url {server.base_url} --api-key {KEY}", **NOBODY)
            assert set(server.keys) == {f"Bearer {KEY}"}
        assert set(other.keys) == {None}
