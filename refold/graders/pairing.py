"""
The old grade and the new one of an episode, and what there is to say of their difference.

Each pair is made of one episode alone and can be pickled, so it can be made in any process.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from refold.engine import EpisodeInfo, EventLog, Stream
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, saved_grades
from refold.graders.changes import GradeChange, compare_grades
from refold.graders.judging import Judging
from refold.graders.sources import Gradable, GradeSource, Result, grade_as_recorded
from refold.graders.text import describe_event
from refold.scenarios import recorded_rubric
from refold.scenarios.keys import ScenarioKey, scenario_key


@frozen(eq=False)
class Candidate:
    """
    An episode to grade again: its row in a log.

    *grades* are its old grades; None for those that the log keeps.
    """

    info: EpisodeInfo
    grades: Sequence[Grade] | None = ()


class SavedEpisode(Gradable):
    """An episode to grade again with its old grades, in the order of saving."""

    def __init__(self, candidate: Candidate, stream: Stream, grades: Sequence[Grade]) -> None:
        super().__init__(candidate.info.id, stream)
        self.candidate = candidate
        self.grades = grades


@frozen
class Evidence:
    """
    What remains to be known of an episode once its grades were compared.

    Attributes:
        scenario: The scenario that was played.
        types: Type of each event that a part with a difference rests on, by seq.
        words: The same events in words, by seq, and seqs that there are no events of; empty unless
            asked for.
    """

    scenario: ScenarioKey
    types: Mapping[int, str]
    words: Mapping[int, str]


@frozen
class Compared:
    """Two grades of an episode: how they differ, whether the score moved, and what is behind it."""

    change: GradeChange
    moved: bool
    evidence: Evidence


@frozen
class Pair:
    """
    What came of grading an episode again.

    Attributes:
        new: What the new source gave.
        old: What the old source gave; None where old grades are saved ones.
        recorded: Whether the old grade is that by the recorded rubric, since none is saved.
        compared: Both grades, if there are both.
    """

    new: Result
    old: Result = None
    recorded: bool = False
    compared: Compared | None = None


@frozen
class Pairing:
    """
    How grades are compared.

    Attributes:
        or_recorded: Whether the recorded rubric gives the old grade of an episode without any.
        tolerance: How much a grade may change without having moved.
        words: Whether events are told in words where a grade moved.
    """

    or_recorded: bool = False
    tolerance: float = 0.0
    words: bool = False

    def compare(self, episode: SavedEpisode, old: Grade, new: Grade) -> Compared:
        """Return how *old* and *new*, two grades of *episode*, differ."""
        change = compare_grades(old, new)
        moved = change.has_moved(self.tolerance)
        stream = episode.stream
        seqs = {
            seq: None
            for part in change.parts
            for side in (part.old, part.new)
            for seq in (side.seqs if side else ())
        }
        return Compared(
            change,
            moved,
            Evidence(
                scenario=scenario_key(stream.scenario),
                # A saved grade may be of other events.
                types={
                    seq: str(type(stream[seq]).__struct_config__.tag)
                    for seq in seqs
                    if 0 <= seq < len(stream)
                },
                words={seq: describe_event(stream, seq) for seq in seqs}
                if moved and self.words
                else {},
            ),
        )


def read_candidates(
    log: EventLog, candidates: Iterable[Candidate], left_out: LeftOut
) -> Iterator[SavedEpisode]:
    """Yield *candidates* with their events and old grades; *left_out* notes what is damaged."""

    def read(each: Candidate) -> SavedEpisode:
        stream = log.events(each.info.id)
        grades = saved_grades(log, each.info.id) if each.grades is None else each.grades
        return SavedEpisode(each, stream, grades)

    for _, episode in left_out.read_each(candidates, read, id=lambda each: each.info.id):
        yield episode


def pair_with_saved(
    episodes: Iterable[SavedEpisode],
    source: GradeSource,
    judging: Judging,
    left_out: LeftOut,
    pairing: Pairing,
) -> Iterator[tuple[Candidate, Pair]]:
    """
    Yield each of *episodes* with its pair of a saved grade and the one that *source* gives.

    Of several saved grades, the new one is compared with that by the same rubric; else with
    the last by a rubric of the same name; else with that by the recorded rubric.

    *left_out* notes the episodes whose recorded rubric fails.
    """
    for episode, new in source.results(episodes, judging, False):
        old, recorded = None, False
        if isinstance(new, Grade):
            old = _find_comparable(episode, new)
            if old is None and pairing.or_recorded:
                graded = left_out.read_each([episode], grade_as_recorded)
                old, recorded = next((given for _, given in graded), None), True
        if isinstance(new, Grade) and old is not None:
            compared = pairing.compare(episode, old, new)
            yield episode.candidate, Pair(new, recorded=recorded, compared=compared)
        else:
            yield episode.candidate, Pair(new)


def pair_both(
    episodes: Iterable[SavedEpisode],
    older: GradeSource,
    newer: GradeSource,
    judging: tuple[Judging, Judging],
    pairing: Pairing,
) -> Iterator[tuple[Candidate, Pair]]:
    """Yield each of *episodes* with its pair of the grades that *older* and *newer* give."""
    waiting: deque[tuple[SavedEpisode, Result]] = deque()

    def with_old() -> Iterator[SavedEpisode]:
        for episode, old in older.results(episodes, judging[0], False):
            waiting.append((episode, old))
            if isinstance(old, Grade):
                yield episode

    def without_old(until: SavedEpisode | None) -> Iterator[tuple[Candidate, Pair]]:
        while waiting and waiting[0][0] is not until:
            episode, old = waiting.popleft()
            if not isinstance(old, Grade):  # else the newer source has left it out
                yield episode.candidate, Pair(None, old)

    for episode, new in newer.results(with_old(), judging[1], False):
        yield from without_old(until=episode)
        _, old = waiting.popleft()
        compared = None
        if isinstance(old, Grade) and isinstance(new, Grade):
            compared = pairing.compare(episode, old, new)
        yield episode.candidate, Pair(new, old, compared=compared)
    yield from without_old(until=None)


def _find_comparable(episode: SavedEpisode, fresh: Grade) -> Grade | None:
    saved = episode.grades
    # The usual cases, decided without the work below.
    if not saved or (len(saved) == 1 and saved[0].rubric == fresh.rubric):
        return saved[0] if saved else None
    same = [each for each in saved if each.rubric.digest == fresh.rubric.digest]
    named = [each for each in saved if each.rubric.name == fresh.rubric.name]
    if not same and not named:
        recorded = recorded_rubric(episode.stream.scenario).digest
        named = [each for each in saved if each.rubric.digest == recorded]
    found = _prefer_same_events(same, fresh) or named
    return found[-1] if found else None


def _prefer_same_events(saved: Sequence[Grade], fresh: Grade) -> Sequence[Grade]:
    """Return the grades of exactly these events; all of *saved* if there are none."""
    return [each for each in saved if each.episode_digest == fresh.episode_digest] or saved
