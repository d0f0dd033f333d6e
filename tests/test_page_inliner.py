import re
import tomllib
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

import pytest

from refold.viewer.inliner import (
    OVERVIEW_MODULE,
    SITE_MODULE,
    CannotInline,
    parse_module,
    script_text,
)
from refold.viewer.sources import WEB, viewer_files, viewer_text

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for path in viewer_files() if path.endswith(".js"))
OWN = [path for path in SOURCES if not path.startswith("vendor/")]


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ('import a from "./a.js";', "cannot take 'import a"),
        ('import * as a from "./a.js";', "cannot take"),
        ('import { a } from "a";', "cannot take"),
        ('import { a } from "https://example.org/a.js";', "cannot take"),
        ('import {\n  a,\n} from "./a.js";', "cannot take"),
        ("export default 1;", "cannot take"),
        ("export { a };", "cannot take"),
        ('const a = import("./a.js");', "cannot take"),
        ("const a = import.meta.url;", "cannot take"),
        ("// fine\nconst a = 1;\nexport let b = 2;", r"line 2 .*cannot take 'export let"),
    ],
)
def test_inliner_takes_one_form_only(source, match):
    """A module in any other form is refused, with its line, rather than put in wrongly."""
    with pytest.raises(CannotInline, match=f"x.js.*{match}"):
        parse_module("x.js", source)


def test_inliner_form():
    """Imports and exports of the one form are read; comments and indentation fall away."""
    text = (
        '// what\nimport { a, b as c } from "../d/e.js";\n/** A\n * B */\n'
        "export function f() {\n  return `x\n  y`;\n}\nexport const g = 1;\n"
    )
    found = parse_module("p/q/r.js", text)
    assert found.imports == (("p/d/e.js", "a, b as c"),)
    assert found.exports == ("f", "g")
    assert found.text == "function f() {\nreturn `x\ny`;\n}\nconst g = 1;\n"
    last = parse_module("v.js", "const t=1;export{t as html,e};\n//# sourceMappingURL=v.map\n")
    assert last.exports == ("html: t", "e: e")


RUNS = {f"{name}.js" for name in ("overview", "overview_parts", "one_run", "two_runs", "many_runs")}
BOTH = {"document.js", "icons.js", "text.js", "vendor/lit-html.js"}


def times(path, text):
    """Return how often the module *path* is in the script *text*."""
    name = re.sub(r"\W", "_", path.removesuffix(".js"))
    return text.count(f"const ${name} = ")


def test_whole_viewer_is_inlined():
    """Every module is in it once, but for what a server's page, runs or another family need."""
    text = script_text(frozenset({"workflow.1"}))
    elsewhere = {"boot.js", "overview_app.js", *RUNS}
    for path in SOURCES:
        other = re.match(r"families/(inbox|workflow\.2)|site/", path)
        assert times(path, text) == (path not in elsewhere and other is None), path


def test_a_page_of_runs_has_its_modules_only():
    """It holds what draws runs, each module once, and nothing of episodes."""
    text = script_text(frozenset(), OVERVIEW_MODULE)
    for path in SOURCES:
        assert times(path, text) == (path in {"overview_app.js", *RUNS, *BOTH}), path


def test_the_page_of_a_server_has_all_but_what_reads_a_file():
    """It shows episodes of any family, and runs; each module is in it once."""
    keys = [re.search(r"families/(.+)\.js", path) for path in SOURCES]
    text = script_text(frozenset(key[1] for key in keys if key), SITE_MODULE)
    for path in SOURCES:
        of_a_file = path in {"app.js", "overview_app.js", "boot.js", "document.js"}
        assert times(path, text) == (not of_a_file), path


@pytest.mark.parametrize("path", OWN, ids=str)
def test_every_module_has_the_form(path):
    """Those of a server's page too."""
    assert parse_module(path, viewer_text(path)).text


@pytest.mark.parametrize("path", OWN, ids=str)
def test_viewer_makes_no_markup_of_text(path):
    """No module sets markup or styles from text, nor evaluates; one asks, and only its server."""
    source = viewer_text(path)
    if path == "site/api.js":
        source = source.replace("fetch(path, options)", "")
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|unsafe|\beval\b|new Function|document\.write|"
    assert not re.search(banned + r"fetch\(|XMLHttp|\bstyle=|styleMap|https?://", source)
    assert len(source.splitlines()) <= 400


def test_vendored_file_is_as_published():
    """What is not ours was changed by nobody, and its licence is with it."""
    folder = WEB / "vendor"
    for about in tomllib.loads((folder / "vendor.toml").read_text()).values():
        assert sha256((folder / about["file"]).read_bytes()).hexdigest() == about["sha256"]
        assert "Copyright" in (folder / about["license-file"]).read_text()
        assert about["integrity"].startswith("sha512-")


def test_viewer_is_installed():
    """Every file of the viewer, and every drawing of a family, is package data."""
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = {
        package.replace(".", "/"): globs for package, globs in setup["package-data"].items()
    }
    drawings = [*(ROOT / "refold" / "scenarios").rglob("*.js")]
    assert len(drawings) == sum(path.startswith("families/") for path in viewer_files())
    for path in [*Path(str(WEB)).rglob("*"), *drawings]:
        if path.is_file():
            globs = patterns[str(path.parent.relative_to(ROOT))]
            assert any(fnmatch(path.name, glob) for glob in globs), path
