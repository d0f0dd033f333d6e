import pytest
from shell import Shell, copy_shell
from worlds import shipped, write

from refold.engine import EventLog
from refold.graders import grade


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell whose log holds an episode of each workflow."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record workflow --agent greedy --name first")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def scores(ran):
    """Return the scores in the JSON of *ran*, by scenario."""
    return {each["scenario"]: each["score"] for each in ran.json["grades"]}


def stricter(shell, name="stricter", **changes):
    """Write a rubric that only counts what was completed, and return the option for it."""
    criterion = {"name": "completion", "weight": 1.0, "measure": "share_completed"}
    rubric = {"name": name, "version": 1, "criteria": [criterion | changes]}
    write(shell.at / "stricter.toml", {"rubric": rubric})
    return "--rubric stricter.toml"


GREEDY = {
    "workflow/easy": 0.9,
    "workflow/medium": 0.6325,
    "workflow/hard": 0.0176,
    "workflow/expert": 0.8003,
}


def test_the_whole_log(shell):
    """Without ids every episode is graded, in the order they began; nothing is written."""
    before = shell.files()
    ran = shell("grade --json")
    assert list(scores(ran).items()) == list(GREEDY.items())
    assert ran.err == ""
    lines = [line.split() for line in shell("grade").out.splitlines()]
    assert [line[:3] for line in lines[1:]] == [
        [id, scenario, f"{score:.4f}"]
        for id, (scenario, score) in zip(shell.ids(), GREEDY.items(), strict=True)
    ]
    assert shell.files() == before


@pytest.mark.parametrize(
    ("options", "scenarios"),
    [
        ("--scenario workflow/easy", {"workflow/easy"}),
        ("--scenario workflow --run first", set(GREEDY)),
        ("--agent greedy --run second", {"workflow/hard"}),
        ("--agent noop", set()),
    ],
)
def test_some_of_the_log(shell, options, scenarios):
    """Filters pick the episodes to grade, as they pick those to list."""
    shell("record workflow/hard --agent greedy --name second")
    assert set(scores(shell("grade --json", *options.split()))) == scenarios


def test_a_grade_tells_all(shell):
    """A grade holds its parts with their evidence, the rubric, and the digest of the events."""
    id = shell.ids()[2]
    (found,) = shell("grade --json", id).json["grades"]
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        stream = log.events(id)
    expected = grade(stream)
    assert (found["episode"], found["episode_digest"]) == (id, stream.digest)
    assert found["breakdown"] == dict(expected.breakdown)
    assert found["rubric"]["digest"] == expected.rubric.digest
    assert [part["seqs"] for part in found["parts"]] == [list(part.seqs) for part in expected.parts]
    lines = [line.split() for line in shell("grade", id).out.splitlines()]
    assert lines[0] == ["score", "0.0176", "by", "workflow/hard", "v1"]
    assert lines[1] == ["part", "points", "of", "events"]
    assert [line[0] for line in lines[2:]] == [part.name for part in expected.parts]


def test_several_are_graded_in_the_order_given(shell):
    """Ids, prefixes and ``last`` may be mixed."""
    ids = shell.ids()
    ran = shell("grade --json", ids[2], "last", ids[0][:10])
    assert [each["episode"] for each in ran.json["grades"]] == [ids[2], ids[3], ids[0]]


def test_a_grade_later_is_the_grade_that_was_given_live(shell):
    """What record saved and what grade finds in the events are the same."""
    assert scores(shell("grade --json")) == {
        each["scenario"]: each["score"] for each in shell("episodes --json").json["episodes"]
    }
    for id in shell.ids():
        assert "saved:" not in shell("show", id).out


def test_a_rubric_from_a_file(shell):
    """Another rubric is a TOML file with a [rubric]; nothing is kept without --save."""
    before = shell("episodes --json").out
    ran = shell("grade --json", *stricter(shell).split())
    assert scores(ran)["workflow/easy"] == 1.0
    assert ran.json["grades"][0]["rubric"]["name"] == "stricter"
    assert shell("episodes --json").out == before


def test_a_saved_grade_stands_beside_the_first(shell):
    """--save keeps both grades of an episode; saving once more changes nothing."""
    option = stricter(shell).split()
    for _ in range(2):
        shell("grade --save", *option)
        listed = shell("episodes --json --scenario workflow/easy").json["episodes"]
        assert listed[0]["scores"] == [
            {"rubric": "workflow/easy", "version": 1, "score": 0.9},
            {"rubric": "stricter", "version": 1, "score": 1.0},
        ]
    assert "saved: 1.0000 by stricter v1" in shell("show", shell.ids()[0]).out
    shell("verify")


def test_two_rubrics_of_one_name_stay_apart(shell):
    """A rubric is what it says, not what it is called: a changed one does not replace."""
    for gate in (100.0, 1.0):
        shell("grade last --save", *stricter(shell, gate=gate).split())
    found = shell("show last --json").json["episodes"][0]["scores"]
    assert sorted(each["rubric"] for each in found) == ["stricter", "stricter", "workflow/expert"]


@pytest.mark.parametrize(
    ("bar", "code", "words"),
    [
        ("0.6325", 1, "1 of 4 scores below 0.6325"),
        ("0.81", 1, "3 of 4 scores below 0.81"),
        ("0.0176", 0, ""),
    ],
)
def test_a_bar(shell, bar, code, words):
    """--fail-under exits with 1 if any score is below, and says how many; equal is enough."""
    ran = shell("grade --json --fail-under", bar, code=code)
    assert len(ran.json["grades"]) == 4
    assert ran.err.strip() == words


def test_many_grades_are_summed_up(shell):
    """For people, more than a screenful is a line for each scenario."""
    shell("record inbox --agent random --epochs 20")
    ran = shell("grade")
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["scenario", "episodes", "mean", "lowest", "highest"]
    assert ["workflow/hard", "1", *3 * ["0.018"]] in lines
    assert [line[:2] for line in lines[-3:]] == [
        [f"inbox/{name}", "20"] for name in ("easy", "medium", "hard")
    ]


def test_an_empty_log(shell):
    """There is nothing to grade, and that is said."""
    EventLog(shell.at / "empty.db").close()
    ran = shell("grade --log empty.db")
    assert "no episodes to grade" in ran.err
    assert shell("grade --log empty.db --json").json == {"grades": []}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            {"measure": "share_complete"},
            r"stricter.toml \$.rubric.criteria\[0\].measure: expected a known measure "
            r"\(share_completed",
        ),
        ({"weight": 0.5}, r"\$.rubric.criteria: expected weights above 0 that add up to 1"),
        ({"weight": "1"}, r"\$.rubric.criteria\[0\].weight: expected a number, got '1'"),
        ({"bonus": 1}, r"\$.rubric.criteria\[0\].bonus: expected one of the keys"),
        ({"params": {"x": 1}}, r"\$.rubric.criteria\[0\].params.x: expected one of the keys"),
    ],
)
@pytest.mark.parametrize("options", ["", "--json", "--save"])
def test_a_rubric_with_a_mistake(shell, change, match, options):
    """It is refused with its path; nothing is printed or saved."""
    option = stricter(shell, **change).split()
    shell.refuses("grade", *option, *options.split(), match=match)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (None, r"stricter.toml: expected a TOML file with a \[rubric\], got no such file"),
        ("title = 'x'", r"stricter.toml: expected a table \[rubric\], got none"),
        ("[rubric", r"stricter.toml: expected TOML, got"),
        ("rubric = 3", r"stricter.toml \$.rubric: expected a table, got 3"),
    ],
)
def test_a_file_without_a_rubric(shell, text, match):
    """A file that holds no rubric is refused."""
    if text is not None:
        (shell.at / "stricter.toml").write_text(text)
    shell.refuses("grade --rubric stricter.toml --save", match=match)


def test_a_rubric_that_fits_some_of_the_log_only(shell):
    """If an episode cannot be graded by it, no grade of the others is saved either."""
    shell("record inbox/easy --agent random")
    write(shell.at / "stricter.toml", shipped("workflow/easy"))
    before = shell("episodes --json").out
    words = "grade --save --rubric stricter.toml --any-scenario --json"
    ran = shell(words, code=2)
    assert "expected a known measure" in ran.err
    assert shell("episodes --json").out == before


@pytest.mark.parametrize("command", ["grade --save", "regrade"])
def test_the_rubric_of_another_scenario(shell, command):
    """It is refused by name unless --any-scenario insists; a rubric of another name grades all."""
    shell("grade --save")
    write(shell.at / "stricter.toml", shipped("workflow/hard"))
    match = (
        r"rubric 'workflow/hard' v1: expected episodes of workflow/hard, got workflow/easy \(1\); "
        "narrow with --scenario, or say --any-scenario"
    )
    easy = next(row["id"] for row in episodes(shell) if row["scenario"] == "workflow/easy")
    hard = next(row["id"] for row in episodes(shell) if row["scenario"] == "workflow/hard")
    shell.refuses(f"{command} {easy} --rubric stricter.toml", match=match)
    shell(f"{command} {hard} --rubric stricter.toml")
    code = 1 if command == "regrade" else 0
    ran = shell(f"{command} {easy} --rubric stricter.toml --any-scenario --json", code=code)
    assert "workflow/hard" in ran.out


def episodes(shell):
    """Return the rows of all episodes."""
    return shell("episodes --json").json["episodes"]
