"""The rules that a regrade can be asked to keep: facts by their counts, claims by what is shown."""

from refold.reports.gates import Rule, Verdict, judge_count
from refold.reports.regrading.report import RegradeReport
from refold.reports.statistics import CONFIDENCE

RULES = ("gained", "lost", "mean", "missing", "moved", "order", "unjudged")
"""Names of the rules that can be asked of a regrade."""

_FEWEST_UNITS = 6  # with fewer, no test of signs gives a p below 0.05


def judge(rule: Rule, report: RegradeReport) -> Verdict:
    """Return the answer to one of RULES, and why."""
    if rule.name == "order":
        return _judge_order(rule, report)
    if rule.name == "mean":
        return _judge_mean(rule, report)
    counts = {
        "moved": report.verdict.moved,
        "lost": report.verdict.lost,
        "gained": report.verdict.gained,
        "missing": report.missing,
        "unjudged": report.unjudged,
    }
    beside = counts[rule.name] if rule.name in ("missing", "unjudged") else 0
    return judge_count(rule, counts, report.episodes + beside)


def _judge_order(rule: Rule, report: RegradeReport) -> Verdict:
    swapped = [pair for pair in report.pairs if pair.word != "kept"]
    clear = [pair for pair in swapped if pair.word in ("reversed", "new order")]
    if clear:
        return Verdict(rule.text, "fails", f"{len(clear)} of {len(report.pairs)} pairs of agents")
    few = [pair for pair in swapped if (pair.least_p or 0.0) > 1 - CONFIDENCE]
    if few:
        worlds = min(pair.worlds for pair in few)
        least = max(pair.least_p or 0.0 for pair in few)
        why = f"only {worlds} seeds: p below {least:.2g} is impossible; record more --epochs"
        return Verdict(rule.text, "cannot tell", why)
    if not swapped:
        return Verdict(
            rule.text, "holds", f"of {len(report.pairs)} pairs of agents none changed places"
        )
    why = f"{len(swapped)} of {len(report.pairs)} pairs of agents change places, within noise"
    return Verdict(rule.text, "holds", why)


def _judge_mean(rule: Rule, report: RegradeReport) -> Verdict:
    shift = report.shift
    if shift.low is None or shift.high is None:
        return Verdict(rule.text, "cannot tell", f"one {shift.unit_word} says nothing about others")
    said = (
        f"{shift.low:+.4f} to {shift.high:+.4f} elsewhere (95 %, {shift.units} {shift.unit_word}s)"
    )
    if shift.high < rule.limit:
        return Verdict(rule.text, "fails", said)
    if shift.here < rule.limit and shift.units < _FEWEST_UNITS:
        return Verdict(rule.text, "cannot tell", f"{said}; {_FEWEST_UNITS} are needed")
    return Verdict(rule.text, "holds", said)
