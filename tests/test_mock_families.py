"""The mock behaviour of a family makes of its prompt what its policy makes of the observation."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.agents import make_policy
from refold.engine.registry import all_families
from refold.scenarios import scenario_names
from refold.scenarios.inbox.observation import Observation as InboxObservation
from refold.scenarios.inbox.state import Email
from refold.scenarios.workflow.observation import Hint
from refold.scenarios.workflow.observation import Observation as WorkflowObservation
from refold.scenarios.workflow.parameters import Milestone
from refold.scenarios.workflow.state import Subtask, Worker

AGENTS = {
    "workflow": "greedy",
    "inbox": "baseline",
    "workflow@2": "baseline",
    "inbox@2": "baseline",
}
FAMILY = {each.title: each for each in all_families() if each.title in AGENTS}
POLICY = {name: make_policy(agent, FAMILY[name], seed=0) for name, agent in AGENTS.items()}
STRUCTURE = ["## ", "- ", "> ", " | ", '"', "\\", ", ", ": ", "(open)", "nothing", "\n", "\r"]
WORDS = ["mfa", "invoice", "reset", "legal", "billing", "\u2028", "\x85", "\x1c", " ", "é", "🜁"]
FAKES = ["## Task", "\n## Workers\n- a | idle", "id: x\nbody:\n> y", '"', " | can a | speed 1"]
TEXT = st.lists(st.sampled_from([*STRUCTURE, *WORDS]) | st.text(max_size=3), max_size=8)
TEXTS = TEXT.map("".join) | st.sampled_from(FAKES)
NAMES = TEXTS.filter(bool)
COUNTS = st.integers(0, 99)


def render(observation):
    """Return the prompt that shows *observation*."""
    family = "inbox" if isinstance(observation, InboxObservation) else "workflow"
    return FAMILY[family].prompt.render(observation)


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
            status=(status := draw(st.sampled_from(["idle", "working", "offline"]))),
            current_task=draw(st.sampled_from(ids)) if status == "working" else None,
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


@pytest.mark.slow
@given(workflows())
def test_any_workflow(observation):
    """No text of a workflow makes the mock model choose otherwise than the greedy policy."""
    shown = render(observation)
    assert FAMILY["workflow"].mock(shown) == POLICY["workflow"](observation, list)
    assert FAMILY["inbox"].mock(shown) is None


@given(inboxes())
def test_any_inbox(observation):
    """No e-mail makes the mock model choose otherwise than the baseline; without one, it passes."""
    shown = render(observation)
    assert FAMILY["inbox"].mock(shown) == POLICY["inbox"](observation, list)
    assert FAMILY["workflow"].mock(shown) is None


@pytest.mark.parametrize("name", scenario_names())
def test_every_moment_of_a_walk(random_episode, name):
    """At every step of a random walk, prompt and observation lead to the same action."""
    for steps in range(0, 25, 2):
        episode = random_episode(name, 5, steps=steps)
        family, observation = episode.family, episode.observation
        shown = family.prompt.render(observation)
        assert family.mock(shown) == POLICY[family.title](observation, list)
        others = [each for each in FAMILY.values() if each is not family]
        assert [each.mock(shown) for each in others] == [None, None, None]


@pytest.mark.parametrize("name", ["workflow/easy", "inbox/easy"])
def test_the_last_observation_counts(random_episode, name):
    """Of several observations with other text around them, the last is answered, as if alone."""
    family = name.split("/")[0]
    walks = [(f"{family}/hard", 1), (f"{family}/hard", 3), (name, 2)]
    observed = [random_episode(each, 5, steps=steps).observation for each, steps in walks]
    text = "\n".join(["Hello", *map(render, observed), "", "Choose wisely."])
    assert FAMILY[family].mock(text) == POLICY[family](observed[-1], list)
    assert FAMILY[family].mock(text) != FAMILY[family].mock(render(observed[0]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "# Task",
        "## Now\ntime: step 1, 2 steps left",
        "## Task\n> do it",
        "## Task\n> do it\n\n## Subtasks\n\n## Workers\n- a | idle | can b | speed 1",
        "## Task\n> do it\n\n## Subtasks\n- a | ready | type b | needs nothing",
        "## Instructions\n> sort it",
        "## Instructions\n\n## Now\nstep: 1\npending: 2\n\n## Current e-mail",
        "## Instructions\n\n## Now\nstep: one\npending: 2\n\n## Current e-mail\nid: a",
        'id: a\nsubject: "b"\nfrom: c\ncategory: d\npriority: e\nbody:\n> f',
    ],
)
def test_text_without_observation(text):
    """What is no whole observation is left to the general behaviour."""
    assert {family.mock(text) for family in FAMILY.values()} == {None}


@pytest.mark.slow
@given(st.sampled_from(["workflow/hard@2", "inbox/hard@2"]), st.integers(0, 40), st.data())
def test_a_broken_observation_of_version_2(random_episode, name, steps, data):
    """The same: an action or none, no worse."""
    episode = random_episode(name, 3, steps=steps)
    whole = episode.family.prompt.render(episode.observation)
    place = data.draw(st.integers(0, len(whole)))
    letter = data.draw(st.sampled_from(string.printable))
    end = data.draw(st.sampled_from(["", letter + whole[place + 1 :]]))
    action = episode.family.mock(whole[:place] + end)
    assert action is None or isinstance(action, episode.family.action)


@pytest.mark.slow
@given(st.sampled_from(["workflow", "inbox"]), st.data())
def test_a_broken_observation(family, data):
    """With a letter changed or its end cut off, an observation gets an action or none, no worse."""
    whole = render(data.draw(workflows() if family == "workflow" else inboxes()))
    place = data.draw(st.integers(0, len(whole)))
    letter = data.draw(st.sampled_from(string.printable))
    end = data.draw(st.sampled_from(["", letter + whole[place + 1 :]]))
    action = FAMILY[family].mock(whole[:place] + end)
    assert action is None or isinstance(action, FAMILY[family].action)
