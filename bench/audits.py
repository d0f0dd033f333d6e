"""
Published audits: ``python -m bench.audits PAGE``, such as ``workflow``, in a minute.

Runs the command that docs/audits/PAGE.md begins with, prints the page that it makes, and exits
with 1 if the published page is another one. Of environments, ids of episodes do not count: they
hold the versions of the libraries that answered.
"""

import html
import re
import shlex
import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

PAGES = Path(__file__).parents[1] / "docs" / "audits"
TIME_LIMIT = "7200"
"""Seconds for each target, so that machines of any speed prove the same."""

_COMMAND = re.compile(r"^By (?:<code>|`)refold (audit .*?)(?:</code>|`)", re.MULTILINE)
_IDS = re.compile(r"`[0-9a-f]{16}`")


def command_of(page: str) -> list[str]:
    """Return the words of the command that *page* was made by, after ``refold``."""
    found = _COMMAND.search(page)
    if found is None:
        raise ValueError(f"expected a page that names its command, got {page[:100]!r}")
    return shlex.split(html.unescape(found[1]))


def make_page(words: list[str]) -> str:
    """Return the page that the audit of *words* writes now; its episodes are not kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.md"
        more = ("--time-limit", TIME_LIMIT, "--markdown", path, "--log", Path(folder) / "refold.db")
        command = (sys.executable, "-m", "refold", *words, *more)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # findings are no failure
        return path.read_text()


def same_pages(one: str, other: str) -> bool:
    """Return whether two pages are one, of environments but for the ids of episodes."""
    if "refold audit gymnasium:" in one:
        one, other = _IDS.sub("", one), _IDS.sub("", other)
    return one == other


def main() -> None:
    """Print the page that is asked for, and compare it with the published one."""
    (name,) = sys.argv[1:]
    published = (PAGES / f"{name}.md").read_text()
    now = make_page(command_of(published))
    print(now, end="")
    if same_pages(published, now):
        print(f"{name}.md is as published", file=sys.stderr)
        return
    lines = enumerate(zip_longest(published.splitlines(), now.splitlines()), start=1)
    number, (was, is_now) = next((at, pair) for at, pair in lines if pair[0] != pair[1])
    print(f"{name}.md:{number}: published {was!r:.300}, now {is_now!r:.300}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
