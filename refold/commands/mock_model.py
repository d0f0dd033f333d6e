"""``refold mock-model``."""

from collections.abc import Sequence
from threading import Event

import click

from refold.agents.mock.answers import MOCK_AGENTS
from refold.agents.mock.faults import FAULTS
from refold.agents.mock.judge import MockJudge, read_judge
from refold.agents.mock.model import MockModel
from refold.commands.shared.files import open_input
from refold.commands.shared.input_types import OneOf, WholeNumber
from refold.commands.shared.options import format_examples
from refold.commands.shared.output import print_to_stderr


@click.command(
    "mock-model",
    epilog=format_examples(
        "refold mock-model --port 8123",
        "refold record workflow --agent openai:mock --base-url http://127.0.0.1:8123/v1",
        "refold mock-model --fault rate-limit:3 --fault server-error:0.2 --latency 50",
    ),
)
@click.option(
    "--agent",
    type=OneOf(MOCK_AGENTS),
    default="auto",
    show_default=True,
    help="How it answers: auto plays the family's standard policy, random gives any valid answer.",
)
@click.option(
    "--judge",
    metavar="FILE",
    help="Act as a judge instead, with the answers in this TOML file: [[answers]] "
    "with question and say.",
)
@click.option(
    "--port",
    type=WholeNumber(0, 65535),
    default=0,
    show_default=True,
    help="Port to listen on; 0 for any free one.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:N or :RATE]",
    help=f"What goes wrong: {', '.join(FAULTS)}. May be given several times.",
)
@click.option(
    "--latency", type=WholeNumber(0, 600_000), default=0, help="Milliseconds before each answer."
)
def mock_model_command(
    agent: str, judge: str | None, port: int, faults: Sequence[str], latency: int
) -> None:
    """
    Run a mock model server, to try refold without an API key.

    It speaks the OpenAI API, on this machine only, and accepts any tools and JSON schemas. Prints
    its base URL on stdout and serves until Ctrl-C. A fault affects every request, the first N, or a
    share of them, evenly spread.
    """
    judging = None if judge is None else _read_judge(judge)
    with MockModel(
        agent, faults=faults, latency_ms=latency, port=port, judge=judging, keep=False
    ) as server:
        print_to_stderr(f"mock-model: {judge or agent} answers; Ctrl-C ends it")
        click.echo(server.base_url)  # alone on stdout, for a script to read
        try:
            Event().wait()  # for ever: the server has threads of its own
        except KeyboardInterrupt:
            print_to_stderr(f"mock-model: ended after {_format_counts(server.counts)}")


def _read_judge(path: str) -> MockJudge:
    with open_input(path) as file:
        return read_judge(file.read(), path)


def _format_counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no request"
