"""
Power cuts: a shim in SQLite's own VFS that notes every write, and what a disk may keep of them.

As a program, ``power.py LOG TRACE [durable]`` records a few episodes through the shim and writes
down in order all that was written, cut off, synced and deleted, and each step that the log had
acknowledged. It needs a Python whose ``sqlite3`` uses a shared SQLite or shows its symbols.

The shim replaces functions in the default VFS, and in each file that it opens, by others that
take notes and then call the original: the code under test is the real one, unchanged. A sync is
only noted: nobody cuts this machine's power.
"""

import _sqlite3
import ctypes
import random
import sys
from collections.abc import Iterable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from attrs import define, field

from refold.engine import Episode, EventLog
from refold.graders import grade, save_grade
from refold.scenarios import load

SECTOR = 512
CREATE, JOURNALS = 0x4, 0x800 | 0x80000  # SQLITE_OPEN_CREATE; _MAIN_JOURNAL and _WAL

Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
Close = CFUNCTYPE(c_int, c_void_p)
Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class Vfs(ctypes.Structure):
    """The beginning of ``sqlite3_vfs``."""

    _fields_ = [
        *(("version", c_int), ("file_size", c_int), ("longest_path", c_int)),
        *(("next", c_void_p), ("name", c_char_p), ("data", c_void_p)),
        *(("open", Open), ("delete", Delete)),
    ]


class Methods(ctypes.Structure):
    """``sqlite3_io_methods``."""

    _fields_ = [
        *(("version", c_int), ("close", Close), ("read", c_void_p), ("write", Write)),
        *(("truncate", Truncate), ("sync", Sync), ("rest", c_void_p * 13)),
    ]


class File(ctypes.Structure):
    """``sqlite3_file``."""

    _fields_ = [("methods", POINTER(Methods))]


def _c(address: Any, kind: Any) -> Any:
    return ctypes.cast(address, POINTER(kind)).contents


def _name(path: int) -> str:
    return Path(ctypes.string_at(path).decode()).name


class Shim:
    """Notes in *trace* what this process's SQLite does to files, from now on."""

    def __init__(self, trace: list[tuple[Any, ...]]) -> None:
        library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        library.sqlite3_vfs_find.restype = POINTER(Vfs)
        self.trace = trace
        self.vfs = library.sqlite3_vfs_find(None).contents
        self.names: dict[int, str] = {}
        self.methods: dict[int, Methods] = {}
        self.true_open = Open(ctypes.cast(self.vfs.open, c_void_p).value)
        self.true_delete = Delete(ctypes.cast(self.vfs.delete, c_void_p).value)
        self.ours = Open(self.open), Delete(self.delete)
        self.vfs.open, self.vfs.delete = self.ours

    def open(self, vfs: Any, name: Any, file: Any, flags: int, out: Any) -> int:
        """Open a file, and put notes before its methods."""
        found: int = self.true_open(vfs, name, file, flags, out)
        if not found and name:
            self.names[file] = _name(name)
            first_sync_syncs_folder = bool(flags & CREATE and flags & JOURNALS)
            self.trace.append(("open", self.names[file], first_sync_syncs_folder))
            address = ctypes.addressof(_c(file, File).methods.contents)
            if address not in self.methods:
                self.methods[address] = self.noting(_c(address, Methods))
            _c(file, File).methods = ctypes.pointer(self.methods[address])
        return found

    def delete(self, vfs: Any, name: int, sync_folder: int) -> int:
        """Delete a file."""
        self.trace.append(("delete", _name(name), bool(sync_folder)))
        found: int = self.true_delete(vfs, name, sync_folder)
        return found

    def noting(self, true: Methods) -> Methods:
        """Return the methods *true* with notes before them."""

        def write(file: Any, data: int, size: int, offset: int) -> int:
            content = ctypes.string_at(data, size)
            self.trace.append(("write", self.names[file], offset, content))
            found: int = true.write(file, data, size, offset)
            return found

        def truncate(file: Any, size: int) -> int:
            self.trace.append(("truncate", self.names[file], size))
            found: int = true.truncate(file, size)
            return found

        def sync(file: Any, _flags: int) -> int:
            self.trace.append(("sync", self.names[file]))
            return 0

        copy = Methods.from_buffer_copy(true)
        copy.write, copy.truncate, copy.sync = Write(write), Truncate(truncate), Sync(sync)
        return copy


@define
class Kept:
    """A file on a disk: what is on it for sure, and what came after the last sync."""

    sure: bytearray = field(factory=bytearray)
    later: list[tuple[Any, ...]] = field(factory=list)
    syncs_folder: bool = False

    def sync(self) -> None:
        """Make all of it sure."""
        for change in self.later:
            _apply(self.sure, change)
        self.later.clear()

    def after_a_cut(self, dice: random.Random) -> bytes:
        """Return what may be found after a power cut: any of the sectors that were not synced."""
        content = bytearray(self.sure)
        share = dice.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        for change in self.later:
            for part in _sectors(change):
                if dice.random() < share:
                    _apply(content, part)
        return bytes(content)


def _sectors(change: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    if change[0] == "truncate":
        return [change]
    _, offset, data = change
    first = SECTOR - offset % SECTOR
    cuts = [0, *range(first, len(data), SECTOR), len(data)]
    return [("write", offset + a, data[a:b]) for a, b in pairwise(cuts)]


def _apply(content: bytearray, change: tuple[Any, ...]) -> None:
    if change[0] == "truncate":
        del content[change[1] :]
        return
    _, offset, data = change
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


class Disk:
    """
    A disk that keeps what was synced, and anything of the rest.

    New and deleted files are sure once the folder was synced, as SQLite does with the first sync
    of a journal or write-ahead log. A disk that is *lying* ignores every sync.
    """

    def __init__(self, *, lying: bool = False) -> None:
        self.lying = lying
        self.files: dict[str, Kept] = {}
        self.new: set[str] = set()
        self.deleted: dict[str, Kept] = {}

    def do(self, kind: str, name: str, *more: Any) -> None:
        """Follow one line of a trace."""
        if kind == "open":
            if name not in self.files:
                self.files[name] = Kept()
                self.new.add(name)
            self.files[name].syncs_folder |= more[0]
        elif kind == "delete" and name in self.files:
            self.deleted[name] = self.files.pop(name)
            self._sync_folder(more[0])
        elif kind in ("write", "truncate"):
            self.files[name].later.append((kind, *more))
        elif kind == "sync" and not self.lying:
            self.files[name].sync()
            self._sync_folder(self.files[name].syncs_folder)
            self.files[name].syncs_folder = False

    def _sync_folder(self, really: bool) -> None:
        if really and not self.lying:
            self.new.clear()
            self.deleted.clear()

    def cut(self, folder: Path, dice: random.Random) -> None:
        """Write into *folder* what may be found on the disk after a power cut now."""
        folder.mkdir()
        found = {name: kept for name, kept in self.files.items() if not name.endswith("-shm")}
        for name in sorted(self.new & found.keys()):
            if dice.random() < 0.3:
                del found[name]
        found |= {name: kept for name, kept in self.deleted.items() if dice.random() < 0.3}
        for name, kept in found.items():
            (folder / name).write_bytes(kept.after_a_cut(dice))


def play(path: str, trace: list[tuple[Any, ...]], *, durable: bool) -> None:
    """Play and grade a few episodes at a time, opening the log anew for each few."""
    for few in range(4):
        with EventLog(path, durable=durable) as log:
            episodes = [
                Episode.start(load(name), log=log, seed=few)
                for name in ("workflow/easy", "inbox/hard", "inbox/easy", "workflow/hard")
            ]
            while going := [episode for episode in episodes if not episode.over]:
                for episode in going:
                    episode.step(episode.legal_actions[-1])
                    trace.append(("acknowledged", episode.id, len(episode.events)))
                    if episode.over:
                        save_grade(log, episode.id, grade(episode.events))


def main(path: str, trace_path: str, durable: str = "") -> None:
    """Record a log through the shim, and what happened to its files."""
    shim = Shim([])
    play(path, shim.trace, durable=bool(durable))
    Path(trace_path).write_bytes(msgspec.msgpack.encode(shim.trace))


if __name__ == "__main__":
    main(*sys.argv[1:])
