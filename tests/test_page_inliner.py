import re
import tomllib
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

import pytest

from refold.viewer.page import VIEWER, CannotInline, parse_module, script_text

SOURCES = sorted(Path(str(VIEWER)).rglob("*.js"))
OWN = [path for path in SOURCES if path.parent.name != "vendor"]


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


def test_whole_viewer_is_inlined():
    """Every module is in it once but the first script and what only a server's page needs."""
    text = script_text()
    for path in SOURCES:
        name = re.sub(r"\W", "_", str(path.relative_to(str(VIEWER))).removesuffix(".js"))
        own = path.name != "boot.js" and path.parent.name != "site"
        assert text.count(f"const ${name} = ") == own


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_every_module_has_the_form(path):
    """Those of a server's page too, so that any of them can be shared with the single file."""
    assert parse_module(str(path.relative_to(str(VIEWER))), path.read_text()).text


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_viewer_makes_no_markup_of_text(path):
    """No module sets markup or styles from text, nor evaluates; one asks, and only its server."""
    source = path.read_text()
    if path.name == "api.js":
        source = source.replace("fetch(path, options)", "")
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|unsafe|\beval\b|new Function|document\.write|"
    assert not re.search(banned + r"fetch\(|XMLHttp|\bstyle=|styleMap|https?://", source)
    assert len(source.splitlines()) <= 400


def test_vendored_file_is_as_published():
    """What is not ours was changed by nobody, and its licence is with it."""
    folder = VIEWER / "vendor"
    for about in tomllib.loads((folder / "vendor.toml").read_text()).values():
        assert sha256((folder / about["file"]).read_bytes()).hexdigest() == about["sha256"]
        assert "Copyright" in (folder / about["license-file"]).read_text()
        assert about["integrity"].startswith("sha512-")


def test_viewer_is_installed():
    """Every file of the viewer is package data."""
    setup = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["tool"]
    patterns = {
        package.replace(".", "/"): globs
        for package, globs in setup["setuptools"]["package-data"].items()
    }
    root = Path(str(VIEWER)).parents[2]
    files = [path.relative_to(root) for path in Path(str(VIEWER)).rglob("*") if path.is_file()]
    assert Path("refold/viewer/web/families/inbox.js") in files
    for file in files:
        assert any(fnmatch(file.name, glob) for glob in patterns[str(file.parent)]), file
