"""``refold proxy``."""

import click

from refold.commands.record import new_run_name
from refold.commands.serve import server_needed
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.options import format_examples, log_option
from refold.commands.shared.output import print_to_stderr
from refold.engine import EventLog
from refold.environments.openenv.servers import describe_server, read_address


@click.command(
    "proxy",
    epilog=format_examples(
        "refold proxy http://127.0.0.1:8000",
        "refold proxy http://127.0.0.1:8000 --port 9000 --name rollouts --agent my-trainer",
    ),
)
@click.argument("url")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=WholeNumber(0, 65535),
    default=8001,
    show_default=True,
    help="Port to listen on; 0 for any free one.",
)
@click.option("--name", "run", help="Name of the run; generated if not given.")
@click.option(
    "--agent", default="openenv", show_default=True, help="Name of the agent, for the log."
)
@log_option
def proxy_command(
    url: str, host: str, port: int, run: str | None, agent: str, log_path: str
) -> None:
    """
    Record each session between OpenEnv clients and the server at URL.

    Clients connect to the proxy instead; all messages pass unchanged, over WebSocket and HTTP, and
    the server's own access rules apply. An episode is recorded as by `refold record openenv:URL`;
    messages other than reset and step are not recorded, and are reported. Recording never holds up
    a client. Ctrl-C or SIGTERM stops it.
    """
    with server_needed("proxy"):
        from refold.server.proxy.app import (  # noqa: PLC0415 - an extra, and slow to import
            ProxySettings,
            serve_proxy,
        )
    base, _ = read_address(url)
    about = describe_server(base)  # first, so that no log is left behind where there is none
    with EventLog(log_path) as log:
        name = new_run_name(log, run, "proxy")
    settings = ProxySettings(base, about, log_path, name, agent, host, port)
    serve_proxy(
        settings,
        announce=lambda here: print_to_stderr(
            f"recording run {name} of {base} in {log_path} at {here}; Ctrl-C ends it"
        ),
        tell=print_to_stderr,
    )
