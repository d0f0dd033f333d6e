"""
The outcome of one episode as reports need it: setting, score, and whether the score counts.

It comes from the stream alone, unless another source of grades is named: the score is computed
from the events by the rubric that the stream holds, not taken from grades saved in a log. Scores
may be compared or averaged only if their settings are equal. An episode does not count if failures
of the API stopped it or if it has no end: neither says anything about the agent.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from attrs import evolve, frozen

from refold.engine import EpisodeEnded, EpisodeInfo, EventLog, RefoldError, Stream
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, RubricName
from refold.graders.sources import (
    Gradable,
    GradeSource,
    RecordedRubrics,
    grade_as_recorded,
)
from refold.reports.statistics import Bounds
from refold.scenarios import recorded_rubric
from refold.scenarios.keys import scenario_key

NOT_ENDED = "not_ended"
"""Reason for excluding an episode that has no end."""

PLAYED_AGAIN = "played_again"
"""Reason for excluding an episode that failures of the API cut off and a newer one replaces."""


@frozen
class Setting:
    """
    Everything that must be equal for scores to be comparable.

    Attributes:
        scenario: Name of the scenario.
        family: Its family.
        rules: Version of the family's rules.
        parameters: Hex SHA-256 of the scenario's parameters as canonical JSON.
        rubric: The rubric that scores its episodes.
        bounds: Lowest and highest score of the rubric.
    """

    scenario: str
    family: str
    rules: int
    parameters: str
    rubric: RubricName
    bounds: Bounds


@frozen
class Outcome:
    """
    One episode's result.

    Attributes:
        id: The episode.
        run: Its run.
        agent: The agent's name.
        setting: What it was played in and scored by.
        seed: Its random seed.
        epoch: 0-based number among the run's episodes of this scenario.
        steps: Number of whole steps.
        score: By the setting's rubric, 4 decimal places.
        counts: The grade's diagnostic numbers.
        digest: Head of its hash chain, equal for episodes with equal events.
        excluded: Why the score does not count, ``instrument_failed``, ``not_ended`` or
            ``played_again``; None if it does.
    """

    id: str
    run: str
    agent: str
    setting: Setting
    seed: int
    epoch: int
    steps: int
    score: float
    counts: Mapping[str, float]
    digest: str
    excluded: str | None


@lru_cache(maxsize=64)  # keyed by the scenario's bytes, which the episodes of a run share
def setting_of(body: bytes) -> Setting:
    """
    Return the setting of the scenario whose canonical JSON is *body*.

    Raises:
        ScenarioError: Its rubric does not fit its family.
    """
    scenario, family, rules, parameters = scenario_key(body)
    rubric = recorded_rubric(body)
    return Setting(
        scenario=scenario,
        family=family,
        rules=rules,
        parameters=parameters,
        rubric=RubricName(rubric.name, rubric.version, rubric.digest),
        bounds=(rubric.floor, rubric.ceiling),
    )


class PlayedEpisode(Gradable):
    """An episode of a log, to be graded: its events, and its *info*."""

    def __init__(self, info: EpisodeInfo, stream: Stream) -> None:
        super().__init__(info.id, stream)
        self.info = info


def outcome_of(
    episode: PlayedEpisode, given: Grade, *, bounds: Bounds = (0.0, 1.0), again: bool = False
) -> Outcome:
    """
    Return the outcome of *episode*, which was *given* a grade.

    Args:
        episode: The episode.
        given: Its grade.
        bounds: Lowest and highest score of the rubric, unless the episode recorded it.
        again: Whether it was played again since, so that the newer one takes its place.

    Raises:
        ScenarioError: The recorded rubric does not fit the family.
    """
    info, stream = episode.info, episode.stream
    setting = setting_of(stream.scenario)
    if given.rubric != setting.rubric:
        setting = evolve(setting, rubric=given.rubric, bounds=bounds)
    return Outcome(
        id=info.id,
        run=info.run,
        agent=info.agent,
        setting=setting,
        seed=stream.started.seed,
        epoch=info.epoch,
        steps=info.steps,
        score=given.score,
        counts=given.counts,
        digest=info.digest,
        excluded=_exclusion(stream, again=again),
    )


def _exclusion(stream: Stream, *, again: bool = False) -> str | None:
    if again:
        return PLAYED_AGAIN
    ends = (event for event in reversed(stream) if isinstance(event, EpisodeEnded))
    end = next(ends, None)
    if end is None:
        return NOT_ENDED
    # Forfeited steps do count: no action is the model's own failure.
    stopped = end.how == "truncated" and end.reason == INSTRUMENT_FAILED
    return INSTRUMENT_FAILED if stopped else None


def replaced_failures(infos: Iterable[EpisodeInfo]) -> set[str]:
    """
    Return those of *infos*, oldest first, that the API cut off and that were played again since.

    ``refold resume RUN --failed`` plays them again: same run, agent, scenario, epoch and seed.
    """
    failed: dict[tuple[str, str, str, int, int], str] = {}
    replaced = set()
    for info in infos:
        if info.parent is not None or not info.run:
            continue
        key = (info.run, info.agent, info.scenario, info.epoch, info.seed)
        if key in failed:
            replaced.add(failed.pop(key))
        if info.reason == INSTRUMENT_FAILED:
            failed[key] = info.id
    return replaced


def read_outcomes(
    log: EventLog,
    *,
    run: str | None = None,
    scenario: str | None = None,
    left_out: LeftOut | None = None,
    source: GradeSource | None = None,
) -> Iterator[tuple[Outcome, Stream]]:
    """
    Yield outcome and events of each episode of *log*, in the order in which they began.

    Forks are left out: another agent may have played their beginning. So are episodes that
    *source* has no grade for.

    Args:
        log: The log to read.
        run: Only the episodes of this run.
        scenario: Only those of this scenario name, or family.
        left_out: Notes those that cannot be read or graded.
        source: Gives the grades; None for the recorded rubrics.
    """
    notes = LeftOut() if left_out is None else left_out
    source = source or RecordedRubrics(notes)
    infos = log.episodes(run=run, scenario=scenario, left_out=notes)
    own = (info for info in infos if info.parent is None)
    replaced = replaced_failures(log.episodes(run=run, scenario=scenario, left_out=notes))
    for episode, given in source.grade_all(read_episodes(log, own, notes)):
        if given is None:
            continue
        bounds, again = source.bounds_of(given.rubric), episode.id in replaced
        try:
            outcome = outcome_of(episode, given, bounds=bounds, again=again)
        except RefoldError as error:  # what it recorded is no scenario
            notes.add(episode.id, error)
        else:
            yield outcome, episode.stream


def read_episodes(
    log: EventLog, infos: Iterable[EpisodeInfo], left_out: LeftOut
) -> Iterator[PlayedEpisode]:
    """Yield the episodes *infos* of *log* with their events; *left_out* notes damaged ones."""
    for info, stream in left_out.read_each(infos, lambda info: log.events(info.id)):
        yield PlayedEpisode(info, stream)


def read_outcome(log: EventLog, info: EpisodeInfo, *, again: bool = False) -> Outcome:
    """
    Return the outcome of the episode *info* of *log*; *again* is as for ``outcome_of``.

    Raises:
        LogDamaged: Its hash chain is broken.
        ScenarioError: Its recorded rubric does not fit its family.
    """
    episode = PlayedEpisode(info, log.events(info.id))
    return outcome_of(episode, grade_as_recorded(episode), again=again)
