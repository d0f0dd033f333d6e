"""What the mock model does wrong when told to, and what it refuses by itself."""

import http.client
import json

import pytest
from loopback import ask, connect, request

from refold.agents.mock.faults import FAULTS, STATUSES, Faults, read_fault
from refold.agents.mock.model import MockModel
from refold.engine import Episode, RefoldError
from refold.engine.errors import UnknownName
from refold.scenarios import load

COMPLETIONS = "/v1/chat/completions"


@pytest.fixture(scope="module")
def body():
    """Return a request that would be answered."""
    return request(Episode.start(load("workflow/easy")))


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
def test_status_faults(body, kind, status):
    """The first requests get the status and an error object; the connection then serves on."""
    with MockModel(faults=[f"{kind}:2"]) as server, connect(server.base_url) as connection:
        for _ in range(2):
            got, answer = ask(connection, body)
            assert (got, answer["error"]["message"]) == (status, f"{kind}, as told")
        assert ask(connection, body)[0] == 200
        assert server.counts == {kind: 2, "answered": 1}
        assert server.requests == [body] * 3


def test_a_rate_limit_says_when_to_retry(body):
    """The answer 429 has a Retry-After header: at once."""
    with MockModel(faults=["rate-limit"]) as server, connect(server.base_url) as connection:
        connection.request("POST", COMPLETIONS, json.dumps(body))
        response = connection.getresponse()
        assert (response.status, response.headers["Retry-After"]) == (429, "0")
        response.read()


def test_garbage(body):
    """The answer looks well, but is no JSON."""
    with MockModel(faults=["garbage:1"]) as server, connect(server.base_url) as connection:
        with pytest.raises(json.JSONDecodeError, match="Unterminated string"):
            ask(connection, body)
        assert ask(connection, body)[0] == 200


def test_truncated(body):
    """The body ends before its announced length, and the connection with it."""
    with MockModel(faults=["truncated:1"]) as server, connect(server.base_url) as connection:
        with pytest.raises(http.client.IncompleteRead, match="1000 more expected"):
            ask(connection, body)
        connection.close()
        assert ask(connection, body)[0] == 200


def test_drop(body):
    """The connection ends without an answer; the next one is served."""
    with MockModel(faults=["drop:1"]) as server, connect(server.base_url) as connection:
        with pytest.raises(http.client.RemoteDisconnected, match="without response"):
            ask(connection, body)
        assert ask(connection, body)[0] == 200
        assert server.counts == {"drop": 1, "answered": 1}


def test_timeout(body):
    """No answer comes within a client's patience; others are served meanwhile."""
    with MockModel(faults=["timeout:1"]) as server:
        with (
            connect(server.base_url, timeout=0.2) as connection,
            pytest.raises(TimeoutError, match="timed"),
        ):
            ask(connection, body)
        with connect(server.base_url) as connection:
            assert ask(connection, body)[0] == 200
        assert server.counts == {"timeout": 1, "answered": 1}


def test_nonsense(body):
    """The reply is in order but holds no action, in whatever form one was asked for."""
    tools = request(Episode.start(load("workflow/easy")), "tools")
    with MockModel(faults=["nonsense"]) as server, connect(server.base_url) as connection:
        for each in (body, tools):
            status, answer = ask(connection, each)
            message = answer["choices"][0]["message"]
            assert (status, "tool_calls" in message) == (200, False)
            assert "{" not in message["content"]


def test_faults_in_a_row(body):
    """Several faults come one after the other, each counting what the earlier ones let pass."""
    faults = ["rate-limit:2", "server-error:1"]
    with MockModel(faults=faults) as server, connect(server.base_url) as connection:
        assert [ask(connection, body)[0] for _ in range(5)] == [429, 429, 500, 200, 200]


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        ("drop", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("drop:3", [0, 1, 2]),
        ("drop:0.2", [4, 9]),
        ("drop:.3", [3, 6, 9]),
        ("drop:0.5", [1, 3, 5, 7, 9]),
        ("drop:1.0", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_which_requests_a_fault_strikes(fault, struck):
    """A number is the first so many, a rate an even share: by counting, every time the same."""
    faults = Faults([read_fault(fault)])
    assert [index for index in range(10) if faults.next()] == struck


@pytest.mark.parametrize("amount", ["0", "-1", "x", "", "0.0", "1.5", ".", "1 ", "1e3", "٣", "nan"])
def test_bad_amounts(amount):
    """A number that is none, or out of bounds, is refused by name."""
    with pytest.raises(RefoldError, match=r"fault 'drop:.*': expected drop:N .* or drop:RATE"):
        MockModel(faults=[f"drop:{amount}"])


def test_unknown_words():
    """An unknown fault or agent is refused, with those that there are."""
    with pytest.raises(UnknownName, match=r"fault: expected .*, got 'dropp'; did you mean drop"):
        MockModel(faults=["dropp"])
    with pytest.raises(
        UnknownName, match="agent: expected a known name, got 'randon'; did you mean random"
    ):
        MockModel("randon")
    assert all(read_fault(kind).kind == kind for kind in FAULTS)
