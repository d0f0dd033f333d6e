import pytest
from asking import KEY

from refold.agents.api_settings import Settings, describe_file, find_model, read_settings
from refold.agents.endpoint import Endpoint, find_endpoint
from refold.engine import RefoldError

HF = "https://router.huggingface.co/v1"


def endpoint_of(environment, base_url=None, api_key=None, file=None):
    """Return the endpoint of variables in the *environment* and in a *file*, and of options."""
    settings = Settings(environment, file or {})
    return find_endpoint(settings, base_url=base_url, api_key=api_key, timeout=1.0, max_retries=0)


def find(environment, base_url=None, api_key=None, file=None):
    """Return address and key of that endpoint."""
    endpoint = endpoint_of(environment, base_url, api_key, file)
    return endpoint.base_url, endpoint.api_key


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"OPENAI_API_KEY": "a"}, (None, "a")),
        ({"API_KEY": "b"}, (None, "b")),
        ({"HF_TOKEN": "c", "OPENAI_BASE_URL": HF}, (HF, "c")),
        ({"HF_TOKEN": "c", "API_BASE_URL": "http://y"}, ("http://y", "c")),
        ({"HF_TOKEN": "c", "OPENAI_BASE_URL": "http://x"}, ("http://x", "none")),
        ({"OPENAI_API_KEY": "a", "API_KEY": "b", "HF_TOKEN": "c"}, (None, "a")),
        ({"OPENAI_API_KEY": "", "API_KEY": "b"}, (None, "b")),
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


@pytest.mark.parametrize(
    ("address", "goes"),
    [
        (HF, True),
        ("https://HuggingFace.co/v1", True),
        ("https://me.us-east-1.aws.endpoints.huggingface.cloud/v1/", True),
        ("https://huggingface.co.evil.example/v1", False),
        ("https://evil.example/huggingface.co", False),
        ("https://huggingface.co@evil.example/v1", False),
        ("https://nothuggingface.co/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_the_token_of_hugging_face_goes_there_only(address, goes):
    """Whatever address is given, others do not get it."""
    assert find({"HF_TOKEN": "c"}, address) == (address, "c" if goes else "none")


def test_the_token_of_hugging_face_alone_does_not_ask_openai():
    """What to add is said."""
    with pytest.raises(RefoldError, match=f"got only HF_TOKEN, .* add --base-url {HF}"):
        find({"HF_TOKEN": "c"})


ADDRESS, KEYED = {"OPENAI_BASE_URL": "http://x"}, {"OPENAI_API_KEY": "k"}
OTHER = {"OPENAI_BASE_URL": "http://other", "OPENAI_API_KEY": "o"}


@pytest.mark.parametrize(
    ("environment", "file", "found"),
    [
        (KEYED, {}, (None, "k")),
        ({}, KEYED, (None, "k")),
        ({}, ADDRESS | KEYED, ("http://x", "k")),
        (ADDRESS | KEYED, OTHER, ("http://x", "k")),
        (KEYED, OTHER, ("http://other", "o")),
        (ADDRESS, OTHER, ("http://x", "none")),
        ({"HF_TOKEN": "c"}, ADDRESS, ("http://x", "none")),
        ({}, ADDRESS | {"HF_TOKEN": "c"}, ("http://x", "none")),
        ({}, ADDRESS, ("http://x", "none")),
    ],
)
def test_a_key_goes_to_an_address_from_its_own_source(environment, file, found):
    """The environment's with the environment's, the file's with the file's."""
    assert find(environment, file=file) == found


@pytest.mark.parametrize("address", ["OPENAI_BASE_URL", "API_BASE_URL"])
@pytest.mark.parametrize("key", ["OPENAI_API_KEY", "API_KEY", "HF_TOKEN", "--api-key"])
def test_a_file_cannot_redirect_a_key(address, key):
    """The address of a file with the user's key is refused, or gets none."""
    environment = {} if key == "--api-key" else {key: KEY}
    option = KEY if key == "--api-key" else None
    if (address, key) == ("OPENAI_BASE_URL", "HF_TOKEN"):
        assert find(environment, None, option, {address: "http://x"}) == ("http://x", "none")
        return
    with pytest.raises(RefoldError, match=f"{address} comes from .env, but {key} from") as refused:
        find(environment, None, option, {address: "http://x"})
    assert KEY not in str(refused.value)
    assert find(environment, "https://huggingface.co", option, {address: "http://x"})[1] == KEY


def test_the_key_of_a_file_does_not_go_to_the_environments_address():
    """The other way round it is refused as well; an address on the command line decides."""
    with pytest.raises(RefoldError, match="OPENAI_BASE_URL comes from the environment, but OPENAI"):
        find(ADDRESS, file=KEYED)
    assert find({}, "http://z", file=KEYED) == ("http://z", "k")


def test_organization_and_project_belong_to_the_key_and_go_to_openai():
    """They come from the key's source, and no other API gets them."""
    ours = {"OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "proj"}
    theirs = {"OPENAI_ORG_ID": "their-org"}
    found = endpoint_of(KEYED | ours, file=theirs)
    assert (found.organization, found.project) == ("org", "proj")
    assert endpoint_of(ours, file=KEYED | theirs).organization == "their-org"
    assert endpoint_of(KEYED | ours, "https://api.openai.com/v1").project == "proj"
    assert endpoint_of(KEYED | ours, "http://z").organization is None
    with pytest.raises(RefoldError, match="OPENAI_ORG_ID: expected printable ASCII letters"):
        endpoint_of(KEYED | {"OPENAI_ORG_ID": "ö"})


def test_what_a_file_decided_is_told_by_name():
    """Names and their sources, never values; nothing if the file decided nothing."""
    settings = Settings({"MODEL_NAME": "m"}, ADDRESS | {"OPENAI_API_KEY": KEY})
    read = find_endpoint(settings, base_url=None, api_key=None, timeout=1.0, max_retries=0).settings
    told = "OPENAI_BASE_URL, OPENAI_API_KEY from .env; MODEL_NAME from the environment"
    assert describe_file(settings, read, ["m"]) == told
    assert describe_file(Settings({}, {"MODEL_NAME": "m"}), [], ["m"]) == "MODEL_NAME from .env"
    assert describe_file(Settings({"MODEL_NAME": "m"}), [], ["m"]) is None
    assert KEY not in repr(settings)
    assert KEY not in repr(read)


def test_a_model_is_named_by_agent_or_environment():
    """The agent's own wins; without any there is no model."""
    assert find_model(Settings({"MODEL_NAME": "x"}), "openai:a/b:free") == "a/b:free"
    assert find_model(Settings({"MODEL_NAME": "x"}), "openai") == "x"
    with pytest.raises(RefoldError, match="expected openai:MODEL or MODEL_NAME, got no model"):
        find_model(Settings({}), "openai")


def test_a_file_of_the_folder_counts_less_than_the_environment(tmp_path, monkeypatch):
    """``.env`` fills in what the environment leaves out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("API_BASE_URL", raising=False)
    monkeypatch.setenv("MODEL_NAME", "from-environment")
    assert read_settings().find("API_BASE_URL") is None
    (tmp_path / ".env").write_text('# mine\nexport API_BASE_URL="http://x"\nMODEL_NAME=from-file\n')
    assert read_settings().find("API_BASE_URL").value == "http://x"
    assert read_settings().find("MODEL_NAME").value == "from-environment"
    (tmp_path / ".env").write_bytes(b"HF_TOKEN=\xff\xfe")
    with pytest.raises(RefoldError, match=r"\.env: expected a readable file in UTF-8"):
        read_settings()


def test_a_file_cannot_read_other_variables(tmp_path, monkeypatch):
    """What looks like a reference stays as it is: it could be the user's secret."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_SECRET", KEY)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(
        "MODEL_NAME=m-${MY_SECRET}\nOPENAI_BASE_URL=http://x/${MY_SECRET}\n"
    )
    settings = read_settings()
    assert find_model(settings, "openai") == "m-${MY_SECRET}"
    with pytest.raises(RefoldError, match="base URL: expected http://HOST") as refused:
        find_endpoint(settings, base_url=None, api_key=None, timeout=1.0, max_retries=0)
    assert KEY not in str(refused.value)


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
