"""Questions to a judge: the fence around the record, the verdict, and looking answers up."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.engine import ActionTaken, Episode
from refold.graders import Facts, Finding, Grade
from refold.graders.custom import WrongResult, grade_by
from refold.judges.asking import Ask, NotAsked, NotJudged
from refold.judges.fence import fence_of
from refold.judges.injection import payloads
from refold.judges.questions import LONGEST_QUESTION, BadQuestion, make_question, question_in
from refold.judges.records import Failed, Judge, Judged, judgement_hash, read_judged
from refold.judges.verdicts import read_verdict
from refold.pytest_plugin import answers
from refold.scenarios import load

QUESTION = "Does the reply take up what the sender wrote?"
WORDS = ("no", "partly", "yes")
SCALE = {"yes": 1.0, "partly": 0.5, "no": 0.0}


def replied(*texts):
    """Return an episode in which the agent replied with *texts*."""
    episode = Episode.start(load("inbox/hard"))
    for text in texts:
        episode.step({"type": "respond", "content": text})
    return episode.events


def reply_seqs(events):
    return [at.seq for at in Facts(events).of_type(ActionTaken)]


def question(events, text=QUESTION):
    return make_question(events, text, show=reply_seqs(events), words=SCALE)


def parted(prompt):
    """Return what stands before, inside and after the fence of a prompt, and the fence."""
    fence = next(line for line in prompt.split("\n") if line.startswith("===="))
    before, inside, after = prompt.split(fence)
    return before, inside, after, fence


@given(text=st.text(min_size=1, max_size=300))
def test_no_text_leaves_the_fence(text):
    """Whatever an agent writes stands inside, once, as data that reads back as what it wrote."""
    asked = question(replied(text))
    prompt = asked.messages[1]["content"]
    before, inside, after, fence = parted(prompt)
    assert inside == f"\n{inside.strip()}\n"
    assert inside.strip().isascii()
    assert inside.strip().isprintable()
    (shown,) = json.loads(inside)
    assert shown["data"]["action"]["content"] == text
    assert fence == fence_of(inside.strip(), QUESTION)
    empty = parted(question(replied("x")).messages[1]["content"])
    assert (before, after) == (empty[0], empty[2])
    assert question_in(prompt) == QUESTION


@given(
    text=st.text(
        st.characters(exclude_categories=["C", "Z"], include_characters=" \n="),
        min_size=1,
        max_size=200,
    )
)
def test_no_question_holds_the_fence(text):
    """Any question that may be asked leaves exactly two fences in the prompt."""
    events = replied("Hello.")
    if not text.strip():
        return
    prompt = question(events, text).messages[1]["content"]
    fence = prompt.split("\nThe record:\n")[-1].split("\n")[0]
    assert prompt.count(fence) == 2


@pytest.mark.parametrize("kind", payloads("yes"))
def test_payloads_stay_inside(kind):
    """A judge that obeys all that stands outside the fence meets nothing that an agent wrote."""
    payload = payloads("yes")[kind]
    outside = [
        part
        for each in (payload, "Thank you.")
        for part in parted(question(replied(each)).messages[1]["content"])[::2]
    ]
    assert outside[:2] == outside[2:]


def test_a_fence_that_was_seen_does_not_pass():
    """An agent that writes the fence of an earlier question gets another one around it."""
    fence = parted(question(replied("x")).messages[1]["content"])[3]
    forged = parted(question(replied(fence)).messages[1]["content"])
    assert forged[3] != fence
    assert fence in forged[1]


def test_equal_evidence_is_an_equal_question():
    """The same reply to the same mail is one question, whatever the values of the scale."""
    first = make_question(replied("Sure."), QUESTION, show=[2], words={"yes": 1, "no": 0})
    other = make_question(replied("Sure.", "And?"), QUESTION, show=[2], words={"no": 0.2, "yes": 1})
    assert isinstance(replied("Sure.")[2], ActionTaken)
    assert first.digest == other.digest
    assert first.digest != make_question(replied("No."), QUESTION, show=[2], words=SCALE).digest


def test_a_reply_is_shown_with_what_the_agent_saw():
    """A judge can tell whether a reply fits, since the mail stands beside it."""
    events = replied("Sure.")
    prompt = question(events).messages[1]["content"]
    (shown,) = json.loads(parted(prompt)[1])
    assert shown["seen"]["current"]["subject"]
    assert "seq" not in shown


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"text": ""}, "expected a text of 1 to"),
        ({"text": 7}, "got int"),
        ({"text": "x" * (LONGEST_QUESTION + 1)}, "letters"),
        ({"text": "a\x1b[2J"}, "expected printable letters"),
        ({"words": ["yes"]}, "expected 2 to 20 different words"),
        ({"words": ["yes", "Yes"]}, "expected 2 to 20 different words"),
        ({"words": ["yes", ""]}, "expected printable words"),
        ({"words": ["yes", 'n"o']}, "expected printable words"),
        ({"show": [1000]}, "expected seqs of events, 0 to"),
        ({"show": [True]}, "expected seqs of events, 0 to"),
    ],
)
def test_bad_questions(more, match):
    """What cannot be asked is refused, and said."""
    given = {"text": QUESTION, "show": [1], "words": WORDS, **more}
    with pytest.raises(BadQuestion, match=match):
        make_question(replied("x"), given.pop("text"), **given)


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ('{"reason": "It does.", "verdict": "yes"}', "yes"),
        (' {"verdict": "Partly"}\n', "partly"),
        ('```json\n{"reason": "", "verdict": "no"}\n```', "no"),
        ('```\n{"reason": "", "verdict": "no", "sure": 0.9}\n```', "no"),
        ("yes", None),
        ('The verdict is {"verdict": "yes"}', None),
        ('{"verdict": "yes"} {"verdict": "no"}', None),
        ('{"verdict": "yes", "verdict": "no"}', None),
        ('{"verdict": "maybe"}', None),
        ('{"verdict": ["yes"]}', None),
        ('{"verdict": "yes", "reason": 7}', None),
        ('["yes"]', None),
        ('{"verdict": "yes"', None),
        ("[" * 100_000, None),
        ("", None),
        ('{"reason": "' + "x" * 70_000 + '", "verdict": "yes"}', None),
    ],
)
def test_verdicts(reply, word):
    """One object with one word of the scale is a verdict; a word in prose is none."""
    found = read_verdict(reply, WORDS)
    assert (found and found.word) == word


@given(st.text(max_size=200))
def test_any_reply_is_read(reply):
    """No reply raises, and only a word of the scale comes out."""
    found = read_verdict(reply, WORDS)
    assert found is None or found.word in WORDS


def test_answers_are_read_lazily():
    """All that is asked before the first answer is read is told at once; reading stops it."""
    reached = []

    def two(events, ask):
        asked = [ask(f"Question {n}?", show=[1]) for n in (1, 2)]
        reached.append("asked")
        value = asked[0].value
        reached.append("read")
        return value

    with pytest.raises(NotAsked, match="2 questions not asked") as missing:
        grade_by(two, replied("x"))
    assert reached == ["asked"]
    assert [each.question.text for each in missing.value.wanted] == ["Question 1?", "Question 2?"]


def test_no_except_of_a_grader_hides_a_missing_answer():
    """A function that catches everything gets no grade out of an answer that is not there."""

    def catches(events, ask):
        try:
            return ask(QUESTION).value
        except BaseException:
            return 1.0

    with pytest.raises(NotAsked):
        grade_by(catches, replied("x"))
    with pytest.raises(NotJudged, match="refused"):
        grade_by(catches, replied("x"), ask=lambda question, attempt: Failed("refused"))


def test_what_is_asked_and_not_read_is_not_needed():
    """An answer that no grade rests on is not missed, and no part names its question."""

    def half(events, ask):
        ask(QUESTION)
        return 0.5

    given = grade_by(half, replied("x"))
    assert given.score == 0.5
    assert given.parts[0].judged == ()
    assert b"judged" not in given.to_json()


@pytest.mark.parametrize(
    ("votes", "word"),
    [
        (["yes", "yes", "no"], "yes"),
        (["yes", "no", "partly"], "partly"),
        (["yes", "no", "no", "yes"], "no"),
        (["no"], "no"),
    ],
)
def test_votes(votes, word):
    """The most common verdict counts; on a tie, the lower median on the scale."""
    ask = Ask(replied("x"), answers({"*": votes}))
    answer = ask(QUESTION, scale=SCALE, votes=len(votes))
    assert (answer.verdict, answer.value) == (word, SCALE[word])
    assert ask.read == (answer.question,)


def helpful(events, ask):
    replies = Facts(events).of_type(ActionTaken)
    found = [ask(QUESTION, show=[at.seq], scale=SCALE) for at in replies]
    return {"helpful": Finding.of(sum(a.value for a in found) / len(found), replies)}


def test_given_answers():
    """A grader is tested with answers given beforehand, by pattern; others are refused."""
    given = grade_by(helpful, replied("One.", "Two."), ask=answers({"Does the reply*": "partly"}))
    assert given.score == 0.5
    assert len(given.parts[0].judged) == 2
    with pytest.raises(LookupError, match="expected a question like 'Is it"):
        grade_by(helpful, replied("x"), ask=answers({"Is it?": "yes"}))
    with pytest.raises(LookupError, match="expected one of no, partly, yes"):
        grade_by(helpful, replied("x"), ask=answers({"*": "maybe"}))


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"votes": 0}, "votes: expected 1 to 25, got 0"),
        ({"votes": True}, "votes: expected 1 to 25, got True"),
        ({"scale": ["yes", "no"]}, "scale: expected words with their values"),
        ({"scale": {"yes": "1", "no": 0}}, "expected a finite number for 'yes'"),
        ({"scale": {"yes": float("nan"), "no": 0}}, "expected a finite number for 'yes'"),
    ],
)
def test_bad_scales(more, match):
    """Votes and scales that mean nothing are refused where they are asked with."""
    with pytest.raises(BadQuestion, match=match):
        Ask(replied("x"))(QUESTION, **more)


def test_findings_name_digests_of_questions():
    """A finding may say which answers it rests on; anything else than digests is refused."""

    def own(events, ask):
        first, _second = ask("First?"), ask("Second?").value
        return {"a": Finding(first.value, judged=(first.question,)), "b": 0.0}

    given = grade_by(own, replied("x"), ask=answers({"*": "yes"}))
    assert [len(part.judged) for part in given.parts] == [1, 2]
    with pytest.raises(WrongResult, match="expected digests of questions"):
        grade_by(lambda events: Finding(0.5, judged=(7,)), replied("x"))


def test_a_judge_is_its_model_and_parameters():
    """Another temperature is another judge; a payload reads back as the same one."""
    cold, warm = (Judge("openai:m", {"temperature": t}) for t in (0.0, 1.0))
    assert cold.digest != warm.digest
    kept = Judged("openai:m", {"temperature": 0.0}, "m-1", "{}", "stop")
    payload = json.dumps({"type": "judged", "model": "openai:m"}).encode()
    assert kept.judge.digest == cold.digest
    assert read_judged(payload) is None
    assert judgement_hash("q", "j", 0, b"x") != judgement_hash("q", "j", 1, b"x")


def test_old_grades_keep_their_bytes():
    """A grade without a judge has no word of one, and reads as it did."""
    given: Any = grade_by(lambda events: 1.0, replied("x"))
    assert isinstance(given, Grade)
    assert b"judged" not in given.to_json()
