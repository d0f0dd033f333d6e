"""Functions of Python files and modules that the user names."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from refold.engine.errors import RefoldError
from refold.environments.answers import failed
from refold.environments.packages import version_of

Make = Callable[..., Any]


def split_place(place: str) -> tuple[str, str]:
    """
    Return file or module, and function, of ``FILE.py:FUNCTION`` or ``MODULE:FUNCTION``.

    Raises:
        RefoldError: *place* is neither.
    """
    source, colon, function = place.rpartition(":")
    named = function.isidentifier() and (is_file(source) or _is_module(source))
    if not colon or not named:
        raise RefoldError(f"python: expected FILE.py:FUNCTION or MODULE:FUNCTION, got {place!r}")
    return source, function


def is_file(source: str) -> bool:
    """Return whether *source* names a file, not a module."""
    return source.endswith(".py")


def _is_module(source: str) -> bool:
    return all(part.isidentifier() for part in source.split("."))


def load_function(source: str, name: str) -> Make:
    """
    Return the function or class *name* of a Python file, or of a module, which is run for it.

    A file is run once in a process, until it changes, as a module is.

    Raises:
        RefoldError: It cannot be run, or has no such function.
    """
    try:
        module = _load_file(source) if is_file(source) else import_module(source)
    except RefoldError:
        raise
    except (Exception, SystemExit) as error:  # the code is the user's: anything may happen
        raise RefoldError(f"{source}: expected Python that runs, got {failed(error)}") from error
    made = getattr(module, name, None)
    if not callable(made):
        has = ", ".join(_functions(module)) or "none"
        raise RefoldError(f"{source}: expected a function {name!r}, got none; it has {has}")
    function: Make = made
    return function


def import_module(name: str) -> ModuleType:
    """
    Return the module *name*, which the user has named: an installed one, else of this folder.

    Raises:
        Exception: Whatever its code raises.
    """
    _look_in(Path.cwd())  # where a program is started with ``python -m``, but not with ``refold``
    return importlib.import_module(name)


def check_options(make: Make, options: Mapping[str, Any], where: str) -> None:
    """
    Check that *make* takes *options*; *where* it is, for the error.

    Raises:
        RefoldError: It does not.
    """
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):  # written in C, without a signature
        return
    try:
        signature.bind(**options)
    except TypeError as error:
        given = ", ".join(options) or "none"
        raise RefoldError(
            f"{where}: expected options that fit {signature}, got {given}: {error}; "
            "give them as in ?size=3&easy=true"
        ) from None


def versions_of_source(source: str) -> dict[str, str]:
    """Return name and digest of a file, or name and version of the package of a module."""
    if is_file(source):
        return {Path(source).name: sha256(_read(source)).hexdigest()[:12]}
    return version_of(source)


def _functions(module: ModuleType) -> list[str]:
    return [
        name
        for name, each in vars(module).items()
        if callable(each) and getattr(each, "__module__", None) == module.__name__
    ]


def _read(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise RefoldError(f"{source}: expected a readable file, got {error.strerror}") from None


def _load_file(source: str) -> ModuleType:
    path = Path(source).resolve()
    return _run(path, sha256(_read(source)).hexdigest())


class _Loader(SourceFileLoader):
    """Loads what the file holds now: a cache would miss a change of equal length in a second."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled source."""
        return self.source_to_code(self.get_data(self.path), self.path)


def _look_in(folder: Path) -> None:
    """
    Have modules found in *folder* too.

    Last, unlike in a script's folder: a file called as a module of the library must not take its
    place in the rest of refold.
    """
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


@cache
def _run(path: Path, _digest: str) -> ModuleType:
    _look_in(path.parent)  # so that the file can import its neighbours
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path, loader=_Loader(name, str(path)))
    if spec is None or spec.loader is None:
        raise RefoldError(f"{path.name}: expected a Python file")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module  # dataclasses and pickle look for it there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    return module


def _module_name(path: Path) -> str:
    """Return the file's own name, as if imported; another where that is some other module's."""
    try:
        known = sys.modules.get(path.stem)
        place = known.__spec__ if known else importlib.util.find_spec(path.stem)
    except (AttributeError, ImportError, ValueError):
        place = None
    own = path.stem.isidentifier() and (
        (known is None and place is None)
        or (place is not None and place.origin is not None and Path(place.origin) == path)
    )
    return path.stem if own else f"refold_{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
