"""A score beside the optimum of its setting and seed, in words."""

from refold.reports.optima import Optimum


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
