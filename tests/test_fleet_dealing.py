"""The loop that deals episodes to workers, against an engine in which anything may happen."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.engine import RefoldError
from refold.fleet.dealing import (
    DEATHS_ALONE,
    DEATHS_IN_BATCHES,
    Batch,
    Buried,
    Came,
    Dealing,
    Landed,
    Lost,
    Shipped,
    Taken,
    Up,
    play_out,
)

Choose = Callable[[int], int]
"""Returns a number below the one given: what happens next."""


class FakeCluster:
    """
    An engine whose workers come, answer, ship and die as *choose* says.

    Args:
        choose: Decides.
        places: How many workers there is room for, before any room is lost.
        deaths: How many workers may die by chance.
        lost: How many of them take their room with them.
        poison: Ids of episodes that end any worker that plays them.
        late: Whether dead workers may still answer.
    """

    def __init__(
        self,
        choose: Choose,
        *,
        places: int,
        deaths: int = 0,
        lost: int = 0,
        poison: Sequence[str] = (),
        late: bool = False,
    ) -> None:
        self.choose = choose
        self.places = places
        self.deaths = deaths
        self.lost = min(lost, places - 1)
        self.poison = set(poison)
        self.late = late
        self.waiting: list[str] = []
        self.up: dict[str, dict[int, Batch]] = {}
        self.zombies: list[tuple[str, Batch]] = []
        self.graves: dict[str, dict[int, Batch]] = {}
        self.started = 0
        self.played: list[str] = []
        self.alone: list[str] = []

    def start(self, *, after: str | None = None) -> None:
        """Add a worker to those that wait for room."""
        assert after not in self.up
        self.started += 1
        self.waiting.append(f"worker {self.started}")

    def deal(self, worker: str, batch: Batch) -> None:
        """Give *batch* to a worker; one alone is all that it has."""
        assert batch.ids
        self.up[worker][batch.number] = batch
        if batch.alone:
            self.alone += batch.ids
            assert list(self.up[worker]) == [batch.number]

    def wait(self) -> Sequence[Came]:
        """Let one thing happen, or up to three."""
        happened = [self.happen() for _ in range(1 + self.choose(3)) if self.possible()]
        assert happened, "nothing can happen any more, and episodes are open"
        return happened

    def possible(self) -> list[Callable[[], Came]]:
        """Return all that may happen next."""
        found: list[Callable[[], Came]] = []
        if self.waiting and len(self.up) < self.places:
            found.append(self.come)
        for worker, batches in self.up.items():
            for number, batch in batches.items():
                if self.poison.isdisjoint(batch.ids):
                    found.append(lambda w=worker, n=number: self.land(w, n))
                else:
                    found.append(lambda w=worker: self.die(w))
            if batches:
                found.append(lambda w=worker: self.ship(w))
            if self.deaths:
                found.append(lambda w=worker: self.die_by_chance(w))
        found += [lambda w=worker: self.bury(w) for worker in self.graves]
        if self.late:
            found += [lambda z=zombie: self.answer_late(z) for zombie in self.zombies]
        return found

    def happen(self) -> Came:
        """Let something happen that may."""
        found = self.possible()
        return found[self.choose(len(found))]()

    def come(self) -> Came:
        """Have the worker that waits longest come up."""
        worker = self.waiting.pop(0)
        self.up[worker] = {}
        return Up(worker)

    def land(self, worker: str, number: int) -> Came:
        """Have a batch played."""
        batch = self.up[worker].pop(number)
        self.played += batch.ids
        return Landed(worker, number, " ".join(batch.ids).encode())

    def ship(self, worker: str) -> Came:
        """Have a worker say that nothing is done yet."""
        return Shipped(worker, b"")

    def die_by_chance(self, worker: str) -> Came:
        """End a worker, one of those that may die."""
        self.deaths -= 1
        return self.die(worker)

    def die(self, worker: str) -> Came:
        """End a worker, perhaps with its room."""
        batches = self.up.pop(worker)
        self.zombies += [(worker, batch) for batch in batches.values()]
        if self.lost and self.choose(2):
            self.lost -= 1
            self.places -= 1
        self.graves[worker] = batches
        return Lost(worker)

    def bury(self, worker: str) -> Came:
        """Have the node of a lost worker say what it has of its work, as if it had played some."""
        batches = self.graves.pop(worker)
        left = [id for batch in batches.values() for id in batch.ids if id not in self.poison]
        saved = left[: self.choose(len(left) + 1)]
        self.played += saved
        return Buried(worker, " ".join(saved).encode() if saved else None)

    def answer_late(self, zombie: tuple[str, Batch]) -> Came:
        """Have a dead worker answer."""
        self.zombies.remove(zombie)
        worker, batch = zombie
        return Landed(worker, batch.number, b"never to be heard")


def take(bundle: bytes) -> Taken:
    assert bundle != b"never to be heard"
    return Taken(bundle.decode().split())


IDS = [f"e{number}" for number in range(40)]


@given(
    data=st.data(),
    count=st.integers(0, 40),
    workers=st.integers(1, 4),
    ahead=st.integers(1, 3),
    deaths=st.integers(0, 8),
    lost=st.integers(0, 3),
    late=st.booleans(),
)
def test_each_episode_is_played_once(data, count, workers, ahead, deaths, lost, late):
    """Whatever dies, and however much room goes with it, all episodes land, none twice."""
    cluster = FakeCluster(
        lambda below: data.draw(st.integers(0, below - 1)),
        places=workers,
        deaths=deaths,
        lost=lost,
        late=late,
    )
    dealing = Dealing(IDS[:count], workers=workers, most=4, ahead=ahead)
    play_out(cluster, dealing, take, workers=workers)
    assert sorted(cluster.played) == sorted({*IDS[:count]} - {*dealing.deadly})
    assert dealing.left == []
    # No more deaths than it takes for doubt; only many by chance can look like poison.
    assert not dealing.deadly or deaths >= DEATHS_IN_BATCHES + DEATHS_ALONE


@pytest.mark.slow
@given(data=st.data(), workers=st.integers(1, 3), poison=st.sets(st.sampled_from(IDS), max_size=3))
def test_what_kills_workers_is_named(data, workers, poison):
    """An episode that ends every worker is played alone after three, and given up after six."""
    cluster = FakeCluster(
        lambda below: data.draw(st.integers(0, below - 1)),
        places=workers,
        poison=sorted(poison),
    )
    dealing = Dealing(IDS, workers=workers, most=8, ahead=2)
    play_out(cluster, dealing, take, workers=workers)
    assert sorted(dealing.deadly) == sorted(poison)
    assert sorted(cluster.played) == sorted({*IDS} - poison)
    assert all(cluster.alone.count(id) == DEATHS_ALONE for id in poison)


def first_of(*choices: int) -> Choose:
    """Return what makes *choices*, and then always the first."""
    rest = list(choices)
    return lambda below: min(rest.pop(0), below - 1) if rest else 0


@pytest.mark.slow
def test_all_orders_of_a_small_run():
    """Two workers, three episodes, two deaths, room for one lost: all first 9 choices end well."""
    depth = 9
    seen, orders = set(), 0

    def choices(prefix: tuple[int, ...]) -> None:
        nonlocal orders
        widths: list[int] = []

        def choose(below: int) -> int:
            place = len(widths)
            widths.append(below)
            return prefix[place] if place < len(prefix) else 0

        cluster = FakeCluster(choose, places=2, deaths=2, lost=1)
        ids = IDS[:3]
        dealing = Dealing(ids, workers=2, most=2, ahead=1)
        play_out(cluster, dealing, take, workers=2)
        assert sorted(cluster.played) == ids
        orders += 1
        seen.add(tuple(cluster.played))
        for place in range(len(prefix), min(depth, len(widths))):
            for other in range(1, widths[place]):
                choices((*prefix, *[0] * (place - len(prefix)), other))

    choices(())
    assert orders > 500
    assert len(seen) > 3


def test_a_worker_without_work_is_dealt_what_comes_back():
    """A dead worker's batch goes to one that had run dry, though nothing replaces the dead one."""
    dealing = Dealing(["a", "b"], workers=2, most=1, ahead=1)
    first, second = dealing.deal("one"), dealing.deal("two")
    assert (first.ids, second.ids) == (["a"], ["b"])
    assert dealing.deal("one") is None
    dealing.land("one", first.number, Taken(["a"]))
    assert dealing.deal("one") is None
    dealing.bury("two", Taken())
    assert dealing.deal("one").ids == ["b"]


def test_what_was_shipped_is_not_played_again():
    """An episode that was done when its worker died does not come back, whatever its node says."""
    dealing = Dealing(["a", "b"], workers=1, most=2, ahead=1)
    assert dealing.deal("one").ids == ["a"]
    dealing.ship(Taken(["a"]))
    dealing.bury("one", Taken())
    assert dealing.deal("two").ids == ["b"]


def test_an_answer_that_was_not_taken_is_asked_for_again():
    """What a landing does not bring is dealt again, up to a limit: the loop ends."""
    cluster = FakeCluster(first_of(), places=1)
    dealing = Dealing(["a"], workers=1, most=1, ahead=1)
    play_out(cluster, dealing, lambda _: Taken(), workers=1)
    assert dealing.deadly == ["a"]
    assert cluster.played == ["a"] * (DEATHS_IN_BATCHES + DEATHS_ALONE)


def test_what_cannot_be_played_now_is_left():
    """An episode that is left is not dealt again."""
    cluster = FakeCluster(first_of(), places=1)
    dealing = Dealing(["a", "b"], workers=1, most=2, ahead=1)
    play_out(cluster, dealing, lambda bundle: Taken(left=bundle.decode().split()), workers=1)
    assert dealing.left == ["a", "b"]


class Failing:
    """An engine whose workers die as they start, or that has one problem."""

    def __init__(self, *happens: Came) -> None:
        self.happens = list(happens)
        self.started = 0

    def start(self, *, after: str | None = None) -> None:  # noqa: ARG002 - an engine's
        """Count."""
        self.started += 1

    def deal(self, worker: str, batch: Batch) -> None:
        """Have the batch land with a problem."""
        self.happens.append(Landed(worker, batch.number, b"a", RefoldError("the key is refused")))

    def wait(self) -> Sequence[Came]:
        """Return what happens next; in the end, only deaths."""
        return [self.happens.pop(0)] if self.happens else [Lost(f"worker {self.started}")]


def test_workers_that_never_start_end_the_run():
    """A cluster on which no worker lives long enough to play is not tried for ever."""
    engine = Failing()
    dealing = Dealing(["a"], workers=2, most=1, ahead=1)
    with pytest.raises(RefoldError, match="expected workers to start, got 10 that died"):
        play_out(engine, dealing, take, workers=2)


def test_the_first_problem_stops_the_run_after_its_bundle():
    """What a worker cannot fix ends the run; what it had played is stored before."""
    taken = []
    dealing = Dealing(["a", "b", "c"], workers=1, most=1, ahead=1)

    def store(bundle: bytes) -> Taken:
        taken.append(bundle)
        return take(bundle)

    with pytest.raises(RefoldError, match="the key is refused"):
        play_out(Failing(Up("worker 1")), dealing, store, workers=1)
    assert taken == [b"a"]


def test_enough_is_enough():
    """Once there is enough, no more is dealt, and what is open stays open."""
    cluster = FakeCluster(first_of(), places=1)
    dealing = Dealing(IDS, workers=1, most=4, ahead=1)
    play_out(cluster, dealing, take, workers=1, is_enough=lambda: len(cluster.played) >= 8)
    assert 8 <= len(cluster.played) < len(IDS)
    assert dealing.is_open


def test_shares_get_smaller_towards_the_end():
    """The last batches are small, so that no worker waits long for another."""
    dealing = Dealing(IDS, workers=2, most=16, ahead=100)
    sizes = []
    while batch := dealing.deal("one"):
        sizes.append(len(batch.ids))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 10
    assert sizes[-1] == 1
    assert sum(sizes) == 40
