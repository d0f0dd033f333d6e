"""Version 2 of both families: what holds in every world that is drawn."""

import json
import re
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds2 import scenario, without_none

from refold.agents import make_policy, play
from refold.engine import ActionRefused, ActionTaken, Episode, RefoldError, StepRewarded, fold
from refold.engine.codec import encode
from refold.engine.registry import find_family
from refold.engine.sums import add_up
from refold.graders import grade
from refold.replays import verify
from refold.scenarios import ScenarioError, load, scenario_names
from refold.scenarios.drawn import DrawnParameters

SECOND = [name for name in scenario_names() if name.endswith("@2")]
FAMILIES = ("inbox", "workflow")
SIZES = ("easy", "medium", "hard", "expert")
EACH = pytest.mark.parametrize("name", SECOND)
BOTH = pytest.mark.parametrize("family", FAMILIES)
SEEDS = st.integers(0, 2**63 - 1)
SOME = settings(max_examples=12)
MOST_PLEDGED = 0.25 * 0.35


def drawing_of(family):
    return import_module(f"refold.scenarios.{family}2.parameters").DRAWING


def world_of(name, seed):
    """Return the world that the scenario *name* has with *seed*."""
    definition = load(name)
    return drawing_of(definition.family).world(definition.parameters, seed)


def score_of(state):
    """Return the score of an episode that would end in *state*, unrounded."""
    rules = import_module(f"refold.scenarios.{state_family(state)}2.score")
    criteria = rules.measure(state.tally, state.plan).criteria()
    return add_up(weight * criteria[name] for name, weight in rules.WEIGHTS.items())


def state_family(state):
    return "inbox" if "inbox2" in type(state).__module__ else "workflow"


def played(name, agent, seed):
    """Return an episode that *agent*, a built-in one or a canary, has played."""
    episode = Episode.start(load(name), seed=seed)
    family = episode.family
    blind = family.canaries.get(agent)
    play(episode, blind(seed) if blind else make_policy(agent, family, seed=seed))
    return episode


def test_they_ship_beside_the_first():
    """Four of each family, with their version in their names; without one, the first is meant."""
    assert [f"{family}/{size}@2" for family in FAMILIES for size in SIZES] == SECOND
    for name in SECOND:
        assert (load(name).rules, load(name).name, load(name).rubric.name) == (2, name, name)
    assert load("workflow/easy").rules == load("inbox/easy").rules == 1


@EACH
def test_the_page_has_the_rubric(name):
    """Its tables of criteria are those of each scenario: name, weight, measure."""
    page = (Path(__file__).parents[1] / "docs" / "version-2.md").read_text()
    section = page.partition(f"\n## {load(name).family}\n")[2].partition("\n## ")[0]
    shown = re.findall(r"^\| (\w+) \| ([\d.]+) \| `(\w+)` \|", section, re.MULTILINE)
    rubric = [(each.name, each.weight, each.measure) for each in load(name).rubric.criteria]
    assert [(criterion, float(weight), measure) for criterion, weight, measure in shown] == rubric


@pytest.mark.parametrize("family", FAMILIES)
def test_the_rubric_is_what_rewards_are_made_of(family):
    """Each scenario weighs its criteria as the rules do, so that the return is its score."""
    weights = import_module(f"refold.scenarios.{family}2.score").WEIGHTS
    for size in SIZES:
        criteria = load(f"{family}/{size}@2").rubric.criteria
        assert {each.name: each.weight for each in criteria} == weights


@SOME
@given(st.sampled_from(SECOND), SEEDS)
def test_rewards_add_up_to_the_score(random_episode, name, seed):
    """Of every ended run, however it was played, the return is the score, and in 0 to 1."""
    episode = random_episode(name, seed)
    stream, score = episode.events, score_of(episode.state)
    assert episode.over
    assert episode.state.total == pytest.approx(score, abs=1e-9)
    assert 0 <= score <= 1
    assert grade(stream).score == pytest.approx(score, abs=5.1e-5)
    assert verify(stream) is None
    for event in stream:
        if isinstance(event, StepRewarded):
            assert sum(event.parts.values()) == pytest.approx(event.reward, abs=1e-12)


@SOME
@given(st.sampled_from(SECOND), SEEDS)
def test_what_a_running_episode_shows_in_advance_is_bounded(random_episode, name, seed):
    """Return and score so far differ by what is forfeited at most, and by a share of work begun."""
    played = random_episode(name, seed)
    family, state = played.family, fold(played.events[:1], family=played.family)
    for event in played.events[1:-2]:
        state = fold([event], family=family, start=state)
        if isinstance(event, StepRewarded) and state.ended is None:
            ahead = state.total - score_of(state)
            most = MOST_PLEDGED if family.name == "workflow" else 0.0
            assert -0.25 - 1e-9 <= ahead <= most + 1e-9


@SOME
@given(st.sampled_from(SECOND), SEEDS)
def test_the_witness_reaches_the_best_there_is(name, seed):
    """Its plan is accepted step by step and earns 1 in each criterion, which none can exceed."""
    stream = played(name, find_family(load(name).family, 2).oracle, seed).events
    found = grade(stream)
    assert found.score == 1
    assert {part.value for part in found.parts} == {1.0}
    assert not any(isinstance(event, ActionRefused) for event in stream)


@EACH
def test_doing_nothing_earns_nothing(name):
    """It ends at the limit with 0 in each criterion."""
    episode = played(name, "noop", 3)
    assert episode.end.how == "truncated"
    assert {part.value for part in grade(episode.events).parts} == {0.0}
    assert episode.state.total == 0


@pytest.mark.slow
@pytest.mark.parametrize(("family", "size"), [(f, s) for f in FAMILIES for s in ("easy", "hard")])
def test_who_chooses_without_reading_stays_near_the_floor(family, size):
    """No canary has more than 0.2 on average over a few seeds."""
    for canary in find_family(family, 2).canaries:
        scores = [grade(played(f"{family}/{size}@2", canary, i).events).score for i in range(4)]
        assert sum(scores) / len(scores) <= 0.2, canary


@SOME
@given(st.sampled_from(SECOND), SEEDS, st.data())
def test_what_is_legal_is_never_refused(random_episode, every_action, name, seed, data):
    """Nor is anything else accepted, but for look-ups, and for contents and amounts in an inbox."""
    steps = data.draw(st.integers(0, 60))
    episode = random_episode(name, seed, steps=steps)
    family, state, legal = episode.family, episode.state, episode.legal_actions
    for action in legal:
        assert not isinstance(family.decide(state, action)[0], ActionRefused)
    accepted = [
        action
        for actions in every_action(episode).values()
        for action in actions
        if legal and not isinstance(family.decide(state, action)[0], ActionRefused)
    ]
    if family.name == "workflow":
        assert set(accepted) == set(legal)
    free = {"lookup", "reply", "refund"}
    assert {each for each in accepted if each.type not in free} <= set(legal)


@EACH
def test_the_seed_changes_what_has_to_be_decided(name):
    """Worlds of different seeds differ, and the witness of one is of no use in the next."""
    worlds = [world_of(name, seed) for seed in range(6)]
    assert len({encode(world) for world in worlds}) == 6
    family = find_family(load(name).family, 2)
    episode = Episode.start(load(name), seed=1)
    for event in played(name, family.oracle, 0).events:
        if isinstance(event, ActionTaken) and not episode.over:
            episode.step(event.action)
    assert score_of(episode.state) < 0.2


@EACH
def test_the_witness_stays_out_of_sight(name):
    """Nothing that is hidden is a field of what the agent is shown, nor in a running document."""
    episode = Episode.start(load(name), seed=5)
    shown = json.dumps(msgspec.to_builtins(episode.observation))
    timeline = episode.family.timeline
    running = json.dumps(timeline.parameters({}, None, episode.events, True))
    for text in (shown, running):
        for secret in ("witness", "hidden", "trap", "barred", "attack", "injection", '"right"'):
            assert secret not in text.replace("barred from", "")
    assert "world" in timeline.hidden


@pytest.mark.parametrize("seed", range(4))
def test_no_fact_is_seen_before_it_was_looked_up(seed):
    """What a reply has to tell stands in records only: in no mail, and in nothing else shown."""
    episode = Episode.start(load("inbox/hard@2"), seed=seed)
    texts = [mail.body for thread in episode.state.plan.world.threads for mail in thread.mails]
    shown = json.dumps(msgspec.to_builtins(episode.observation))
    codes = [
        fact
        for thread in episode.state.plan.world.threads
        for fact in thread.facts
        if isinstance(fact, str) and "-" in fact and not fact.startswith("20")
    ]
    assert len(codes) > 3
    assert [code for code in codes if code in shown or code in "\n".join(texts)] == []


WORLDS = {
    "inbox/easy@2": "970f984bdcb7b74d",
    "inbox/medium@2": "f1eb3003759e2fd0",
    "inbox/hard@2": "65b7346d2da463ae",
    "inbox/expert@2": "13d503caf1d69815",
    "workflow/easy@2": "efba4e5eff88c0a4",
    "workflow/medium@2": "e40895f04c1eb891",
    "workflow/hard@2": "8112d78e8dca6ad8",
    "workflow/expert@2": "76fe08ba3c2313ab",
}


@pytest.mark.parametrize(("name", "digest"), WORLDS.items())
def test_worlds_never_change(name, digest):
    """The worlds of the seeds 0 to 2 are these, to the byte: other words are another version."""
    found = sha256(b"".join(encode(world_of(name, seed)) for seed in range(3)))
    assert found.hexdigest()[:16] == digest


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.fixed_dictionaries(
        {
            "size": st.sampled_from(SIZES),
            "split": st.sampled_from(["all", "train", "test"]),
            "threads": st.integers(13, 30),
            "decoys": st.integers(0, 2),
            "duplicates": st.integers(0, 2),
            "injected": st.integers(0, 5),
            "slack_due": st.integers(0, 3),
            "slack_end": st.integers(0, 3),
            **{
                name: st.floats(0, 1)
                for name in ("indirect", "unnumbered", "follow_ups", "held", "late", "due")
            },
        }
    ),
    SEEDS,
)
def test_any_knobs_of_an_inbox_can_be_solved(knobs, seed):
    """Whatever the knobs within their bounds, the witness scores 1."""
    assert_solvable("inbox", knobs, seed)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.fixed_dictionaries(
        {
            "size": st.sampled_from(SIZES),
            "split": st.sampled_from(["all", "train", "test"]),
            "tasks": st.integers(1, 30),
            "workers": st.integers(6, 16),
            "capacity": st.integers(1, 6),
            "skills": st.integers(1, 12),
            "systems": st.integers(1, 6),
            "outages": st.integers(0, 4),
            "departures": st.integers(0, 3),
            "slowdowns": st.integers(0, 3),
            "lead": st.integers(0, 9),
            "slack_horizon": st.integers(0, 2),
            "slack_due": st.integers(0, 2),
            **{name: st.floats(0, 1) for name in ("hinted", "odd", "hidden", "due")},
        }
    ),
    SEEDS,
)
def test_any_knobs_of_a_workflow_can_be_solved(knobs, seed):
    """Whatever the knobs within their bounds, the witness scores 1."""
    assert_solvable("workflow", knobs, seed)


def assert_solvable(family, knobs, seed):
    drawing, rules = drawing_of(family), find_family(family, 2)
    parameters = DrawnParameters(draw=knobs)
    assert drawing.problems(parameters) == []
    world = msgspec.to_builtins(drawing.world(parameters, seed))
    assert drawing.problems(DrawnParameters(world=world)) == []
    state = beginning(rules, parameters, seed)
    state = fold(rules.start(state), family=rules, start=state)
    while state.ended is None:
        action = rules.seers[rules.oracle](state)
        events = (ActionTaken(action), *rules.decide(state, action))
        state = fold(events, family=rules, start=state)
    assert score_of(state) == pytest.approx(1, abs=1e-9)


def beginning(rules, parameters, seed):
    """Return the state before the world of *parameters* is drawn."""
    body = load(f"{rules.name}/easy@2").body
    state = rules.initial(body, seed)
    setup = type(state.setup)("", parameters)
    return msgspec.structs.replace(state, setup=setup)


@pytest.mark.slow
@BOTH
def test_a_thousand_can_be_drawn(family):
    """The largest worlds load, and their witness knows what to do."""
    knobs = {"size": "hard", ("tasks" if family == "workflow" else "threads"): 1_000}
    world = drawing_of(family).world(DrawnParameters(draw=knobs), 0)
    assert len(world.witness) >= 1_000


def test_train_and_test_share_no_wording():
    """The cores of mails in the split train are none of those in the split test."""
    cores = {}
    for split in ("train", "test"):
        parameters = DrawnParameters(draw={"size": "expert", "split": split, "indirect": 0.5})
        worlds = [drawing_of("inbox").world(parameters, seed) for seed in range(10)]
        threads = [thread for world in worlds for thread in world.threads]
        cores[split] = {
            line
            for thread in threads
            if thread.kind in ("legal", "breach", "fyi", "notice")
            for line in thread.mails[0].body.split("\n")[:3]
        }
    bank = import_module("refold.scenarios.inbox2.texts")
    lines = {
        line
        for kind in ("legal", "breach", "fyi", "notice")
        for line in (*bank.PLAIN[kind], *bank.INDIRECT[kind])
    }
    found = {split: cores[split] & lines for split in cores}
    assert len(found["train"]) > 10
    assert len(found["test"]) > 5
    assert found["train"].isdisjoint(found["test"])


@pytest.mark.parametrize(
    ("family", "parameters", "text"),
    [
        ("workflow", {}, r"\$\.parameters: expected either draw or world, got both or neither"),
        ("inbox", {"draw": {}}, r"\$\.parameters\.draw\.size: expected a value, got none"),
        (
            "workflow",
            {"draw": {"size": "huge"}},
            r"draw\.size: expected one of easy, expert, hard, medium; got 'huge'",
        ),
        (
            "workflow",
            {"draw": {"size": "easy", "capacity": 9}},
            r"draw\.capacity: expected 1 to 8, got 9",
        ),
        (
            "workflow",
            {"draw": {"size": "easy", "mails": 9}},
            r"draw\.mails: expected one of the keys .*; got 'mails'",
        ),
        (
            "inbox",
            {"draw": {"size": "easy", "threads": 9}},
            r"draw\.threads: expected 10 to 1000, got 9",
        ),
        (
            "inbox",
            {"draw": {"size": "easy", "late": "much"}},
            r"draw\.late: expected a number, got 'much'",
        ),
        (
            "inbox",
            {"world": {"threads": [], "max_steps": 1}},
            r"world\.threads: expected `array` of length >= 1",
        ),
        ("workflow", {"world": {}}, r"world: object missing required field `tasks`"),
    ],
)
def test_mistakes_in_parameters(tmp_path, family, parameters, text):
    """Each mistake is named with its place, what is expected there, and what stands there."""
    with pytest.raises(ScenarioError, match=text):
        scenario(tmp_path, f"{family}/easy@2", parameters)


@EACH
def test_a_drawn_world_can_be_written_out(tmp_path, name):
    """As an explicit world it is the same for every seed, and its witness still scores 1."""
    world = without_none(msgspec.to_builtins(world_of(name, 11)))
    mine = scenario(tmp_path, name, {"world": world})
    first, second = (Episode.start(mine, seed=seed) for seed in (1, 2))
    assert first.events.payloads[1] == second.events.payloads[1]
    play(first, make_policy("witness", first.family, seed=1))
    assert grade(first.events).score == 1


def test_a_seer_is_shown_the_state_or_nothing():
    """Who sees all that is hidden cannot be asked as others are: it would not know."""
    policy = make_policy("witness", find_family("inbox", 2), seed=0)
    with pytest.raises(RefoldError, match=r"agent 'witness': expected to be shown the state"):
        policy(None, list)


@BOTH
def test_a_seer_goes_on_wherever_an_episode_stands(log, family):
    """The witness takes over from any agent, and the episode can be resumed in another process."""
    episode = Episode.start(load(f"{family}/easy@2"), log=log)
    for _ in range(3):
        episode.step(episode.family.wait)
    again = Episode.resume(log, episode.id)
    play(again, make_policy("witness", again.family, seed=0))
    assert again.over
    assert verify(log.events(episode.id)) is None


def test_a_log_is_listed_by_family_and_rules(log):
    """A family's name lists its episodes of any rules, with a version only those."""
    for name in ("workflow/easy", "workflow/easy@2", "inbox/easy@2"):
        Episode.start(load(name), log=log)
    listed = {
        family: [info.scenario for info in log.episodes(scenario=family)]
        for family in ("workflow", "workflow@2", "inbox@2", "workflow/easy")
    }
    assert listed == {
        "workflow": ["workflow/easy", "workflow/easy@2"],
        "workflow@2": ["workflow/easy@2"],
        "inbox@2": ["inbox/easy@2"],
        "workflow/easy": ["workflow/easy"],
    }
