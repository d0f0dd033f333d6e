import pytest
from shell import Shell

from refold.engine import EpisodeInfo, EventLog
from refold.replays.golden import GOLDEN_FOLDER, golden_text, read_golden


@pytest.fixture
def shell(tmp_path):
    """Return a shell whose log holds two episodes."""
    shell = Shell(tmp_path)
    shell("record workflow/hard inbox/easy --agent random --name first")
    return shell


def test_add(shell):
    """An episode becomes a file with its stored events, byte for byte, one a line."""
    id = shell.ids()[0]
    ran = shell("golden add --json", id[:8], "--name", "two-retries")
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        stream = log.events(id)
    path = shell.at / "goldens" / "two-retries.jsonl"
    assert path.read_bytes() == b"".join(payload + b"\n" for payload in stream.payloads)
    assert read_golden(path).digest == stream.digest
    (row,) = ran.json["goldens"]
    assert row["name"] == "two-retries"
    assert row["path"] == "goldens/two-retries.jsonl"
    assert (row["digest"], row["events"]) == (stream.digest, len(stream))
    assert (row["scenario"], type(row["score"])) == ("workflow/hard", float)


def test_it_is_named_for_scenario_and_agent(shell):
    """Without --name a golden is called as those that ship are; the folder is made if need be."""
    ran = shell("golden add last --folder tests/goldens")
    assert ran.err.startswith("tests/goldens/inbox-easy-random.jsonl: ")
    assert (shell.at / "tests" / "goldens" / "inbox-easy-random.jsonl").exists()


def test_nothing_is_overwritten(shell):
    """A name that is taken is refused, and the file under it left as it is."""
    shell("golden add last")
    path = shell.at / "goldens" / "inbox-easy-random.jsonl"
    path.write_text("mine\n")
    shell.refuses("golden add last", match="inbox-easy-random.jsonl: expected a new name, got")
    assert path.read_text() == "mine\n"


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "x" * 101, "a b", "é", "a\n"])
def test_a_name_that_is_none(shell, name):
    """Names are plain, so that a golden lies in its folder and nowhere else."""
    shell.refuses("golden add last --name", name, match="--name: expected 1 to 100 letters")
    assert not (shell.at / "goldens").exists()


def test_an_episode_that_its_rules_do_not_make(shell):
    """What does not verify becomes no golden."""
    stream = read_golden(GOLDEN_FOLDER / "workflow-easy-greedy.jsonl")
    text = golden_text(stream).replace('"reward":0.13,', '"reward":0.14,', 1)
    with EventLog(shell.at / "refold.db") as log:
        log.begin(EpisodeInfo("forged", "workflow/easy", 42), text.encode().splitlines(), end=True)
    match = "episode forged: expected one that its rules make again, got another event "
    shell.refuses("golden add forged", match=match)


def test_check(shell):
    """Every golden of a folder is decided again; one that does not hold is named, and exits 1."""
    shell("golden add last --name good")
    ran = shell("golden check --json")
    assert ran.json == {"verdicts": [{"golden": "good", "ok": True, "problem": None}]}
    stream = read_golden(GOLDEN_FOLDER / "workflow-easy-greedy.jsonl")
    text = golden_text(stream).replace('"reward":0.13,', '"reward":0.14,', 1)
    (shell.at / "goldens" / "bad.jsonl").write_text(text)
    (shell.at / "goldens" / "torn.jsonl").write_text(text[:3000])
    ran = shell("golden check", code=1)
    bad, good, torn = ran.out.splitlines()
    assert bad.startswith("bad  event ")
    assert good == "good  ok"
    assert torn.startswith("torn  episode torn.jsonl event ")
    assert ran.err == "3 goldens checked, 2 wrong\n"


def test_mistakes(shell):
    """What is not there is said."""
    shell.refuses("golden add nothing", match="episode 'nothing': expected an id")
    shell.refuses("golden add last --log none.db", match="none.db: expected a log, got no such")
    shell.refuses("golden check --folder none", match="--folder none: expected a folder of goldens")
