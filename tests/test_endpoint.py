import pytest
from asking import KEY

from refold.agents.endpoint import Endpoint, find_endpoint, find_model, read_environment
from refold.engine import RefoldError


def find(settings, base_url=None, api_key=None):
    """Return address and key of the endpoint of *settings* and options."""
    endpoint = find_endpoint(
        settings, base_url=base_url, api_key=api_key, timeout=1.0, max_retries=0
    )
    return endpoint.base_url, endpoint.api_key


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"OPENAI_API_KEY": "a"}, (None, "a")),
        ({"API_KEY": "b"}, (None, "b")),
        ({"HF_TOKEN": "c"}, (None, "c")),
        ({"OPENAI_API_KEY": "a", "API_KEY": "b", "HF_TOKEN": "c"}, (None, "a")),
        ({"OPENAI_API_KEY": "", "HF_TOKEN": "c"}, (None, "c")),
        ({"OPENAI_API_KEY": " a\n"}, (None, "a")),
        ({"OPENAI_BASE_URL": "http://x/v1"}, ("http://x/v1", "none")),
        ({"API_BASE_URL": "http://y/v1"}, ("http://y/v1", "none")),
        ({"OPENAI_BASE_URL": "http://x", "API_BASE_URL": "http://y"}, ("http://x", "none")),
        ({"API_BASE_URL": "http://y", "OPENAI_API_KEY": "a"}, ("http://y", "a")),
        ({"API_BASE_URL": "http://y", "OPENAI_API_KEY": "a", "HF_TOKEN": "c"}, ("http://y", "c")),
        ({"OPENAI_BASE_URL": "http://x", "OPENAI_API_KEY": "a", "API_KEY": "b"}, ("http://x", "a")),
    ],
)
def test_the_environment_is_understood_in_every_spelling(settings, found):
    """The names of OpenAI come first, but an address of another API goes with that one's key."""
    assert find(settings) == found


def test_options_win_over_the_environment():
    """What is given on the command line counts."""
    settings = {"OPENAI_API_KEY": "a", "OPENAI_BASE_URL": "http://x", "API_BASE_URL": "http://y"}
    assert find(settings, "https://z:8000/v1", "key") == ("https://z:8000/v1", "key")
    assert find({"OPENAI_API_KEY": "a", "HF_TOKEN": "c"}, "http://z") == ("http://z", "a")


def test_a_model_is_named_by_agent_or_environment():
    """The agent's own wins; without any there is no model."""
    assert find_model({"MODEL_NAME": "x"}, "openai:a/b:free") == "a/b:free"
    assert find_model({"MODEL_NAME": "x"}, "openai") == "x"
    with pytest.raises(RefoldError, match="expected openai:MODEL or MODEL_NAME, got no model"):
        find_model({}, "openai")


def test_a_file_of_the_folder_counts_less_than_the_environment(tmp_path, monkeypatch):
    """``.env`` fills in what the environment leaves out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("API_BASE_URL", raising=False)
    monkeypatch.setenv("MODEL_NAME", "from-environment")
    assert "API_BASE_URL" not in read_environment()
    (tmp_path / ".env").write_text('# mine\nexport API_BASE_URL="http://x"\nMODEL_NAME=from-file\n')
    assert read_environment()["API_BASE_URL"] == "http://x"
    assert read_environment()["MODEL_NAME"] == "from-environment"
    (tmp_path / ".env").write_bytes(b"HF_TOKEN=\xff\xfe")
    with pytest.raises(RefoldError, match=r"\.env: expected a readable file in UTF-8"):
        read_environment()


@pytest.mark.parametrize(
    "address",
    ["localhost:80/v1", "ftp://x", "http://", "http://x:99999", "http://x y", "http://[", "x\n"],
)
def test_an_address_that_is_none_is_refused_at_once(address):
    """Better than a run that fails to connect, episode after episode."""
    with pytest.raises(RefoldError, match="base URL: expected http://HOST or https://HOST"):
        find({}, address)


@pytest.mark.parametrize(
    ("address", "key", "reason"),
    [
        (None, None, "expected a key in OPENAI_API_KEY, API_KEY, HF_TOKEN or --api-key"),
        ("http://x", f"{KEY}\u20ac", "expected a key of printable ASCII letters"),
        ("http://x", f"{KEY}\r\nX: y", "expected a key of printable ASCII letters"),
        (f"http://me:{KEY}@x:none/v1?key={KEY}", KEY, "got 'x:none/v1'"),
    ],
)
def test_a_key_is_never_in_an_error(address, key, reason):
    """Not a key that no header can hold, nor one that is part of an address."""
    with pytest.raises(RefoldError, match=reason) as refused:
        find({}, address, key)
    assert KEY not in str(refused.value)
    assert KEY not in repr(Endpoint("http://x", KEY))
