"""Imports files that other libraries made, and compares with what they hold."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def refold(*words: object) -> Any:
    """Run refold, which must succeed, and return what it prints."""
    ran = subprocess.run(["refold", *map(str, words)], check=True, capture_output=True, text=True)
    return ran.stdout


def main(folder: Path) -> None:
    """Check every file that an ``expected.json`` names."""
    count = 0
    for listed in sorted(folder.glob("*.expected.json")):
        for name, expected in json.loads(listed.read_text()).items():
            log = folder / f"{name}.db"
            log.unlink(missing_ok=True)
            found = json.loads(refold("import", folder / name, "--log", log, "--json"))["episodes"]
            shown = [
                {**each, "given": {score["name"]: score["value"] for score in each["given"]}}
                for each in found
            ]
            pairs = zip(shown, expected, strict=True)
            told = [{key: each[key] for key in want} for each, want in pairs]
            assert sorted(told, key=repr) == sorted(expected, key=repr), (name, told, expected)
            again = json.loads(refold("import", folder / name, "--log", log, "--json"))
            assert (again["episodes"], again["skipped"]) == ([], len(expected)), name
            refold("verify", "--log", log)
            count += len(expected)
            print(f"{name}: {len(expected)} as the library wrote them")
    assert count


if __name__ == "__main__":
    main(Path(sys.argv[1]))
