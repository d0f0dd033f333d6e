from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from asking import KEY, ask
from fault_server import BUSY, DROP, HANG, FaultServer, Sent, refuses, says

from refold.agents.client import AccessDenied, is_unsupported
from refold.engine.exchanges import Attempt, Reply, Usage

BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "Well, \u00e9\U0001f600?"}],
    "temperature": 0.0,
    "tools": [{"type": "function", "function": {"name": "wait"}}],
    "seed": None,
}
SAID = Reply("m-1", "Well.", (), "stop", Usage(11, 7), 0)
WELL = says("Well.")
FAULTS = {
    "rate-limit": (BUSY, "status", 429),
    "request-timeout": (refuses(408), "status", 408),
    "server-error": (refuses(500), "status", 500),
    "overloaded": (Sent(503, b"<html>later</html>", {"Retry-After": "nan"}), "status", 503),
    "gateway": (Sent(502, b"", {"Retry-After": "soon"}), "status", 502),
    "dropped": (DROP, "connection", None),
    "truncated": (Sent(body=WELL.body, missing=9), "connection", None),
    "not-gzip": (Sent(body=WELL.body, headers={"Content-Encoding": "gzip"}), "connection", None),
    "empty": (Sent(body=b""), "body", None),
    "garbage": (Sent(body=WELL.body[:-9]), "body", None),
    "page": (Sent(body=b"<html>Welcome!</html>"), "body", None),
    "other-json": (Sent(body=b'{"error": {"message": "overloaded"}}'), "body", None),
    "no-choices": (says("Well.", choices=[]), "body", None),
    "no-message": (says("Well.", choices=[{"index": 0}]), "body", None),
}


def test_the_body_is_sent_as_it_is():
    """The API gets the very JSON that is recorded, with the key, in one request."""
    with FaultServer(WELL) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    assert (answer.reply, answer.faults, complaint) == (SAID, (), "")
    assert server.requests == [BODY]
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_recorded(name):
    """The request is made again, unchanged, and the answer tells what failed before."""
    fault, kind, status = FAULTS[name]
    with FaultServer(fault, WELL) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    assert (answer.reply, answer.faults, complaint) == (SAID, (Attempt(kind, status),), "")
    assert server.requests == [BODY, BODY]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_ends_in_no_answer(name):
    """After the last attempt there is no reply, all attempts are told, nothing is raised."""
    fault, kind, status = FAULTS[name]
    with FaultServer(then=fault) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    assert (answer.reply, answer.faults) == (None, (Attempt(kind, status),) * 2)
    assert complaint.startswith(f"{server.base_url} gave no answer 2 times: ")
    assert not is_unsupported(answer.faults)


def test_silence_is_a_timeout():
    """An API that takes a request and says nothing is left, and asked again."""
    with FaultServer(HANG, WELL) as server:
        (answer,), _ = ask(server.base_url, BODY, timeout=1)
        assert (answer.reply, answer.faults) == (SAID, (Attempt("timeout", None),))
    with FaultServer(then=HANG) as server:
        (answer,), complaint = ask(server.base_url, BODY, timeout=0.1, max_retries=0)
        assert (answer.reply, answer.faults) == (None, (Attempt("timeout", None),))
        assert complaint.endswith("gave no answer: none within 0.1 s")


def test_nobody_there_is_a_connection_fault():
    """So is an address where nothing listens."""
    with FaultServer() as server:
        nowhere = server.base_url
    (answer,), complaint = ask(nowhere, BODY)
    assert (answer.reply, answer.faults) == (None, (Attempt("connection", None),) * 2)
    assert complaint == f"{nowhere} gave no answer 2 times: the connection failed"


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_an_api_is_given_the_time_it_asks_for(form):
    """Retry-After is heeded as seconds and as a date; by itself the client waits half of that."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    wait = {"seconds": "1", "date": later}[form]
    with FaultServer(Sent(429, b"", {"Retry-After": wait}), WELL) as server:
        (answer,), _ = ask(server.base_url, BODY)
    assert answer.faults == (Attempt("status", 429),)
    assert answer.latency_ms >= 800


@pytest.mark.parametrize("status", [400, 422, 501])
def test_a_refused_form_is_not_asked_for_again(status):
    """What no repetition mends is one attempt; the complaint quotes the API, but for the key."""
    words = f"no tools\n for {KEY}, " + "sorry " * 100
    with FaultServer(then=refuses(status, words)) as server:
        (answer,), complaint = ask(server.base_url, BODY)
    assert (answer.reply, answer.faults) == (None, (Attempt("status", status),))
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
