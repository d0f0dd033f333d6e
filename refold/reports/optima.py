"""
The optima that a log holds: what was possible in a setting, with a seed.

``refold solve`` records a proved optimum by the agent ``optimal``. Its score is taken from its
events, as any other is.
"""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any, TypeVar

from attrs import frozen

from refold.engine import EpisodeInfo, EventLog, Stream
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, grade
from refold.reports.outcomes import AnyScore, Setting, setting_of

ScoreT = TypeVar("ScoreT", bound=AnyScore)

AGENT = "optimal"


@frozen
class Optimum:
    """The best *score* that is possible, and the *episode* that shows it."""

    score: float
    episode: str

    def regret(self, score: float) -> float:
        """Return how far *score* is below, at least 0."""
        return max(0.0, round(self.score - score, 4))

    def share(self, score: float) -> float | None:
        """Return *score* as a share of the optimum; None if that is 0."""
        return score / self.score if self.score else None


def optimum_row(optimum: Optimum | None, score: float | None) -> dict[str, Any] | None:
    """Return *optimum* as JSON data, with the regret and the share of *score*; None if unknown."""
    if optimum is None:
        return None
    return {
        "score": optimum.score,
        "episode": optimum.episode,
        "regret": None if score is None else optimum.regret(score),
        "share": None if score is None else optimum.share(score),
    }


def optimum_member(
    optimum: Optimum | None, info: EpisodeInfo, grade: Grade | None
) -> dict[str, Any]:
    """Return what the document of the episode *info* says of *optimum*; nothing while it runs."""
    row = optimum_row(optimum, grade.score) if info.ended and grade is not None else None
    return {} if row is None else {"optimum": row}


def read_optima(
    log: EventLog, left_out: LeftOut, *, scenario: str | None = None
) -> Mapping[tuple[Setting, int], Optimum]:
    """
    Return the optima of *log*, or of one *scenario*, by setting and seed.

    *left_out* notes what cannot be read.
    """
    found: dict[tuple[Setting, int], Optimum] = {}
    solved = log.episodes(agent=AGENT, scenario=scenario, left_out=left_out)
    for info, stream in left_out.read_each(solved, lambda info: log.events(info.id)):
        key, score = (setting_of(stream.scenario), info.seed), grade(stream).score
        if info.ended and (key not in found or score > found[key].score):
            found[key] = Optimum(score, info.id)
    return found


def optimum_of(
    log: EventLog, info: EpisodeInfo, stream: Stream, left_out: LeftOut
) -> Optimum | None:
    """Return the optimum of the setting and seed of the episode *info*, if *log* holds it."""
    found = read_optima(log, left_out, scenario=info.scenario)
    return found.get((setting_of(stream.scenario), info.seed)) if found else None


class Shares:
    """Shares of the optimum that agents reach on average, of the seeds whose optimum is known."""

    def __init__(self, known: Mapping[tuple[Setting, int], Optimum]) -> None:
        self._known = known
        self._worlds: dict[tuple[Setting, str], dict[int, list[float]]] = {}

    def add(self, outcome: ScoreT) -> ScoreT:
        """Note *outcome*, and return it."""
        if not self._known:
            return outcome
        optimum = self._known.get((outcome.setting, outcome.seed))
        share = optimum.share(outcome.score) if optimum is not None else None
        if share is not None and not outcome.excluded:
            worlds = self._worlds.setdefault((outcome.setting, outcome.agent), {})
            worlds.setdefault(outcome.seed, []).append(share)
        return outcome

    def mean(self, setting: Setting | None, agents: Iterable[str]) -> float | None:
        """Return the mean over the seeds of *setting* that *agents* played; None if none."""
        if setting is None:  # of a table over several
            return None
        worlds = [
            shares for agent in agents for shares in self._worlds.get((setting, agent), {}).values()
        ]
        return fmean(map(fmean, worlds)) if worlds else None
