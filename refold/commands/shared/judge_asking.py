"""Put questions to a judge, several at once, with a progress bar."""

import asyncio
from collections.abc import Callable, Sequence

from refold.agents.judge import JudgeAsker, Permit, ask_all
from refold.commands.shared.agent_names import kind_of
from refold.commands.shared.model_choices import open_client
from refold.commands.shared.model_options import Connection
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.progress import make_progress_bar
from refold.judges.asking import Wanted
from refold.judges.records import Failed, Judge, Judged

Keep = Callable[[Wanted, Judged | Failed], None]
"""Keeps what a judge said."""


def ask_judge(
    judge: Judge, wanted: Sequence[Wanted], connection: Connection, permit: Permit, keep: Keep
) -> int:
    """
    Ask *judge* for all that is *wanted*; return how much was asked for.

    Args:
        judge: Who is asked.
        wanted: The answers that are missing.
        connection: Where it is asked.
        permit: Asked before each request.
        keep: Is given each answer as it comes.
    """
    return asyncio.run(_ask(judge, wanted, connection, permit, keep))


async def _ask(
    judge: Judge, wanted: Sequence[Wanted], connection: Connection, permit: Permit, keep: Keep
) -> int:
    client = open_client(kind_of(judge.model), [judge.model], connection)
    asked = 0
    with make_progress_bar(len(wanted)) as bar:
        task = bar.add_task("asking", total=len(wanted))

        def count_and_keep(each: Wanted, found: Judged | Failed) -> None:
            nonlocal asked
            asked += 1
            bar.advance(task)
            keep(each, found)

        try:
            await ask_all(JudgeAsker(client, judge, permit), wanted, count_and_keep)
        finally:
            await client.close()
            if client.last_failure:
                print_to_stderr(f"judge: {client.last_failure}")
    return asked
