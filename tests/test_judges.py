"""Judges on the command line: asked once over real HTTP, kept, and looked up ever after."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
from asking import KEY
from fault_server import FaultServer, refuses, says
from judging import BY_FUNCTION, BY_RUBRIC, HELPFUL, JUDGE, address, inbox_shell, mock_judge

from refold.agents.mock.model import MockModel
from refold.engine import EventLog
from refold.graders import saved_grades
from refold.judges.records import read_judged
from refold.reports.wavering import measure_wavering, wavering_text

VERDICT = '{"reason": "It does.", "verdict": "yes"}'


@pytest.fixture
def shell(tmp_path):
    return inbox_shell(tmp_path)


def judgements(shell, log="refold.db"):
    """Return attempt and answer of every judgement, oldest first."""
    with EventLog(shell.at / log, readonly=True) as opened:
        return [(each.attempt, read_judged(each.payload)) for each, _ in opened.judgements()]


@pytest.mark.slow
def test_nobody_is_asked_unless_told(shell):
    """Without answers there is no grade, but a line with their number and about what they cost."""
    shell.refuses(
        f"grade {BY_FUNCTION} --price 0.15,0.60",
        match=r"4 questions not asked \(about \d k tokens, \$0\.\d+ by --price\): "
        "--judge MODEL asks, --dry-run lists",
    )
    with mock_judge("yes") as model:
        ran = shell(f"grade {BY_FUNCTION} {JUDGE} --dry-run {address(model)}")
        assert model.requests == []
    assert ran.out.count("Does the reply take up what the sender wrote?") == 4
    rows = shell(f"grade {BY_FUNCTION} --dry-run --json").json["questions"]
    assert [row["words"] for row in rows] == [["no", "partly", "yes"]] * 4
    assert all("====" in row["messages"][1]["content"] for row in rows)


@pytest.mark.parametrize("by", [pytest.param(BY_FUNCTION, marks=pytest.mark.slow), BY_RUBRIC])
def test_asked_once_and_graded_ever_after(shell, by):
    """Grading again asks nobody, offline and from a copy, and gives the same to the byte."""
    with mock_judge("yes") as model:
        first = shell(f"grade {by} {JUDGE} {address(model)} --save --json")
        asked = len(model.requests)
        again = shell(f"grade {by} {JUDGE} {address(model)} --json")
        assert len(model.requests) == asked == len(judgements(shell))
    assert all(part["judged"] for grade in first.json["grades"] for part in grade["parts"][-1:])
    shutil.copy(shell.at / "refold.db", shell.at / "copy.db")
    shell("export -o all.jsonl")
    shell("import all.jsonl --log imported.db")
    shell("merge refold.db copy.db -o merged.db")
    for log in ("refold.db", "copy.db", "imported.db", "merged.db"):
        offline = shell(f"grade {by} --json --log {log}")
        assert offline.out == first.out == again.out
        shell(f"verify --log {log}")
    assert shell(f"regrade {by}").err.endswith("\n2 episodes compared, 0 moved\n")


def test_what_is_kept(shell):
    """The reply stands verbatim beside model, parameters and tokens; neither key nor address."""
    with FaultServer(then=says(VERDICT)) as server:
        shell(
            f"grade {BY_RUBRIC} {JUDGE} --base-url {server.base_url} --api-key {KEY} "
            "--judge-param temperature=null --judge-param top_p=0.5"
        )
        sent = server.requests
    assert all(each["model"] == "mock" and each["top_p"] == 0.5 for each in sent)
    assert not any("temperature" in each for each in sent)
    properties = sent[0]["response_format"]["json_schema"]["schema"]["properties"]
    assert list(properties) == ["reason", "verdict"]
    kept = [answer for _, answer in judgements(shell)]
    assert {answer.reply for answer in kept} == {VERDICT}
    assert {(answer.model, answer.answered_by) for answer in kept} == {("openai:mock", "m-1")}
    assert kept[0].parameters == {"top_p": 0.5}
    assert (kept[0].usage.input, kept[0].usage.output) == (11, 7)
    stored = (shell.at / "refold.db").read_bytes()
    assert KEY.encode() not in stored
    assert b"127.0.0.1" not in stored


def test_equal_questions_are_asked_once(shell):
    """The same episode under another id, by another run, needs no answers of its own."""
    shell("record inbox/easy --agent baseline --name b")
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}")
        assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("said", "cause", "replies"),
    [("(silent)", "unreachable", 0), ("(garbage)", "unreadable", 2)],
)
def test_no_verdict_is_no_grade(shell, said, cause, replies):
    """Where a judge fails, there is no grade, never 0; what it wrote instead is kept."""
    with mock_judge(said) as model:
        ran = shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)} --json --save", code=1)
        assert ran.json["grades"] == []
        assert f"2 episodes not judged: 2 {cause}\n" in ran.err
    kept = [answer for _, answer in judgements(shell)]
    assert len(kept) == (2 if replies else 0)
    for answer in kept:
        assert len([*answer.unread, answer.reply]) == replies
        assert "I would say" in answer.reply
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        saved = [each.rubric.name for id in shell.ids() for each in saved_grades(log, id)]
    assert saved == ["inbox/easy", "inbox/medium"]  # those of recording only
    if replies:  # asked already: still no grade, and nobody is asked again
        again = shell(f"grade {BY_RUBRIC} --json", code=1)
        assert again.err.endswith("2 episodes not judged: 2 unreadable\n")
    else:
        shell.refuses(f"grade {BY_RUBRIC}", match="2 questions not asked")


def test_a_filter_is_no_grade_either(shell):
    """What an API's content filter refuses is told as such; other episodes get their grades."""
    refusal = {"error": {"message": "filtered", "code": "content_filter"}}

    def answer(request):
        text = request["messages"][1]["content"]
        if "reset" not in text:
            return says(VERDICT)
        return type(says(""))(400, json.dumps(refusal).encode())

    with FaultServer(then=answer) as server:
        ran = shell(f"grade {BY_RUBRIC} {JUDGE} {address(server)}", code=1)
    assert re.search(r"\d episodes? not judged: \d refused", ran.err)


def test_a_key_that_is_refused_stops_it(shell):
    """What others must mend ends the command at once, and keeps what was answered."""

    def refuse(_request):
        time.sleep(0.5)  # questions are asked at once: the answer has to be read first
        return refuses(401)

    with FaultServer(says(VERDICT), then=refuse) as server:
        ran = shell(f"grade {BY_RUBRIC} {JUDGE} {address(server)}", code=2)
    assert "refused the key" in ran.err
    assert len(judgements(shell)) == 1


def test_what_an_api_refuses_is_left_out(shell):
    """A parameter or a form that the API does not know is left out, which the record says."""

    def answer(request):
        for name in ("temperature", "response_format"):
            if name in request:
                return refuses(400, f"Unsupported parameter: '{name}' is not supported")
        return says(VERDICT)

    with FaultServer(then=answer) as server:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(server)}")
    kept = [answer for _, answer in judgements(shell)]
    assert {answer.without for answer in kept} == {("temperature", "response_format")}
    assert all(answer.parameters == {"temperature": 0.0} for answer in kept)


@pytest.mark.parametrize("limit", ["--judge-limit 1", "--judge-limit $0.0016 --price 1,1"])
def test_a_limit_is_never_passed(shell, limit):
    """Asking stops before the request that would pass the limit; the rest can be asked later."""
    with mock_judge("yes") as model:
        command = f"grade {BY_RUBRIC} {JUDGE} {address(model)}"
        ran = shell(f"{command} {limit}", code=2)
        assert "expected room for 2 questions, got it for 1" in ran.err
        assert len(model.requests) == 1 == len(judgements(shell))
        shell(command)
        assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("--judge-limit 0", "expected a number of requests such as 200"),
        ("--judge-limit much", "expected a number of requests such as 200"),
        ("--judge-limit $1", "expected --price beside it"),
        ("--judge greedy", "expected openai:MODEL or any-llm:PROVIDER:MODEL, got 'greedy'"),
        ("--judge openai:m --judge-param model=x", "--judge-param: expected NAME=JSON"),
        ("--judge openai:m --judge-param api_key=abcdef", "expected nothing secret"),
    ],
)
def test_bad_options(shell, words, match):
    """Options that mean nothing, or would put a key into the log, are refused."""
    shell.refuses(f"grade {BY_RUBRIC} {words}", match=match)


def test_a_judge_that_contradicts_itself(shell):
    """Asked again, it is told how much it wavers, and what of the result depends on that."""
    with mock_judge("yes", "no") as model:
        command = f"grade {BY_RUBRIC} {JUDGE} {address(model)}"
        graded = shell(f"{command} --json").out
        ran = shell(f"{command} --judge-again 3 --fail-under 0.9")
        assert len(model.requests) == 8
    assert (
        "2 questions asked 4 times, 2 without one answer; agreement of two asks 0.33; s.d. of an "
        "episode's score by the judge alone 0.115, between episodes 0.000; 2 of 2 passes (at 0.9) "
        "depend on the ask; the mean of 2 moves by up to 0.226\n"
    ) in ran.out
    assert shell(f"grade {BY_RUBRIC} --json").out == graded
    wavering = shell(f"grade {BY_RUBRIC} --judge-again 3 --json").json["wavering"]
    assert (wavering["asks"], wavering["split"], wavering["depend"]) == (4, 2, 0)


def test_a_judge_that_never_wavers(shell):
    """Equal answers are told as such."""
    with mock_judge("yes") as model:
        ran = shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)} --judge-again 1")
    assert "0 without one answer; agreement of two asks 1.00" in ran.out
    assert "judge alone 0.000" in ran.out


def test_votes_of_a_rubric(shell):
    """A rubric's votes are asked for, and asking again asks for as many more."""
    text = (shell.at / "polite.toml").read_text().replace("votes = 1", "votes = 3")
    (shell.at / "polite.toml").write_text(text)
    with mock_judge("yes", "no", "no") as model:
        ran = shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)} --json --judge-again 1")
        assert len(model.requests) == 2 * 2 * 3
    assert [each["breakdown"]["polite"] for each in ran.json["grades"]] == [0.0, 0.0]
    assert ran.json["wavering"]["within"] == 0.0


def test_grades_of_two_judges_stand_side_by_side(shell):
    """Each judge's grade is saved by itself; which one counts has to be said."""
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} --judge openai:kind {address(model)} --save")
    with mock_judge("no") as model:
        shell(f"grade {BY_RUBRIC} --judge openai:strict {address(model)} --save")
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        saved = [each for each in saved_grades(log, shell.ids()[0]) if each.rubric.name == "polite"]
    assert [grade.score for grade in saved] == [1.0, 0.8]
    assert len({grade.rubric.digest for grade in saved}) == 2
    shell.refuses(
        f"grade {BY_RUBRIC}",
        match="expected one judge's answers, got those of openai:kind, openai:strict",
    )
    strict = shell(f"grade {BY_RUBRIC} --judge openai:strict --json").json["grades"]
    assert [each["score"] for each in strict] == [0.8, 0.8]


def test_a_rubric_names_its_judge(shell):
    """Its answers count, but it is not asked unless told to; its parameters are the rubric's."""
    with (shell.at / "polite.toml").open("a") as file:
        file.write('\n[rubric.judge]\nmodel = "openai:own"\ntemperature = 0.5\n')
    shell.refuses(f"grade {BY_RUBRIC}", match="--judge openai:own asks")
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} --judge openai:own {address(model)}")
        assert {each["temperature"] for each in model.requests} == {0.5}
        shell(f"grade {BY_RUBRIC} --judge openai:other {address(model)}")
    graded = shell(f"grade {BY_RUBRIC} --json").json["grades"]
    assert [each["score"] for each in graded] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('show = "replies"', 'show = "rewards"', "expected one of transcript, replies, last"),
        ('show = "replies"', 'show = ["step_rewarded"]', "got 'step_rewarded'"),
        ("votes = 1", "votes = 0", "expected 1 to 25, got 0"),
        ("votes = 1", "scale = { yes = 2.0, no = 0.0 }", "expected a number from 0 to 1"),
        ("votes = 1", "scale = { yes = 1.0 }", "expected 2 to 20 different words"),
        ('"Is every reply polite?"', '""', "expected a text of 1 to"),
    ],
)
def test_bad_criteria(shell, old, new, match):
    """A criterion that cannot be judged is refused with the place of the mistake."""
    text = (shell.at / "polite.toml").read_text()
    assert old in text
    (shell.at / "polite.toml").write_text(text.replace(old, new))
    shell.refuses(f"grade {BY_RUBRIC}", match=match)


@pytest.mark.parametrize("show", ['"transcript"', '"last"', '["email_handled"]', '"action_taken"'])
def test_what_a_judge_sees(shell, show):
    """It sees what the rubric shows, and never rewards or the scenario with its rubric."""
    text = (shell.at / "polite.toml").read_text()
    (shell.at / "polite.toml").write_text(text.replace('"replies"', show))
    rows = shell(f"grade {BY_RUBRIC} --dry-run --json").json["questions"]
    for row in rows:
        prompt = row["messages"][1]["content"]
        kinds = set(re.findall(r'"event": "(\w+)"', prompt))
        assert kinds
        assert not kinds & {"step_rewarded", "episode_started", "model_called"}
        if "[" in show:
            assert kinds == {"email_handled"}


def test_no_judge_in_a_scenario(shell):
    """A scenario's own rubric, which grades as episodes end, cannot ask anybody."""
    source = shell("scenarios inbox/easy --toml").out
    head, _, _ = source.partition("[rubric]")
    (shell.at / "mine.toml").write_text(head + (shell.at / "polite.toml").read_text())
    shell.refuses("record ./mine.toml --agent baseline", match="a rubric of its own")


def test_a_warning_of_itself(shell):
    """A model that judges what it played is told, since it prefers its own words."""
    with MockModel() as player:
        shell(f"record inbox/easy --agent openai:mock --base-url {player.base_url} --name m")
    with mock_judge("yes") as model:
        ran = shell(f"grade --run m {BY_RUBRIC} {JUDGE} {address(model)}")
    assert "warning: openai:mock judges 1 episode of its own" in ran.err


@pytest.mark.slow
def test_follow_up_questions(shell):
    """A question may follow from an answer: each round asks what the last one led to, up to 4."""
    (shell.at / "helpful.py").write_text(
        "def helpful(events, ask):\n"
        "    said = [ask(f'Question {n}?', show=[1]).value for n in range(ROUNDS)]\n"
        "    return sum(said) / len(said)\n".replace("ROUNDS", "4")
    )
    with mock_judge("yes") as model:
        ran = shell(f"grade {BY_FUNCTION} {JUDGE} {address(model)} --json")
        assert [each["score"] for each in ran.json["grades"]] == [1.0, 1.0]
        text = (shell.at / "helpful.py").read_text().replace("range(4)", "range(6)")
        (shell.at / "helpful.py").write_text(text.replace("Question", "Other"))
        ran = shell(f"grade {BY_FUNCTION} {JUDGE} {address(model)}", code=2)
    assert "expected at most 4 rounds of questions, got more" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("show=[at.seq]", "show=[9999]", "show: expected seqs of events"),
        ("QUESTION, show", "'', show", "question: expected a text"),
        ("scale=SCALE", "scale={'yes': 1.0}", "scale: expected 2 to 20 different words"),
    ],
)
def test_mistakes_in_asking(shell, old, new, match):
    """A function that asks badly is told so in one line, with the episode."""
    assert old in HELPFUL
    (shell.at / "helpful.py").write_text(HELPFUL.replace(old, new))
    shell.refuses(f"grade {BY_FUNCTION}", match=match)


def test_an_altered_answer_is_found(shell):
    """Neither a grade nor an import nor a merge rests on an answer that was altered."""
    with mock_judge("no") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}")
    shell("export -o all.jsonl")
    with closing(sqlite3.connect(shell.at / "refold.db")) as log, log:
        log.execute("DROP TRIGGER judgements_immutable")
        changed = "UPDATE judgements SET payload = replace(payload, ?, ?)"
        log.execute(changed, (r"\"no\"", r"\"yes\""))
        log.execute(
            "CREATE TRIGGER judgements_immutable BEFORE UPDATE ON judgements\n"
            "BEGIN SELECT RAISE(ABORT, 'refold: judgements are immutable'); END"
        )
    assert "expected the stored hash to fit, got another" in shell("verify", code=1).out
    assert "as it was given" in shell(f"grade {BY_RUBRIC}", code=2).err
    assert "the stored hash" in shell("merge refold.db -o merged.db", code=2).err
    lines = (shell.at / "all.jsonl").read_text()
    (shell.at / "all.jsonl").write_text(lines.replace(r"\"no\"", r"\"yes\""))
    ran = shell("import all.jsonl --log other.db", code=2)
    assert "the file was altered, export it again" in ran.err


@pytest.mark.parametrize("table", ["questions", "judgements"])
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET id = id + 1"])
def test_answers_are_append_only(shell, table, verb):
    """No SQL shell changes or deletes what was asked or answered."""
    with mock_judge("no") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}")
    with (
        closing(sqlite3.connect(shell.at / "refold.db")) as log,
        pytest.raises(sqlite3.IntegrityError, match="refold: "),
    ):
        log.execute(verb.format(table))


def test_named_episodes_bring_their_answers(shell):
    """An export of one episode holds what was first asked about it, and no more."""
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}")
    first, _ = shell.ids()
    lines = shell("export", first).out.splitlines()
    found = [json.loads(line) for line in lines if '"judgement"' in line[:30]]
    assert {each["first_asked_of"] for each in found} == {first}
    assert len(found) == 1


def test_a_log_without_the_tables_is_read(shell):
    """A log of an older version needs no migration to be graded by what asks nobody."""
    with closing(sqlite3.connect(shell.at / "refold.db")) as log, log:
        log.execute("DROP VIEW label_list")
        for table in ("remarks", "judgements", "questions"):
            log.execute(f"DROP TABLE {table}")
        log.execute("PRAGMA user_version = 3")
        log.execute("DELETE FROM _sqlite_migrations WHERE name > 'm4'")
    shell("grade")
    shell.refuses(f"grade {BY_RUBRIC}", match="2 questions not asked")
    shell("verify")
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}")
    assert len(judgements(shell)) == 2


def test_regrade_asks_about_what_it_compares(shell):
    """Another judge's grades are compared with saved ones, or recorded; without a verdict, none."""
    with closing(sqlite3.connect(shell.at / "refold.db")) as log, log:
        log.execute("DELETE FROM grades")
    first, _ = shell.ids()
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)} --save", first)
    with mock_judge("no") as model:
        ran = shell(f"regrade {BY_RUBRIC} --judge openai:other {address(model)}", code=1)
        assert len(model.requests) == 2  # the other is compared with its recorded rubric's grade
    assert "  1.0000 -> 0.8000  " in ran.out
    assert " of 1, recorded rubrics of 1 -> " in ran.out
    with mock_judge("(garbage)") as model:
        ran = shell(f"regrade {BY_RUBRIC} --judge openai:third {address(model)}", code=2)
    assert "2 episodes not judged: 2 unreadable" in ran.err


def test_reports_look_up_what_is_answered(shell):
    """Whatever takes a grader takes one that asks: from the log, or it says what to do."""
    shell.refuses(f"report last {BY_RUBRIC}", match="not asked; `refold grade --judge MODEL` asks")
    with mock_judge("yes") as model:
        grades = shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)} --json").json["grades"]
        asked = len(model.requests)
    scores = {each["episode"]: each["score"] for each in grades}
    found = shell(f"episodes {BY_RUBRIC} --json").json["episodes"]
    assert {each["id"]: each["score"] for each in found} == scores
    reports = shell(f"report last {BY_RUBRIC} --json").json["reports"]
    assert sum(each["counted"] for each in reports) == len(grades)
    shell(f"leaderboard {BY_RUBRIC}")
    shell(f"compare last last {BY_RUBRIC}")
    assert len(model.requests) == asked


def test_reports_say_whether_the_judge_is_validated(shell):
    """By the labels of people on the episodes that it judged, where there are any."""
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}")
    ran = shell(f"report last {BY_RUBRIC}")
    assert "the judge is not validated: expected labels on these episodes" in ran.err
    assert "validated" not in shell("report last").err
    ids = [each["id"] for each in shell("episodes --json").json["episodes"]]
    for id, value in zip(ids, ("yes", "no"), strict=False):
        shell(f"label {id} --name right --value {value} --by anna")
    shell(f"label {ids[0]} --name other --value yes --by anna")
    for words, code in {
        "report last": 0,
        "compare last last": 0,
        "leaderboard": 0,
        "regrade": 1,
    }.items():
        ran = shell(f"{words} {BY_RUBRIC}", code=code)
        assert "the judge is validated on 2 labels 'right', kappa 0.00" in ran.err, words


def test_the_mock_judge_refuses_what_it_does_not_know(shell):
    """A request that is no question, and a question that its file does not know, are refused."""
    with mock_judge("yes", question="Does*") as model:
        ran = shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}", code=1)
        assert "2 unreachable" in ran.err
        played = f"record inbox/easy --agent openai:m --base-url {model.base_url}"
        ran = shell(played, code=1)
        assert "truncated: instrument_failed" in ran.out
    (shell.at / "judge.toml").write_text("[[answers]]\nsay = []\n")
    shell.refuses("mock-model --judge judge.toml", match="expected at least one text in say")
    shell.refuses("mock-model --judge none.toml", match="none.toml")


TESTS = """
from helpful import helpful

from refold.graders.custom import grade_by
from refold.pytest_plugin import answers


def test_recorded(episode, judge):
    assert grade_by(helpful, episode, ask=judge).score == 1.0


def test_given(episode):
    given = grade_by(helpful, episode, ask=answers({"Does the reply*": "no"}))
    assert given.score == 0.0
"""


@pytest.mark.slow
def test_the_pytest_plugin(shell):
    """The fixture ``judge`` answers out of the log alone; ``answers`` says what it is told."""
    (shell.at / "test_helpful.py").write_text(TESTS)
    (shell.at / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    words = "-p no:cacheprovider -q --refold-log refold.db"

    def run(code):
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *words.split()],
            cwd=shell.at,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert ran.returncode == code, ran.stdout
        return ran.stdout

    refused = "expected a recorded answer to 'Does the reply take up what the sender wrote?', got"
    assert refused in run(1)
    with mock_judge("yes") as model:
        shell(f"grade {BY_FUNCTION} {JUDGE} {address(model)}")
    assert "4 passed" in run(0)


def test_wavering():
    """Agreement, deviations and the floor of a mean are those that one computes by hand."""
    found = measure_wavering(
        {"a": ["yes", "no", "yes"], "b": ["no", "no", "no"], "c": ["yes"]},
        [[1.0, 0.5, 1.0], [0.0, 0.0, 0.0]],
        pass_at=0.7,
    )
    assert (found.questions, found.split, found.asks) == (2, 1, 3)
    assert found.agreement == pytest.approx((1 / 3 + 1) / 2)
    assert found.within == pytest.approx((1 / 24) ** 0.5)  # of variances 1/12 and 0
    assert found.between == pytest.approx((1.0 + 0.5 + 1.0) / 3 / 2)
    assert (found.depend, found.episodes) == (1, 2)
    assert found.floor == pytest.approx(1.96 * (2 / 24 / 2) ** 0.5)
    nothing = wavering_text(measure_wavering({}, [], pass_at=0.7))
    assert nothing == "no question was answered twice: nothing to tell of the judge's wavering"


def test_equal_parameters_are_one_judge(shell):
    """A temperature of 0 is the same judge, whether it is given, and however it is written."""
    with mock_judge("yes") as model:
        shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)}")
        for more in ("temperature=0", "temperature=0.0"):
            shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)} --judge-param {more}")
        assert len(model.requests) == 2


def test_a_damaged_episode_does_not_stop_the_others(shell):
    """What cannot be read is told and left out; the others are put to the judge."""
    first, second = shell.ids()
    with closing(sqlite3.connect(shell.at / "refold.db")) as log, log:
        (trigger,) = log.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'events_immutable'"
        ).fetchone()
        log.execute("DROP TRIGGER events_immutable")
        log.execute(
            "UPDATE events SET payload = replace(payload, ',', ', ') WHERE episode = 1 AND seq = 3"
        )
        log.execute(trigger)
    with mock_judge("yes") as model:
        ran = shell(f"grade {BY_RUBRIC} {JUDGE} {address(model)} --json", code=1)
        assert len(model.requests) == 1
    assert [each["episode"] for each in ran.json["grades"]] == [second]
    assert f"left out: episode {first}" in ran.err
