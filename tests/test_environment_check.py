"""Variables of the environment that the HTTP client reads: one line names what is wrong."""

import pytest

from refold.agents.client import Client
from refold.agents.endpoint import Endpoint
from refold.agents.environment_check import check_environment
from refold.engine import RefoldError

NAMES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Keep this machine's own proxies out of it."""
    for name in (*NAMES, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080", "expected the package socksio, .* pip install"),
        ("all_proxy", "socks5h://user:secret@localhost:1", "expected the package socksio"),
        ("HTTPS_PROXY", "foo://user:secret@x", "expected a proxy's address that begins with http"),
        ("https_proxy", "socks4://user:secret@x:1", "expected a proxy's address"),
        ("HTTP_PROXY", "http://[secret", "expected a proxy's address"),
        ("OPENAI_ORG_ID", "örg", "expected ASCII letters"),
        ("OPENAI_PROJECT_ID", "\u2028", "expected ASCII letters"),
        ("OPENAI_CUSTOM_HEADERS", "x: ö", "expected ASCII letters"),
        ("SSL_CERT_FILE", "/nowhere", "expected a file .* got No such file or directory at"),
        ("SSL_CERT_FILE", "/", "expected a file of certificates"),
        ("SSL_CERT_FILE", __file__, "expected a file of certificates in PEM, got none in"),
        ("SSL_CERT_DIR", "/nowhere", "expected a folder of certificates, got no folder"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(environment, name, value, match):
    """Before anything is sent, and without the password that a proxy's address may hold."""
    environment.setattr("refold.agents.environment_check.find_spec", lambda name: None)
    environment.setenv(name, value)
    with pytest.raises(RefoldError, match=f"^{name}: {match}") as refused:
        Client(Endpoint("http://127.0.0.1:1/v1", "none"))
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ALL_PROXY": "", "SSL_CERT_FILE": "", "OPENAI_ORG_ID": ""},
        {"HTTP_PROXY": "127.0.0.1:3128", "https_proxy": "http://user:p@proxy.example"},
        {"OPENAI_ORG_ID": "org-1", "NO_PROXY": "ö", "SSL_CERT_DIR": "/"},
    ],
)
def test_what_can_be_used_is_let_pass(settings):
    """Nothing else is looked at."""
    check_environment(settings)


def test_a_socks_proxy_is_let_pass_where_it_works(environment):
    """With its package installed, the client takes it."""
    environment.setattr("refold.agents.environment_check.find_spec", lambda name: object())
    check_environment({"ALL_PROXY": "socks5://127.0.0.1:1080"})
