"""A score beside the optimum of its setting and seed, as data and in words."""

from typing import Any

from refold.reports.optima import Optimum


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


def say_optimum(optimum: Optimum, score: float) -> str:
    """Return a line that compares *score* with *optimum*."""
    share = format_share(optimum.share(score))
    part = f", {share} of it" if share is not None else ""
    return (
        f"optimum {optimum.score:.4f} (episode {optimum.episode}): "
        f"regret {optimum.regret(score):.4f}{part}"
    )


def format_share(share: float | None) -> str | None:
    """Return *share* in per cent, None if there is none."""
    return None if share is None else f"{share:.1%}"
