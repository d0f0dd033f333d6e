"""
Running checks: one target after another, or several at once in processes of their own.

What a target's checks share, such as the runs of the panel, is made once for all of them, so that
a target is never split between processes.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

from attrs import frozen

from refold.audits.findings import Check, Measurement
from refold.engine import RefoldError
from refold.engine.errors import UnknownName
from refold.solving import Limits

MEMORY = 4 * 10**9
"""Bytes that a process may take before it is asked for nothing more."""


class LimitReached(RefoldError):
    """A limit of the audit stopped a check, which then says nothing."""


def stop_at(limits: Limits) -> None:
    """
    Go on if there is time and memory left.

    Raises:
        LimitReached: There is none.
    """
    reached = limits.reached()
    if reached is not None:
        raise LimitReached(f"{reached} reached")


class Target(Protocol):
    """Something to audit; can be pickled."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def checks(self) -> Sequence[Check]:
        """The checks of its kind, in the order of the report."""

    @property
    def limits(self) -> Sequence[str]:
        """What an audit of its kind does not show, a sentence each."""

    def open(self, limits: Limits) -> AbstractContextManager[Any]:
        """
        Return what the checks of its kind measure, for as long as it is open.

        Raises:
            RefoldError: It cannot be opened.
        """


@frozen
class Answer:
    """What *check* measured of *target*; *problem* is why it could not, or None."""

    target: str
    check: Check
    measured: Measurement
    problem: str | None = None


Watch = Callable[[str, str], None]
"""Called with a target and the check of it that begins."""


def choose(checks: Sequence[Check], only: Sequence[str]) -> list[Check]:
    """Return those of *checks* that *only* names by id, group or pattern; all if it is empty."""
    return [each for each in checks if not only or any(_fits(each.id, one) for one in only)]


def _fits(id: str, wanted: str) -> bool:
    return id == wanted or id.startswith(f"{wanted.rstrip('.')}.") or fnmatchcase(id, wanted)


def refuse_unknown(targets: Sequence[Target], only: Sequence[str]) -> None:
    """
    Check that each of *only* names a check of one of *targets*.

    Raises:
        UnknownName: One does not.
    """
    known = {check.id for target in targets for check in target.checks}
    for wanted in only:
        if not any(_fits(id, wanted) for id in known):
            raise UnknownName("--only", wanted, known)


def run_audit(
    targets: Sequence[Target],
    *,
    only: Sequence[str] = (),
    seconds: float,
    jobs: int = 1,
    watch: Watch = lambda target, check: None,
) -> Iterator[list[Answer]]:
    """
    Yield what the checks of each of *targets* measured, in the order of the targets.

    Args:
        targets: What to audit.
        only: Ids, groups (``semantic``) or patterns of the checks to run; all if empty.
        seconds: Time for each target. Checks that would begin later are skipped.
        jobs: How many targets to audit at once.
        watch: Called as checks begin; with several jobs, as targets end.

    Raises:
        RefoldError: A target cannot be opened.
    """
    audit = partial(_audit, only=tuple(only), seconds=seconds)
    if jobs == 1 or len(targets) < 2:
        yield from (audit(each, watch=watch) for each in targets)
        return
    # Spawned, not forked: a fork of a process with threads may hang.
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_die_of_interrupts
    ) as pool:
        futures = {
            pool.submit(_audit_apart, audit, each): place for place, each in enumerate(targets)
        }
        done: dict[int, list[Answer]] = {}
        following = 0
        for future in as_completed(futures):
            place = futures[future]
            done[place] = future.result()
            watch(targets[place].name, "")
            while following in done:
                yield done.pop(following)
                following += 1


def _die_of_interrupts() -> None:
    """Have Ctrl-C end this process without a word: the one that began it has them all."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _audit_apart(audit: Callable[[Target], list[Answer]], target: Target) -> list[Answer]:
    """Return what *audit* returns for *target*; raise what other processes can read."""
    try:
        return audit(target)
    except RefoldError as error:
        raise RefoldError(str(error)) from None


def _audit(
    target: Target,
    *,
    only: Sequence[str],
    seconds: float,
    watch: Watch = lambda target, check: None,
) -> list[Answer]:
    limits = Limits(seconds, MEMORY)
    answers: list[Answer] = []
    with target.open(limits) as opened:
        for check in choose(target.checks, only):
            watch(target.name, check.id)
            answers += _measure(target.name, check, opened, limits)
    return answers


def _measure(target: str, check: Check, opened: Any, limits: Limits) -> Iterator[Answer]:
    try:
        stop_at(limits)
        for measured in check.measure(opened):
            yield Answer(target, check, measured)
    except LimitReached as error:
        yield Answer(target, check, Measurement("", None, None, str(error)))
    except RefoldError as error:
        yield Answer(target, check, Measurement("", None, None, str(error)), str(error))
