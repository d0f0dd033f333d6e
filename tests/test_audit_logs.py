"""``refold audit`` of logs: figures of saved runs, against what can be reckoned by hand."""

from shutil import copyfile
from statistics import fmean, pvariance, variance

import pytest
from auditing import by_subject, failed
from forging import alter
from recorded_runs import record
from shell import Shell

from refold.audits.targets import find_targets
from refold.engine import Episode, EventLog
from refold.graders import grade
from refold.reports.paired import difference_here
from refold.scenarios import load

HARD = "runs.db: workflow/hard"
MAIL = "runs.db: inbox/hard"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with a log: two agents in the same worlds, dice twice in each."""
    folder = tmp_path_factory.mktemp("saved")
    with EventLog(folder / "runs.db") as log:
        record(log, "dice", "random", ["workflow/hard", "inbox/hard"], epochs=6)
        record(log, "again", "random", ["workflow/hard"], epochs=3, same_seed=True)
        record(log, "steady", "greedy", ["workflow/hard"], epochs=6)
        record(log, "steady", "baseline", ["inbox/hard"], epochs=6)
        Episode.start(load("inbox/hard"), log=log, agent="idle")  # never ends
        first = next(log.episodes())
        Episode.fork(log.events(first.id), 2, log=log, parent=first.id, agent="fork")
    return folder


@pytest.fixture(scope="module")
def shell(made):
    """Return a shell in that folder."""
    return Shell(made)


@pytest.fixture(scope="module")
def found(shell):
    """Return the findings of all its runs."""
    return shell("audit runs.db --json", code=1).json["findings"]


@pytest.fixture(scope="module")
def scores(made):
    """Return the scores in the log by scenario, agent and seed."""
    table = {}
    with EventLog(made / "runs.db", readonly=True) as log:
        for info in log.episodes():
            if info.ended and info.parent is None:
                seeds = table.setdefault(info.scenario, {}).setdefault(info.agent, {})
                seeds.setdefault(info.seed, []).append(grade(log.events(info.id)).score)
    return table


@pytest.mark.slow
def test_a_folder_of_logs_is_audited_as_one(made, tmp_path):
    """Two logs in a folder are audited as their merger is."""
    shell = Shell(tmp_path)
    (tmp_path / "logs").mkdir()
    copyfile(made / "runs.db", tmp_path / "logs" / "a.db")
    shell("record workflow/hard --agent greedy --epochs 2 --name more --log logs/b.db")
    shell("merge logs/a.db logs/b.db -o merged.db")
    folder, merged = (
        shell(f"audit {name} --json", code=1).json["findings"] for name in ("logs", "merged.db")
    )
    named = [each["subject"].replace("merged.db", "logs") for each in merged]
    assert [each["subject"] for each in folder] == named
    assert [each["value"] for each in folder] == [each["value"] for each in merged]


def test_a_family_is_no_folder(tmp_path, monkeypatch):
    """Even where a folder is called so, the name is that of the family."""
    (tmp_path / "inbox").mkdir()
    monkeypatch.chdir(tmp_path)
    found = find_targets("inbox", seed=None, seeds=1, run=None)
    assert [each.name for each in found] == ["inbox/easy", "inbox/medium", "inbox/hard"]


def mean(seeds):
    return fmean(map(fmean, seeds.values()))


def test_headroom_and_reachability(found, scores):
    """The best agent's mean over worlds, and the best run, against ceiling and pass mark."""
    agents = scores["workflow/hard"]
    best = max(map(mean, agents.values()))
    assert by_subject(found, "statistical.headroom")[HARD]["value"] == pytest.approx(0.99 - best)
    highest = max(score for seeds in agents.values() for each in seeds.values() for score in each)
    reach = by_subject(found, "statistical.reward_reachability")[HARD]
    assert (reach["value"], reach["bound"], reach["verdict"]) == (highest, 0.7, "fail")
    assert "with 95 % confidence" in reach["about"]


def test_noise(found, scores):
    """The variance within worlds that an agent has played again, as a share of that of all."""
    worlds = [each for seeds in scores["workflow/hard"].values() for each in seeds.values()]
    (again,) = (each for each in worlds if len(each) > 1)
    share = variance(again) / pvariance([score for each in worlds for score in each])
    noise = by_subject(found, "statistical.variance_bound")
    assert noise[HARD]["value"] == pytest.approx(share)
    assert noise[MAIL]["verdict"] == "skip"


def test_separation(found, scores):
    """The lower end of the interval of the difference in worlds that both have played."""
    ordered = sorted(scores["inbox/hard"].values(), key=mean)
    apart = [fmean(ordered[-1][seed]) - fmean(ordered[0][seed]) for seed in ordered[0]]
    apart_by = by_subject(found, "statistical.difficulty_separation")[MAIL]
    assert apart_by["value"] == pytest.approx(difference_here([apart]).low)
    assert apart_by["verdict"] == "pass"


def test_criteria(found):
    """What never pays, never varies, or pays for nothing in these runs is named, and shown."""
    assert failed(found, "criteria.vacuous")[f"{MAIL}, reply_quality"] == 1.0
    assert failed(found, "criteria.constant")[f"{MAIL}, completion"] == 0.0
    dead = failed(found, "criteria.dead")
    assert dead[f"{HARD}, monitoring_patience"] == 0.0
    assert set(dead) & set(failed(found, "criteria.constant")) == set()
    assert by_subject(found, "criteria.discrimination")[f"{HARD}, completion"]["value"] > 0.1


def test_episodes_are_those_of_the_log(shell, found):
    """What shows a finding is named with the log that holds it; nothing is recorded anywhere."""
    ids = set(shell.ids("--log", "runs.db"))
    named = [each for each in found if each["episode"]]
    assert {each["episode"] for each in named} <= ids
    assert {each["look"] for each in named} == {
        f"refold replay {each['episode']} --log runs.db" for each in named
    }
    assert not (shell.at / "refold.db").exists()


def test_one_run(shell):
    """Only the episodes of a run count where one is named, by a unique beginning too."""
    told = shell("audit runs.db --run stead --json", code=1).json["findings"]
    reach = by_subject(told, "statistical.reward_reachability")
    assert list(reach) == ["runs.db run steady: workflow/hard", "runs.db run steady: inbox/hard"]
    assert "the best of 6 runs is of 'greedy'" in next(iter(reach.values()))["about"]
    apart = by_subject(told, "statistical.difficulty_separation")
    assert {each["verdict"] for each in apart.values()} == {"skip"}


def test_what_audits_recorded_does_not_count(made, tmp_path, found):
    """The episodes of an audit in the same log move no figure."""
    copyfile(made / "runs.db", tmp_path / "runs.db")
    shell = Shell(tmp_path)
    shell("audit inbox/hard --seeds 1 --only statistical --log runs.db", code=1)
    assert shell("audit runs.db --json", code=1).json["findings"] == found


def test_a_run_that_was_changed(made, tmp_path):
    """A run that is not what the rules decide, and one that is damaged, cannot be played again."""
    shell = Shell(tmp_path)
    words = "audit runs.db --only semantic.replayability --json"
    copyfile(made / "runs.db", tmp_path / "runs.db")
    assert shell(words).json["verdict"] == "1 passed"
    id = shell.ids("--log", "runs.db")[0]
    sql = "UPDATE events SET payload = replace(payload, '\"step\":1,', '\"step\":2,') WHERE seq > 4"
    alter(tmp_path / "runs.db", (sql,))
    (sound, damaged) = shell(words, code=1).json["findings"]
    assert (sound["verdict"], damaged["verdict"]) == ("pass", "fail")
    assert damaged["value"] >= 1
    assert damaged["episode"] == id
