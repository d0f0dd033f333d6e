"""Work that several processes share: the same results, notes, lines and errors as of one."""

import multiprocessing
from functools import partial

import pytest
from attrs import define, field
from spreading import NoSquare, Squares

from refold.engine import Episode, EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.jobs import counting, jobs_for, spread
from refold.scenarios import load


@define
class Heard:
    """What came of some work: results, lines, what was left out, and the error."""

    results: list[tuple[int, int]] = field(factory=list)
    lines: list[str] = field(factory=list)
    left_out: LeftOut = field(factory=LeftOut)
    error: str = ""


def squared(there, numbers, jobs):
    """Return what came of *numbers*, shared out among so many *jobs*."""
    heard = Heard()
    with there(heard.left_out, heard.lines.append) as here:
        if jobs > 1:  # the workers tell for themselves that they opened it
            heard.lines.clear()
        try:
            heard.results += spread(
                numbers, here, there, jobs=jobs, left_out=heard.left_out, tell=heard.lines.append
            )
        except RefoldError as error:
            heard.error = str(error)
    return heard


def shared(there, numbers):
    """Return the results of two processes, one at a time."""
    return spread(numbers, iter, there, jobs=2, left_out=LeftOut(), tell=lambda _line: None)


def many_and_no_more():
    """Yield numbers, and then an error."""
    yield from range(100)
    raise RefoldError("no more numbers")


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [2, 3])
@pytest.mark.parametrize(
    ("numbers", "there", "error"),
    [
        (partial(range, 300), Squares(), ""),
        (partial(range, 300), Squares(ahead=70), ""),
        (partial(range, 300), Squares(fails=140), "140: expected one to square"),
        (many_and_no_more, Squares(), "no more numbers"),
        (partial(range, 1), Squares(), ""),
    ],
    ids=["good", "taken ahead", "failing", "without more", "one"],
)
def test_as_of_one_process(numbers, there, error, jobs):
    """Results, lines, notes and the error are those of one process, in its order."""
    alone = squared(there, numbers(), 1)
    assert squared(there, numbers(), jobs) == alone
    assert alone.error.startswith(error)
    assert len(alone.results) == (120 if "140" in error else 86 if error else len(alone.results))


def test_an_error():
    """It comes after the results before it, and keeps its facts, whatever its constructor takes."""
    results = []
    with pytest.raises(NoSquare, match=r"^151: expected one to square, got a bad one") as caught:
        results.extend(shared(Squares(fails=151), range(300)))
    assert results == [(n, n * n) for n in range(151) if n % 7 != 3]
    assert caught.value.number == 151
    assert "in _result" in caught.value.__notes__[0]
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_process_that_is_killed():
    """That is told in a line, and no other process is left over."""
    found = squared(Squares(dies=70), range(200), 2)
    assert found.error.startswith("worker process: expected it to finish its episodes")
    assert "got its end by SIGKILL" in found.error
    assert len(found.results) < 70
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_results_that_nobody_wants():
    """When the results are dropped, the processes end, whatever they are doing."""
    results = shared(Squares(hangs=80), range(200))
    assert next(results) == (0, 0)
    assert len(multiprocessing.active_children()) == 2
    results.close()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("jobs", "episodes", "expected"),
    [(None, 9, 1), (None, 90, 4), (None, 0, 1), (3, 50, 3), (3, 2, 2), (3, 0, 1)],
)
def test_number_of_processes(tmp_path, monkeypatch, jobs, episodes, expected):
    """As many as asked for, or as the size of the episodes pays for; no more than episodes."""
    with EventLog(tmp_path / "refold.db") as log:
        for number in range(10):
            Episode.start(load("inbox/easy"), log=log, id=f"{number}")
        size = (tmp_path / "refold.db").stat().st_size
        monkeypatch.setattr(counting, "count_cores", lambda: 4)
        monkeypatch.setattr(counting, "BYTES_A_JOB", size)
        assert jobs_for(jobs, log, episodes) == expected
