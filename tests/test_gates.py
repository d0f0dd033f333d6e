import pytest

from refold.engine import RefoldError
from refold.reports.gates import Rule, judge_count, judge_worse, parse_rule

RANGE = (-1.0, 1.0)
WORSE = Rule("worse", "worse")
LOST = [[-0.5, -0.4, -0.6, -0.45], [-0.3, -0.5, -0.4, -0.35]]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("moved", Rule("moved", "moved")),
        ("moved:3", Rule("moved:3", "moved", 3)),
        ("lost:2.5%", Rule("lost:2.5%", "lost", 2.5, True)),
        ("lost:0", Rule("lost:0", "lost")),
        ("gained", Rule("gained", "gained")),
        ("missing", Rule("missing", "missing")),
        ("unjudged", Rule("unjudged", "unjudged")),
        ("order", Rule("order", "order")),
        ("mean:-0.02", Rule("mean:-0.02", "mean", -0.02)),
        ("worse", Rule("worse", "worse")),
        ("worse:0.1", Rule("worse:0.1", "worse", 0.1)),
    ],
)
def test_rules_are_read(text, rule):
    """Each word with what may follow it."""
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mean", r"expected mean:X, got 'mean'"),
        ("mean:0.02", r"expected mean:X"),
        ("worse:-0.1", r"expected worse\[:D\]"),
        ("worse:nan", r"expected worse\[:D\]"),
        ("moved:2%", r"expected moved\[:N\]"),
        ("lost:", r"expected lost\[:N\|:P%\]"),
        ("order:1", r"expected order"),
        ("", r"expected one of gained, lost.*, got ''"),
        ("better", r"expected one of gained, lost.*, got 'better'"),
    ],
)
def test_what_is_no_rule_is_refused(text, expected):
    """With what the rule looks like, or the rules there are."""
    with pytest.raises(RefoldError, match=expected):
        parse_rule(text)


def test_a_rule_of_another_command_is_told_so():
    """`worse` compares two runs, which a regrade has not."""
    with pytest.raises(RefoldError, match=r"expected one of lost.*`refold compare` knows that one"):
        parse_rule("worse:0.1", known=("lost",))


def test_a_command_knows_its_own_rules_only():
    """A rule that it cannot answer is refused, and the others are listed."""
    with pytest.raises(RefoldError, match=r"expected one of lost\[:N\|:P%\], missing, got 'order'"):
        parse_rule("order", known=["missing", "lost"])


def test_counts_may_reach_the_limit():
    """More than N fail, or more than P % of all."""
    counts = {"lost": 3, "moved": 0}
    said = [
        judge_count(parse_rule(text), counts, 60).answer
        for text in ("lost", "lost:2", "lost:3", "lost:4.9%", "lost:5%", "moved")
    ]
    assert said == ["fails", "fails", "holds", "fails", "holds", "holds"]


def test_worse_fails_if_interval_and_p_agree():
    """Eight worlds that all lost a lot; not by more than they did lose; not if turned round."""
    assert judge_worse(WORSE, LOST, bounds=RANGE).answer == "fails"
    assert judge_worse(parse_rule("worse:0.4"), LOST, bounds=RANGE).answer == "holds"
    gained = [[-each for each in group] for group in LOST]
    assert judge_worse(WORSE, gained, bounds=RANGE).answer == "holds"


def test_worse_cannot_be_told_of_few_worlds():
    """Seven worlds have a least p of 0.016, even if all are the same: the reason says so."""
    for groups in ([LOST[0], LOST[1][:3]], [[0.0] * 7]):
        made = judge_worse(WORSE, groups, bounds=RANGE)
        assert (made.answer, made.why) == ("cannot tell", "only 7 units, 8 are needed")
    assert judge_worse(WORSE, [[*LOST[0], -0.5]], bounds=RANGE, confidence=0.9).answer == "fails"


def test_worse_cannot_be_told_if_few_worlds_differ():
    """3 of 40 are too rare for any p; 8 that drop alike have no scatter; no drop holds."""
    made = judge_worse(WORSE, [[-1.0] * 3 + [0.0] * 37], bounds=RANGE)
    assert made.answer == "cannot tell"
    assert made.why.endswith("3 of 40 units differ")
    assert judge_worse(WORSE, [[-0.5] * 8], bounds=RANGE).answer == "cannot tell"
    assert judge_worse(WORSE, [[0.0] * 40], bounds=RANGE).answer == "holds"
    assert judge_worse(WORSE, [[1.0] * 3 + [0.0] * 37], bounds=RANGE).answer == "holds"


def test_what_is_always_the_same_is_a_fact():
    """Then one world decides, exactly."""
    for rule, word in (("worse", "fails"), ("worse:0.5", "holds"), ("worse:0.49", "fails")):
        made = judge_worse(parse_rule(rule), [[-0.5]], bounds=RANGE, always_same=True)
        assert made.answer == word


def test_a_gate_that_holds_says_what_it_would_see():
    """The least p and the drop that four of five such tests see are part of the answer."""
    mixed = [[-0.1, 0.2, 0.1, -0.2], [0.1, -0.1, 0.2, -0.15]]
    made = judge_worse(WORSE, mixed, bounds=RANGE)
    assert made.answer == "holds"
    assert "least p 0.0078" in made.why
    assert "sees a drop of 0.2" in made.why
