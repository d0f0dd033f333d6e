"""Versions of the packages that answer."""

from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version


def version_of(module: str) -> dict[str, str]:
    """Return name and version of the installed package that *module* belongs to; empty if none."""
    package = module.partition(".")[0]
    for name in dict.fromkeys(_distributions().get(package, [])):
        try:
            return {name: version(name)}
        except PackageNotFoundError:
            continue
    return {}


@cache  # a look at all that is installed takes long
def _distributions() -> dict[str, list[str]]:
    return {name: list(found) for name, found in packages_distributions().items()}
