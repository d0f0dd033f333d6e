"""What counts of options, variables and ``refold.toml``: as commands act, as `config` tells."""

import pytest
from asking import KEY, of_kind, sensible
from fault_server import BUSY, FaultServer
from shell import Shell

from refold.engine import EventLog
from refold.engine.exchanges import ModelConfigured

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "API_BASE_URL", "API_KEY", "HF_TOKEN")


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Return a shell in a folder below one in which a ``refold.toml`` may be written."""
    for name in (*VARIABLES, "REFOLD_API_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "below").mkdir()
    return Shell(tmp_path / "below")


def project(shell, text):
    """Write the ``refold.toml`` in the folder above *shell*."""
    (shell.at.parent / "refold.toml").write_text(text)


def counts(shell, name, *options, **env):
    """Return the value that counts for *name*, and where it is from."""
    rows = shell("config --json", *options, **env).json["settings"]
    return next((each["value"], each["from"]) for each in rows if each["name"] == name)


def test_each_source_hides_the_next(shell):
    """An option counts before the variable, that before the file, and that before the default."""
    assert counts(shell, "log") == ("refold.db", "default")
    project(shell, 'log = "evals/mine.db"\n')
    assert counts(shell, "log") == ("../evals/mine.db", "../refold.toml")
    assert counts(shell, "log", REFOLD_LOG="v.db") == ("v.db", "REFOLD_LOG")
    assert counts(shell, "log", "--log", "o.db", REFOLD_LOG="v.db") == ("o.db", "--log")


@pytest.mark.parametrize(
    ("name", "usual", "line", "value", "option"),
    [
        ("parallel", 1, "parallel = 3", 3, "--parallel=3"),
        ("pass_at", 0.7, "pass_at = 0.9", 0.9, "--pass-at=0.9"),
        ("max_cost", None, "max_cost = 2", 2.0, "--max-cost=2"),
        ("model.temperature", 0.0, "[model]\ntemperature = 'none'", "none", "--temperature=none"),
        ("model.max_tokens", None, "[model]\nmax_tokens = 9", 9, "--max-tokens=9"),
        ("model.seed", None, "[model]\nseed = 9", 9, "--model-seed=9"),
        ("model.history", None, "[model]\nhistory = 0", 0, "--history=0"),
        ("model.timeout", 120.0, "[model]\ntimeout = 9", 9.0, "--timeout=9"),
        ("model.max_retries", 5, "[model]\nmax_retries = 0", 0, "--max-retries=0"),
        (
            "model.action_format",
            None,
            "[model]\naction_format = 'json'",
            "json",
            "--action-format=json",
        ),
    ],
)
def test_every_setting(shell, name, usual, line, value, option):
    """The file sets it, and an option does so before it."""
    assert counts(shell, name) == (usual, "default")
    assert counts(shell, name, option) == (value, option.partition("=")[0])
    project(shell, line)
    assert counts(shell, name) == (value, "../refold.toml")


def test_commands_do_as_the_file_says(shell):
    """The log and the pass mark of commands are those of the file, found from below."""
    project(shell, 'log = "mine.db"\npass_at = 0.01\n')
    shell("record workflow/hard --agent greedy --name r")
    assert (shell.at.parent / "mine.db").exists()
    assert not list(shell.at.iterdir())
    answer = shell("report r --json").json
    assert (answer["threshold"], answer["reports"][0]["passed"]) == (0.01, 1)
    assert shell("report r --json --pass-at 0.5").json["reports"][0]["passed"] == 0


def test_mistakes_are_told_by_every_command_that_reads_it(shell):
    """One line with file, key, what was expected and got; --help works all the same."""
    project(shell, "paralel = 3\n")
    shell.refuses(
        "runs", match=r"^refold: \.\./refold\.toml \$\.paralel: expected one of the keys "
    )
    shell.refuses("config", match=r"got 'paralel'$")
    assert "default: refold.db" in shell("runs --help").out


def test_the_pass_mark_of_a_check(shell):
    """`check` takes that of its own table, else that of the project."""
    for text, mark in (("", 0.7), ("pass_at = 0.2\n", 0.2)):
        project(shell, f'{text}[check]\nlog = "x.db"\nbaseline = "b"\n')
        assert counts(shell, "pass_at")[0] == mark
    project(shell, 'pass_at = 0.2\n[check]\nlog = "x.db"\nbaseline = "b"\npass_at = 0.4\n')
    assert counts(shell, "check.pass_at") == (0.4, "../refold.toml")


def recorded(shell):
    """Return the parameters with which the newest episode asked."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return of_kind(ModelConfigured, log.events("last"))[0].parameters


def test_the_api_and_the_parameters_of_requests(shell):
    """Models are asked at the file's address, with its parameters but for those given."""
    with FaultServer(then=sensible) as server:
        project(
            shell,
            f'[model]\nbase_url = "{server.base_url}"\ntemperature = 0.5\n'
            '[model.parameters]\ntop_p = 0.9\nstop = "x"\n',
        )
        ran = shell("record inbox/easy --agent openai:m --param stop=null --param n=1")
    assert "model: model.base_url from refold.toml" in ran.err
    asked = recorded(shell)
    assert (asked["temperature"], asked["top_p"], asked["n"]) == (0.5, 0.9, 1)
    assert "stop" not in asked
    assert not any(KEY in str(sent) for sent in server.keys)


def test_resuming_asks_as_before_whatever_the_file_says(shell):
    """Only options that are given change what was recorded; the project's defaults do not."""
    with FaultServer(then=BUSY) as down:
        url = ("--base-url", down.base_url, "--max-retries", "0")
        shell("record inbox/easy --agent openai:m --name f --temperature 0.25", *url, code=1)
    project(shell, "[model]\ntemperature = 1\n[model.parameters]\ntop_p = 0.5\n")
    with FaultServer(then=sensible) as server:
        shell("resume f --failed", "--base-url", server.base_url)
    assert recorded(shell)["temperature"] == 0.25
    assert "top_p" not in recorded(shell)


def test_a_key_goes_only_to_hosts_that_the_environment_trusts(shell):
    """A file that came with others' files has no key sent anywhere; nor does it show one."""
    project(shell, '[model]\nbase_url = "https://api.invalid/v1"\nkey_variable = "MY_KEY"\n')
    run = "record inbox/easy --agent openai:m"
    shell.refuses(
        run, match=r"expected a key in MY_KEY, which refold\.toml names for https://api\.inv"
    )
    refused = (
        r"sends the key in MY_KEY to api\.invalid, expected a host .* REFOLD_API_HOSTS=api\.inval"
    )
    shell.refuses(run, match=refused, MY_KEY=KEY)
    shell.refuses(f"{run} --api-key {KEY}", match=r"sends the key in --api-key to api\.invalid")
    trusted = {"MY_KEY": KEY, "REFOLD_API_HOSTS": "other, API.invalid"}
    assert counts(shell, "model.key", **trusted) == ("set", "MY_KEY")
    for words in ("config", "config --json"):
        ran = shell(words, **trusted)
        assert KEY not in ran.out + ran.err


def test_a_key_for_this_machine(shell):
    """A server on loopback is sent the key that the file names, and no other."""
    with FaultServer(then=sensible) as server:
        project(shell, f'[model]\nbase_url = "{server.base_url}"\n')
        shell("record inbox/easy --agent openai:m", OPENAI_API_KEY=KEY)
        assert KEY not in "".join(map(str, server.keys))
        project(shell, f'[model]\nbase_url = "{server.base_url}"\nkey_variable = "MY_KEY"\n')
        shell("record inbox/easy --agent openai:m", MY_KEY=KEY)
        assert KEY in str(server.keys[-1])


def test_a_prompt_of_the_project_is_none_of_other_agents(shell):
    """The file's `system` is for models; an agent that reads no prompt plays all the same."""
    project(shell, '[model]\nsystem = "told.txt"\n')
    (shell.at.parent / "told.txt").write_text("Be brief.")
    shell("record inbox/easy --agent baseline")
    shell.refuses("record inbox/easy --agent baseline --system x", match="expected a model as the")


def test_what_people_see(shell):
    """A line for each setting; without a file that is said, on stderr."""
    ran = shell("config")
    assert ran.err == "no refold.toml in this folder or above\n"
    assert [line.split() for line in ran.out.splitlines()][:2] == [
        ["setting", "value", "from"],
        ["log", "refold.db", "default"],
    ]
    project(shell, '[prices.m]\ninput = 1\noutput = 2\n[labels.tone]\nvalues = ["a", "b"]\n')
    lines = [" ".join(line.split()) for line in shell("config").out.splitlines()]
    assert 'prices.m {"input":1.0,"output":2.0} ../refold.toml' in lines
    assert 'labels.tone ["a","b"] ../refold.toml' in lines
