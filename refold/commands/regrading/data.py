"""A regrade as JSON data: a row for each episode that moved, and what follows them."""

from collections.abc import Sequence
from typing import Any

from attrs import fields

from refold.commands.shared.output import to_json_data
from refold.graders.changes import PartChange
from refold.graders.regrading import RegradedEpisode
from refold.reports.gates import Verdict
from refold.reports.regrading import RegradeReport


def move_row(regraded: RegradedEpisode) -> dict[str, Any]:
    """Return an episode that moved, with both scores and each part that differs."""
    change = regraded.change
    return {
        "episode": regraded.info.id,
        "scenario": change.new.scenario,
        "old": change.old.score,
        "new": change.new.score,
        "causes": list(change.causes),
        "rubrics": {"old": to_json_data(change.old.rubric), "new": to_json_data(change.new.rubric)},
        "parts": [_part_row(part, regraded) for part in change.parts],
    }


def _part_row(part: PartChange, regraded: RegradedEpisode) -> dict[str, Any]:
    groups = {"lost": part.lost_seqs, "gained": part.gained_seqs, "kept": part.kept_seqs}
    return {
        "name": part.name,
        "old": to_json_data(part.old.points) if part.old else None,
        "new": to_json_data(part.new.points) if part.new else None,
        **{
            name: [{"seq": seq, "say": regraded.evidence.words[seq]} for seq in seqs]
            for name, seqs in groups.items()
        },
    }


def report_data(report: RegradeReport, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the report as members of a JSON object, with the answer to each rule as *fails*."""
    found: dict[str, Any] = to_json_data(report)
    found["scenarios"] = [
        {"scenario": name, "episodes": many, "moved": moved}
        for name, (many, moved) in report.scenarios.items()
    ]
    for row, agent in zip(found["agents"], report.agents, strict=True):
        row["move"] = agent.move
    # In the report's own order: verdict first, and then why.
    ordered = {name: found[name] for name in (each.name for each in fields(RegradeReport))}
    return {**ordered, "fails": to_json_data(list(verdicts))}
