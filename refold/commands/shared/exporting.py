"""Exports in the formats of other tools: into a file, a folder, or stdout."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from attrs import define, field, frozen

from refold.commands.shared.files import STDOUT, check_output, output_file
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import escape_line, print_to_stderr
from refold.commands.shared.progress import show_progress
from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.transcripts.exports.formats import SUFFIXES, WRITERS
from refold.transcripts.exports.inspect_archive import write_archive
from refold.transcripts.exports.names import ARCHIVE, KEPT_IN, LINES, TABLES
from refold.transcripts.exports.pairs import pair_lines
from refold.transcripts.exports.parquet import VIEWS, fields_left, load_library, write_tables
from refold.transcripts.exports.runs import Run, read_run

_MOST_TOLD = 6


@frozen
class Target:
    """
    Where an export goes, and in which format.

    Attributes:
        kind: Name of the format.
        output: Path of a file or folder; ``-`` is stdout.
        log_path: Path of the log, which must not be written over.
    """

    kind: str
    output: str
    log_path: str


@frozen
class _Written:
    """A run, its bytes in a format, and how often each of its fields has no place there."""

    run: Run
    data: bytes
    fields: Counter[str]


@define
class _Count:
    """What was exported so far, and what found no place in the format."""

    runs: int = 0
    fields: Counter[str] = field(factory=Counter)
    events: Counter[str] = field(factory=Counter)

    def add(self, run: Run, fields: Counter[str]) -> None:
        """Count *run*, of which *fields* had no place."""
        self.runs += 1
        self.fields.update(fields)
        self.events.update(run.trial.left)


def export_as(
    target: Target, log: EventLog, ids: Sequence[str], left_out: LeftOut, *, listed: bool
) -> None:
    """
    Write episodes of *log* to *target*, and tell on stderr what found no place in its format.

    Args:
        target: Where to, and how.
        log: The log.
        ids: The episodes; all if there are none.
        left_out: Notes those that cannot be read.
        listed: Whether to list all that found no place.

    Raises:
        RefoldError: The target cannot hold them; or an id names no episode.
    """
    infos: Iterable[EpisodeInfo] = (
        left_out.find_each(log, ids) if ids else log.episodes(left_out=left_out)
    )
    total = len(ids) if ids else log.count()
    watched = show_progress(infos, total=total, label="exporting")
    count = _Count()
    if target.kind in (ARCHIVE, TABLES):
        runs = (run for _, run in left_out.read_each(watched, partial(read_run, log)))
        _write_together(target, log, runs, count)
    else:
        write = WRITERS[target.kind]

        def read(info: EpisodeInfo) -> _Written:
            run = read_run(log, info)
            return _Written(run, *write(run))

        written = (each for _, each in left_out.read_each(watched, read))
        if target.kind in LINES:
            _write_lines(target, written, count)
        else:
            _write_files(target, written, count, alone=total == 1)
    _tell(target, count, listed=listed)


def _write_together(target: Target, log: EventLog, runs: Iterable[Run], count: _Count) -> None:
    """Write *runs* into one archive, or one folder of tables."""
    if target.kind == ARCHIVE:
        with output_file(_path(target, "FILE.eval")) as file:
            count.fields = write_archive(_counted(runs, count), file)
    else:
        counted = _counted(runs, count, fields_left)
        _write_tables(target, log, (run.info.id for run in counted))


def export_pairs(target: Target, log: EventLog, ids: Sequence[str], left_out: LeftOut) -> None:
    """Write the preference pairs of the episodes *ids* and their forks; of all if none is named."""
    pairs = 0
    with output_file(target.output) as file:
        for family in _families(log, ids, left_out):
            runs = [run for _, run in left_out.read_each(family, partial(read_run, log))]
            for line in pair_lines(runs):
                file.write(escape_line(line) if file.isatty() else line)
                pairs += 1
    told = "" if pairs else "; forks of one parent whose grades differ make them: see `fork`"
    print_to_stderr(f"{pluralise(pairs, 'pair')} exported{told}")


def _families(log: EventLog, ids: Sequence[str], left_out: LeftOut) -> Iterator[list[EpisodeInfo]]:
    """Yield each parent with its forks; the forks alone where the log does not hold it."""
    if ids:
        for info in left_out.find_each(log, ids):
            yield [info, *log.forks(info.id, left_out=left_out)]
        return
    forks: dict[str, list[EpisodeInfo]] = defaultdict(list)
    for info in log.episodes(left_out=left_out):
        if info.parent is not None:
            forks[info.parent].append(info)
    for parent, family in forks.items():
        known = left_out.find_each(log, [parent]) if log.holds(parent) else []
        yield [*known, *family]


def _write_lines(target: Target, written: Iterable[_Written], count: _Count) -> None:
    with output_file(target.output) as file:
        for each in written:
            file.write(escape_line(each.data) if file.isatty() else each.data)
            count.add(each.run, each.fields)


def _write_files(
    target: Target, written: Iterable[_Written], count: _Count, *, alone: bool
) -> None:
    """Write a file for each of *written*: into a folder, unless it is *alone*."""
    folder = None if alone and not Path(target.output).is_dir() else _folder(target)
    for each in written:
        name = f"{each.run.info.id}{SUFFIXES[target.kind]}"
        path = target.output if folder is None else str(folder / name)
        check_output(path, option="--output", logs=[target.log_path])
        with output_file(path) as file:
            lines = each.data.splitlines(keepends=True)
            file.writelines(map(escape_line, lines) if file.isatty() else lines)
        count.add(each.run, each.fields)


def _write_tables(target: Target, log: EventLog, ids: Iterable[str]) -> None:
    load_library()  # before a folder is made that would stay empty
    folder = _folder(target)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(output_file(str(folder / f"{name}.parquet")))
            for name in VIEWS
        }
        write_tables(log, ids, files)


def _counted(
    runs: Iterable[Run], count: _Count, fields: Callable[[Run], Counter[str]] | None = None
) -> Iterator[Run]:
    """Yield *runs*, each counted with the *fields* that have no place."""
    for run in runs:
        count.add(run, fields(run) if fields else Counter())
        yield run


def _path(target: Target, example: str) -> str:
    if target.output == STDOUT:
        raise RefoldError(f"--as {target.kind}: expected --output {example}, got none; name it")
    return target.output


def _folder(target: Target) -> Path:
    """Return the folder to write into, which is made if there is none."""
    folder = Path(_path(target, "FOLDER, as each episode is a file of its own"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"--output {folder}: expected a folder that can be written, got {error.strerror}"
        raise RefoldError(problem) from None
    return folder


def _tell(target: Target, count: _Count, *, listed: bool) -> None:
    print_to_stderr(f"{pluralise(count.runs, 'episode')} exported as {target.kind}")
    place = KEPT_IN.get(target.kind)
    where = f"without a field, kept in {place}" if place else "without a field, left out"
    for what, counted in ((where, count.fields), ("left out", count.events)):
        told = [f"{name} ({times})" for name, times in counted.most_common()]
        if told and not listed:
            more = len(told) - _MOST_TOLD
            rest = f" and {more} more; --report lists them" if more > 0 else ""
            print_to_stderr(f"{what}: {', '.join(told[:_MOST_TOLD])}{rest}")
        elif told:
            print_to_stderr(f"{what}:")
            for name in told:
                print_to_stderr(f"  {name}")
