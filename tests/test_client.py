from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from agents.client import Answer, Denied, is_unsupported
from asking import KEY, ask
from engine.exchanges import Attempt, Reply, Usage
from fault_server import BUSY, DROP, HANG, FaultServer, Sent, refuses, says

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
    """An API that takes the request and says nothing is left after the time given."""
    with FaultServer(HANG, WELL, HANG) as server:
        (late, none), complaint = ask(server.base_url, BODY, BODY, timeout=1, max_retries=1)
        assert (late.reply, late.faults) == (SAID, (Attempt("timeout", None),))
        assert (none.reply, none.faults) == (None, (Attempt("timeout", None), Attempt("status", 404)))
