"""Tab completion, in a real bash."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from shell import UNSET, Shell

pytestmark = pytest.mark.slow

BASH = """
eval "$(_REFOLD_COMPLETE=bash_source refold)"
[[ $(complete -p refold) =~ -F\\ ([^ ]+) ]] && complete_it=${BASH_REMATCH[1]}
while IFS= read -r line; do
    read -ra COMP_WORDS <<< "$line"
    [[ $line == *" " ]] && COMP_WORDS+=("")
    COMPREPLY=()
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    $complete_it refold "${COMP_WORDS[COMP_CWORD]}"
    echo "${COMPREPLY[@]}"
done
"""
"""Prints what bash would offer at the end of each line of stdin, as it asks a completion."""


def test_bash_completes(tmp_path):
    """With the line of the documents, bash offers commands, options, values and the log's names."""
    shell = Shell(tmp_path)
    shell("record workflow/easy --agent greedy --name first")
    (id,) = shell.ids()
    offered = {
        "refold re": "record resume replay regrade report",
        "refold record --par": "--parallel --param",
        "refold record workflow/h": "workflow/hard workflow/hard@2",
        "refold record workflow/hard --agent gr": "greedy",
        "refold show ": id,
    }
    bin_folder = str(Path(sys.executable).parent)
    env = {name: value for name, value in os.environ.items() if name not in UNSET}
    ran = subprocess.run(
        ["bash", "--norc", "-c", BASH],
        input="".join(f"{line}\n" for line in offered),
        env={**env, "PATH": f"{bin_folder}{os.pathsep}{env['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert dict(zip(offered, ran.stdout.splitlines(), strict=True)) == offered
