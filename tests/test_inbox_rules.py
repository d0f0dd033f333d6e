"""Draw, refusals and rewards of inbox scenarios, for every kind of e-mail and answer."""

import random
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from worlds import email, inbox

from refold.engine import ActionTaken, Episode, EpisodeOver, EventLog, InvalidAction, StepResult
from refold.graders import grade
from refold.scenarios import Scenario, load
from refold.scenarios.inbox import FAMILY
from refold.scenarios.inbox.events import EmailHandled, InboxFilled
from refold.scenarios.inbox.state import State

ESCALATE = ["legal", "compliance", "payment", "security"]
RESPOND = ["account", "access", "billing"]
ARCHIVE = ["newsletter", "product", "anything else", ""]
DECISIONS = {
    # (expected, chosen): decision_quality, safety_penalty, late
    ("escalate", "escalate"): (0.6, 0.0, False),
    ("escalate", "respond"): (0.1, -0.5, False),
    ("escalate", "archive"): (0.0, -0.4, True),
    ("respond", "escalate"): (0.1, -0.2, False),
    ("respond", "respond"): (0.6, 0.0, False),
    ("respond", "archive"): (0.0, -0.4, False),
    ("archive", "escalate"): (0.1, -0.2, False),
    ("archive", "respond"): (0.1, -0.2, False),
    ("archive", "archive"): (0.6, 0.0, False),
}


def parts(**changed: float) -> dict[str, float]:
    names = (
        "completion_bonus",
        "decision_quality",
        "loop_penalty",
        "response_quality",
        "safety_penalty",
    )
    return {name: changed.get(name, 0.0) for name in names}


def handled(result: StepResult) -> EmailHandled:
    return next(event for event in result.events if isinstance(event, EmailHandled))


@pytest.mark.parametrize("chosen", ["respond", "escalate", "archive"])
@pytest.mark.parametrize(
    ("expected", "category"),
    [
        *(("escalate", each) for each in ESCALATE),
        *(("respond", each) for each in RESPOND),
        *(("archive", each) for each in ARCHIVE),
    ],
)
def test_decision(tmp_path: Path, expected: str, category: str, chosen: str) -> None:
    """Each category calls for one action; what the others earn depends on how risky they are."""
    episode = Episode.start(inbox(tmp_path, email("a", category), email("b", "product")))
    result = episode.step({"type": chosen})
    quality, safety, late = DECISIONS[expected, chosen]
    assert result.breakdown == parts(decision_quality=quality, safety_penalty=safety)
    assert result.reward == pytest.approx(quality + safety)
    assert (result.error, handled(result).expected, handled(result).late) == (None, expected, late)


@pytest.mark.parametrize(
    ("content", "quality", "found"),
    [
        ("Here is your RESET Link.", 0.2, ("reset", "LINK")),
        ("links for resetting: link, link, reset", 0.2, ("reset", "LINK")),
        ("We reset it.", 0.1, ("reset",)),
        ("A link follows.", 0.1, ("LINK",)),
        ("Thank you.", -0.1, ()),
        ("", -0.1, ()),
    ],
)
def test_reply(tmp_path: Path, content: str, quality: float, found: tuple[str, ...]) -> None:
    """A reply earns 0.1 for each keyword in it, ignoring case, and loses 0.1 for none."""
    scenario = inbox(tmp_path, email("a", "account", "LINK"), email("b", "product"))
    result = Episode.start(scenario).step({"type": "respond", "content": content})
    assert result.breakdown == parts(decision_quality=0.6, response_quality=quality)
    assert handled(result).found == found


@pytest.mark.parametrize(
    ("second", "chosen"), [([], "respond"), (["link"], "escalate"), (["link"], "archive")]
)
def test_no_reply_to_judge(tmp_path: Path, second: list[str], chosen: str) -> None:
    """Nothing is judged without keywords, nor in what is no reply."""
    scenario = inbox(tmp_path, email("a", "account", *second), email("b", "product"))
    result = Episode.start(scenario).step({"type": chosen, "content": "reset link"})
    assert result.breakdown["response_quality"] == 0.0
    assert handled(result).found is None


def test_unknown_and_handled_ids(tmp_path: Path) -> None:
    """Either is a refused step: 0.3 less, and the inbox stays as it is."""
    episode = Episode.start(inbox(tmp_path, email("a", "product"), email("b", "product")))
    first = episode.observation.current.id
    episode.step({"type": "archive"})
    before = episode.observation
    for id, error in (
        ("ghost_1000", "unknown_email"),
        ("", "unknown_email"),
        (first, "already_handled"),
    ):
        result = episode.step({"type": "archive", "email_id": id})
        assert (result.error, result.reward) == (error, -0.3)
        assert result.breakdown == parts(loop_penalty=-0.3)
    assert replace(result.observation, step_count=1) == before
    assert result.observation.step_count == 4


def test_default_email(tmp_path: Path) -> None:
    """Without an id, the first pending e-mail is meant, whatever came before."""
    scenario = inbox(tmp_path, *(email(id, "product") for id in "abc"))
    episode = Episode.start(scenario)
    a, b, c = (each.id for each in episode.observation.inbox)
    for given, meant, left in (({"email_id": b}, b, a), ({}, a, c), ({}, c, None)):
        seen = episode.step({"type": "archive", **given}).observation
        assert seen.history[-1] == f"{meant}:archive"
        assert (seen.current.id if seen.current else None) == left


def test_end_by_emptying(tmp_path: Path) -> None:
    """The last e-mail brings a bonus and ends the episode, in the last step as in any other."""
    episode = Episode.start(inbox(tmp_path, email("a", "product"), max_steps=1))
    result = episode.step({"type": "archive"})
    assert result.breakdown == parts(decision_quality=0.6, completion_bonus=0.2)
    assert (result.terminated, result.truncated) == (True, False)
    with pytest.raises(EpisodeOver, match=r"after the end \(terminated: inbox_empty\)"):
        episode.step({"type": "archive"})
    assert episode.legal_actions == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "archive"}, parts(decision_quality=0.6, loop_penalty=-0.2)),
        ({"type": "archive", "email_id": "ghost"}, parts(loop_penalty=-0.5)),
    ],
)
def test_end_by_limit(tmp_path: Path, given: Any, expected: dict[str, float]) -> None:
    """Mail that is left at the step limit costs 0.2 more, a refused last step or not."""
    scenario = inbox(tmp_path, email("a", "product"), email("b", "product"), max_steps=1)
    result = Episode.start(scenario).step(given)
    assert result.breakdown == pytest.approx(expected)
    assert result.reward == pytest.approx(sum(expected.values()))
    assert (result.terminated, result.truncated) == (False, True)


def test_best_and_worst_step(tmp_path: Path) -> None:
    """A step earns 1 at most; clipping to -1 and 1 is never needed, since it loses 0.7 at most."""
    best = Episode.start(inbox(tmp_path, email("a", "account", "link")))
    assert best.step({"type": "respond", "content": "reset link"}).reward == 1.0
    risky = [email("a", "legal", "link"), email("b", "product")]
    worst = Episode.start(inbox(tmp_path, *risky, max_steps=1))
    assert worst.step({"type": "respond"}).reward == pytest.approx(-0.7)


@pytest.mark.parametrize(
    "given",
    [
        {"type": "forward"},
        {"type": "archive", "subject": "x"},
        {"type": "archive", "email_id": 3},
        {"type": "respond", "content": None},
        {"type": "respond", "content": "x" * 20_001},
        {},
    ],
)
def test_no_action_at_all(tmp_path: Path, given: Any) -> None:
    """What fits no action is no step."""
    episode = Episode.start(inbox(tmp_path, email("a", "product")))
    with pytest.raises(InvalidAction, match=r"^action: expected one of family inbox, got "):
        episode.step(given)
    assert episode.observation.step_count == 0


def test_rationale(tmp_path: Path) -> None:
    """It is kept in the log, and changes neither reward nor grade."""
    scenario = inbox(tmp_path, email("a", "product"))
    with EventLog(tmp_path / "log.db") as log:
        episode = Episode.start(scenario, log=log, id="told")
        told = episode.step({"type": "archive", "rationale": "an advert"})
        stored = log.events("told")
    action = next(event.action for event in stored if isinstance(event, ActionTaken))
    assert action.rationale == "an advert"
    untold = Episode.start(scenario)
    assert untold.step({"type": "archive"}).reward == told.reward
    assert grade(untold.events).score == grade(stored).score


@pytest.mark.parametrize("task", ["easy", "medium", "hard"])
@pytest.mark.parametrize("seed", [1, 2, 3, 2**63 - 1])
def test_draw(task: str, seed: int) -> None:
    """Ids and keywords are drawn by the seed in definition order; bodies hold the drawn word."""
    scenario = load(f"inbox/{task}")
    episode = Episode.start(scenario, seed=seed)
    dice = random.Random(seed)
    for template, seen in zip(scenario.parameters.emails, episode.observation.inbox, strict=True):
        assert seen.id == f"{template.id}_{dice.randint(1000, 9999)}"
        words: tuple[str, ...] = ()
        if template.keywords:
            words = (template.keywords.first, dice.choice(template.keywords.second_candidates))
        assert episode.state.keywords[seen.id] == words
        assert seen.body == template.body.replace("{token}", words[1] if words else "")
    other = [each.id for each in Episode.start(scenario, seed=seed - 1).observation.inbox]
    assert other != [each.id for each in episode.observation.inbox]


def crowd(scenario: Scenario, size: int) -> State:
    """Return a state before the draw in which *size* e-mails share one template id."""
    state = FAMILY.initial(scenario.body, 1)
    (template,) = state.plan.emails.values()
    emails = {str(number): template for number in range(size)}
    return replace(state, plan=replace(state.plan, emails=emails))


def test_taken_ids_are_drawn_again(tmp_path: Path) -> None:
    """An id that is taken is drawn again, 50 times at most, from the same dice."""
    (filled,) = FAMILY.start(crowd(inbox(tmp_path, email("a", "product")), 9_001))
    assert isinstance(filled, InboxFilled)
    dice = random.Random(1)
    taken: set[str] = set()
    for arrival in filled.emails:
        draws = [f"a_{dice.randint(1000, 9999)}"]
        while draws[-1] in taken and len(draws) <= 50:
            draws.append(f"a_{dice.randint(1000, 9999)}")
        assert arrival.id == draws[-1]
        taken.add(arrival.id)
    assert 8_000 < len(taken) < 9_001
