import json
import tracemalloc
from functools import partial

import pytest
from msgspec.structs import replace
from shell import Shell, copy_shell
from worlds import write

from refold.engine import EpisodeInfo, EventLog
from refold.engine.log.left_out import LeftOut
from refold.graders import grade, save_grade
from refold.graders.changes import compare_grades
from refold.graders.grade_files import read_grades
from refold.graders.judging import NO_JUDGE
from refold.graders.pairing import Candidate, Pairing
from refold.graders.regrading import RegradeCounts, pair_each, regrade
from refold.graders.sources import RecordedRubrics
from refold.graders.text import change_lines, describe_event, grade_text
from refold.replays.golden import GOLDEN_FOLDER, read_golden

GREEDY = {"workflow/easy": 0.9, "workflow/medium": 0.6325, "workflow/hard": 0.0176}
NO_CHANCE = "this attempt could not succeed; the worker may always fail at it"
FAILURES = """
from refold.graders import Facts, Finding
from refold.scenarios.workflow.events import SubtaskFailed

def failures(events):
    failed = Facts(events).of_type(SubtaskFailed)
    return {"base": 1, "failures": Finding.of(-0.1 * len(failed), failed)}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell whose log holds an episode of three workflows, graded as they ended."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record --agent greedy --name first", *GREEDY)
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def rubric(shell, **changes):
    """Write a rubric that only counts what was completed, and return the option for it."""
    criterion = {"name": "completion", "weight": 1.0, "measure": "share_completed"}
    body = {"name": "yours", "version": 1, "criteria": [criterion | changes]}
    write(shell.at / "strict.toml", {"rubric": body})
    return ["--rubric", "strict.toml"]


def failures(shell, each="-0.1"):
    """Write a grader that takes *each* for a failure, and return the option for it."""
    (shell.at / "mine.py").write_text(FAILURES.replace("-0.1", each))
    return ["--grader", "mine.py:failures"]


def test_nothing_moved(shell):
    """Graded again as they were recorded, episodes get the grades that the log keeps."""
    before = shell.files()
    ran = shell("regrade")
    assert ran.out.splitlines() == [
        "saved grades -> recorded rubrics",
        "3 episodes, 3 scenarios, 1 agent",
        "",
        "Verdict: nothing moved",
    ]
    assert ran.err == "3 episodes compared, 0 moved\n"
    told = shell("regrade --json").json
    assert (told["against"], told["tolerance"], told["moves"]) == ("log", 0.0, [])
    assert told["verdict"]["words"] == "nothing moved"
    assert shell.files() == before


@pytest.mark.slow
def test_a_grader_that_changed(shell):
    """Each episode that moved is listed: by how much, in which parts, by which events."""
    shell("grade --save", *failures(shell))
    shell("regrade", *failures(shell))
    ran = shell("regrade --json", *failures(shell, "-0.25"), code=1)
    medium, hard = ran.json["moves"]
    assert [each["scenario"] for each in (medium, hard)] == ["workflow/medium", "workflow/hard"]
    assert (hard["episode"], hard["old"], hard["new"]) == (shell.ids()[2], 0.9, 0.75)
    assert hard["causes"] == ["rubric"]
    (part,) = hard["parts"]
    assert (part["name"], part["old"], part["new"]) == ("failures", -0.1, -0.25)
    say = f"investigator_alpha failed at enrich_logs ({NO_CHANCE})"
    assert part["kept"] == [{"seq": 16, "say": say}]
    assert part["lost"] == part["gained"] == []
    assert ran.err == "3 episodes compared, 2 moved\n"


@pytest.mark.slow
def test_for_people(shell):
    """Named episodes are told in words, one after the other, below what was compared."""
    shell("grade --save", *failures(shell))
    option = failures(shell, "-0.25")
    digests = [
        shell("grade last --json", *failures(shell, each)).json["grades"][0]["rubric"]["digest"][:8]
        for each in ("-0.1", "-0.25")
    ]
    ran = shell("regrade", shell.ids()[2], *option, code=1)
    named = " -> ".join(f"mine.py:failures v0 {digest}" for digest in digests)
    old, new = (f"mine.py:failures @{digest}" for digest in digests)
    assert ran.out.splitlines() == [
        f"{old} (saved) -> {new}",
        "1 episode, 1 scenario, 1 agent",
        "",
        "Verdict: no pass changes",
        "",
        f"{shell.ids()[2]}  score 0.9000 -> 0.7500 (-0.1500) of workflow/hard",
        f"  graded by another rubric: {named}",
        "    failures: -0.1500",
        "      was -0.1000 of 1.0000, value -0.1000 x 1.0000",
        "      is  -0.2500 of 1.0000, value -0.2500 x 1.0000",
        "      the same events count:",
        f"        event 16: investigator_alpha failed at enrich_logs ({NO_CHANCE})",
    ]
    assert ran.err == "1 episode compared, 1 moved\n"


def test_against_a_file(shell):
    """What ``grade --json`` printed can be kept and compared with later, as a whole or in part."""
    (shell.at / "saved.json").write_text(shell("grade --json", *rubric(shell)).out)
    shell("regrade --against saved.json", *rubric(shell))
    option = rubric(shell, measure="fan_out", params={"subtasks": ["run_tests"]})
    ran = shell("regrade --against saved.json --json last", *option, code=1)
    assert [each["episode"] for each in ran.json["moves"]] == shell.ids()[2:]
    assert ran.err == "1 episode compared, 1 moved\n"


def test_the_fitting_grade_is_taken(shell):
    """One by the same rubric before one of the same name, and that before the recorded one's."""
    moved = shell("regrade --json", *rubric(shell), code=1).json["moves"]
    assert {each["scenario"]: each["old"] for each in moved} == GREEDY
    shell("grade --save", *rubric(shell))
    assert shell("regrade", *rubric(shell)).err == "3 episodes compared, 0 moved\n"
    moved = shell("regrade --json", *rubric(shell, gate=1000.0), code=1).json["moves"]
    assert {each["rubrics"]["old"]["name"] for each in moved} == {"yours"}
    shell("grade --save", *rubric(shell, gate=1000.0))
    for changes in ({}, {"gate": 1000.0}):
        ran = shell("regrade", *rubric(shell, **changes))
        assert ran.err == "3 episodes compared, 0 moved\n"
    assert shell("regrade").err == "3 episodes compared, 0 moved\n"
    moved = shell("regrade --json", *failures(shell), code=1).json["moves"]
    assert {each["rubrics"]["old"]["name"] for each in moved} == set(GREEDY)


@pytest.mark.slow
@pytest.mark.parametrize(("tolerance", "code"), [("0.1499", 1), ("0.15", 0)])
def test_tolerance(shell, tolerance, code):
    """Differences of at most so much are let pass."""
    shell("grade --save", *failures(shell))
    shell("regrade last --tolerance", tolerance, *failures(shell, "-0.25"), code=code)


def test_what_cannot_be_compared_is_said(shell):
    """Episodes without a saved grade, and grades without their episode, are counted."""
    (shell.at / "saved.json").write_text(shell("grade --json").out)
    golden = read_golden(GOLDEN_FOLDER / "inbox-easy-baseline.jsonl")
    with EventLog(shell.at / "refold.db") as log:
        log.begin(EpisodeInfo("bare", "inbox/easy", 1), golden.payloads, end=True)
    ran = shell("regrade")
    assert ran.err.startswith("1 episode without an old grade to compare with\n3 episodes comp")
    with EventLog(shell.at / "other.db") as log:
        log.begin(EpisodeInfo("bare", "inbox/easy", 1), golden.payloads, end=True)
    ran = shell("regrade --log other.db --against saved.json", code=2)
    assert ran.err.splitlines()[0] == "3 saved grades of episodes that the log does not hold"
    assert "expected old grades of episodes in the log, got none" in ran.err


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "expected what `refold grade --json` writes, got ''"),
        ('{"moves":[]}', "expected what `refold grade --json` writes, got"),
        ('{"grades":[{"episode":"x"', "expected JSON to its end, got a broken grade"),
        ('{"grades":[{"episode":"x"}]}', r"\$.grades\[0\]: expected a grade of an episode, got Ob"),
        ('{"grades":[3]}', r"\$.grades\[0\]: expected a grade"),
        ('{"grades":' + "[" * 100_000, "expected JSON to its end"),
        ("\x00", "expected what"),
    ],
)
def test_a_file_that_is_something_else(shell, text, match):
    """It is refused in one line."""
    (shell.at / "saved.json").write_text(text)
    shell.refuses("regrade --against saved.json", match=f"saved.json.*{match}")


def test_a_number_that_is_none(shell):
    """A saved grade with a number that is not finite is refused: nothing can be told of it."""
    text = shell("grade last --json").out.replace('"score":0.0176', '"score":NaN')
    (shell.at / "saved.json").write_text(text)
    shell.refuses("regrade --against saved.json", match=r"grades\[0\]: expected finite numbers")
    shell.refuses("regrade --against none.json", match="none.json")


@pytest.mark.slow
def test_a_file_is_read_as_a_stream(shell):
    """However many grades a file has, and however it is laid out, one is held at a time."""
    (found,) = shell("grade last --json").json["grades"]
    path = shell.at / "many.json"
    with path.open("w") as file:
        file.write('{\n "grades": [')
        for number in range(5000):
            file.write(
                ("," if number else "") + json.dumps({**found, "episode": f"e{number}"}, indent=1)
            )
        file.write("]\n}\n")
    assert path.stat().st_size > 10_000_000
    tracemalloc.start()
    try:
        with path.open() as file:
            ids = sum(id == f"e{number}" for number, (id, _) in enumerate(read_grades(file, "x")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ids == 5000
    assert peak < 8_000_000


@pytest.mark.slow
def test_memory_does_not_grow_with_the_log(log):
    """Episodes go by one by one, however many there are."""
    golden = read_golden(GOLDEN_FOLDER / "workflow-easy-greedy.jsonl")
    peaks = []
    for many in (100, 400):
        with log.transaction():
            for number in range(many):
                id = f"{many}-{number}"
                log.begin(EpisodeInfo(id, "workflow/easy", 1), golden.payloads, end=True)
                save_grade(log, id, grade(golden))
        # A page of rows, which is read at once, is as large as both logs.
        infos = [info for info in log.episodes() if info.id.startswith(f"{many}-")]
        tally = RegradeCounts()
        tracemalloc.start()
        try:
            notes = LeftOut()
            source = RecordedRubrics(notes)
            saved = (Candidate(info, None) for info in infos)
            pairs = pair_each(log, source, None, NO_JUDGE, notes, Pairing(), saved)
            assert not any(each.moved for each in regrade(pairs, source, None, tally))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert (tally.compared, tally.moved) == (many, 0)
    assert peaks[1] < peaks[0] * 2


def test_a_change_in_words():
    """Parts that came or went, evidence that moved, and counts are told beside the points."""
    events = read_golden(GOLDEN_FOLDER / "workflow-hard-greedy.jsonl")
    old = grade(events)
    first, *rest = old.parts
    new = replace(old, parts=(replace(first, seqs=(2, 999)), *rest[1:]), counts={"extra": 2.0})
    lines = list(change_lines(compare_grades(old, new), partial(describe_event, events)))
    assert lines[1].startswith("graded by the same rubric, of the same events: workflow/hard v1 ")
    assert f"  {first.name}: +0.0000" in lines
    assert "      event 999: not one of these events" in lines
    assert "    is  no such part" in lines
    assert "  extra: none -> 2 (count)" in lines
    assert compare_grades(old, old).same
    assert not compare_grades(old, new).same
    assert not compare_grades(old, replace(old, counts={"extra": 2.0})).same


def test_hostile_words_are_made_visible():
    """Whatever a grade's names hold, its text keeps to its lines and steers no terminal."""
    given = grade(read_golden(GOLDEN_FOLDER / "workflow-easy-greedy.jsonl"))
    text = grade_text(replace(given, scenario="x\n\x1b[31m\u202e"))
    assert text.splitlines()[0] == r"score 0.9000 of x\n\x1b[31m\u202e"
