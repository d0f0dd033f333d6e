"""
The viewer's files: those of the folder ``web``, and the drawings that families bring.

A family's drawing is the module ``families/NAME.RULES.js``. The module ``families.js``, which is
made here, knows them all and gives any other family tables.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from refold.engine.registry import all_families

WEB = files("refold.viewer") / "web"
REGISTRY = "families.js"

_DRAWING_OF = """
/** How the family of an episode is drawn: by itself, or as tables. */
export function drawingOf({ family, rules }) {
  return DRAWINGS.get(`${family}.${rules}`) ?? generic;
}
"""


@cache
def drawings() -> Mapping[str, bytes]:
    """Return the drawing of each family that has one, by name and rules version: ``inbox.1``."""
    return {
        f"{family.name}.{family.rules}": family.drawing.read_bytes()
        for family in all_families()
        if family.drawing is not None
    }


@cache
def viewer_files() -> Mapping[str, bytes]:
    """Return the content of every file by its path, such as ``site/main.js``."""
    return MappingProxyType(
        {
            **dict(_files_below(WEB)),
            **{f"families/{key}.js": content for key, content in drawings().items()},
            REGISTRY: drawing_registry(frozenset(drawings())).encode(),
        }
    )


def viewer_text(path: str) -> str:
    """Return the file *path* as text."""
    return viewer_files()[path].decode()


def _files_below(folder: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _files_below(each, f"{path}{each.name}/")
        else:
            yield f"{path}{each.name}", each.read_bytes()


def drawing_registry(families: frozenset[str]) -> str:
    """Return the module that finds the drawing of an episode's family, if it is of *families*."""
    keys = [key for key in drawings() if key in families]
    names = {key: f"drawing{number}" for number, key in enumerate(keys)}
    imports = [
        f'import {{ drawing as {name} }} from "./families/{key}.js";' for key, name in names.items()
    ]
    pairs = ", ".join(f'["{key}", {name}]' for key, name in names.items())
    found = f"const DRAWINGS = new Map([{pairs}]);"
    return "\n".join(['import { generic } from "./generic.js";', *imports, "", found, _DRAWING_OF])
