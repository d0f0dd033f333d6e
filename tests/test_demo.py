import shlex

from shell import Shell

from refold.graders import grade
from refold.replays.golden import find_goldens, read_golden


def test_demo(tmp_path):
    """Without key or server: records, replays, grades again to the byte, and compares."""
    shell = Shell(tmp_path)
    ran = shell("demo")
    assert ran.err == ""
    for heading in ("record: ", "replay: ", "grade: ", "diff: ", "next"):
        assert f"\n{heading}" in ran.out
    assert "byte for byte the grade that was given live: yes" in ran.out
    assert "rules re-run on every step, equal byte for byte: yes" in ran.out
    listed = {each["agent"]: each for each in shell("episodes --run demo --json").json["episodes"]}
    example = next(path for path in find_goldens() if "worked-example" in path.name)
    assert listed["worked-example"]["score"] == grade(read_golden(example)).score == 0.7929
    assert listed["worked-example"]["digest"] == read_golden(example).digest
    assert listed["greedy"]["score"] == 0.0176
    assert shell("verify").err == "3 episodes checked, 0 wrong\n"


def test_what_comes_next_works(tmp_path):
    """Each command that the demo proposes runs as it is printed, with any log."""
    shell = Shell(tmp_path)
    for log in ("refold.db", "my log.db"):
        ran = shell("demo --log", log)
        proposed = ran.out.partition("\nnext\n")[2].splitlines()
        assert len(proposed) == 3
        for line in proposed:
            program, *words = shlex.split(line)
            assert program == "refold"
            assert shell("", *words).out


def test_the_demo_can_be_seen_again(tmp_path):
    """A second time it adds episodes equal to the first ones, but for how long a model took."""
    shell = Shell(tmp_path)
    shell("demo")
    shell("demo")
    listed = shell("episodes --json").json["episodes"]
    assert len(listed) == 6
    assert len({each["digest"] for each in listed if each["agent"] != "openai:mock"}) == 2
