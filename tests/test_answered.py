"""Episodes that a world outside answers: rules, reducer, and what verify makes of forged ones."""

import random

import msgspec
import pytest
from outside import NAME, write_env
from shell import Shell

from refold.engine import Episode, EpisodeOver, EventLog, InvalidAction, RefoldError, Stream
from refold.engine.errors import ImpossibleEvent, NoWorld, WorldDiffers
from refold.environments import Worlds, answered, answered_scenario, began
from refold.graders import grade
from refold.replays import steps, verify
from refold.scenarios import load, load_rubric
from refold.scenarios.answered.events import EnvironmentAnswered, Offer, ScoreGiven
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.viewer.episode_document import document

WORLDS = Worlds([NAME])


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    """Return the scenario of an environment that lies in the current folder."""
    write_env(tmp_path)
    monkeypatch.chdir(tmp_path)
    return load(f"{NAME}?goal=7")


def noted(**limits):
    """Return an episode without a world, whose answers are given."""
    parameters = AnsweredParameters("mine", "loop", **limits)
    episode = Episode.start(answered_scenario("mine:loop", parameters))
    episode.note(began({"at": 0}, offer=Offer(schema={"enum": ["left", "right"]})))
    return episode


def is_found(stream):
    """Return whether *stream* is no sound record, be it that its events do not fit each other."""
    try:
        return verify(stream) is not None
    except ImpossibleEvent:
        return True


def played(scenario, seed=0, log=None, **more):
    episode = Episode.start(scenario, seed=seed, open_world=WORLDS, log=log, **more)
    dice = random.Random(seed)
    while not episode.over:
        episode.step(dice.choice(episode.legal_actions))
    episode.close()
    return episode


def test_a_step_is_an_action_and_its_answer(scenario):
    """The stream holds both, with the reward and the end that follow, and verifies."""
    episode = Episode.start(scenario, open_world=WORLDS)
    assert episode.observation == {"at": 0}
    assert list(episode.legal_actions) == [0, 1, 2]
    result = episode.step(2)
    assert [type(event).__name__ for event in result.events] == [
        "ActionTaken",
        "EnvironmentAnswered",
        "StepRewarded",
    ]
    assert (result.reward, result.breakdown, result.error) == (2.0, {"reward": 2.0}, None)
    assert (
        result.observation == episode.observation == {"at": 4 - result.events[1].info.get("x", 1)}
    )
    while not episode.over:
        result = episode.step(1)
    assert (result.terminated, episode.end.reason) == (True, "world")
    assert verify(episode.events) is None
    with pytest.raises(EpisodeOver):
        episode.step(1)


@pytest.mark.parametrize("seed", range(20))
def test_random_walks_verify(scenario, seed):
    """Any episode verifies, folds to the same state from any prefix, and makes a document."""
    stream = played(scenario, seed).events
    assert verify(stream) is None
    for count in range(1, len(stream) + 1):
        prefix = stream.prefix(count)
        assert Stream.read(prefix.payloads, episode="x").digest == prefix.digest
    assert [step.position for step in steps(stream)] == list(range(len(list(steps(stream)))))
    made = document(stream)
    assert made["steps"][-1]["total"] == grade(stream).counts.get(
        "total", made["steps"][-1]["total"]
    )
    assert msgspec.json.encode(made)


def test_equal_seeds_give_equal_digests(scenario):
    """The same scenario, seed and actions give the same stream; another seed gives another."""
    assert played(scenario, 3).events.digest == played(scenario, 3).events.digest
    assert played(scenario, 3).events.digest != played(scenario, 4).events.digest


@pytest.mark.parametrize("kind", ["environment_answered", "environment_began", "action_taken"])
def test_dropped_events_are_found(scenario, kind):
    """A stream without an answer, a beginning or an action is no sound record."""
    payloads = played(scenario).events.payloads
    at = next(i for i, each in enumerate(payloads) if f'"{kind}"'.encode() in each)
    forged = Stream.read([*payloads[:at], *payloads[at + 1 :]], episode="forged")
    assert is_found(forged)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "step_rewarded", "reward": 9.0},
        {"type": "step_rewarded", "total": 9.0},
        {"type": "step_rewarded", "parts": {}},
        {"type": "episode_ended", "reason": "won"},
        {"type": "environment_answered", "reward": 9.0},
        {"type": "environment_answered", "terminated": True},
        {"type": "environment_answered", "fault": "gone"},
    ],
)
def test_forged_events_are_found(scenario, fields):
    """What does not follow from the answers is found where it stands."""
    payloads = list(played(scenario).events.payloads)
    at = next(i for i, each in enumerate(payloads) if f'"{fields["type"]}"'.encode() in each)
    payloads[at] = msgspec.json.encode(msgspec.json.decode(payloads[at]) | fields)
    assert is_found(Stream.read(payloads, episode="forged"))


def test_answers_twice_or_unasked():
    """A second beginning, an answer that no action asked for: refused by the fold."""
    episode = noted()
    for extra in (began({"at": 1}), answered({"at": 1})):
        with pytest.raises(RefoldError, match="cannot have happened"):
            episode.note(extra)
    with pytest.raises(RefoldError):
        episode.step("left", answers=[answered(1), answered(2)])


@pytest.mark.parametrize("action", [None, float("nan"), {1, 2}, {"at": b"x"}, [1, "two", None]])
def test_actions_are_json(action):
    """Null is no action; what JSON has no form for is told in one that it has."""
    episode = noted()
    if action is None:
        with pytest.raises(InvalidAction, match="null"):
            episode.step(action, answers=[answered(0)])
        return
    result = episode.step(action, answers=[answered(0, 1)])
    assert verify(episode.events) is None
    assert episode.events[2].action == result.events[0].action is not None


def test_a_fault_ends_the_episode_uncounted():
    """What failed is on record; the step has no reward, and the end is nobody's play."""
    episode = noted()
    result = episode.step("left", answers=[EnvironmentAnswered(fault="connection lost")])
    assert (result.reward, result.truncated) == (0.0, True)
    assert episode.end.reason == "instrument_failed"
    assert verify(episode.events) is None


@pytest.mark.parametrize("reward", [float("nan"), float("inf"), "much", [1, 2]])
def test_a_reward_that_is_no_number_is_a_fault(reward):
    """It ends the episode in words, since no sum can hold it."""
    episode = noted()
    result = episode.step("left", answers=[answered({"at": 1}, reward)])
    assert "reward: expected a" in result.events[1].fault
    assert episode.end.reason == "instrument_failed"


def test_a_sum_that_overflows_is_a_fault():
    """Rewards that are finite alone may not be together."""
    episode = noted()
    episode.step("left", answers=[answered(0, 1.7e308)])
    result = episode.step("left", answers=[answered(0, 1.7e308)])
    assert (result.reward, episode.end.reason) == (0.0, "instrument_failed")
    assert verify(episode.events) is None


def test_limits_and_ends():
    """The world's end, the world's limit and the scenario's own are told apart."""
    over = noted()
    over.step("left", answers=[answered(0, terminated=True)])
    cut = noted()
    cut.step("left", answers=[answered(0, truncated=True)])
    limited = noted(max_steps=2)
    for _ in range(2):
        limited.step("left", answers=[answered(0)])
    ends = [(each.end.how, each.end.reason) for each in (over, cut, limited)]
    assert ends == [("terminated", "world"), ("truncated", "world"), ("truncated", "max_steps")]


def test_scores_may_come_after_the_end(tmp_path):
    """A score that is given later is recorded as a remark, verifies, and can be graded by."""
    rubric = tmp_path / "given.toml"
    rubric.write_text(
        '[rubric]\nname = "given"\nversion = 1\n'
        '[[rubric.criteria]]\nname = "given"\nweight = 1.0\nmeasure = "score"\n'
        'params = {name = "reward"}\n'
    )
    with EventLog(tmp_path / "a.db") as log:
        parameters = AnsweredParameters("mine", "loop")
        episode = Episode.start(answered_scenario("mine:loop", parameters), log=log)
        episode.note(began(0))
        episode.step("left", answers=[answered(1, terminated=True)])
        episode.note(ScoreGiven(name="reward", value=3.0, high=4.0, by="me"))
        assert episode.over
        with pytest.raises(EpisodeOver):
            episode.note(began(0))
        stream = log.events(episode.id)
        assert verify(stream) is None
        found = grade(stream, rubric=load_rubric(rubric, "answered", 1))
    assert (found.score, found.parts[0].seqs) == (0.75, (6,))


def test_fork_and_resume_bring_a_fresh_world(scenario, tmp_path):
    """The recorded actions are put to it first, so that it answers on as if it had been there."""
    with EventLog(tmp_path / "a.db") as log:
        whole = played(scenario, 5, log)
        stream = log.events(whole.id)
        actions = [step.action for step in steps(stream) if step.action is not None]
        fork = Episode.fork(stream, 2, log=log, parent=whole.id, open_world=WORLDS)
        fork.step(actions[2])
        half = fork.id
        again = Episode.resume(log, half, open_world=WORLDS)
        for action in actions[3:]:
            again.step(action)
        assert log.events(half).digest == stream.digest
        with pytest.raises(NoWorld):
            Episode.fork(stream, 2, log=log, parent=whole.id)
        count = log.count()
        write_env(tmp_path, more="    reset_ = None\nWalk.step = lambda self, action: {'at': 9}\n")
        with pytest.raises(WorldDiffers, match=r"at step 1 \$\.observation\.at"):
            Episode.fork(stream, 2, log=log, parent=whole.id, open_world=WORLDS)
        assert log.count() == count


def test_the_command_line_plays_them_like_any_other(scenario, tmp_path):
    """Recorded, listed, replayed, compared, forked and tried again by the same commands."""
    shell = Shell(tmp_path)
    rows = shell(f"record {NAME}?goal=7 --agent random --epochs 3 --json").json["episodes"]
    assert [row["seed"] for row in rows] == [0, 1, 2]
    first = rows[0]["id"]
    short = shell(f"record {NAME}?goal=7 --agent random --max-steps 2 --json").json["episodes"][0]
    assert (short["steps"], short["ended"], short["reason"]) == (2, "truncated", "max_steps")
    shell.refuses("record inbox/easy --agent random --max-steps 2", match="has its own limit")
    assert shell(f"verify {first} --json").json["verdicts"][0]["ok"]
    assert "the environment answered" in shell(f"replay {first}").out
    assert shell(f"diff {first} {rows[1]['id']}", code=1).out
    fork = shell(f"fork {first} --at 1 --agent random --world {NAME} --json").json["episodes"][0]
    assert fork["steps"] >= 2
    tried = shell(f"what-if {first} --at 1 --agent random --world {NAME} --json").json["outcomes"]
    assert [each["action"] for each in tried if each["taken"]] != []
    assert "1 episode replayed: 1 same" in shell(f"verify --live {first} --world {NAME}").err
    page = tmp_path / "page.html"
    shell(f"replay {first} --html {page}")
    assert "the environment answered" in page.read_text()
