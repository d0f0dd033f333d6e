"""
Playing an episode: one action in, a step's events out, appended before anyone sees them.

An ``Episode`` holds the only mutable thing of a run, the reference to its current state.
Everything it returns can be computed again from its events.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Raw

from refold.engine.chain import chain_heads
from refold.engine.codec import FORMAT, Codec, codec_of, encode
from refold.engine.definition import Definition, header_of
from refold.engine.episode_ids import check_id, new_id
from refold.engine.errors import EpisodeOver, RefoldError, UnknownStep
from refold.engine.events import (
    ActionRefused,
    ActionTaken,
    Answer,
    EpisodeEnded,
    EpisodeStarted,
    Event,
    Input,
    Remark,
    StepRewarded,
)
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.family import Family
from refold.engine.folding import decide, fold, fold_decided, initial_state, step_ranges
from refold.engine.log.info import EpisodeRecord
from refold.engine.log.protocol import Log, Tail
from refold.engine.step_result import StepResult
from refold.engine.stream import Stream
from refold.engine.world import Answers, OpenWorld, World, WorldHandle, fault_in

LARGEST_SEED = 2**63 - 1  # SQLite's largest integer


class Episode:
    """
    One run of a scenario, from its start or from where a log left it.

    Attributes:
        id: The episode's name in its log.
        family: The rules it follows.
        state: The current state, immutable.
    """

    def __init__(
        self,
        id: str,
        events: Sequence[Event],
        payloads: Sequence[bytes],
        *,
        codec: Codec,
        log: Log | None,
        tail: Tail | None,
        open_world: OpenWorld | None = None,
        state: Any = None,
    ) -> None:
        self.id = id
        self.family: Family = codec.family
        self.state = fold(events, family=codec.family) if state is None else state
        self._shown: tuple[Any, Any] | None = None
        self._codec = codec
        self._events = list(events)
        self._payloads = list(payloads)
        self._log = log
        self._tail = tail
        self._storing = True
        self._end = _find_end(self._events)
        self._begun = codec.family.answered and _is_answered(self._events)
        started = self._events[0]
        assert isinstance(started, EpisodeStarted)
        self._handle = WorldHandle(started, open_world if codec.family.answered else None)

    @classmethod
    def start(
        cls,
        scenario: Definition,
        *,
        log: Log | None = None,
        agent: str = "",
        seed: int | None = None,
        id: str | None = None,
        run: str = "",
        epoch: int = 0,
        open_world: OpenWorld | None = None,
    ) -> "Episode":
        """
        Start a new episode of *scenario*, record its start, and return it.

        Args:
            scenario: What ``scenarios.load`` returns.
            log: Where to record it; None keeps it in memory only.
            agent: Name of the agent that will play, for people to read.
            seed: Random seed, 0 to 2**63 - 1; the scenario's own if None.
            id: Name in the log; a fresh random one if None.
            run: Name of the run it belongs to.
            epoch: 0-based number among the run's episodes of this scenario.
            open_world: Opens the external environment that answers, if one does; called at the
                first observation or step. Without it, give ``step`` the answers.

        Raises:
            RefoldError: *seed* or *id* is out of bounds.
            EpisodeExists: The log holds an episode called *id*.
        """
        seed = scenario.seed if seed is None else seed
        if type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
            raise RefoldError(f"seed: expected a whole number 0 to {LARGEST_SEED}, got {seed!r}")
        header = header_of(scenario.body)
        codec = codec_of(header.family, header.rules)
        started = EpisodeStarted(format=FORMAT, seed=seed, scenario=Raw(scenario.body))
        initial = initial_state(codec.family, started)
        opening = codec.family.start(initial)
        events = (started, *opening)
        id = check_id(id) if id is not None else new_id()
        payloads: list[bytes] = []
        tail = None
        if log is not None:
            # The first event holds what was checked above; only the family's own may not fit.
            payloads = [encode(started), *codec.payloads(opening)]
            record = EpisodeRecord(id, header.name, seed, agent, run, epoch)
            tail = log.begin(record, payloads)
        return cls(
            id,
            events,
            payloads,
            codec=codec,
            log=log,
            tail=tail,
            open_world=open_world,
            state=fold(opening, family=codec.family, start=initial),
        )

    @classmethod
    def resume(cls, log: Log, reference: str, *, open_world: OpenWorld | None = None) -> "Episode":
        """
        Return the episode of *log* that *reference* names, ready to continue where it stopped.

        Where an external environment answers, a fresh one is brought there by the recorded actions.

        Raises:
            WorldDiffers: It answers differently than recorded.
            UnknownEpisode, AmbiguousEpisode: As ``Log.find``.
            LogDamaged: The chain is broken, or an event cannot be read.
            ImpossibleEvent: An event does not fit the state before it.
        """
        id = log.find(reference).id
        # Tail first, events second: an append between the two makes this tail stale, and the next
        # step is refused. The other way round, it would be made of a state that is out of date.
        tail = log.tail(id)
        stream = log.events(id)
        codec = codec_of(stream.family.name, stream.family.rules)
        episode = cls(
            id, stream[:], stream.payloads, codec=codec, log=log, tail=tail, open_world=open_world
        )
        episode._bring_world()
        return episode

    @classmethod
    def fork(
        cls,
        stream: Stream,
        at: int,
        *,
        log: Log | None = None,
        parent: str = "",
        agent: str = "",
        id: str | None = None,
        run: str = "",
        open_world: OpenWorld | None = None,
    ) -> "Episode":
        """
        Return a new episode that shares the first *at* steps of *stream*, byte for byte.

        Args:
            stream: The event stream to branch off from.
            at: Position at which to branch off, 0 for the start.
            log: Where to record it; None keeps it in memory only.
            parent: Id of the episode that *stream* belongs to, recorded as the fork's lineage.
            agent: Name of the agent that will continue.
            id: Name in the log; a fresh random one if None.
            run: Name of the run it belongs to.
            open_world: As in ``start``; a fresh environment is first brought to position *at*.

        Raises:
            UnknownStep: *stream* has no position *at*.
            WorldDiffers: A fresh environment answers differently than recorded; nothing was
                recorded.
            NoWorld: An external environment answers, and there is no *open_world*.
            EpisodeExists: The log holds an episode called *id*.
        """
        ranges = step_ranges(stream)
        if not 0 <= at < len(ranges):
            raise UnknownStep(at, len(ranges) - 1)
        # Stored bytes, never encoded again: the shared prefix keeps its hashes.
        payloads = stream.payloads[: ranges[at].stop]
        events = stream[: ranges[at].stop]
        id = check_id(id) if id is not None else new_id()
        codec = codec_of(stream.family.name, stream.family.rules)
        fork = cls(id, events, payloads, codec=codec, log=None, tail=None, open_world=open_world)
        fork._bring_world()
        if log is not None:
            name, seed = header_of(stream.scenario).name, stream.started.seed
            record = EpisodeRecord(id, name, seed, agent, run, parent=parent or None, fork_at=at)
            fork._log, fork._tail = log, log.begin(record, payloads, end=fork.over)
        return fork

    @property
    def events(self) -> Stream:
        """The event stream so far."""
        # Without a log nothing has needed the bytes until now: stepping in memory encodes nothing.
        new = self._events[len(self._payloads) :]
        self._payloads.extend(encode(event) for event in new)
        if self._tail is not None and self._tail.seq == len(self._payloads):
            head = self._tail.head
        else:
            head = chain_heads(self._payloads)[-1]
        return Stream(self.family, tuple(self._events), tuple(self._payloads), head.hex())

    @property
    def observation(self) -> Any:
        """What the agent may see now; an external environment begins with the first look."""
        if self.family.answered:
            self.begin()
        # Once for each state: a step returns what the next look at the episode sees.
        if self._shown is None or self._shown[0] is not self.state:
            self._shown = (self.state, self.family.observe(self.state))
        return self._shown[1]

    @property
    def legal_actions(self) -> Sequence[Any]:
        """The actions that the rules accept now; empty after the end."""
        self.begin()
        return self.family.legal_actions(self.state)

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self._end is not None

    @property
    def end(self) -> EpisodeEnded | None:
        """How and why the episode ended, None while it runs."""
        return self._end

    def begin(self, answers: Answers | None = None) -> None:
        """
        Begin in the external environment, if there is one that has not begun, and record it.

        If it fails, the episode is truncated as a failure of the instrument. *answers* are what
        it said, if it was asked already. Raises as ``note`` does, and what opening the environment
        raises.
        """
        if self.can_begin:
            said = self.ask() if answers is None else answers
            self._record(said)
            if fault_in(said) is not None:
                self.truncate(INSTRUMENT_FAILED)

    @property
    def can_begin(self) -> bool:
        """Whether an external environment is to begin before anything else can happen."""
        return self._handle.can_open and not self._begun and not self.over

    def ask(self, action: Any = None) -> Answers:
        """
        Return what the external environment says to *action*, or as it begins if None.

        Nothing is recorded, but the environment has moved on then: record it with ``step`` or
        ``begin``. Touches no log, so that another thread can wait for the environment.

        Raises:
            NoWorld: There is no environment to ask.
            InvalidAction: *action* is none.
            RefoldError: The environment cannot be opened.
        """
        if action is None:
            return self._handle.begin()
        return self._handle.act(self._codec.action(action))

    def close(self) -> None:
        """Free the external environment, if one was opened; the episode can still be read."""
        self._handle.close()

    @property
    def world(self) -> World | None:
        """The external environment that answers, open and where the episode stands; else None."""
        return self._handle.world

    def _bring_world(self) -> None:
        """Open the environment, if it has begun and may continue, and bring it to this position."""
        if self._begun and not self.over:
            self._handle.bring(self._events)

    def note(self, *inputs: Input) -> None:
        """
        Record *inputs* that lead up to the next step, before that step is taken.

        Remarks may be recorded after the end too.

        Raises:
            EpisodeOver: The episode has ended; nothing was recorded.
            StaleWriter, LogBusy: The log refused the append; nothing was recorded.
        """
        if not all(isinstance(each, Remark) for each in inputs):
            self._refuse_after_end()
        self._record(inputs)

    def truncate(self, reason: str) -> None:
        """
        End the episode from outside, for *reason*; raises as ``note`` does.

        This is no step: the rules are not run, and there is no reward.
        """
        self._refuse_after_end()
        self._record((EpisodeEnded("truncated", reason),))

    @contextmanager
    def in_one_transaction(self) -> Iterator[None]:
        """
        Store what is recorded while the context is open in one transaction, when it ends.

        That is much faster than a transaction for each step, and meant for players that show no
        step to anyone before. However the context ends, whole steps are stored; only if the process
        is killed, all of them are lost.

        Raises:
            StaleWriter, LogBusy: The log refused the append; nothing of it was recorded, and the
                episode is of no further use.
        """
        self._storing = False
        try:
            yield
        finally:
            self._storing = True
            self._store_waiting()

    def _store_waiting(self) -> None:
        if self._log is None or self._tail is None:
            return
        first = self._tail.seq
        # By the events, the last of what a step adds to: an interrupt may have come in between.
        events = self._events[first:]
        if events:
            payloads = self._payloads[first : first + len(events)]
            end = _find_end(events) is not None
            self._tail = self._log.append(self._tail, payloads, end=end)

    def step(self, action: Any, *inputs: Input, answers: Answers | None = None) -> StepResult:
        """
        Take *action*, a dict or an action of the family, and return the result.

        An action that the rules refuse is a step too; the result's ``error`` says why. *inputs*
        that led to the action are recorded before it, in the same transaction. *answers* are what
        an external environment said to it; if None, the episode's own environment is asked.

        Raises:
            NoWorld: An external environment answers, but there are neither *answers* nor an
                environment.
            InvalidAction: It is no action of the family at all; nothing was recorded.
            EpisodeOver: The episode has ended; nothing was recorded.
            StaleWriter, LogBusy: The log refused the append; nothing was recorded.
        """
        self._refuse_after_end()
        taken = ActionTaken(self._codec.action(action))
        said = self._answers(taken.action, answers) if self.family.answered else ()
        # Inputs change the state before the rules decide, as `verify` re-runs the step; the action
        # does so only where an environment has answered it.
        seen = (*inputs, taken, *said) if said else inputs
        state = fold(seen, family=self.family, start=self.state) if seen else self.state
        decided = decide(self.family, state, taken.action)
        events = (taken, *said, *decided)
        after = fold_decided(decided, () if said else (taken,), family=self.family, start=state)
        self._record((*inputs, *events) if inputs else events, after=after)
        # The family promises the order: a refusal right after the action, the reward last.
        refused, rewarded, end = events[1], events[-1], self._end
        assert isinstance(rewarded, StepRewarded)
        return StepResult(  # in the order of the fields, as by name it takes twice as long
            self.observation,
            rewarded.reward,
            rewarded.parts,
            refused.error if isinstance(refused, ActionRefused) else None,
            events,
            end is not None and end.how == "terminated",
            end is not None and end.how == "truncated",
        )

    def _answers(self, action: Any, given: Answers | None) -> Answers:
        if given is not None:
            return given
        self.begin()
        self._refuse_after_end()
        return self.ask(action)

    def _refuse_after_end(self) -> None:
        if self._end is not None:
            raise EpisodeOver(
                f"episode {self.id}: expected nothing after the end "
                f"({self._end.how}: {self._end.reason}), got more; start another episode"
            )

    def _record(self, events: Sequence[Event], *, after: Any = None) -> None:
        """Store *events*, then take them in; *after* is the state after them, if it is known."""
        end = _find_end(events)
        # The log first: if it refuses, the live episode is unchanged, and the caller may continue.
        if self._log is not None and self._tail is not None:
            payloads = self._codec.payloads(events)
            if self._storing:
                self._tail = self._log.append(self._tail, payloads, end=end is not None)
            self._payloads.extend(payloads)
        if after is None:
            after = fold(events, family=self.family, start=self.state)
        self.state = after
        self._events.extend(events)
        self._end = end or self._end
        if self.family.answered and not self._begun:
            self._begun = _is_answered(events)


def _is_answered(events: Sequence[Event]) -> bool:
    return any(isinstance(event, Answer) for event in events)


def _find_end(events: Sequence[Event]) -> EpisodeEnded | None:
    if EpisodeEnded not in map(type, events):  # as nearly always, and so the quickest
        return None
    return next(event for event in reversed(events) if isinstance(event, EpisodeEnded))
