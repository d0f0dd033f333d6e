"""
Which API is asked, and which key goes there: from options, settings and ``refold.toml``.

A key goes only to an address from its own source, or to one given on the command line: a ``.env``
that came with somebody's files must not send the user's key to somebody's server. For the same
reason, a key goes to the address in a ``refold.toml`` only if the environment trusts its host.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from attrs import field, frozen

from refold.agents.api_settings import (
    ADDRESS_VARIABLES,
    COMMAND_LINE,
    ENVIRONMENT,
    FILE,
    HUGGING_FACE_KEY,
    KEY_VARIABLES,
    OPENAI_ADDRESS_VARIABLE,
    OPENAI_KEY,
    ORGANIZATION_VARIABLE,
    OTHER_ADDRESS_VARIABLE,
    OTHER_KEY,
    PROJECT,
    PROJECT_VARIABLE,
    Setting,
    Settings,
    check_ascii,
    check_key,
)
from refold.engine import RefoldError

OPENAI_ADDRESS = "https://api.openai.com/v1"
"""OpenAI's own API, asked if there is no base URL."""

_HUGGING_FACE_DOMAINS = ("huggingface.co", "huggingface.cloud")

NO_KEY = "none"
"""Sent as the key to APIs that need none; the client library insists on having one."""

TRUSTED_HOSTS = "REFOLD_API_HOSTS"
"""The variable with the hosts, after commas, that keys may go to if a ``refold.toml`` says so."""

_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


@frozen
class ProjectEndpoint:
    """The API at *base_url* that a ``refold.toml`` names, and the variable with its key, if any."""

    base_url: str
    key_variable: str | None = None


@frozen
class Endpoint:
    """
    Where requests go, with the time limit and the retries of each.

    Attributes:
        base_url: Address of the API, or None for OpenAI's own.
        api_key: The key; kept out of ``repr``.
        timeout: Time limit of one attempt, in seconds.
        max_retries: Attempts after the first.
        organization: The organization that OpenAI is to bill, or None for the key's default.
        project: The same for the project.
        settings: What of this was read from variables.
    """

    base_url: str | None
    api_key: str = field(repr=False)
    timeout: float = 120.0
    max_retries: int = 5
    organization: str | None = None
    project: str | None = None
    settings: tuple[Setting, ...] = ()

    @property
    def display_address(self) -> str:
        """The address without its secrets, for error messages."""
        return without_secrets(self.base_url) if self.base_url else "the API"


def find_endpoint(
    settings: Settings,
    *,
    base_url: str | None,
    api_key: str | None,
    timeout: float,
    max_retries: int,
    project: ProjectEndpoint | None = None,
) -> Endpoint:
    """
    Return the endpoint that options and *settings* (usually ``read_settings()``) describe.

    Options win, then the environment, then the *project*. With a base URL, the key is optional. A
    key goes only to an address from its own source or from *base_url*, and HF_TOKEN only to Hugging
    Face or to API_BASE_URL; to the project's address goes only the key that the project names, or
    *api_key*, and only if the environment trusts the host.

    Raises:
        RefoldError: There is neither a key nor a base URL, one of them is unusable, or the only
            key comes from another source than the base URL.
    """
    address = find_address(settings, base_url, project)
    key = find_key(settings, address, api_key, project)
    if key is None and address is None:
        raise RefoldError(_no_key_message(settings))
    checked = None if address is None else _check_address(address.value.strip())
    openai = checked is None or _host_of(checked) == _host_of(OPENAI_ADDRESS)
    billing = _find_billing(settings, key) if openai else ()
    billed = {each.name: check_ascii(each) for each in billing}
    return Endpoint(
        checked,
        check_key(key.value if key else NO_KEY),
        timeout,
        max_retries,
        billed.get(ORGANIZATION_VARIABLE),
        billed.get(PROJECT_VARIABLE),
        tuple(
            each
            for each in (address, key, *billing)
            if each is not None and each.source != COMMAND_LINE
        ),
    )


def find_address(
    settings: Settings, base_url: str | None, project: ProjectEndpoint | None
) -> Setting | None:
    """Return the address of the API: *base_url*, else a variable's, else the project's, or None."""
    if base_url:
        return Setting("--base-url", base_url, COMMAND_LINE)
    if found := settings.find(*ADDRESS_VARIABLES):
        return found
    return None if project is None else Setting("model.base_url", project.base_url, PROJECT)


def find_key(
    settings: Settings,
    address: Setting | None,
    api_key: str | None,
    project: ProjectEndpoint | None,
) -> Setting | None:
    """
    Return the key to send to *address*, as ``find_address`` found it; None for none.

    Raises:
        RefoldError: The only key comes from another source, or the project's host is not trusted.
    """
    if project is not None and address is not None and address.source == PROJECT:
        return _find_project_key(settings, project, api_key)
    return _find_own_key(settings, address, api_key)


def _find_project_key(
    settings: Settings, project: ProjectEndpoint, option: str | None
) -> Setting | None:
    """
    Return the key to send to the address of *project*; None for none.

    Raises:
        RefoldError: The variable that it names is not set, or the host is not trusted.
    """
    if option:
        key: Setting | None = Setting("--api-key", option, COMMAND_LINE)
    elif project.key_variable is None:
        return None
    else:
        key = settings.find(project.key_variable)
    if key is None:
        raise RefoldError(
            f"model: expected a key in {project.key_variable}, which {PROJECT} names for "
            f"{project.base_url}, got none; set the variable, or give --api-key"
        )
    host = _host_of(project.base_url)
    trusted = settings.environment.get(TRUSTED_HOSTS, "").lower().split(",")
    if host not in (*_OWN_MACHINE, *map(str.strip, trusted)):
        raise RefoldError(
            f"model: {PROJECT} sends the key in {key.name} to {host}, expected a host that the "
            f"environment trusts with keys; if you do, set {TRUSTED_HOSTS}={host}, "
            "or give the address as --base-url"
        )
    return key


def _find_own_key(
    settings: Settings, address: Setting | None, option: str | None
) -> Setting | None:
    """
    Return the key to send to *address* (None is OpenAI's own), or None for none.

    Raises:
        RefoldError: There is one, but not from the address's own source.
    """
    names = _keys_for(address)
    if option:
        given = Setting("--api-key", option, COMMAND_LINE)
        if address is not None and address.source == FILE:
            raise RefoldError(_mixed_message(given, address))
        return given
    if address is None or address.source == COMMAND_LINE:
        return settings.find(*names)
    if key := settings.find(*names, source=address.source):
        return key
    other = settings.find(*names)
    # A source that names an address of its own means its key for that one.
    if other and settings.find(*ADDRESS_VARIABLES, source=other.source) is None:
        raise RefoldError(_mixed_message(other, address))
    return None


def _keys_for(address: Setting | None) -> Sequence[str]:
    """Return the variables whose key may go to *address*, the fittest first."""
    if address is None:
        return OPENAI_KEY, OTHER_KEY
    if address.name == OTHER_ADDRESS_VARIABLE:
        return OTHER_KEY, HUGGING_FACE_KEY, OPENAI_KEY
    if not _is_hugging_face(address.value):
        return OPENAI_KEY, OTHER_KEY
    if address.name == OPENAI_ADDRESS_VARIABLE:
        return KEY_VARIABLES
    return HUGGING_FACE_KEY, OPENAI_KEY, OTHER_KEY


def _is_hugging_face(address: str) -> bool:
    host = _host_of(address.strip())
    return any(host == each or host.endswith(f".{each}") for each in _HUGGING_FACE_DOMAINS)


def _host_of(address: str) -> str:
    """Return the host of *address* in lower case, empty if it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _find_billing(settings: Settings, key: Setting | None) -> Sequence[Setting]:
    """Return the organization and the project that belong to *key*."""
    source = FILE if key is not None and key.source == FILE else ENVIRONMENT
    found = (
        settings.find(name, source=source) for name in (ORGANIZATION_VARIABLE, PROJECT_VARIABLE)
    )
    return [each for each in found if each]


def _mixed_message(key: Setting, address: Setting) -> str:
    return (
        f"model: {address.name} comes from {address.source}, but {key.name} from {key.source}, and "
        "a key goes only to an address from the same source; "
        "give the address as --base-url, or set both in one place"
    )


def _no_key_message(settings: Settings) -> str:
    if settings.find(HUGGING_FACE_KEY):
        return (
            f"model: expected a key in {OPENAI_KEY}, {OTHER_KEY} or --api-key, got only "
            f"{HUGGING_FACE_KEY}, which is for Hugging Face; "
            "add --base-url https://router.huggingface.co/v1"
        )
    return (
        f"model: expected a key in {', '.join(KEY_VARIABLES)} or --api-key, or a --base-url "
        "that needs none, got neither; `refold mock-model` gives one to try"
    )


def _check_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if (
        not usable
        or not address.isascii()
        or not address.isprintable()
        or set(address) & set(" {}")
    ):
        # An address may carry credentials in front of the host or in its query: quote neither.
        harmless = address.rpartition("@")[2].partition("?")[0]
        raise RefoldError(
            f"base URL: expected http://HOST or https://HOST and a path, got {harmless!r}; "
            f"check --base-url, {' and '.join(ADDRESS_VARIABLES)}"
        )
    return address


def without_secrets(address: str) -> str:
    """Return *address* without user, password and query, which may be secret."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
