"""How far people agree, and what a grader is worth by their labels: figures and words."""

import json
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import Shell

from refold.engine import EventLog
from refold.labels.making import make_label
from refold.reports.agreement import alpha, author_pairs, kappa, measure, pairs_of
from refold.reports.labelled import verdict
from refold.reports.statistics import clustered_pass_interval
from refold.reports.validation import Judged, validate

CHOICES = ("yes", "no", "unsure")

# Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section C: four observers.
OBSERVERS = (
    "1  2  3  3  2  1  4  1  2  .  .  .",
    "1  2  3  3  2  2  4  1  2  5  .  3",
    ".  3  3  3  2  3  4  2  2  5  1  .",
    "1  2  3  3  2  4  4  1  2  5  1  .",
)


def units_of(*rows):
    """Return the labels of each unit, from *rows*, an observer each; a dot is no label."""
    columns = zip(*(row.split() for row in rows), strict=True)
    return [tuple(value for value in column if value != ".") for column in columns]


def test_alpha_of_the_published_example():
    """Nominal alpha of the example that most texts repeat is 0.743."""
    assert alpha(units_of(*OBSERVERS)) == pytest.approx(0.743421, abs=1e-6)


def test_kappa_of_a_published_table():
    """Cohen's formula on 20, 5, 10 and 15 of 50: seen 0.7, by chance 0.5, so 0.4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)


@pytest.mark.parametrize("value", [alpha, kappa])
def test_one_category_is_no_agreement(value):
    """Where only one value was ever given, no measure is 1: there is none."""
    assert value([]) is None
    assert value([("yes", "yes")] * 60) is None


def test_labels_of_one_person_tell_nothing():
    """What only one person labelled counts for nothing in alpha."""
    both = units_of("1 2 1 2", "1 2 2 1")
    assert alpha([*both, ("3",)]) == alpha(both)
    assert alpha([("1",), ("2",)]) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_bounds_of_agreement(pairs):
    """Perfect agreement on two values is 1, no agreement is more, and order does not matter."""
    for found in (alpha(pairs), kappa(pairs)):
        assert found is None or found <= 1
    assert kappa([(other, one) for one, other in pairs]) == pytest.approx(kappa(pairs))
    same = [(one, one) for one, _ in pairs]
    several = len(set(same)) > 1
    assert kappa(same) == (pytest.approx(1) if several else None)


def test_pairs_of_authors():
    """Each two authors, by name; only units that both labelled count for them."""
    units = [{"b": "1", "a": "2"}, {"c": "1", "a": "1"}, {"b": "1"}]
    assert author_pairs(units) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs_of(units, "a", "b") == [("2", "1")]
    assert pairs_of(units, "b", "c") == []


@pytest.mark.parametrize(
    ("values", "most"),
    [("yn", None), ("yyn", "y"), ("", None), ("y", "y"), ("yynnu", None), ("yynu", "y")],
)
def test_verdicts(values, most):
    """What most people say; a tie is nobody's verdict."""
    assert verdict(values) == most


def noisy(n, *, scenarios, error=0.2, seed=1):
    """Return pairs of labels that differ by *error*, and the scenario of each."""
    dice = random.Random(seed)
    pairs = []
    for _ in range(n):
        value = dice.choice("yn")
        pairs.append((value, value if dice.random() > error else "yn"[value == "y"]))
    return pairs, [place % scenarios for place in range(n)]


@pytest.mark.parametrize("scenarios", [1, 9, 10, 40])
def test_intervals_hold_the_value(scenarios):
    """Equal labels give equal intervals, around the value, whatever is drawn again."""
    pairs, places = noisy(80, scenarios=scenarios)
    found = measure(pairs, places, kappa)
    assert found == measure(pairs, places, kappa)
    assert found.low < found.value < found.high
    assert found.why is None


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        (noisy(49, scenarios=1)[0], "49 in common, 50 are needed"),
        ([("y", "y")] * 60, "only one value was given"),
        ([("y", "y")] * 99 + [("y", "n")], "nearly all values are equal"),
    ],
)
def test_what_cannot_be_told(pairs, why):
    """Too few labels, or of one kind, have no interval, and the reason is said."""
    found = measure(pairs, [0] * len(pairs), kappa)
    assert (found.low, found.high, found.why) == (None, None, why)


@pytest.mark.slow
def test_intervals_cover():
    """Of samples of 100 labels, 95 % intervals hold the true kappa in 93 % or more."""
    truth = 0.6  # two values alike, 20 % errors
    hits = 0
    for seed in range(80):
        pairs, places = noisy(100, scenarios=1, seed=seed)
        found = measure(pairs, places, kappa)
        hits += found.low <= truth <= found.high
    assert hits >= 0.93 * 80 - 2 * (80 * 0.07 * 0.93) ** 0.5


def judged(counts):
    """Return episodes for *counts* by (score, good), spread over ten scenarios."""
    rows = [key for key, count in counts.items() for _ in range(count)]
    return [Judged(f"e{n:03}", f"s{n % 10}", *row) for n, row in enumerate(rows)]


def check(counts, at_least=0.8):
    """Return the validation of *counts* at 0.7."""
    return validate(judged(counts), pass_at=0.7, at_least=at_least)


def test_rates_are_those_of_the_table():
    """Precision, recall and specificity, each with Korn and Graubard's interval by scenario."""
    counts = {(0.9, True): 30, (0.9, False): 6, (0.2, True): 10, (0.2, False): 24}
    found = check(counts)
    assert found.table == {
        (True, True): 30,
        (True, False): 6,
        (False, True): 10,
        (False, False): 24,
    }
    rates = {rate.name: (rate.hits, rate.n) for rate in found.rates}
    assert rates == {"precision": (30, 36), "recall": (30, 40), "specificity": (24, 30)}
    rows = [each for each in judged(counts) if each.good]
    names = sorted({each.scenario for each in rows})
    hits = [[each.score > 0.7 for each in rows if each.scenario == name] for name in names]
    expected = clustered_pass_interval([(sum(each), len(each)) for each in hits])
    interval = found.rates[1].interval
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
    assert found.agreed == pytest.approx(54 / 70)
    assert found.constant == pytest.approx(40 / 70)
    assert dict(found.marks) == dict.fromkeys(
        (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), found.marks[0][1]
    )


@pytest.mark.parametrize(
    ("counts", "word", "why"),
    [
        (
            {(0.9, True): 95, (0.2, True): 5, (0.9, False): 5, (0.2, False): 95},
            "trusted",
            "of all rates reach 0.8",
        ),
        ({(0.9, True): 100, (0.2, False): 29}, "cannot tell", "29 labels of the rarer value, 30"),
        ({(0.9, True): 90}, "cannot tell", "0 labels of the rarer value"),
        (
            {(0.9, True): 50, (0.2, True): 50, (0.2, False): 100},
            "not trusted",
            "upper end below 0.8 of recall",
        ),
        (
            {(0.9, True): 34, (0.2, True): 6, (0.2, False): 40},
            "cannot tell",
            "of precision, recall, specificity: label more, of more scenarios",
        ),
        (
            {(0.2, True): 40, (0.2, False): 40},
            "not trusted",
            "upper end below 0.8 of precision, recall",
        ),
    ],
)
def test_words(counts, word, why):
    """Trusted is what the lower ends carry; what neither end decides cannot be told."""
    found = check(counts)
    assert found.word == word
    assert why in found.why


def test_a_constant_grader_has_no_kappa():
    """A grader that passes everything agrees no more than the constant answer; kappa is 0."""
    found = check({(0.9, True): 60, (0.9, False): 30})
    assert found.agreed == found.constant
    assert found.kappa.value == pytest.approx(0)
    assert check({(0.9, True): 60}).kappa.why == "only one value was given"


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """Return a shell with 80 episodes that two people labelled, one of them with errors."""
    shell = Shell(tmp_path_factory.mktemp("labelled"))
    for agent, seeds in (("baseline", 20), ("random", 60)):
        shell(f"record inbox/easy --agent {agent} --epochs {seeds} --name {agent}")
    dice = random.Random(2)
    with EventLog(shell.at / "refold.db") as log, log.transaction():
        for place, info in enumerate(log.episodes()):
            value = "yes" if info.agent == "baseline" else "no"
            drawn = "queue" if place % 4 else ""
            for author, error in (("anna", 0.0), ("ben", 0.2)):
                wrong = {"yes": "no", "no": "yes"}[value] if dice.random() < error else value
                said = {"author": author, "choices": CHOICES, "drawn": drawn}
                log.save_remark(make_label(info, "correct", wrong, **said))
    return shell


@pytest.mark.slow
def test_agree(shell):
    """Facts and measures of all and of each two people, and which episodes they dispute."""
    data = shell("agree --name correct --json").json
    assert (data["labelled"], data["common"]) == (80, 80)
    (pair,) = data["pairs"]
    assert (pair["one"], pair["other"], pair["kappa"]["n"]) == ("anna", "ben", 80)
    assert pair["same"] == 80 - len(data["disputed"])
    assert data["alpha"]["low"] < data["alpha"]["value"] < data["alpha"]["high"]
    shown = shell("agree --name correct").out
    assert f"alpha {data['alpha']['value']:.2f}, {data['alpha']['low']:.2f} to" in shown
    assert f"refold replay {data['disputed'][0]['episode']}" in shown


def test_agree_with_few(shell):
    """Fewer than 50 in common: what was the same is told, kappa and alpha are not."""
    ran = shell("agree --name correct --agent baseline")
    assert ran.out.count("cannot tell: 20 in common, 50 are needed") == 2
    data = shell("agree --name correct --agent baseline --json").json
    assert data["alpha"]["value"] is data["pairs"][0]["kappa"]["value"] is None
    assert "nan" not in json.dumps(data).lower()


@pytest.mark.slow
def test_validate(shell):
    """The table is that of scores and majorities; ties are apart; wrong ones have their command."""
    ran = shell("validate --label correct --at-least 0.1", code=0)
    data = shell("validate --label correct --at-least 0.1 --json").json
    scores = {g["episode"]: g["score"] for g in shell("grade --json").json["grades"]}
    said = {}
    for each in shell("labels --name correct --json").json["labels"]:
        said.setdefault(each["episode"], []).append(each["value"])
    decided = {id: values[0] == "yes" for id, values in said.items() if len(set(values)) == 1}
    for passes, good in product((True, False), repeat=2):
        count = sum((scores[id] >= 0.7, value) == (passes, good) for id, value in decided.items())
        assert {"passes": passes, "good": good, "episodes": count} in data["table"]
    assert data["left_out"] == {"tied": 80 - len(decided)}
    assert data["drawn"] + data["chosen"] == 2 * len(decided)
    assert {each["episode"] for each in data["wrong"]} == {
        id for id, value in decided.items() if (scores[id] >= 0.7) != value
    }
    assert data["people"]["anna - ben"]["n"] == 80
    assert 0.3 < data["people"]["anna - ben"]["value"] < 0.8
    assert f"left out: {80 - len(decided)} tied" in ran.out
    assert "on episodes that somebody chose; what was chosen may bias every rate" in ran.out
    assert data["word"] in ran.out


@pytest.mark.slow
def test_validate_other_graders(shell):
    """BY is a rubric's file, a function, or the name of saved grades, and nothing else."""
    (shell.at / "always.py").write_text("def yes(events):\n    return {'all': 1.0}\n")
    data = shell("validate --label correct always.py:yes --json --at-least 0.5").json
    assert data["word"] == "cannot tell"
    assert {rate["name"]: rate["hits"] for rate in data["rates"]}["specificity"] == 0
    shell("grade --grader always.py:yes --save")
    (shell.at / "always.py").unlink()
    again = shell("validate --label correct always.py:yes --json").json
    assert again["table"] == data["table"]
    shell.refuses(
        "validate --label correct nothing",
        match="nothing: expected .recorded., a TOML file or a folder of them, FILE.py:FUNCTION",
    )
    shell.refuses(
        "validate --label none", match="label: expected one of correct; got 'none'; `refold label`"
    )


def test_validate_without_verdicts(tmp_path):
    """Where nobody says yes or no, nothing is compared, and that is said."""
    shell = Shell(tmp_path)
    shell("record inbox/easy --agent baseline")
    shell("label last --name correct --value unsure --by anna")
    shell.refuses("validate --label correct", match="got 1 neither yes nor no")
