import http.client
import json
from contextlib import closing

import pytest
from serving import running, talk
from websockets.exceptions import InvalidStatus

from refold.engine import RefoldError
from refold.server.app import check_exposure
from refold.server.http.access import check_access, login_cookie_value
from refold.server.http.rate_limits import RateLimiter
from refold.server.settings import ServerSettings

TOKEN = "a-token-of-some-length"  # noqa: S105 - of a test
PATHS = ["/health", "/state", "/episodes", "/metrics", "/openapi.json", "/tasks"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server without a token."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """Return a server with a token."""
    with running(tmp_path_factory.mktemp("server"), token=TOKEN) as server:
        yield server


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_other_hosts_are_refused(server, host):
    """A name that was made to point here (DNS rebinding) gets nothing, nor a WebSocket."""
    for path in PATHS:
        assert server.ask("GET", path, headers={"Host": host}).status == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "[::1]:80"])
def test_own_names(server, host):
    """The names of this machine are fine, with any port."""
    assert server.ask("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "http://["]
)
def test_pages_of_other_sites_are_refused(server, origin):
    """Requests and WebSockets that carry another origin get 403."""
    assert server.ask("POST", "/reset", {}, {"Origin": origin}).status == 403
    with (
        pytest.raises(InvalidStatus, match="403"),
        server.socket(additional_headers={"Origin": origin}),
    ):
        pass


def test_own_pages_and_allowed_ones(server, tmp_path):
    """A page of the server itself may use it, and those of sites that were named."""
    assert server.ask("POST", "/reset", {}, {"Origin": server.url}).status == 200
    with running(tmp_path, origins=("https://a.example",)) as other:
        allowed = {"Origin": "https://a.example"}
        assert other.ask("POST", "/reset", {}, allowed).status == 200
        with other.socket(additional_headers=allowed) as socket:
            assert talk(socket, "reset", {})["done"] is False


def test_cross_site_reads_and_links(server):
    """Another site's page cannot read by a request without origin; a link may be followed."""
    site = {"Sec-Fetch-Site": "cross-site"}
    assert server.ask("GET", "/state", headers=site).status == 403
    link = {**site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert server.ask("GET", "/state", headers=link).status == 200
    assert server.ask("POST", "/reset", {}, link).status == 403


def test_a_token_is_needed_for_all_but_health(locked):
    """Without it, or with a wrong one, nothing is told; with it, all is."""
    for path in PATHS[1:]:
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            reply = locked.ask("GET", path, headers=given)
            assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert locked.ask("GET", path, headers=right).status == 200
    assert locked.get("/health") == {"status": "healthy"}


def test_the_document_tells_where_a_token_is_needed(server, locked):
    """Paths that say so refuse who has none; who gives it in one of the named ways comes in."""
    assert "security" not in server.get("/openapi.json")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    document = locked.get("/openapi.json", **bearer)
    ways = document["components"]["securitySchemes"]
    assert document["security"] == [{name: []} for name in ways]
    login = {"Cookie": f"{ways['login']['name']}={login_cookie_value(TOKEN)}"}
    assert ways["token"] == {"type": "http", "scheme": "bearer"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            turned_away = "www-authenticate" in locked.ask(method.upper(), path, {}).headers
            assert turned_away == (operation.get("security") != []), path
    for way in (bearer, login):
        assert locked.ask("GET", "/tasks", headers=way).status == 200


def test_a_token_for_websockets(locked):
    """It goes in the header of the handshake."""
    with pytest.raises(InvalidStatus, match="401"), locked.socket():
        pass
    with locked.socket(additional_headers={"Authorization": f"Bearer {TOKEN}"}) as socket:
        assert talk(socket, "reset", {})["done"] is False


def test_login(locked):
    """The right token gets a cookie, which is not the token, and opens everything."""
    assert locked.ask("POST", "/login", {"token": "wrong"}).status == 401
    cookie = locked.ask("POST", "/login", {"token": TOKEN}).headers["set-cookie"]
    assert TOKEN not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    encrypted = {"X-Forwarded-Proto": "https"}
    reply = locked.ask("POST", "/login", {"token": TOKEN}, encrypted)
    assert "Secure" in reply.headers["set-cookie"]
    assert locked.get("/state", Cookie=cookie.partition(";")[0])["episode_id"] is None
    assert locked.ask("GET", "/state", headers={"Cookie": "refold_login=x"}).status == 401


def scope(server, **headers):
    """Return the head of a request that came to the address *server*."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": "/state", "server": (server, 8000), "headers": pairs}


def test_other_machines_need_a_token_or_a_public_server():
    """However the server was started, an address that others reach is closed by default."""
    there = scope("192.0.2.7", host="any.example")
    assert check_access(there, ServerSettings()).status == 403
    assert check_access(there, ServerSettings(public=True)) is None
    assert check_access(there, ServerSettings(token=TOKEN)).status == 401
    cookie = scope("192.0.2.7", host="x", cookie=f"refold_login={login_cookie_value(TOKEN)}")
    assert check_access(cookie, ServerSettings(token=TOKEN)) is None
    assert check_access(there, ServerSettings(public=True, hosts=("own.example",))).status == 403
    with pytest.raises(RefoldError, match="expected --token, or --public"):
        check_exposure(ServerSettings(host="0.0.0.0"))  # noqa: S104 - that is what is refused
    with pytest.raises(RefoldError, match="16 or more"):
        ServerSettings(token=TOKEN[:15])


def test_bodies_and_frames_have_a_limit(tmp_path):
    """A larger body gets 413, announced or not; a larger frame an error, and the session lives."""
    with running(tmp_path, largest_body=1000) as server:
        assert server.ask("POST", "/step", b"x" * 1001).status == 413
        with closing(http.client.HTTPConnection(server.url[7:], timeout=30)) as connection:
            chunks = iter([b"x" * 600, b"x" * 600])
            connection.request("POST", "/step", chunks, encode_chunked=True)
            with connection.getresponse() as response:
                assert response.status == 413
        with server.socket() as socket:
            assert talk(socket, "step", {"a": "x" * 1000})["code"] == "VALIDATION_ERROR"
            assert talk(socket, "reset", {})["done"] is False


def test_rates():
    """A client may ask so often at once, then must wait; others need not."""
    now = [0.0]
    limiter = RateLimiter(10.0, lambda: now[0])
    assert [limiter.delay("a") for _ in range(10)] == [0.0] * 10
    assert limiter.delay("a") == pytest.approx(0.1)
    assert limiter.delay("b") == 0.0
    now[0] = 0.5
    assert limiter.delay("a") == 0.0


def test_a_client_that_asks_too_often(tmp_path):
    """It gets 429 and is told when to come again."""
    with running(tmp_path, client_rate=5.0) as server:
        replies = [server.ask("GET", "/health") for _ in range(30)]
        refused = [reply for reply in replies if reply.status == 429]
        assert refused
        assert refused[0].headers["retry-after"] == "1"


def test_every_answer_has_security_headers(server):
    """Those of errors too; none tells what software serves."""
    for method, path in (("GET", "/health"), ("GET", "/none"), ("POST", "/step"), ("PUT", "/step")):
        headers = server.ask(method, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_no_answer_holds_a_path(server):
    """Whatever is asked, the log's file and the code's folders are never named."""
    hostile = ["/episodes/%00", "/episodes/..%2f..", "/diff/a/%ff", "/episodes/last/state?step=x"]
    for path in (*hostile, "/schema?task=/etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"):
        reply = server.ask("GET", path)
        assert reply.status in (404, 409, 422)
        assert str(server.log.parent) not in str(reply.body)
        assert "Traceback" not in str(reply.body)
        assert json.loads(reply.body)["detail"]


def test_a_name_is_not_taken_over(tmp_path):
    """An episode that another client gives the same name leaves the first where it was."""
    with running(tmp_path) as server, server.socket() as mine, server.socket() as theirs:
        talk(mine, "reset", {"episode_id": "mine", "seed": 1})
        talk(theirs, "reset", {"episode_id": "mine", "seed": 2})
        assert server.get("/episodes/mine")["episode"]["seed"] == 1
        sessions = [
            server.ask("POST", "/reset", {"episode_id": "run", "seed": seed}).headers
            for seed in (3, 4)
        ]
        for seed, headers in zip((3, 4), sessions, strict=True):
            named = {"X-Session-Id": headers["x-session-id"]}
            assert server.get("/episodes/run", **named)["episode"]["seed"] == seed
            assert server.get("/episodes/last", **named)["episode"]["seed"] == seed
            assert server.get("/diff/run/mine", **named)["a"] == headers["x-episode-id"]


@pytest.mark.parametrize("name", ["last", "LAST", "mine"])
def test_last_is_not_captured(tmp_path, name):
    """An episode may be called so by its client, and stays the newest only as long as it is."""
    with running(tmp_path) as server, server.socket() as other:
        talk(other, "reset", {"episode_id": name, "seed": 1})
        server.post("/reset", {"seed": 2})
        assert server.get("/episodes/last")["episode"]["seed"] == 2
