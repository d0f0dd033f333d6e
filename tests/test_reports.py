from statistics import fmean
from weakref import ref

import pytest
from recorded_runs import ask, called, record, shown, unanswered

from refold.agents import make_policy, play
from refold.engine import Episode, RefoldError
from refold.engine.exchanges import ActionForfeited, ReplyUnread
from refold.graders import grade
from refold.reports import find_run, read_outcomes, report_run
from refold.reports.statistics import (
    clustered_pass_interval,
    mean_interval,
    pass_at_k,
    pass_hat_k,
    pass_interval,
)
from refold.reports.usage import usage_of
from refold.scenarios import load

EASY, MAIL = load("workflow/easy"), load("inbox/easy")
WAIT = {"action_type": "wait"}
EVIL = "\x1b[31mevil\u202e"


def scores(log, ids):
    """Return the score of each of *ids*."""
    return [grade(log.events(id)).score for id in ids]


def asked(log, events, *, run="m", scenario=EASY, end=None):
    """Record an episode with model events before its only step; *end* cuts it off."""
    episode = Episode.start(scenario, log=log, agent="openai:m", run=run, epoch=log.count())
    episode.step(episode.legal_actions[0], *events)
    if end:
        episode.truncate(end)
    return episode


def asked_again(log, seed):
    """Play the same world three times, the last time badly, and return the ids."""
    ids = []
    for epoch, agent in enumerate(["greedy", "greedy" if seed > 1 else "noop", "noop"]):
        episode = Episode.start(EASY, log=log, agent="m", run="again", seed=seed, epoch=epoch)
        play(episode, make_policy(agent, episode.family, seed=seed))
        ids.append(episode.id)
    return ids


def test_scores_of_a_run(log):
    """Each scenario has n, mean, interval, passes and steps, as the statistics have them."""
    ids = record(log, "dice", "random", ["workflow/easy"], epochs=6)
    record(log, "other", "noop", ["workflow/easy"])
    answer, code = ask("report", log, "dice", "--pass-at", "0.5", "-k", "2,6,7")
    (row,) = answer["reports"]
    found = scores(log, ids)
    passed = sum(score >= 0.5 for score in found)
    assert 0 < passed < 6
    assert code == 0
    assert (answer["run"], answer["threshold"], answer["confidence"]) == ("dice", 0.5, 0.95)
    assert (row["scenario"], row["agents"], row["episodes"]) == ("workflow/easy", ["random"], 6)
    assert (row["counted"], row["passed"], row["exclusions"]) == (6, passed, {})
    interval = mean_interval(found, bounds=(0.01, 0.99))
    assert row["score"]["mean"] == answer["mean"] == pytest.approx(fmean(found))
    assert (row["score"]["low"], row["score"]["high"]) == (interval.low, interval.high)
    assert row["pass_rate"]["low"] == pass_interval(passed, 6).low
    assert row["pass_at_k"] == {"2": pass_at_k(6, passed, 2), "6": 1, "7": None}
    assert row["pass_hat_k"] == {"2": pass_hat_k(6, passed, 2), "6": 0, "7": None}
    assert row["steps"] == fmean(log.find(id).steps for id in ids)
    assert row["costs"] is None


def test_a_score_at_the_threshold_passes(log):
    """An episode passes from the threshold on."""
    record(log, "one", "greedy", ["workflow/easy"])
    for threshold, passed in (("0.9", 1), ("0.9001", 0)):
        answer, _ = ask("report", log, "one", "--pass-at", threshold)
        assert answer["reports"][0]["passed"] == passed


def test_mean_of_a_run_is_that_of_its_scenarios(log):
    """Scenarios count alike, however many of their episodes count."""
    first = record(log, "r", "greedy", ["workflow/easy"])
    second = record(log, "r", "greedy", ["workflow/hard"], epochs=3)
    answer, _ = ask("report", log, "r")
    means = fmean(scores(log, first)), fmean(scores(log, second))
    assert answer["mean"] == pytest.approx(fmean(means))


def test_scores_come_from_the_events(log):
    """What was saved in the log as a grade is not believed."""
    (id,) = record(log, "r", "greedy", ["workflow/easy"])
    given = grade(log.events(id))
    rubric = (given.rubric.name, given.rubric.version, given.rubric.digest)
    false = given.to_json().replace(b"0.9", b"0.1")
    log.save_grade(id, digest=given.episode_digest, rubric=rubric, score=0.1, grade=false)
    answer, _ = ask("report", log, "r")
    assert answer["reports"][0]["score"]["mean"] == 0.9


def test_excluded_episodes_count_in_no_score(log):
    """API faults and missing ends are told by reason; a failure of the model counts."""
    (id,) = record(log, "m", "greedy", ["workflow/easy"])
    asked(log, [], end="instrument_failed")
    asked(log, [], end="instrument_failed")
    asked(log, [])
    failed = asked(log, [], end="no_action")
    (row,) = ask("report", log, "m")[0]["reports"]
    assert row["exclusions"] == {"instrument_failed": 2, "not_ended": 1}
    assert (row["episodes"], row["counted"], row["score"]["n"]) == (5, 2, 2)
    assert row["score"]["mean"] == pytest.approx(fmean(scores(log, [id, failed.id])))


def test_a_run_without_a_score_is_reported(log):
    """Where nothing counts, there is no mean, rather than 0."""
    asked(log, [called()], end="instrument_failed")
    answer, code = ask("report", log, "m")
    (row,) = answer["reports"]
    assert code == 0
    assert answer["mean"] is row["score"] is row["pass_rate"] is row["steps"] is None
    assert row["costs"]["requests"] == 1
    assert "instrument_failed" in shown("report", log, "m")[0]


def test_costs_by_hand(log):
    """Tokens, cost, latency and faults are sums over all episodes, excluded ones too."""
    asked(log, [called((1000, 10), ms=100), called((500, 20), ms=300, faults=["status"])])
    asked(log, [unanswered(ms=9000, faults=["timeout", "status"])], end="instrument_failed")
    answer, _ = ask("report", log, "m", "--price", "2,30")
    (row,) = answer["reports"]
    assert row["costs"] == {
        "requests": 3,
        "unanswered": 1,
        "input": 1500,
        "output": 30,
        "unmetered": 0,
        "cost": pytest.approx(1500 * 2e-6 + 30 * 30e-6),
        "latency": {"mean_ms": 200.0, "p95_ms": 300},
        "faults": {"status": 2, "timeout": 1},
    }
    assert answer["costs"] == row["costs"]
    assert ask("report", log, "m")[0]["costs"]["cost"] is None


def test_p95_is_the_nearest_rank(log):
    """Of 40 answers the 38th in order of time is the 95th percentile."""
    asked(log, [called(ms=ms) for ms in range(40, 0, -1)])
    assert ask("report", log, "m")[0]["costs"]["latency"]["p95_ms"] == 38


def test_costs_of_several_scenarios_add_up(log):
    """The run's costs are those of all its scenarios."""
    asked(log, [called((10, 1), ms=10)])
    asked(log, [called((20, 2), ms=30)], scenario=MAIL)
    answer, _ = ask("report", log, "m", "--price", "1000000,0")
    assert [row["costs"]["cost"] for row in answer["reports"]] == [10, 20]
    assert (answer["costs"]["cost"], answer["costs"]["latency"]["mean_ms"]) == (30, 20)


def test_tokens_that_the_api_did_not_tell_are_counted_as_missing(log):
    """A cost without them is shown as a lower bound."""
    asked(log, [called(None), called((100, 10))])
    answer, _ = ask("report", log, "m")
    assert (answer["costs"]["unmetered"], answer["costs"]["input"]) == (1, 100)
    text, _ = shown("report", log, "m", "--price", "1,1")
    assert "≥ 100" in text
    assert "≥ $0.0001" in text


def test_failures_of_the_model_are_counted(log):
    """Unread answers and forfeited steps are told apart."""
    unread = [ReplyUnread("no JSON", "?"), ReplyUnread("no JSON", "?")]
    asked(log, [called(), *unread, ActionForfeited("unreadable")])
    (row,) = ask("report", log, "m")[0]["reports"]
    assert (row["unread"], row["forfeited"]) == (2, 1)


def test_inbox_reports_tell_risk_delay_and_efficiency(log):
    """They are the sums and means of the grades' diagnostic numbers."""
    ids = record(log, "dice", "random", ["inbox/hard"], epochs=5)
    grades = [grade(log.events(id)).counts for id in ids]
    (row,) = ask("report", log, "dice")[0]["reports"]
    for name in ("risky_actions", "late_sla_violations", "efficiency"):
        total = sum(counts[name] for counts in grades)
        assert total > 0
        assert row["counts"][name] == {
            "total": pytest.approx(total),
            "mean": pytest.approx(total / 5),
        }
        assert name in shown("report", log, "dice")[0]


def test_hostile_names_steer_no_terminal(log):
    """Names from a log are shown with what could steer a terminal made visible."""
    episode = Episode.start(EASY, log=log, agent=EVIL, run=EVIL)
    episode.truncate("instrument_failed")
    for words in (["last"], ["last", "--json"]):
        text, _ = shown("report", log, *words)
        assert "evil" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_streams_are_dropped_as_they_are_read(log):
    """However long a run is, few of its streams are in memory at once."""
    record(log, "dice", "random", ["workflow/easy"], epochs=20)
    streams, alive = [], []

    def watched():
        for outcome, stream in read_outcomes(log, run="dice"):
            streams.append(ref(stream))
            alive.append(sum(each() is not None for each in streams))
            yield outcome, usage_of(stream)

    report_run(watched(), pass_at=0.5, ks=[1])
    assert len(alive) == 20
    assert max(alive) <= 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--price", "1"], "expected IN,OUT"),
        (["-k", "0"], "expected numbers from 1 on"),
        (["-k", "x"], "expected numbers from 1 on"),
        (["--pass-at", "1.5"], "expected a number from 0 to 1, got '1.5'"),
    ],
)
def test_bad_options_are_refused(log, words, message):
    """Each in one line that says what was expected."""
    with pytest.raises(Exception, match=message):
        shown("report", log, "r", *words)


def test_runs_are_found_by_name_prefix_and_last(log):
    """A whole name wins over a prefix; ``last`` is the run that began an episode last."""
    for run in ("dice", "dice2", "bold"):
        Episode.start(EASY, log=log, run=run)
    Episode.start(EASY, log=log)
    assert [find_run(log, each) for each in ("dice", "dice2", "b", "last")] == [
        "dice",
        "dice2",
        "bold",
        "bold",
    ]
    with pytest.raises(RefoldError, match=r"run 'd': .* got one of 'dice2', 'dice'"):
        find_run(log, "d")
    with pytest.raises(RefoldError, match=r"run 'x': .* got none that fits; `refold runs`"):
        find_run(log, "x")


def test_repeated_worlds_are_no_more_evidence(log):
    """Mean and passes take the repetitions of a seed together; of one seed they are the units."""
    ids = {seed: asked_again(log, seed) for seed in (1, 2, 3)}
    (row,) = ask("report", log, "again", "--pass-at", "0.5")[0]["reports"]
    groups = [scores(log, of_seed) for of_seed in ids.values()]
    clusters = [(sum(score >= 0.5 for score in group), 3) for group in groups]
    interval = mean_interval([fmean(group) for group in groups], bounds=(0.01, 0.99))
    passes = clustered_pass_interval(clusters)
    assert (row["score"]["low"], row["score"]["high"]) == (interval.low, interval.high)
    assert (row["pass_rate"]["low"], row["pass_rate"]["high"]) == (passes.low, passes.high)
    assert row["score"]["n"] == row["counted"] == 9

    record(log, "one", "random", [EASY], epochs=4, same_seed=True)
    (row,) = ask("report", log, "one")[0]["reports"]
    assert row["pass_rate"]["method"] == "clopper_pearson"


def test_mean_of_scenarios_speaks_of_others(log):
    """Its interval knows scenarios only, and so does that of all passes."""
    record(log, "g", "greedy", ["workflow/easy", "workflow/hard", "workflow/expert"], epochs=3)
    answer, _ = ask("report", log, "g")
    rows = answer["reports"]
    interval = mean_interval([row["score"]["mean"] for row in rows], bounds=(0.01, 0.99))
    passes = clustered_pass_interval([(row["passed"], 3) for row in rows])
    assert (answer["score"]["low"], answer["score"]["high"]) == (interval.low, interval.high)
    assert answer["score"]["mean"] == answer["mean"]
    assert (answer["pass_rate"]["low"], answer["pass_rate"]["high"]) == (passes.low, passes.high)
    text, _ = shown("report", log, "g")
    assert "of the mean of scenarios, for other scenarios" in text
