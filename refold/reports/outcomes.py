"""
The outcome of one episode as reports need it: setting, score, and whether the score counts.

It comes from the stream alone, unless another source of grades is named: the score is computed
from the events by the rubric that the stream holds, not taken from grades saved in a log. Scores
may be compared or averaged only if their settings are equal. An episode does not count if failures
of the API stopped it or if it has no end: neither says anything about the agent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from operator import attrgetter
from typing import Generic, TypeVar

from attrs import evolve, frozen
from msgspec import Struct

from refold.engine import EpisodeEnded, EpisodeInfo, EventLog, RefoldError, Stream
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, RubricName
from refold.graders.elsewhere import SourceElsewhere, Workers
from refold.graders.judging import NO_JUDGE, Judging
from refold.graders.sources import (
    Gradable,
    GradeSource,
    RecordedRubrics,
    Result,
)
from refold.jobs import Run, Tell
from refold.reports.statistics import Bounds
from refold.scenarios import recorded_rubric
from refold.scenarios.keys import scenario_key

T = TypeVar("T")

NOT_ENDED = "not_ended"
"""Reason for excluding an episode that has no end."""

PLAYED_AGAIN = "played_again"
"""Reason for excluding an episode that failures of the API cut off and a newer one replaces."""


@frozen(cache_hash=True)  # looked up for each of a million outcomes
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


class EpisodeScore(Struct, frozen=True, gc=False):
    """
    What runs and standings need of an episode, of which there may be a million.

    Attributes:
        started_at: When it began, UTC, ISO 8601.
        ended_at: When it ended; None if it has not.

    The others are those of an ``Outcome``.
    """

    id: str
    run: str
    agent: str
    seed: int
    score: float
    excluded: str | None
    started_at: str
    ended_at: str | None
    setting: Setting


AnyScore = Outcome | EpisodeScore
"""What standings are made of: both have id, run, agent, seed, setting, score and ``excluded``."""


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


@frozen(eq=False)
class Played:
    """An episode of a log to be scored: its row, and whether it was played *again* since."""

    info: EpisodeInfo
    again: bool


class _PlayedInTurn(PlayedEpisode):
    """The same with its events."""

    def __init__(self, played: Played, stream: Stream) -> None:
        super().__init__(played.info, stream)
        self.played = played


_Scored = tuple[Result, tuple[Outcome, T] | None]
"""What an episode was given; with a grade, its outcome, and what a measure makes of its events."""

_id_of = attrgetter("info.id")


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


def replaced_failures(infos: Iterable[EpisodeInfo | IndexedEpisode]) -> set[str]:
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
    return measure_outcomes(
        log, _itself, run=run, scenario=scenario, left_out=left_out, source=source
    )


def measure_outcomes(
    log: EventLog,
    measure: Callable[[Stream], T],
    *,
    run: str | None = None,
    scenario: str | None = None,
    left_out: LeftOut | None = None,
    source: GradeSource | None = None,
    workers: Workers | None = None,
) -> Iterator[tuple[Outcome, T]]:
    """
    Do as ``read_outcomes``, with what *measure* makes of the events in their place.

    Args:
        log: The log to read.
        measure: Is pure, and can be pickled, as can what it returns.
        run: Only the episodes of this run.
        scenario: Only those of this scenario name, or family.
        left_out: Notes those that cannot be read or graded.
        source: Gives the grades; None for the recorded rubrics.
        workers: Processes that do the same as *source*; None for this process alone.
    """
    for _, outcome, measured, _ in graded_outcomes(
        log,
        measure,
        run=run,
        scenario=scenario,
        left_out=left_out,
        source=source,
        workers=workers,
    ):
        yield outcome, measured


def graded_outcomes(
    log: EventLog,
    measure: Callable[[Stream], T],
    *,
    run: str | None = None,
    scenario: str | None = None,
    left_out: LeftOut | None = None,
    source: GradeSource | None = None,
    workers: Workers | None = None,
) -> Iterator[tuple[EpisodeInfo, Outcome, T, Grade]]:
    """Do as ``measure_outcomes``, with the row of each episode before and its grade behind."""
    notes = LeftOut() if left_out is None else left_out
    source = source or RecordedRubrics(notes)
    number = 0

    def count() -> Iterator[EpisodeInfo]:
        nonlocal number
        for info in log.episodes(run=run, scenario=scenario, left_out=notes):
            number += 1
            yield info

    replaced = replaced_failures(count())
    infos = log.episodes(run=run, scenario=scenario, left_out=notes)
    own = (Played(info, info.id in replaced) for info in infos if info.parent is None)
    return score_episodes(
        log, own, measure, episodes=number, left_out=notes, source=source, workers=workers
    )


def score_episodes(
    log: EventLog,
    played: Iterable[Played],
    measure: Callable[[Stream], T],
    *,
    episodes: int,
    left_out: LeftOut,
    source: GradeSource,
    workers: Workers | None,
) -> Iterator[tuple[EpisodeInfo, Outcome, T, Grade]]:
    """
    Yield each of *played* that has a grade with its outcome, what *measure* makes of it, and that.

    *episodes* is about how many there are; the others are as for ``measure_outcomes``.
    """
    judging = NO_JUDGE if source.session is None else source.session.judging
    here = partial(_score_each, log, source, judging, left_out, measure)
    scored = (
        here(iter(played))
        if workers is None
        else workers.spread(
            played,
            here,
            _ScoreElsewhere(workers.source, measure),
            log=log,
            episodes=episodes,
            left_out=left_out,
        )
    )
    for each, (given, found) in scored:
        taken = source.take(each.info.id, given)
        if taken is not None and found is not None:
            yield each.info, *found, taken


def _score_each(
    log: EventLog,
    source: GradeSource,
    judging: Judging,
    left_out: LeftOut,
    measure: Callable[[Stream], T],
    played: Iterable[Played],
) -> Iterator[tuple[Played, _Scored[T]]]:
    read = left_out.read_each(played, lambda each: log.events(each.info.id), id=_id_of)
    episodes = (_PlayedInTurn(*each) for each in read)
    for episode, given in source.results(episodes, judging, False):
        found = None
        if isinstance(given, Grade):
            bounds, again = source.bounds_of(given.rubric), episode.played.again
            try:
                outcome = outcome_of(episode, given, bounds=bounds, again=again)
            except RefoldError as error:  # what it recorded is no scenario
                left_out.add(episode.id, error)
            else:
                found = outcome, measure(episode.stream)
        yield episode.played, (given, found)


@frozen
class _ScoreElsewhere(Generic[T]):
    """Scores the episodes of a log in another process."""

    source: SourceElsewhere
    measure: Callable[[Stream], T]

    @contextmanager
    def __call__(self, left_out: LeftOut, tell: Tell) -> Iterator[Run[Played, _Scored[T]]]:
        with self.source.open(left_out, tell) as (log, source, judging):
            yield partial(_score_each, log, source, judging, left_out, self.measure)


def nothing_of(_stream: Stream) -> None:
    """Return None, whatever the events: a measure for those who only want outcomes."""


def _itself(stream: Stream) -> Stream:
    return stream


def read_episodes(
    log: EventLog, infos: Iterable[EpisodeInfo], left_out: LeftOut
) -> Iterator[PlayedEpisode]:
    """Yield the episodes *infos* of *log* with their events; *left_out* notes damaged ones."""
    for info, stream in left_out.read_each(infos, lambda info: log.events(info.id)):
        yield PlayedEpisode(info, stream)
