import re
import socket
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from shell import Shell

from refold.engine import RefoldError
from refold.server.sessions.tasks import load_catalogue
from refold.server.settings import ServerSettings

ROOT = Path(__file__).parents[1]
BLOCKED = """
import sys
sys.modules["fastapi"] = None
from refold.cli import main
main()
"""


@pytest.fixture
def shell(tmp_path):
    """Return a shell in an empty folder."""
    return Shell(tmp_path)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("serve --host 0.0.0.0", "expected --token, or --public"),
        ("serve --token short", "16 or more"),
        ("serve --scenario nope", "scenario: expected a known name|expected one of"),
        ("serve --port 99999", "99999"),
        ("serve --log no/such/folder.db", "expected an existing folder"),
    ],
)
def test_what_cannot_be_served(shell, words, match):
    """It is refused on one line, before anything listens."""
    shell.refuses(words, match=match)


def test_an_address_that_is_taken(shell):
    """It is refused in words, with the address, and leaves no new log."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        ran = shell(f"serve --port {port}", code=2)
    assert f"--port {port}: expected a free address" in ran.err
    assert not shell.files()


@pytest.mark.slow
def test_without_the_extra(shell):
    """The packages that it needs are named, which works wherever refold was installed from."""
    ran = shell.program("serve", code=2, script=BLOCKED)
    assert "got no fastapi; install it with: pip install 'fastapi>=" in ran.err
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    packages = [re.split("[ ;>]", each)[0] for each in extra["server"]]
    assert re.findall("'([a-z-]+)>=", ran.err) == packages


def test_settings_from_the_environment():
    """Every kind of value is read; a wrong one is refused by its variable's name."""
    found = ServerSettings.from_environment(
        {"PORT": "9", "REFOLD_PUBLIC": "yes", "REFOLD_HOSTS": "a.example, b.example", "HOST": ""}
    )
    assert (found.port, found.public, found.host) == (9, True, "127.0.0.1")
    assert found.hosts == ("a.example", "b.example")
    assert found.rate_limit == 1000.0
    assert ServerSettings().rate_limit == 0.0
    with pytest.raises(RefoldError, match="PORT: expected another value, got 'x'"):
        ServerSettings.from_environment({"PORT": "x"})


@pytest.mark.slow
def test_the_script_for_servers(tmp_path):
    """``python -m refold.server.app`` refuses in words as well."""
    environment = {"HOST": "0.0.0.0", "PATH": "", "REFOLD_LOG": str(tmp_path / "log.db")}  # noqa: S104
    ran = subprocess.run(
        [sys.executable, "-m", "refold.server.app"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("server: --host 0.0.0.0: expected --token")


@pytest.mark.parametrize(
    ("served", "default", "task"),
    [
        ((), None, "workflow/easy"),
        ((), "hard", "workflow/hard"),
        ((), "email-triage-hard", "inbox/hard"),
        (("inbox",), None, "inbox/easy"),
        (("inbox",), "hard", "inbox/hard"),
    ],
)
def test_the_default_task(served, default, task):
    """It goes by the names that a reset takes, and is among what is served."""
    assert load_catalogue(served, default).default.name == task


def test_a_default_that_is_not_served_is_an_error(shell):
    """Never is another task served in its place."""
    for words in ("--default nope", "--default workflow/easy --scenario inbox"):
        ran = shell(f"serve --port 0 {words}", code=2)
        assert "default task: expected one of inbox/easy, inbox/" in ran.err
