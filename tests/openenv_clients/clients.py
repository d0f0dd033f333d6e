"""
Does with whatever ``openenv`` is installed here all that its clients are tried with.

``python clients.py URL EXPECTED [FOLDER]``: refold is served at URL; EXPECTED is of ``expect.py``;
FOLDER holds openenv.yaml and what it names, for the generation that validates packages. Needs
refold in the same environment. All in one process, since to import openenv takes seconds.
"""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import drive
from openenv.cli.__main__ import app


def validate(*words):
    """Do what ``openenv validate`` does, and show what it says only if it fails."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            code = app(["validate", *words])
        except SystemExit as end:
            code = end.code
    if code:
        sys.exit(f"openenv validate {' '.join(words)}: exit code {code}\n{said.getvalue()[:4000]}")


def main(url, expected, folder=None):
    """Go from what needs the client alone to what needs refold too."""
    drive.main(url, expected)
    validate("--url", url)
    print("openenv validate --url: ok")
    if folder:
        import runtime_graders  # noqa: PLC0415 - the older generation has none

        validate(folder, "--level", "static")
        print("openenv validate --level static: ok")
        runtime_graders.main(url, Path(folder))
    import in_process  # noqa: PLC0415 - the client alone comes first
    import record  # noqa: PLC0415

    in_process.main(url)
    record.main(url)


if __name__ == "__main__":
    main(*sys.argv[1:])
