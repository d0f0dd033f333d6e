"""Packages that hand on names of their modules, without importing a module before it is needed."""

from collections.abc import Callable, Sequence
from importlib import import_module
from sys import modules


def hand_on(
    package: str, names: Sequence[str], *homes: str
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """
    Return ``__getattr__`` and ``__dir__`` of *package*, which imports each of *names* at first use.

    Assign them where type checkers do not look: they would take it that any name exists.

    Args:
        package: Its full name.
        names: What it hands on.
        homes: The modules that define the names, those in the package with a dot in front. A name
            is taken from the first module that has it, and those before it are imported on the
            way: list first what the others build on. None may have something else of that name.
    """
    own = vars(modules[package])

    def find(name: str) -> object:
        if name in names:
            for home in homes:
                module = import_module(home, package)
                if hasattr(module, name):
                    return own.setdefault(name, getattr(module, name))
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find, lambda: sorted({*own, *names})
