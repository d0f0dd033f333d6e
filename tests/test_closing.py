"""The last words of `record` and `resume`: what came of the run, and what to do next."""

import re

import pytest
from asking import sensible
from fault_server import FaultServer, refuses
from shell import Shell

from refold.commands.shared.formatting import format_duration, format_tokens


@pytest.fixture
def shell(tmp_path, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "API_BASE_URL", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path)


def closing(ran):
    """Return the lines after the table of *ran*, without the time that it took."""
    lines = ran.out.splitlines()
    start = next(place for place, line in enumerate(lines) if re.match(r"\S+: \d+ ", line))
    return [re.sub(r", [\d.]+ s\.$", ", S.", line) for line in lines[start:]]


def commands(ran):
    """Return the commands that *ran* proposes."""
    lines = ran.err.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("next: refold "))
    return [line[6:] for line in lines[start:]]


def test_figures_and_lowest(shell):
    """The figures are those of `report`, to three places; the lowest episode is named."""
    ran = shell("record workflow/hard --agent random --epochs 3 --name r")
    report = shell("report r --json").json["reports"][0]
    low, high = report["score"]["low"], report["score"]["high"]
    figures, lowest = closing(ran)
    assert figures == (
        f"r: 3 episodes, mean {report['score']['mean']:.3f} (95 % {low:.3f} to {high:.3f}), "
        f"{report['passed']} of 3 passed, S."
    )
    rows = shell("episodes --run r --json").json["episodes"]
    worst = min(rows, key=lambda row: row["score"])
    assert lowest == (
        f"lowest: {worst['score']:.3f} workflow/hard seed {worst['seed']}, {worst['id'][:8]}: "
        f"{worst['verdict']}"
    )


def test_several_scenarios(shell):
    """The mean is that of the scenarios' means, as in `report`."""
    ran = shell("record inbox --agent baseline --epochs 2 --name r")
    score = shell("report r --json").json["score"]
    assert f"6 episodes, mean {score['mean']:.3f} (95 % {score['low']:.3f} to" in closing(ran)[0]


def test_equal_scores_have_no_lowest(shell):
    """Where all are equal, none is picked out."""
    assert len(closing(shell("record inbox/easy --agent baseline --epochs 3 --name r"))) == 1


def test_the_next_commands_work(shell):
    """Each can be run as it is printed, and the run before is compared with."""
    shell("record inbox/easy --agent random --epochs 2 --name before")
    shell("record inbox/easy --agent random --epochs 2 --seed 9 --name other")
    ran = shell("record inbox/easy --agent random --epochs 2 --name 'my run'")
    report, show, compare = commands(ran)
    assert report == "refold report 'my run'"
    assert compare == "refold compare before 'my run'"
    for each in (report, show, compare):
        shell(each.removeprefix("refold "))


def test_the_log_is_named_if_it_was(shell):
    """A log from the command line stands in the next commands; one from a variable counts on."""
    ran = shell("record inbox/easy --agent baseline --name a --log 'x y.db'")
    assert all(each.endswith(" --log 'x y.db'") for each in commands(ran))
    ran = shell("record inbox/easy --agent baseline --name b", REFOLD_LOG="x y.db")
    assert not any("--log" in each for each in commands(ran))


def test_the_pass_mark_is_that_of_the_project(shell):
    """An episode at its mark passes."""
    (shell.at / "refold.toml").write_text("pass_at = 0.9\n")
    ran = shell("record inbox/easy --agent baseline --name a")
    assert "score 0.875, not passed" in closing(ran)[0]


def test_tokens_and_cost(shell):
    """Models' tokens stand in the figures, and what they cost if that is known."""
    with FaultServer(then=sensible) as server:
        run = f"record inbox/easy --agent openai:m --epochs 2 --base-url {server.base_url}"
        figures = closing(shell(f"{run} --name a"))[0]
        assert re.search(r"2 of 2 passed, 6 k tokens, S\.$", figures)
        figures = closing(shell(f"{run} --name b --price 1000000,0"))[0]
    costs = shell("report b --json --price 1000000,0").json["costs"]
    assert f" k tokens, ${costs['cost']:.2f}, S." in figures


def test_failures_of_the_api(shell):
    """What does not count is said, with its causes and the command that plays it again."""
    busy = refuses(503, "overloaded")
    with FaultServer(*[busy] * 2, then=sensible) as server:
        run = "record inbox/easy --agent openai:m --epochs 5 --max-retries 0 --name night-2"
        ran = shell(f"{run} --base-url {server.base_url}", code=1)
    assert closing(ran)[0].startswith("night-2: 3 of 5 episodes counted, mean ")
    assert "2 not counted: the model's API kept failing (2 × overloaded)\n" in ran.err
    assert commands(ran)[:2] == ["refold resume night-2 --failed", "refold report night-2"]
    with FaultServer(then=sensible) as server:
        ran = shell(f"resume night-2 --failed --base-url {server.base_url}")
    assert closing(ran)[0].startswith("night-2: 5 episodes, mean ")
    assert commands(ran)[0] == "refold report night-2"


def test_json_stays_json(shell):
    """With --json stdout is the object alone, and stderr says only what has to be mended."""
    ran = shell("record inbox/easy --agent baseline --name a --json")
    assert (len(ran.json["episodes"]), ran.err) == (1, "")
    with FaultServer(then=refuses(503)) as server:
        run = "record inbox/easy --agent openai:m --max-retries 0 --name b --json"
        ran = shell(f"{run} --base-url {server.base_url}", code=1)
    assert commands(ran) == ["refold resume b --failed"]


def test_an_episode_without_an_end(shell):
    """It does not count, and can go on."""
    (shell.at / "wait.toml").write_text('actions = [{ action_type = "wait" }]\n')
    ran = shell("record workflow/easy --agent script:wait.toml --name a")
    assert closing(ran) == ["a: 0 of 1 episode counted, S."]
    assert commands(ran) == ["refold resume a"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (16.4, "16 s"),
        (59.6, "1 min 0 s"),
        (370, "6 min 10 s"),
        (3599.9, "1 h 0 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_times(seconds, words):
    """Two units at most."""
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (999, "999"), (1000, "1 k"), (31_400, "31 k"), (999_499, "999 k"), (4.7e6, "4.7 M")],
)
def test_tokens(number, words):
    """Thousands and millions, without false precision."""
    assert format_tokens(int(number)) == words
