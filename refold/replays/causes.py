"""Why two streams part."""

from refold.engine import Stream
from refold.replays.dialogue import Utterance, cause_of_other_action
from refold.replays.prompts import told_prompt
from refold.replays.rows import Row, rules_of
from refold.replays.stepping import Step


def find_cause(
    a: Stream,
    b: Stream,
    rows: tuple[Row, ...],
    parted: Row | None,
    said: tuple[list[tuple[Utterance, ...]], ...],
) -> str | None:
    """
    Return why *a* and *b* part at the row *parted*, as ``Diff.cause`` has it.

    Args:
        a: The one stream.
        b: The other.
        rows: All their positions.
        parted: The first of *rows* in which not only what passed between agent and model differs.
        said: The dialogue in each, by step.
    """
    if a.digest == b.digest:
        return None
    # From the most general cause to the most specific: the first that applies explains the rest.
    if rules_of(a) != rules_of(b) and a.family.name == b.family.name:
        return "rules"
    if a.scenario != b.scenario:
        return "scenario"
    if a.started.seed != b.started.seed:
        return "seed"
    if parted is None:
        aspects = {aspect for row in rows for aspect in row.differs}
        return "score" if "score" in aspects else "exchange" if aspects else "format"
    return _cause_at(parted, a, b, said)


def _cause_at(row: Row, a: Stream, b: Stream, said: tuple[list[tuple[Utterance, ...]], ...]) -> str:
    if "seed" in row.differs:
        return "seed"
    if not _is_whole(row.a) or not _is_whole(row.b):
        return "length"
    if "action" in row.differs:
        until = row.position + 1
        return cause_of_other_action(said[0][:until], said[1][:until])
    if "observation" in row.differs:
        told_otherwise = not row.position and told_prompt(a) != told_prompt(b)
        return "prompt" if told_otherwise else "observation"
    return "chance"


def _is_whole(step: Step | None) -> bool:
    """Return whether *step* is the start or has an action, rather than being a trailing rest."""
    return step is not None and (step.action is not None or not step.seqs.start)
