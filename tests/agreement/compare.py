"""Alpha and kappa of random labels: to 12 places those of krippendorff and nltk."""

import random

import krippendorff
from nltk.metrics.agreement import AnnotationTask

from refold.reports.agreement import alpha, kappa

STUDIES = 500
PLACES = 1e-12


def study(dice):
    """Return labels by unit and author, some of them missing: 2 to 6 authors, 2 to 5 values."""
    authors, values = dice.randint(2, 6), "abcde"[: dice.randint(2, 5)]
    missing, error = dice.choice([0.0, 0.3]), dice.choice([0.05, 0.3, 0.9])
    units = []
    for _ in range(dice.randint(5, 60)):
        truth = dice.choice(values)
        given = {a: dice.choice(values) if dice.random() < error else truth for a in range(authors)}
        units.append({a: value for a, value in given.items() if dice.random() >= missing})
    return units, authors


def of_krippendorff(units, authors):
    """Return alpha as krippendorff computes it; NaN where it has none."""
    letters = "abcde"
    rows = [
        [float(letters.index(unit[a])) if a in unit else float("nan") for unit in units]
        for a in range(authors)
    ]
    try:
        return krippendorff.alpha(rows, level_of_measurement="nominal")
    except ValueError:  # only one value
        return float("nan")


def of_nltk(units):
    """Return alpha and the kappa of the first two authors as nltk computes them."""
    labelled = [(a, n, unit[a]) for n, unit in enumerate(units) if len(unit) > 1 for a in unit]
    both = [
        (a, n, unit[a]) for n, unit in enumerate(units) if {0, 1} <= unit.keys() for a in (0, 1)
    ]
    return AnnotationTask(labelled).alpha(), AnnotationTask(both).kappa()


def main():
    """Compare, and say how many studies could be compared."""
    dice = random.Random(11)
    compared = 0
    for _ in range(STUDIES):
        units, authors = study(dice)
        ours = alpha(tuple(unit.values()) for unit in units)
        pairs = [(unit[0], unit[1]) for unit in units if {0, 1} <= unit.keys()]
        both = kappa(pairs)
        if ours is None or both is None:
            continue
        theirs, their_kappa = of_nltk(units)
        assert abs(ours - of_krippendorff(units, authors)) < PLACES, units
        assert abs(ours - theirs) < PLACES, units
        assert abs(both - their_kappa) < PLACES, units
        compared += 1
    assert compared > 0.9 * STUDIES, compared
    print(f"alpha and kappa of {compared} studies: those of krippendorff and nltk to 12 places")


main()
