"""
The viewer's modules as one script, for a page in one file and for that of a server.

Each module is put into a function of its own, after those that it imports: browsers refuse to
import modules from ``file:`` addresses, and from a server each would be a request.
"""

import re
from functools import cache

from attrs import frozen

from refold.engine.errors import RefoldError
from refold.viewer.sources import REGISTRY, drawing_registry, viewer_files, viewer_text

ENTRY_MODULE = "app.js"
"""Shows episodes, and two side by side."""
OVERVIEW_MODULE = "overview_app.js"
"""Shows runs."""
SITE_MODULE = "site/main.js"
"""Shows the log of the server that the page is from."""
_IMPORT = re.compile(r'^import \{ ([\w$, ]+) \} from "(\.{1,2}/[\w./-]+\.js)";$')
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) ([\w$]+))")
_EXPORT_LIST = re.compile(r"export\{([\w$, ]+)\};\s*(?://# sourceMappingURL=\S+\s*)?\Z")
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)$", re.MULTILINE | re.DOTALL)


class CannotInline(RefoldError):
    """A module, of the viewer or a family's drawing, has a form that the inliner does not take."""


@frozen
class _Module:
    """A parsed module: its imports as (path, names), the names it exports, and its text."""

    imports: tuple[tuple[str, str], ...]
    exports: tuple[str, ...]
    text: str


@cache
def boot_text() -> str:
    """Return the small script that decompresses and runs the viewer."""
    return _strip_lines(_COMMENT.sub("", viewer_text("boot.js")))


@cache
def script_text(families: frozenset[str], entry: str = ENTRY_MODULE) -> str:
    """
    Return the viewer's script, with the drawings of *families*, such as ``workflow.1``, only.

    It is made of the module *entry* and all that this imports.

    Raises:
        CannotInline: A module has a form that is not supported.
    """
    registry = drawing_registry(families)
    order: dict[str, str] = {}
    _collect(entry, registry, order, ())
    return '"use strict";(()=>{\n' + "".join(order.values()) + "})();"


def _collect(path: str, registry: str, order: dict[str, str], inside: tuple[str, ...]) -> None:
    if path in inside:
        raise CannotInline(f"{path}: imports itself by way of {' → '.join(inside)}")
    if path in order:
        return
    if path not in viewer_files():
        raise CannotInline(f"{inside[-1]}: imports {path}, which the viewer does not have")
    try:
        text = registry if path == REGISTRY else viewer_text(path)
    except UnicodeDecodeError as error:
        raise CannotInline(f"{path}: expected UTF-8, got {error}") from None
    module = parse_module(path, text)
    # In HTML, these would end or nest the element that a script stands in.
    if found := re.search(r"</?script|<!--", module.text, re.IGNORECASE):
        raise CannotInline(f"{path}: cannot take {found[0]!r} in an HTML page")
    for needed, _ in module.imports:
        _collect(needed, registry, order, (*inside, path))
    given = "".join(
        f"const {{ {names.replace(' as ', ': ')} }} = {_module_variable(needed)};\n"
        for needed, names in module.imports
    )
    returned = f"return {{ {', '.join(module.exports)} }};\n"
    order[path] = (
        f"const {_module_variable(path)} = (() => {{\n{given}{module.text}{returned}}})();\n"
    )


@cache
def parse_module(path: str, text: str) -> _Module:
    """
    Return the module *path* with the source *text*.

    Raises:
        CannotInline: An import or export has a form that is not supported.
    """
    ending = _EXPORT_LIST.search(text)
    if ending:
        pairs = (each.strip().partition(" as ") for each in ending[1].split(","))
        exports = tuple(f"{public or own}: {own}" for own, _, public in pairs)
        return _Module((), exports, text[: ending.start()] + "\n")
    imports: list[tuple[str, str]] = []
    exported: list[str] = []
    lines: list[str] = []
    for number, line in enumerate(_strip_lines(_COMMENT.sub("", text)).split("\n"), 1):
        found = _IMPORT.match(line)
        if found:
            imports.append((_resolve_path(path, found[2]), found[1]))
            continue
        # Line by line, in one plain style: a parser of JavaScript would be a large dependency.
        export = _EXPORT.match(line)
        if export:
            exported.append(export[1])
            line = line.removeprefix("export ")  # noqa: PLW2901 - the rest of it is kept
        if re.match(r"(import|export)\b", line) or "import(" in line or "import.meta" in line:
            raise CannotInline(
                f"{path} (line {number} without comments): cannot take {line!r}; "
                "docs/viewer.md tells the form"
            )
        lines.append(line)
    return _Module(tuple(imports), tuple(exported), "\n".join(lines))


def _strip_lines(text: str) -> str:
    """Return *text* without indentation and empty lines; line breaks may end statements."""
    return "".join(f"{line.strip()}\n" for line in text.split("\n") if line.strip())


def _resolve_path(path: str, target: str) -> str:
    parts = path.split("/")[:-1]
    for step in target.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join(parts)


def _module_variable(path: str) -> str:
    return "$" + re.sub(r"\W", "_", path.removesuffix(".js"))
