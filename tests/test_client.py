from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from gzip import compress

import pytest
from asking import KEY, ask
from fault_server import BUSY, DROP, HANG, FaultServer, Sent, refuses, says

from refold.agents.client import AccessDenied, Filtered, Unavailable, is_unsupported
from refold.engine import RefoldError
from refold.engine.exchanges import Attempt, Reply, Usage

BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "Well, \u00e9\U0001f600?"}],
    "temperature": 0.0,
    "tools": [{"type": "function", "function": {"name": "wait"}}],
    "seed": None,
}
MESSAGE = {"role": "assistant", "content": "Well."}
SAID = Reply("m-1", "Well.", (), "stop", Usage(11, 7), 0, MESSAGE)
WELL = says("Well.")
LOST = Attempt("connection", None, "connection_lost")
MALFORMED = Attempt("body", None, "malformed_response")
FAULTS = {
    "rate-limit": (BUSY, Attempt("status", 429, "rate_limited", "slow down")),
    "request-timeout": (refuses(408), Attempt("status", 408, "timeout", "no")),
    "server-error": (refuses(500), Attempt("status", 500, "server_error", "no")),
    "overloaded": (
        Sent(503, b"<html>later</html>", {"Retry-After": "nan"}),
        Attempt("status", 503, "overloaded", "<html>later</html>"),
    ),
    "gateway": (Sent(502, b"", {"Retry-After": "soon"}), Attempt("status", 502, "server_error")),
    "dropped": (DROP, LOST),
    "truncated": (Sent(body=WELL.body, missing=9), LOST),
    "not-gzip": (Sent(body=WELL.body, headers={"Content-Encoding": "gzip"}), LOST),
    "empty": (Sent(body=b""), MALFORMED),
    "garbage": (Sent(body=WELL.body[:-9]), MALFORMED),
    "page": (Sent(body=b"<html>Welcome!</html>"), MALFORMED),
    "other-json": (Sent(body=b'{"things": []}'), MALFORMED),
    "error-with-200": (
        Sent(body=b'{"error": {"message": "model overloaded", "code": 502}}'),
        Attempt("body", None, "overloaded", "model overloaded"),
    ),
    "bomb": (
        Sent(body=compress(b" " * 2**26), headers={"Content-Encoding": "gzip"}),
        MALFORMED,
    ),
    "no-choices": (says("Well.", choices=[]), MALFORMED),
    "no-message": (says("Well.", choices=[{"index": 0}]), MALFORMED),
}


def test_the_body_is_sent_as_it_is():
    """The API gets the very JSON that is recorded, with the key, in one request."""
    with FaultServer(WELL) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    assert (answer.reply, answer.faults, complaint) == (SAID, (), "")
    assert server.requests == [BODY]
    assert list(server.requests[0]) == list(BODY)  # models may see the names of tools in order
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_recorded(name):
    """The request is made again, unchanged, and the answer tells what failed before."""
    fault, attempt = FAULTS[name]
    with FaultServer(fault, WELL) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    assert (answer.reply, answer.faults, complaint) == (SAID, (attempt,), "")
    assert server.requests == [BODY, BODY]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_ends_in_no_answer(name):
    """After the last attempt there is no reply, all attempts are told, nothing is raised."""
    fault, attempt = FAULTS[name]
    with FaultServer(then=fault) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    assert (answer.reply, answer.faults) == (None, (attempt,) * 2)
    assert complaint.startswith(f"{server.base_url} gave no answer 2 times: ")
    assert not is_unsupported(answer.faults)


def test_silence_is_a_timeout():
    """An API that takes a request and says nothing is left, and asked again."""
    with FaultServer(HANG, WELL) as server:
        (answer,), _ = ask(server.base_url, BODY, timeout=1)
        assert (answer.reply, answer.faults) == (SAID, (Attempt("timeout", None, "timeout"),))
    with FaultServer(then=HANG) as server:
        (answer,), complaint = ask(server.base_url, BODY, timeout=0.1, max_retries=0)
        assert (answer.reply, answer.faults) == (None, (Attempt("timeout", None, "timeout"),))
        assert complaint.endswith("gave no answer: none within 0.1 s")


def test_nobody_there_stops_the_run():
    """An address where nothing listens is the user's to mend: the run stops, with that name."""
    with FaultServer() as server:
        nowhere = server.base_url
    with pytest.raises(Unavailable, match=rf"{nowhere} refuses connections; check --base-url"):
        ask(nowhere, BODY)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_an_api_is_given_the_time_it_asks_for(form):
    """Retry-After is heeded as seconds and as a date; by itself the client waits half of that."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    wait = {"seconds": "1", "date": later}[form]
    with FaultServer(Sent(429, b"", {"Retry-After": wait}), WELL) as server:
        (answer,), _ = ask(server.base_url, BODY)
    assert answer.faults == (Attempt("status", 429, "rate_limited"),)
    assert answer.latency_ms >= 800


@pytest.mark.parametrize("status", [400, 422, 501])
def test_a_refused_form_is_not_asked_for_again(status):
    """What no repetition mends is one attempt; the complaint quotes the API, but for the key."""
    words = f"no tools\n for {KEY}, " + "sorry " * 100
    with FaultServer(then=refuses(status, words)) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    (fault,) = answer.faults
    assert (answer.reply, fault.status, fault.cause) == (None, status, "unsupported")
    assert fault.words.startswith("no tools for KEY, sorry")
    assert is_unsupported(answer.faults)
    assert f"gave no answer: status {status}: no tools for KEY, sorry sorry" in complaint
    assert KEY not in complaint
    assert len(complaint) < 500


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_denial_is_raised_at_once(status):
    """Key or address are wrong, and stay so: one request, one clear line without the key."""
    script = [refuses(status, f"bad key {KEY}"), WELL]
    with FaultServer(*script) as server:
        address = server.base_url.replace("//", f"//me:{KEY}@")
        with pytest.raises(
            AccessDenied, match=rf"model: {server.base_url} .*; check .*{status}"
        ) as denied:
            ask(address, BODY)
        assert KEY not in str(denied.value)
        assert len(server.requests) == 1


STOPS = {
    "credits": refuses(402, "Insufficient credits"),
    "quota": Sent(429, b'{"error": {"message": "spent", "code": "insufficient_quota"}}'),
    "auth": refuses(400, "API key not valid. Please pass a valid API key."),
    "content_filter": Sent(400, b'{"error": {"message": "no", "code": "content_filter"}}'),
}


@pytest.mark.parametrize("cause", STOPS)
def test_what_only_the_user_can_mend_stops_at_once(cause):
    """Account, quota and filter: one request, the cause by name, and what to do."""
    with FaultServer(STOPS[cause], WELL) as server:
        with pytest.raises(
            Unavailable, match=rf"{server.base_url} .* \({cause}, status"
        ) as stopped:
            ask(server.base_url, BODY)
        assert len(server.requests) == 1
    assert stopped.value.cause == cause
    assert isinstance(stopped.value, Filtered) == (cause == "content_filter")


def test_a_name_that_cannot_be_resolved_stops_the_run():
    """It is told apart from an API that fails."""
    with pytest.raises(Unavailable, match="cannot be resolved; check --base-url") as stopped:
        ask("http://refold.invalid/v1", BODY, max_retries=0)
    assert stopped.value.cause == "dns"


def test_a_server_without_tls_stops_the_run():
    """So is one that speaks no TLS where https was asked for."""
    with FaultServer() as server:
        address = server.base_url.replace("http:", "https:")
        with pytest.raises(Unavailable, match="over TLS") as stopped:
            ask(address, BODY, max_retries=0)
    assert stopped.value.cause == "tls"


@pytest.mark.parametrize(
    ("variable", "value", "match"),
    [
        ("ALL_PROXY", "gopher://127.0.0.1:1", "^ALL_PROXY: expected a proxy's address"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "^SSL_CERT_FILE: expected a file of certificates"),
        ("OPENAI_ORG_ID", "\u00f6", "^OPENAI_ORG_ID: expected ASCII letters"),
    ],
)
def test_a_bad_setting_of_the_machine_is_named(monkeypatch, variable, value, match):
    """The variable is named in one line, before any library trips over it."""
    monkeypatch.setenv(variable, value)
    with FaultServer(then=WELL) as server, pytest.raises(RefoldError, match=match):
        ask(server.base_url, BODY)
