from shell import Shell

TASKS = "tau2:airline/8 tau2:retail/1"
TELECOM = (
    "tau2:telecom/[mobile_data_issue]airplane_mode_on|user_abroad_roaming_enabled_off[PERSONA:None]"
)


def test_record_verify_fork(tmp_path):
    """Episodes are recorded, verified live by another process, forked, and tried another way."""
    shell = Shell(tmp_path)
    played = shell(f"record {TASKS} {TELECOM} --agent gold --json").json["episodes"]
    assert [each["score"] for each in played] == [1.0, 1.0, 1.0]
    assert "3 same" in shell.program("verify --live", timeout=300).err
    assert "3 episodes checked, 0 wrong" in shell("verify").err
    id = played[0]["id"]
    shell(f"fork {id} --at 2 --agent noop")
    assert "same; 4 of 4 answers compared" in shell("verify --live last").out
    tried = shell(f"what-if {id} --at 2 --agent noop")
    assert "done" in tried.out


def test_noop(tmp_path):
    """The agent ``noop`` ends at once; a task that wants something done is worth nothing then."""
    shell = Shell(tmp_path)
    (played,) = shell("record tau2:airline/8 --agent noop --json").json["episodes"]
    assert (played["score"], played["steps"]) == (0.0, 1)


def test_gold_does_what_is_left(tmp_path):
    """After a fork, what was done or said before is not done again: many tasks allow it once."""
    shell = Shell(tmp_path)
    (played,) = shell("record tau2:airline/7 --agent gold --json").json["episodes"]
    last = played["steps"] - 1
    for at in (0, 1, last):
        (forked,) = shell(f"fork {played['id']} --at {at} --agent gold --json").json["episodes"]
        assert (forked["score"], forked["steps"]) == (1.0, played["steps"])
    tried = shell(f"what-if {played['id']} --at {last} --agent gold --json").json["outcomes"]
    assert {each["say"]: each["score"] for each in tried} == {
        "list_all_airports()": 1.0,
        "done()": 1.0,
    }
