"""Work to be shared out among processes, in a module that workers import too."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import frozen

from refold.engine import RefoldError
from refold.engine.log.left_out import LeftOut
from refold.jobs import Run, Tell

LEFT_OUT, LINE = 7, 10
"""Every so many numbers, one is left out, or told."""


@frozen
class Squares:
    """
    Squares numbers, but leaves out some and tells of others.

    *fails* raises an error, *dies* kills the process, *hangs* takes a minute; *ahead* numbers are
    taken before the first result is given.
    """

    fails: int = -1
    dies: int = -1
    hangs: int = -1
    ahead: int = 0

    @contextmanager
    def __call__(self, left_out: LeftOut, tell: Tell) -> Iterator[Run[int, int]]:
        """Return what squares numbers."""
        tell("opened")
        yield lambda numbers: self._square(numbers, left_out, tell)

    def _square(
        self, numbers: Iterator[int], left_out: LeftOut, tell: Tell
    ) -> Iterator[tuple[int, int]]:
        taken: list[int] = []
        for number in numbers:
            if number % LEFT_OUT == 3:
                left_out.add(str(number), RefoldError(f"{number} is left out"))
                continue
            taken.append(number)
            if len(taken) > self.ahead:
                yield self._result(taken.pop(0), tell)
        for number in taken:
            yield self._result(number, tell)

    def _result(self, number: int, tell: Tell) -> tuple[int, int]:
        if number % LINE == 0:
            tell(f"squaring {number}")
        if number == self.fails:
            raise NoSquare(number)
        if number == self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.hangs:
            time.sleep(60)
        return number, number * number


class NoSquare(RefoldError):
    """An error with a constructor of its own, as some have."""

    def __init__(self, number: int, *, more: str = "") -> None:
        self.number = number
        super().__init__(f"{number}: expected one to square{more}, got a bad one")
