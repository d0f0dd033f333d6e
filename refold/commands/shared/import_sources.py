"""
The files that an import reads: those that are named, and those that lie in named folders.

What comes through a pipe is kept in a temporary file, since a format is found out, and a digest
computed, before anything is read from it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import evolve, frozen

from refold.commands.shared.files import STDOUT, is_descriptor, open_input
from refold.engine import RefoldError
from refold.transcripts.building import TrialFile
from refold.transcripts.formats import find_format
from refold.transcripts.harbor import RESULT

_SUFFIXES = (".eval", ".json", ".jsonl", ".ndjson", ".traj")


@frozen
class ImportFile:
    """
    A file to import.

    Attributes:
        path: Where it is, as errors call it; ``-`` is stdin.
        name: What reports and origins call it: never a path of this machine.
        folder: The folder that it lies in; None for stdin.
        found: Whether it was found in a folder, where files of other kinds lie too.
        copy: Path of a copy that can be read more than once; empty if it can be itself.
    """

    path: str
    name: str
    folder: Path | None
    found: bool = False
    copy: str = ""

    @property
    def content(self) -> str:
        """The path to read."""
        return self.copy or self.path

    @property
    def run(self) -> str:
        """The name of the run that its episodes belong to, unless another is given."""
        name = Path(self.name).parent.name if Path(self.name).name == RESULT else self.name
        return Path(name).stem if self.folder is not None else "import"

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return Path(self.content).stat().st_size

    def told(self, kind: str, digest: str, run: str | None) -> TrialFile:
        """Return it with the format *kind*, and the name of its *run* unless that is its own."""
        where, run = self.path, run or self.run
        return TrialFile(self.content, where, self.name, self.folder, kind, digest, run)


@contextmanager
def readable(files: Iterable[ImportFile]) -> Iterator[list[ImportFile]]:
    """
    Give *files* with copies in place of pipes, which can be read more than once as well.

    Raises:
        RefoldError: One cannot be read.
    """
    with ExitStack() as stack:
        yield [each if _is_regular(each.path) else _copied(each, stack) for each in files]


def _is_regular(path: str) -> bool:
    return path != STDOUT and os.path.isfile(path)


def _copied(each: ImportFile, stack: ExitStack) -> ImportFile:
    with open_input(each.path) as file:
        copy = stack.enter_context(tempfile.NamedTemporaryFile())  # noqa: SIM115 - the stack
        shutil.copyfileobj(file, copy)
        copy.flush()
    return evolve(each, copy=copy.name)


def import_files(paths: Iterable[str]) -> list[ImportFile]:
    """
    Return the files that *paths* name, those of a folder in order of their names.

    Raises:
        RefoldError: One cannot be read, or a folder holds none.
    """
    files: list[ImportFile] = []
    for path in paths:
        if path != STDOUT and Path(path).is_dir():
            inside = list(_files_in(Path(path), Path(path).resolve().name))
            if not inside:
                raise RefoldError(
                    f"{path}: expected a folder with files that end in "
                    f"{', '.join(_SUFFIXES)}, got none"
                )
            files += inside
        else:
            # Now, not when its turn comes: a mistyped name must not cost a wait for the log.
            if path != STDOUT and not is_descriptor(path):
                open_input(path).close()
            if path == STDOUT:
                files.append(ImportFile(path, path, None))
            else:
                files.append(ImportFile(path, Path(path).name, Path(path).parent))
    return files


def _files_in(folder: Path, name: str) -> Iterator[ImportFile]:
    """Yield the files in *folder* and below; of a trial of Harbor only that which makes it one."""
    result = folder / RESULT
    if _is_trial(result):
        yield ImportFile(str(result), f"{name}/{RESULT}", folder, found=True)
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():  # which could lead anywhere, or round in a circle
            continue
        if path.is_dir():
            yield from _files_in(path, f"{name}/{path.name}")
        elif path.suffix in _SUFFIXES:
            yield ImportFile(str(path), f"{name}/{path.name}", folder, found=True)


def _is_trial(result: Path) -> bool:
    try:
        with result.open("rb") as file:
            return find_format(file, result.name) == "harbor"
    except (OSError, RefoldError):
        return False
