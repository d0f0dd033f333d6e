"""
Reading zip archives of strangers: what an entry declares is checked before it is read.

Entries of method 93, Zstandard, need Python 3.14 or the package ``backports.zstd``. Nothing is
written to disk, so the names of entries are only names.
"""

import lzma
import sys
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, Any

from refold.engine.errors import RefoldError
from refold.transcripts.reading import decode

LARGEST_ENTRY = 256 * 2**20
"""Bytes of an entry, as declared."""
_MOST_ENTRIES = 1_000_000
_ZSTD = 93


class Archive:
    """
    The entries of the zip archive *file*, which errors call *name*.

    Raises:
        RefoldError: It is no zip archive, or one of a method that cannot be read here.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._name = name
        self._errors: tuple[type[Exception], ...] = (
            *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError),
            *(OSError, EOFError, ValueError, NotImplementedError, RuntimeError, OverflowError),
        )
        self._zip: Any = self._open(zipfile, file)
        entries = self._zip.infolist()
        if any(each.compress_type == _ZSTD for each in entries):
            reader, failure = _with_zstd(name)
            self._errors += (failure,)
            self._zip = self._open(reader, file)
            entries = self._zip.infolist()
        if len(entries) > _MOST_ENTRIES:
            raise RefoldError(f"{name}: expected at most {_MOST_ENTRIES} entries, got more")
        self._entries = {each.filename: each for each in entries}

    def _open(self, module: Any, file: IO[bytes]) -> Any:
        self._errors += (module.BadZipFile,)
        try:
            return module.ZipFile(file)
        except self._errors as error:
            raise RefoldError(
                f"{self._name}: expected a zip archive, got a damaged one: {error}"
            ) from None

    @property
    def names(self) -> Sequence[str]:
        """Names of the entries, in order."""
        return list(self._entries)

    def read(self, entry: str) -> Any:
        """
        Return the JSON value in *entry*.

        Raises:
            RefoldError: There is no such entry, it is too large, damaged, or no JSON.
        """
        where = f"{self._name} {entry}"
        info = self._entries.get(entry)
        if info is None:
            raise RefoldError(f"{where}: expected an entry of that name, got none")
        if info.file_size > LARGEST_ENTRY:
            raise RefoldError(
                f"{where}: expected at most {LARGEST_ENTRY} bytes, got {info.file_size}"
            )
        try:
            with self._zip.open(info) as opened:
                data = opened.read(LARGEST_ENTRY + 1)
        except self._errors as error:
            told = " ".join(str(error).split()) or type(error).__name__
            raise RefoldError(f"{where}: expected an entry that can be read, got {told}") from None
        if len(data) > LARGEST_ENTRY:
            raise RefoldError(f"{where}: expected at most {LARGEST_ENTRY} bytes, got more")
        return decode(data, where)


def _with_zstd(name: str) -> tuple[Any, type[Exception]]:
    """Return a module that reads Zstandard as well, and what it raises of damaged data."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - not in every Python

        return zipfile, zstd.ZstdError
    try:
        from backports import zstd  # noqa: PLC0415 - an extra
        from backports.zstd import zipfile as found  # noqa: PLC0415
    except ImportError:
        raise RefoldError(
            f"{name}: expected the package that reads Zstandard, got none; "
            "pip install 'refold[zstd]'"
        ) from None
    return found, zstd.ZstdError
