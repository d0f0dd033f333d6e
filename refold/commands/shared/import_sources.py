"""
The files that an import reads: those that are named, and those that lie in named folders.

What comes through a pipe is kept in a temporary file, since a format is found out, and a digest
computed, before anything is read from it.
"""

import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attrs import frozen

from refold.commands.shared.files import STDOUT, open_input
from refold.engine import RefoldError
from refold.transcripts.formats import find_format
from refold.transcripts.harbor import RESULT

_SUFFIXES = (".eval", ".json", ".jsonl", ".ndjson", ".traj")


@frozen
class ImportFile:
    """
    A file to import.

    Attributes:
        path: Where it is; ``-`` is stdin.
        name: What errors and origins call it: never a path of this machine.
        found: Whether it was found in a folder, where files of other kinds lie too.
    """

    path: str
    name: str
    found: bool = False

    @property
    def run(self) -> str:
        """The name of the run that its episodes belong to, unless another is given."""
        name = Path(self.name).parent.name if Path(self.name).name == RESULT else self.name
        return Path(name).stem if self.path != STDOUT else "import"

    @property
    def folder(self) -> Path | None:
        """The folder that it lies in; None for stdin."""
        return None if self.path == STDOUT else Path(self.path).parent

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """
        Open it, so that it can be read from its beginning more than once.

        Raises:
            RefoldError: It cannot be read.
        """
        with open_input(self.path) as file:
            if self.path != STDOUT and stat.S_ISREG(Path(self.path).stat().st_mode):
                yield file
                return
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(file, copy)
                copy.seek(0)
                yield copy


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
            if path != STDOUT and not path.startswith("/dev/"):
                open_input(path).close()
            files.append(ImportFile(path, path if path == STDOUT else Path(path).name))
    return files


def _files_in(folder: Path, name: str) -> Iterator[ImportFile]:
    """Yield the files in *folder* and below; of a trial of Harbor only that which makes it one."""
    result = folder / RESULT
    if _is_trial(result):
        yield ImportFile(str(result), f"{name}/{RESULT}", found=True)
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():  # which could lead anywhere, or round in a circle
            continue
        if path.is_dir():
            yield from _files_in(path, f"{name}/{path.name}")
        elif path.suffix in _SUFFIXES:
            yield ImportFile(str(path), f"{name}/{path.name}", found=True)


def _is_trial(result: Path) -> bool:
    try:
        with result.open("rb") as file:
            return find_format(file, result.name) == "harbor"
    except (OSError, RefoldError):
        return False
