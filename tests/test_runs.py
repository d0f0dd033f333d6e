from statistics import fmean

import click
import pytest
from recorded_runs import ask, record, shown

from refold.commands.report import report_command
from refold.engine import Episode, EpisodeInfo
from refold.graders import grade
from refold.scenarios import load

EASY = load("workflow/easy")


def test_runs_are_listed_newest_first(log):
    """Name, agents, scenarios, counts, mean of scenario means, first start and last end."""
    first = record(log, "old", "greedy", ["workflow/easy"])
    more = record(log, "old", "random", ["inbox/easy"], epochs=3)
    record(log, "new", "noop", ["workflow/easy"])
    new, old = ask("runs", log)[0]["runs"]
    scores = [[grade(log.events(id)).score for id in ids] for ids in (first, more)]
    infos = [log.find(id) for id in (*first, *more)]
    assert new["name"] == "new"
    assert old == {
        "name": "old",
        "agents": ["greedy", "random"],
        "scenarios": ["workflow/easy", "inbox/easy"],
        "episodes": 4,
        "ended": 4,
        "excluded": 0,
        "exclusions": {},
        "mean": pytest.approx(fmean(map(fmean, scores))),
        "started_at": min(info.started_at for info in infos),
        "ended_at": max(info.ended_at for info in infos),
    }


def test_episodes_that_do_not_count_are_counted(log):
    """Ended are those with an end; excluded those without, and those that the API's faults cut."""
    record(log, "r", "greedy", ["workflow/easy"])
    Episode.start(EASY, log=log, run="r")
    Episode.start(EASY, log=log, run="r").truncate("instrument_failed")
    (run,) = ask("runs", log)[0]["runs"]
    assert (run["episodes"], run["ended"], run["excluded"]) == (3, 2, 2)
    assert run["exclusions"] == {"not_ended": 1, "instrument_failed": 1}
    assert run["mean"] == 0.9


def test_episodes_outside_of_runs_share_a_line(log):
    """They have an empty name, shown as a dash."""
    Episode.start(EASY, log=log)
    (run,) = ask("runs", log)[0]["runs"]
    assert (run["name"], run["mean"], run["ended_at"]) == ("", None, None)
    assert "\n- " in shown("runs", log)[0]


def test_times_are_the_first_and_the_last(log):
    """Episodes may lie in a log in another order than that in which they were played."""
    payloads = Episode.start(EASY).events.payloads
    for began, ended in (("2026-01-02", "2026-01-09"), ("2026-01-01", "2026-01-08")):
        info = EpisodeInfo(
            f"e{began}", "workflow/easy", 42, run="r", started_at=began, ended_at=ended
        )
        log.begin(info, payloads, end=True)
    (run,) = ask("runs", log)[0]["runs"]
    assert (run["started_at"], run["ended_at"]) == ("2026-01-01", "2026-01-09")


def test_limit_shows_the_newest(log):
    """``--limit N`` shows N, 0 all."""
    for run in "abc":
        Episode.start(EASY, log=log, run=run)
    for limit, names in (("2", "cb"), ("0", "cba")):
        listed = ask("runs", log, "--limit", limit)[0]["runs"]
        assert "".join(run["name"] for run in listed) == names


def test_hostile_names_steer_no_terminal(log):
    """Run, agent and scenario are shown with escapes made visible."""
    Episode.start(EASY, log=log, run="\x1b[2Jrun", agent="\x1b]0;agent\x07")
    text, _ = shown("runs", log)
    assert "<U+001B>[2Jrun" in text
    assert "agent<U+0007>" in text
    assert "\x1b" not in text


def test_run_names_complete(log):
    """At a touch of the tab key, the names of the log that fit are offered, newest first."""
    for run in ("dice", "bold", "dice2", ""):
        Episode.start(EASY, log=log, run=run)
    argument = report_command.params[0]
    context = click.Context(report_command)
    context.params["log_path"] = log.path
    offered = [item.value for item in argument.shell_complete(context, "di")]
    assert offered == ["dice2", "dice"]
    context.params["log_path"] = f"{log.path}.missing"
    assert argument.shell_complete(context, "di") == []


def test_the_mean_is_that_of_the_report(log):
    """Worlds that were played more often than others count no more, in both."""
    record(log, "r", "random", ["inbox/easy"], epochs=2)
    again = next(log.episodes(run="r")).seed
    for number in range(3):
        episode = Episode.start(load("inbox/easy"), log=log, run="r", seed=again, epoch=2 + number)
        while not episode.over:
            episode.step({"type": "archive"})
    (run,) = ask("runs", log)[0]["runs"]
    report = ask("report", log, "r")[0]
    assert run["mean"] == pytest.approx(report["mean"])
    scores = [grade(log.events(info.id)).score for info in log.episodes(run="r")]
    assert run["mean"] != pytest.approx(fmean(scores))
