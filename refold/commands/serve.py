"""``refold serve``."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import requires

import click

from refold.commands.shared.input_types import Number, WholeNumber
from refold.commands.shared.labelling import declared_values
from refold.commands.shared.options import format_examples, log_option
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.passing import pass_mark
from refold.commands.shared.prices import project_prices
from refold.engine import RefoldError

_OF_SERVER = re.compile(r"""extra\s*==\s*["']server["']""")


@click.command(
    "serve",
    epilog=format_examples(
        "refold serve",
        "refold serve --label-as anna",
        "refold serve --scenario workflow --port 9000 --log rollouts.db",
        'refold serve --host 0.0.0.0 --token "$(openssl rand -hex 24)"',
    ),
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="HOST",
    show_envvar=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    type=WholeNumber(0, 65535),
    default=8000,
    show_default=True,
    envvar="PORT",
    show_envvar=True,
    help="Port to listen on; 0 for any free one.",
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="A scenario, a family or a file to serve; all built-in ones if not given.",
)
@click.option("--default", metavar="NAME", help="The task for a reset that names none.")
@click.option(
    "--token",
    envvar="REFOLD_TOKEN",
    show_envvar=True,
    help="Secret that clients must send; 16 characters or more.",
)
@click.option(
    "--public",
    is_flag=True,
    envvar="REFOLD_PUBLIC",
    show_envvar=True,
    help="Let other machines in without a token.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A host name under which the server may be reached.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="A site whose pages may use the server.",
)
@click.option(
    "--max-sessions",
    type=WholeNumber(1),
    default=256,
    show_default=True,
    help="Most sessions at once.",
)
@click.option(
    "--client-sessions",
    type=WholeNumber(1),
    help="Most sessions of one address; if not given, --max-sessions, or half of it on a public "
    "server.",
)
@click.option(
    "--client-rate",
    type=Number(0),
    help="Most requests and frames per second of one address, 0 for no limit; if not given, 1000 "
    "on a public server.",
)
@click.option(
    "--idle-timeout",
    type=Number(0.1),
    default=1800.0,
    show_default=True,
    help="Seconds until an idle session is dropped.",
)
@click.option(
    "--log-limit",
    type=Number(0, min_open=True),
    metavar="MB",
    help="Size of the log at which no new episode is started.",
)
@click.option(
    "--label-as",
    metavar="WHO",
    envvar="REFOLD_LABEL_AS",
    show_envvar=True,
    help="Allow labels from the page, under this name.",
)
@click.option("--durable", is_flag=True, help="Wait for the disk at each step.")
@click.option("--quiet", is_flag=True, help="Write no access log.")
@log_option
def serve_command(
    host: str,
    port: int,
    scenarios: Sequence[str],
    default: str | None,
    token: str | None,
    public: bool,
    hosts: Sequence[str],
    origins: Sequence[str],
    max_sessions: int,
    client_sessions: int | None,
    client_rate: float | None,
    idle_timeout: float,
    log_limit: float | None,
    label_as: str | None,
    durable: bool,
    quiet: bool,
    log_path: str,
) -> None:
    """
    Serve the scenarios as OpenEnv environments, every episode in the log.

    Listens on this machine only. To let other machines in, give an address with --host, and a token
    or --public. Ctrl-C or SIGTERM stops it; no step that was answered is lost.
    """
    with server_needed("serve"):
        from refold.server.app import serve  # noqa: PLC0415 - an extra, and slow to import
        from refold.server.settings import ServerSettings  # noqa: PLC0415 - the same
    settings = ServerSettings(
        log=log_path,
        host=host,
        port=port,
        token=token or None,  # REFOLD_TOKEN may be set but empty, as compose files do
        public=public,
        hosts=tuple(hosts),
        origins=tuple(origins),
        max_sessions=max_sessions,
        client_sessions=client_sessions,
        client_rate=client_rate,
        idle_timeout=idle_timeout,
        log_limit=log_limit,
        durable=durable,
        scenarios=tuple(scenarios),
        default_task=default,
        label_as=label_as or None,
        pass_at=pass_mark(),
        prices=project_prices(),
        label_values=declared_values() if label_as else {},
        access_log=not quiet,
    )
    serve(
        settings,
        announce=lambda url: print_to_stderr(f"serving {log_path} at {url}; Ctrl-C ends it"),
    )


@contextmanager
def server_needed(command: str) -> Iterator[None]:
    """Tell what to install if an import inside fails, as *command* needs the extra ``server``."""
    try:
        yield
    except ImportError as error:
        raise RefoldError(
            f"{command}: expected the extra 'server', got no {error.name}; "
            f"install it with: pip install {_packages_of_server()}"
        ) from None


def _packages_of_server() -> str:
    """Return what the extra consists of, as the arguments of pip."""
    # Not as refold[server]: pip would look for it in an index, whatever refold came from.
    needed = (each.partition(";") for each in requires("refold") or ())
    return " ".join(f"'{what.strip()}'" for what, _, when in needed if _OF_SERVER.search(when))
