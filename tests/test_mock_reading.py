"""What prompts make of observations can be read back, whatever the texts in them are."""

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from refold.agents.mock.reading import read_observation
from refold.agents.policies import greedy
from refold.engine import RefoldError
from refold.engine.family import find_family
from refold.scenarios import scenario_names
from refold.scenarios.inbox.observation import Observation as InboxObservation
from refold.scenarios.inbox.policies import baseline
from refold.scenarios.inbox.state import Email
from refold.scenarios.workflow.observation import Hint
from refold.scenarios.workflow.observation import Observation as WorkflowObservation
from refold.scenarios.workflow.parameters import Milestone
from refold.scenarios.workflow.state import Subtask, Worker

RENDER = {name: find_family(name, 1).prompt.render for name in ("workflow", "inbox")}
POLICY = {"workflow": greedy, "inbox": baseline}
STRUCTURE = ["## ", "- ", "> ", " | ", '"', "\\", ", ", ": ", "(open)", "nothing", "\n", "\r"]
WORDS = ["mfa", "invoice", "reset", "legal", "billing", "\u2028", "\x85", "\x1c", " ", "é", "🜁"]
TEXT = st.lists(st.sampled_from([*STRUCTURE, *WORDS]) | st.text(max_size=3), max_size=8)
TEXTS = TEXT.map("".join) | st.sampled_from(["## Task", "id: x\nbody:\n> y", '"'])
NAMES = TEXTS.filter(bool)
COUNTS = st.integers(0, 99)


def lines(text):
    """Return *text* as it comes back: line ends and blanks before them are not kept."""
    return "\n".join(f"> {line}".rstrip()[2:] for line in text.splitlines())


def as_read(observation):
    """Return the part of a workflow *observation* that is promised to come back."""
    subtasks = [
        replace(each, description="" if each.output is not None else each.description)
        for each in observation.subtasks.values()
    ]
    limits = (observation.capacity_limit, observation.active_count, observation.budget_remaining)
    times = (observation.time_elapsed, observation.time_remaining, observation.budget_used)
    failures = (observation.failures_occurred, observation.failures_recovered)
    return subtasks, list(observation.workers.values()), limits, times, failures


@st.composite
def workflows(draw):
    """Draw an observation that any rules and any scenario might show."""
    ids = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    types = draw(st.lists(NAMES, min_size=1, max_size=2))
    a_type, maybe = st.sampled_from(types), st.none() | TEXTS
    done = draw(st.frozensets(st.sampled_from(ids)))
    subtasks = {}
    for place, id in enumerate(ids):
        needs = draw(st.lists(st.sampled_from(ids[:place]), max_size=3)) if place else []
        met = done.issuperset(needs)
        status = draw(st.sampled_from(["pending", "ready", "in_progress", "failed"]))
        subtasks[id] = Subtask(
            id=id,
            type=draw(a_type),
            description=draw(TEXTS),
            dependencies=tuple(needs),
            status="completed" if id in done else status,
            dependencies_met=met,
            assigned_to=draw(st.none() | st.sampled_from(names)),
            attempt_count=draw(COUNTS),
            output=draw(maybe),
            error=draw(maybe),
        )
    workers = {
        name: Worker(
            name=name,
            capabilities=tuple(draw(st.lists(a_type, max_size=3))),
            speed=draw(st.integers(1, 9)),
            reliability=draw(COUNTS) / 100,
            cost_per_step=draw(COUNTS) / 4,
            status=draw(st.sampled_from(["idle", "working", "offline"])),
            current_task=draw(st.none() | st.sampled_from(ids)),
        )
        for name in names
    }
    hints = st.builds(Hint, st.just("retry"), subtask=TEXTS, worker=TEXTS)
    return WorkflowObservation(
        task_description=draw(TEXTS),
        subtasks=subtasks,
        workers=workers,
        completed_outputs={},
        errors=tuple(draw(st.lists(TEXTS, max_size=2))),
        time_elapsed=draw(COUNTS),
        time_remaining=draw(COUNTS),
        capacity_limit=draw(COUNTS),
        active_count=draw(COUNTS),
        budget_used=draw(COUNTS) / 8,
        budget_remaining=draw(st.none() | COUNTS.map(lambda count: (count - 50) / 8)),
        available_actions=("wait",),
        reward_breakdown=draw(st.dictionaries(TEXTS, st.floats(-1, 1), max_size=2)),
        sla_milestones=(Milestone(ids[0], draw(COUNTS)),),
        failures_occurred=draw(COUNTS),
        failures_recovered=draw(COUNTS),
        critical_path_length=draw(COUNTS),
        hint=draw(st.none() | hints),
    )


@st.composite
def inboxes(draw):
    """Draw an observation of any inbox."""
    fields = {
        "id": TEXTS,
        "subject": TEXTS,
        "body": TEXTS,
        "priority": TEXTS,
        "sender": TEXTS,
        "category": st.sampled_from(["account", "product", "legal"]) | TEXTS,
    }
    emails = tuple(draw(st.lists(st.builds(Email, **fields), max_size=3)))
    return InboxObservation(
        instructions=draw(TEXTS),
        inbox=emails,
        current=emails[0] if emails else None,
        history=tuple(draw(st.lists(TEXTS, max_size=2))),
        step_count=draw(COUNTS),
        remaining_count=len(emails),
    )


@given(workflows())
def test_any_workflow_comes_back(observation):
    """No text of a workflow confuses its reader, and greedy chooses as if it had seen it."""
    read = read_observation(RENDER["workflow"](observation))
    assert as_read(read) == as_read(observation)
    assert read.task_description == lines(observation.task_description)
    assert greedy(read, list) == greedy(observation, list)


@given(inboxes())
def test_any_inbox_comes_back(observation):
    """No e-mail confuses the reader, and baseline chooses as if it had seen it."""
    read = read_observation(RENDER["inbox"](observation))
    shown = [replace(email, body="") for email in observation.inbox]
    assert [replace(email, body="") for email in read.inbox] == shown
    assert read.instructions == lines(observation.instructions)
    assert (read.step_count, read.remaining_count) == (observation.step_count, len(shown))
    if observation.current:
        assert read.current.body == lines(observation.current.body)
    assert baseline(read, list) == baseline(observation, list)


@pytest.mark.parametrize("name", scenario_names())
def test_every_moment_of_a_walk_comes_back(random_episode, name):
    """What the policies look at can be read out of every prompt of a random walk."""
    family = name.split("/")[0]
    for steps in range(0, 25, 2):
        observation = random_episode(name, 5, steps=steps).observation
        read = read_observation(RENDER[family](observation))
        assert POLICY[family](read, list) == POLICY[family](observation, list)
        if family == "workflow":
            assert as_read(read) == as_read(observation)
            assert read.errors == observation.errors
        else:
            assert read.current == observation.current
            assert read.history == observation.history


@pytest.mark.parametrize("last", ["workflow/easy", "inbox/easy"])
def test_the_last_observation_counts(random_episode, last):
    """Of several observations with other text around them, the last is read, as if alone."""
    shown = [("workflow/hard", 1), ("inbox/hard", 1), ("workflow/easy", 6), (last, 2)]
    observed = [random_episode(name, 5, steps=steps).observation for name, steps in shown]
    texts = [
        RENDER[name.split("/")[0]](each) for (name, _), each in zip(shown, observed, strict=True)
    ]
    read = read_observation("\n".join(["Hello", *texts, "", "Choose wisely."]))
    assert read == read_observation(texts[-1])
    assert type(read) is type(observed[-1])


@pytest.mark.parametrize("text", ["", "Hello", "# Task", "## Now\ntime: step 1, 2 steps left"])
def test_text_without_observation(text):
    """Where no observation begins, there is none."""
    assert read_observation(text) is None


@given(st.sampled_from(["workflow", "inbox"]), st.data())
def test_a_broken_observation_is_refused(family, data):
    """An observation with a letter changed or its end cut off is read or refused, no worse."""
    whole = RENDER[family](data.draw(workflows() if family == "workflow" else inboxes()))
    place = data.draw(st.integers(0, len(whole)))
    letter = data.draw(st.sampled_from(string.printable))
    end = data.draw(st.sampled_from(["", letter + whole[place + 1 :]]))
    with suppress(RefoldError):
        read_observation(whole[:place] + end)


@pytest.mark.parametrize(
    "text",
    [
        "## Task\n> do it",
        "## Instructions\n> sort it",
        "## Instructions\n\n## Now\nstep: 1\npending: 2\n\n## Current e-mail",
        "## Instructions\n\n## Now\nstep: one\npending: 2\n\n## Current e-mail\nid: a",
    ],
)
def test_half_an_observation_is_refused(text):
    """Where an observation begins but does not go on, that is said."""
    with pytest.raises(RefoldError, match="observation: expected one as the prompts of refold"):
        read_observation(text)
