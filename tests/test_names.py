"""What people import: the names of ``refold`` itself, and names that mean one thing each."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from pages import names, rows, section

import refold
from refold.engine import Episode, EventLog

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "refold").rglob("*.py"))
LAZY = [
    ".".join(path.relative_to(ROOT).parent.parts)
    for path in SOURCES
    if path.name == "__init__.py" and "hand_on(" in path.read_text()
]
"""The packages that import a name when it is first used."""
ORDERS = [
    "from refold import grade; import refold.graders",
    "import refold.graders; from refold import grade",
    "import refold.graders.grading; grade = refold.grade",
    "from refold import *; import refold.graders",
]
COMMANDS = {
    "episodes --json": "asyncio cattrs importlib.metadata multiprocessing numpy rich "
    "refold.agents.rollout refold.reports.comparison refold.scenarios.answered.family",
    "grade": "asyncio multiprocessing numpy rich.progress "
    "refold.agents.client refold.graders.process.file_grader refold.reports.comparison",
    "verify": "asyncio multiprocessing numpy rich.progress "
    "refold.agents.interfaces refold.environments.python",
    "record workflow/easy --agent random": "mpmath multiprocessing numpy refold.fleet.run",
}
"""What a command need not import, one of each that is slow, where it is not told to use it."""


def in_new_process(script: str) -> str:
    """Return what *script* prints in a Python of its own."""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return ran.stdout.decode().strip()


def homes(package: str) -> Iterator[tuple[str, str]]:
    """Yield each name that type checkers see in *package*, and where they are told it is from."""
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text())
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    for node in checked.body:
        assert isinstance(node, ast.ImportFrom)
        yield from ((alias.name, str(node.module)) for alias in node.names)


def own_names(tree: ast.Module) -> set[str]:
    """Return the functions and classes that a module defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def exports(tree: ast.Module) -> set[str]:
    """Return the names that importing from a module gives: its own, and those it hands on."""
    # Also those that a package imports later: type checkers are shown them in an `if`.
    shown = [
        *tree.body,
        *(each for node in tree.body if isinstance(node, ast.If) for each in node.body),
    ]
    imported = (node for node in shown if isinstance(node, ast.Import | ast.ImportFrom))
    handed_on = {alias.asname or alias.name for node in imported for alias in node.names}
    return own_names(tree) | handed_on


def submodules(package: Path) -> set[str]:
    """Return the names of what lies in the folder *package* that can be imported."""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


def clashes(path: Path, source: str) -> set[str]:
    """Return the names in the module at *path* that are those of a module too."""
    tree = ast.parse(source)
    if path.name == "__init__.py":
        return ({path.parent.name} & own_names(tree)) | (submodules(path.parent) & exports(tree))
    return {path.stem} & own_names(tree)


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_and_programs_see_the_same_names(package: str) -> None:
    """``__all__`` is what type checkers see, and each name is the very thing that it stands for."""
    module = importlib.import_module(package)
    seen = dict(homes(package))
    assert sorted(seen) == sorted(module.__all__)
    for name, home in seen.items():
        assert getattr(module, name) is getattr(importlib.import_module(home), name)
    assert set(module.__all__) <= set(dir(module))


def test_the_page_on_python_lists_the_names() -> None:
    """The table of names has all of them, and no other."""
    table = section("docs/python.md", "# Python").split("\n## ")[0]
    assert set(rows(table)) <= set(refold.__all__) <= set(names(table))


def test_importing_refold_imports_nothing_else() -> None:
    """``import refold`` is cheap: it loads a few modules of the standard library."""
    script = "import sys; old = set(sys.modules); import refold; print(*set(sys.modules) - old)"
    loaded = in_new_process(script).split()
    strange = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert strange == {"refold", "refold.lazy"}
    assert {"sqlite3", "asyncio", "importlib.metadata"}.isdisjoint(loaded)


def test_a_name_loads_no_more_than_it_needs() -> None:
    """A program that uses only the log does not wait for the graders."""
    script = "import sys; from refold import EventLog; print('refold.graders' in sys.modules)"
    assert in_new_process(script) == "False"


def test_a_graders_process_loads_no_more_than_it_needs() -> None:
    """It is started for each grading: it reads episodes that it is sent, and no file."""
    spared = "asyncio cattrs importlib.metadata multiprocessing sqlite3 tomllib refold.agents"
    script = (
        "import sys, refold.graders.process.worker; from refold.engine.codec import codec_of; "
        "codec_of('workflow', 1); print(*sys.modules)"
    )
    assert set(spared.split()) & set(in_new_process(script).split()) == set()


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_loads_no_more_than_it_needs(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    random_episode: Callable[..., Episode],
) -> None:
    """Most of the time that a short command takes goes into imports."""
    spared = set(COMMANDS[command].split())
    assert all(map(find_spec, spared))
    monkeypatch.chdir(tmp_path)
    with EventLog("refold.db") as log:
        random_episode("workflow/easy", 1, log, steps=3)
    script = f"import sys; from refold.cli import run; assert run({command.split()}) == 0"
    printed = in_new_process(f"{script}; print(); print(*sys.modules)")
    assert spared & set(printed.splitlines()[-1].split()) == set()


@pytest.mark.slow
@pytest.mark.parametrize("imports", ORDERS)
def test_names_and_packages_in_any_order(imports: str) -> None:
    """``grade`` is the function and ``refold.graders`` the package, whichever comes first."""
    script = f"{imports}; print(grade.__name__, refold.graders.grade is grade)"
    assert in_new_process(f"import refold; {script}") == "grade True"


def test_unknown_names_are_refused() -> None:
    """A name that refold does not have is refused as by any module."""
    with pytest.raises(AttributeError, match=r"^module 'refold' has no attribute 'nope'$"):
        refold.nope  # noqa: B018 - the access is the test
    with pytest.raises(ImportError, match="cannot import name 'nope' from 'refold'"):
        exec("from refold import nope", {})  # noqa: S102 - mypy would refuse the statement


@pytest.mark.slow
def test_no_name_is_that_of_a_module() -> None:
    """No function or class hides its module, or a module beside it, or is hidden by it."""
    found = {path.relative_to(ROOT): clashes(path, path.read_text()) for path in SOURCES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("path", "source", "wrong"),
    [
        ("viewer/page.py", "def page(): ...", {"page"}),
        ("viewer/page.py", "async def page(): ...", {"page"}),
        ("viewer/page.py", "class page: ...", {"page"}),
        ("viewer/page.py", "class Page: ...\ndef pages(): ...", set()),
        ("viewer/page.py", "from a import page", set()),
        ("reports/__init__.py", "from refold.reports.runs import run_names, runs", {"runs"}),
        ("reports/__init__.py", "from refold.reports.runs import runs as found", set()),
        ("reports/__init__.py", "def reports(): ...", {"reports"}),
        ("__init__.py", "def server(): ...", {"server"}),
    ],
)
def test_a_clash_is_noticed(path: str, source: str, wrong: set[str]) -> None:
    """The rule sees what a module defines and what a package hands on."""
    assert clashes(ROOT / "refold" / path, source) == wrong


def test_migrating_leads_somewhere() -> None:
    """Every new name in the table of the changelog can be imported."""
    found = re.findall(r"`(refold\.[\w.]+)`", section("CHANGELOG.md", "### Migrating from 0.1.0"))
    groups = {"refold.families", "refold.criteria", "refold.agents"}
    assert len(set(found) - groups) > 20
    for name in set(found) - groups:
        package, _, last = name.rpartition(".")
        assert find_spec(name) or hasattr(importlib.import_module(package), last), name
