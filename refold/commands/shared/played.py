"""What commands tell of episodes that were just played: each, and which of them do not count."""

from collections import Counter
from collections.abc import Sequence

from refold.commands.shared.episode_tables import episode_row, episodes_table
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.grade_tables import MOST_ROWS, ScoresByScenario
from refold.commands.shared.output import print_json, print_to_stderr, stdout_console
from refold.engine import Event, EventLog
from refold.engine.events import Answer
from refold.engine.exchanges import INSTRUMENT_FAILED, ModelCalled
from refold.graders import saved_grades


def print_episodes(log: EventLog, ids: Sequence[str], *, as_json: bool, **more: str) -> int:
    """
    Print the episodes *ids* of *log* after they were played.

    As JSON: a row for each, with the members *more*. Else a table, or a summary of more than
    ``MOST_ROWS``. Returns the exit code: 1 if failures of an API or of an environment cut any off.
    """
    infos = [log.find(id) for id in ids]
    rows = ((info, saved_grades(log, info.id)) for info in infos)
    if as_json:
        print_json("episodes", (episode_row(*row) for row in rows), **more)
    elif len(infos) <= MOST_ROWS:
        stdout_console().print(episodes_table(rows))
    else:
        scores = ScoresByScenario()
        for info, grades in rows:
            if grades:
                scores.add(info.scenario, grades[0].score)
        stdout_console().print(scores.table())
    return int(any(info.reason == INSTRUMENT_FAILED for info in infos))


def print_uncounted(log: EventLog, ids: Sequence[str], *, told: int = 0) -> None:
    """
    Print on stderr which of the episodes *ids* do not count, and why.

    Of those without an end, *told* were accounted for already.
    """
    infos = [log.find(id) for id in ids]
    failed = [info for info in infos if info.reason == INSTRUMENT_FAILED]
    causes = Counter(_cause_of_end(log.events(info.id)) for info in failed)
    for culprit in dict.fromkeys(culprit for culprit, _ in causes):
        found = {cause: times for (which, cause), times in causes.most_common() if which == culprit}
        ways = ", ".join(
            cause if times == 1 else f"{times} × {cause}" for cause, times in found.items()
        )
        print_to_stderr(f"{sum(found.values())} not counted: {culprit} kept failing ({ways})")
    running = sum(info.ended is None for info in infos) - told
    if running > 0:
        print_to_stderr(
            f"{pluralise(running, 'episode')} not ended: out of actions, or interrupted"
        )


def _cause_of_end(events: Sequence[Event]) -> tuple[str, str]:
    """Return what failed last in *events*, the environment or the model's API, and how."""
    answers = (event for event in reversed(events) if isinstance(event, Answer))
    fault = next((answer.fault for answer in answers), None)
    if fault is not None:
        return "the environment", fault
    calls = (event for event in reversed(events) if isinstance(event, ModelCalled))
    faults = next((call.faults for call in calls), ())
    cause = (faults[-1].cause or faults[-1].fault) if faults else "unknown"
    return "the model's API", cause
