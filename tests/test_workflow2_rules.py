"""Workflow rules, version 2, case by case in small worlds."""

import msgspec
import pytest
from worlds2 import kinds, scenario, task, without_none, worker, workflow2

from refold.engine import Episode
from refold.graders import grade
from refold.scenarios import ScenarioError

ADVANCE = {"type": "advance"}


def assign(task, worker="Ada"):
    return {"type": "assign", "task": task, "worker": worker}


def errors_of(episode, *actions):
    """Return the error class of each of *actions*, taken one after another."""
    return [episode.step(action).error for action in actions]


def faults(episode):
    """Return kind and tick of each failure so far."""
    found, tick = [], 0
    for event in episode.events:
        tick = event.tick if type(event).__name__ == "TickPassed" else tick
        if type(event).__name__ == "TaskFailed":
            found.append((event.kind, tick))
    return found


def test_refusals_in_their_order(tmp_path):
    """Each error class has its case, and the first that applies is the one that is given."""
    episode = workflow2(
        tmp_path,
        [task("t1", work=3), task("t2", "t1"), task("t3")],
        [worker("Ada"), worker("Bo"), worker("Cleo")],
        departures=[{"worker": "Cleo", "tick": 0}],
        capacity=2,
        per_tick=20,
    )
    assert errors_of(
        episode,
        assign("t9"),
        assign("t1", "Zoe"),
        assign("t2"),
        assign("t1", "Cleo"),
        {"type": "cancel", "task": "t9"},
        {"type": "cancel", "task": "t1"},
        assign("t1"),
        assign("t1", "Bo"),
        assign("t3"),
        assign("t3", "Bo"),
    ) == [
        "unknown_task",
        "unknown_worker",
        "not_ready",
        "offline",
        "unknown_task",
        "not_running",
        None,
        "already_running",
        "busy",
        None,
    ]
    episode.step(ADVANCE)
    assert errors_of(episode, assign("t3", "Bo"), assign("t2", "Bo")) == [
        "already_done",
        "not_ready",
    ]


def test_capacity_is_refused(tmp_path):
    """With as many tasks running as are allowed, an idle worker cannot begin another."""
    episode = workflow2(tmp_path, [task("t1"), task("t2")], [worker("Ada"), worker("Bo")])
    assert errors_of(episode, assign("t1"), assign("t2", "Bo")) == [None, "capacity"]


def test_time_passes_by_itself(tmp_path):
    """After so many actions in one tick, refused ones too, the tick passes."""
    episode = workflow2(tmp_path, [task("t1", work=9)], [worker("Ada")], per_tick=3)
    results = [episode.step(action) for action in (assign("x"), assign("t1"), assign("x"))]
    assert [kinds(each) for each in results] == [
        ["ActionRefused"],
        ["WorkStarted"],
        ["ActionRefused", "TickPassed"],
    ]
    assert results[2].error == "unknown_task"
    assert (episode.state.tick, episode.observation.actions_left) == (1, 3)


def test_work_takes_its_time(tmp_path):
    """Work by pace, rounded up; each tick of it is paid; the last of all ends the episode."""
    episode = workflow2(tmp_path, [task("t1", work=5)], [worker("Ada", pace=2, rate=1.5)])
    episode.step(assign("t1"))
    results = [episode.step(ADVANCE) for _ in range(3)]
    assert [kinds(each) for each in results] == [
        ["TickPassed"],
        ["TickPassed"],
        ["TickPassed", "TaskCompleted", "EpisodeEnded"],
    ]
    assert episode.state.tally.cost == 4.5
    assert (episode.end.how, episode.end.reason) == ("terminated", "completed")


@pytest.mark.parametrize(
    ("more", "skills", "fault"),
    [
        ({}, ["tax"], ("untrained", 4)),
        ({"barred": ["Atlas"]}, ["law"], ("access", 1)),
        ({"barred": ["Atlas"]}, ["tax"], ("untrained", 4)),
    ],
)
def test_when_a_mistake_shows(tmp_path, more, skills, fault):
    """A barred worker is refused at once, a lack of skill shows at the end; that counts first."""
    able = worker("Bo", skills=["law"])
    episode = workflow2(
        tmp_path, [task("t1", work=4)], [worker("Ada", **{**more, "skills": skills}), able]
    )
    episode.step(assign("t1"))
    for _ in range(fault[1]):
        episode.step(ADVANCE)
    assert faults(episode) == [fault]
    assert episode.observation.tasks["t1"].status == "ready"


def test_a_missing_need_shows_half_way(tmp_path):
    """A hidden need has to be done when the work begins; later is too late for that attempt."""
    episode = workflow2(
        tmp_path,
        [task("t1", work=5, hidden="t2"), task("t2")],
        [worker("Ada"), worker("Bo")],
        capacity=2,
    )
    for action in (assign("t1"), assign("t2", "Bo"), ADVANCE, ADVANCE, ADVANCE):
        episode.step(action)
    assert faults(episode) == [("missing", 3)]
    assert "t2 report" in episode.observation.tasks["t1"].error
    for action in (assign("t1"), *[ADVANCE] * 5):
        episode.step(action)
    assert episode.end.reason == "completed"
    assert episode.state.tally.slips == 0


def test_an_outage_comes_before_all(tmp_path):
    """In a tick in which its system is down work fails of that, whatever else is the matter."""
    episode = workflow2(
        tmp_path,
        [task("t1")],
        [worker("Ada", skills=["tax"]), worker("Bo", barred=["Atlas"]), worker("Cleo")],
        outages=[{"system": "Atlas", "begin": 0, "end": 2}],
    )
    episode.step(assign("t1", "Bo"))
    episode.step(ADVANCE)
    assert faults(episode) == [("outage", 1)]
    assert "tick 2" in episode.observation.tasks["t1"].error


def test_who_leaves_at_the_end_of_the_work_has_done_it(tmp_path):
    """Work that ends at the tick of a departure is done; work that goes on is lost."""
    episode = workflow2(
        tmp_path,
        [task("t1", work=2), task("t2", work=3)],
        [worker("Ada"), worker("Bo")],
        capacity=2,
        departures=[{"worker": "Ada", "tick": 2}, {"worker": "Bo", "tick": 2}],
    )
    for action in (assign("t1"), assign("t2", "Bo"), ADVANCE, ADVANCE):
        episode.step(action)
    assert list(episode.state.done) == ["t1"]
    assert faults(episode) == [("left", 2)]
    assert {each.status for each in episode.observation.workers.values()} == {"gone"}


def test_a_slowdown_holds_for_what_begins_then(tmp_path):
    """Work that has begun keeps its length; work begun from that tick on takes the new pace."""
    episode = workflow2(
        tmp_path,
        [task("t1", work=6), task("t2", work=6)],
        [worker("Ada", pace=2)],
        slowdowns=[{"worker": "Ada", "tick": 1, "pace": 1}],
    )
    for action in (assign("t1"), ADVANCE, ADVANCE, ADVANCE):
        episode.step(action)
    assert episode.state.done == {"t1": 3}
    begun = episode.step(assign("t2")).events[1]
    assert begun.ticks == 6


def test_notices_come_ahead(tmp_path):
    """What will happen is announced as many ticks ahead as the world says, in order of time."""
    episode = workflow2(
        tmp_path,
        [task("t1", work=9)],
        [worker("Ada"), worker("Bo", pace=2)],
        lead=2,
        outages=[
            {"system": "Atlas", "begin": 5, "end": 6},
            {"system": "Cobalt", "begin": 1, "end": 2},
        ],
        slowdowns=[{"worker": "Bo", "tick": 3, "pace": 1}],
    )
    told = [len(episode.observation.notices)]
    for _ in range(4):
        episode.step(ADVANCE)
        told.append(len(episode.observation.notices))
    assert told == [1, 2, 2, 3, 3]
    assert episode.observation.notices == (
        "Cobalt will be down from tick 1 until tick 2.",
        "From tick 3 on Bo works at pace 1.",
        "Atlas will be down from tick 5 until tick 6.",
    )


def test_careless_is_what_is_known_to_fail(tmp_path):
    """The first time is bad luck, the second is careless: by errors, not by notes."""
    barred = worker("Ada", barred=["Atlas"], note="Was never cleared for Atlas.")
    episode = workflow2(tmp_path, [task("t1"), task("t2")], [barred, worker("Bo")])
    slips = []
    for action in (assign("t1"), ADVANCE, assign("t1"), ADVANCE, assign("x")):
        episode.step(action)
        slips.append(episode.state.tally.slips)
    assert slips == [0, 0, 1, 1, 2]


def test_a_trap_is_mastered_with_one_failure_at_most(tmp_path):
    """Failing once and putting it right counts as much as not failing; failing twice does not."""
    workers = [worker("Ada", barred=["Atlas"]), worker("Bo")]
    scores = []
    for failures in range(3):
        episode = workflow2(tmp_path, [task("t1")], workers)
        for action in (*[assign("t1"), ADVANCE] * failures, assign("t1", "Bo"), ADVANCE):
            episode.step(action)
        parts = {part.name: part.value for part in grade(episode.events).parts}
        scores.append(parts["recovery"])
    assert scores == [1.0, 1.0, 0.0]


def test_money_and_care_pay_with_value_only(tmp_path):
    """Beyond the budget thrift falls to nothing at a quarter above it, and it pays with work."""
    episode = workflow2(
        tmp_path, [task("t1", work=1), task("t2", work=1)], [worker("Ada", rate=11.0)]
    )
    for action in (assign("t1"), ADVANCE):
        episode.step(action)
    tally, plan = episode.state.tally, episode.state.plan
    assert (tally.cost, plan.world.budget) == (11.0, 10.0)
    for _ in range(19):
        episode.step(ADVANCE)
    parts = {part.name: part.value for part in grade(episode.events).parts}
    assert parts["value"] == 0.5
    assert parts["budget"] == pytest.approx(0.5 * 0.6)
    assert parts["care"] == 0.5
    assert episode.end.reason == "horizon"


def test_a_start_is_paid_in_advance_and_given_back(tmp_path):
    """Sound work under way is paid a little, cancelling gives it back: no circle has a gain."""
    episode = workflow2(tmp_path, [task("t1", work=3)], [worker("Ada")])
    begun = episode.step(assign("t1"))
    cancelled = episode.step({"type": "cancel", "task": "t1"})
    assert begun.reward == pytest.approx(0.25 * 0.35)
    assert begun.reward + cancelled.reward == pytest.approx(0, abs=1e-12)


def test_a_start_does_not_tell_whether_it_will_fail(tmp_path):
    """Assigning pays the same whether or not a hidden need or a barred system will bite."""
    rewards = set()
    for more in ({}, {"hidden": "t2"}):
        episode = workflow2(tmp_path, [task("t1", **more), task("t2")], [worker("Ada")])
        rewards.add(episode.step(assign("t1")).reward)
    for more in ({}, {"barred": ["Atlas"]}):
        episode = workflow2(tmp_path, [task("t1"), task("t2")], [worker("Ada", **more)])
        rewards.add(episode.step(assign("t1")).reward)
    assert len(rewards) == 1


@pytest.mark.parametrize(
    ("tasks", "more", "text"),
    [
        ([task("t1", "t9")], {}, r"tasks\[0\]\.needs\[0\]: expected a known task, got 't9'"),
        ([task("t1", "t2"), task("t2", hidden="t1")], {}, r"tasks: expected no cycle, got t"),
        ([task("t2"), task("t1")], {}, r"tasks: expected tasks in order of id"),
        ([task("t1", skill="tax")], {}, r"tasks\[0\]\.skill: expected a known skill of a worker"),
        ([task("t1", due=21)], {}, r"tasks\[0\]\.due: expected at most 20 \(the horizon\), got 21"),
        ([task("t1", trap=False)], {}, r"tasks: expected at least one task that is a trap"),
        ([task("t1")], {"capacity": 2}, r"capacity: expected 1 to 1 \(the workers\), got 2"),
        ([task("t1")], {"budget": 0.0}, r"budget: expected a number above 0, got 0.0"),
        (
            [task("t1")],
            {"outages": [{"system": "Atlas", "begin": 3, "end": 3}]},
            r"outages\[0\]\.end: expected more than 3 \(its begin\), got 3",
        ),
        (
            [task("t1")],
            {"departures": [{"worker": "Zoe", "tick": 3}]},
            r"departures\[0\]\.worker: expected a known worker, got 'Zoe'",
        ),
        ([task("t1", work="much")], {}, r"world\.tasks\[0\]\.work: expected `int`, got `str`"),
        ([task("t1", note="x")], {}, r"world\.tasks\[0\]: object contains unknown field `note`"),
    ],
)
def test_mistakes_in_a_world(tmp_path, tasks, more, text):
    """Each is named with its place, what is expected there, and what stands there."""
    with pytest.raises(ScenarioError, match=text):
        workflow2(tmp_path, tasks, [worker("Ada")], **more)


def test_no_task_is_due(tmp_path):
    """A world in which a criterion would be taken over nothing is a mistake of its file."""
    plain = {key: value for key, value in task("t1").items() if key != "due"}
    with pytest.raises(ScenarioError, match="expected at least one task that is due, got none"):
        workflow2(tmp_path, [plain], [worker("Ada")])


def test_another_seed_changes_words_only(tmp_path):
    """In a world that is given, the seed draws the words of errors and nothing else."""
    made = workflow2(tmp_path, [task("t1")], [worker("Ada", barred=["Atlas"])])
    world = without_none(msgspec.to_builtins(made.state.plan.world))
    texts = set()
    for seed in range(12):
        episode = Episode.start(scenario(tmp_path, "workflow/easy@2", {"world": world}), seed=seed)
        episode.step(assign("t1"))
        episode.step(ADVANCE)
        texts.add(episode.observation.tasks["t1"].error)
    assert len(texts) == 2
