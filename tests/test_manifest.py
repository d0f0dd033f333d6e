"""Manifests: what a log holds, signed with existing tools, compared at any time."""

import json
import shutil
import subprocess

import pytest
from forging import alter
from shell import Shell


@pytest.fixture
def shell(tmp_path):
    """Return a shell in a folder of its own."""
    return Shell(tmp_path)


@pytest.fixture
def log(shell):
    """Return the path of a log of three episodes with saved grades, one of them a fork."""
    shell("record workflow/easy inbox/easy --agent random --name first")
    shell("fork last --at 1 --agent random")
    shell("grade --save")
    return shell.at / "refold.db"


@pytest.fixture
def manifest(shell, log):
    """Return the path of the log's manifest."""
    path = shell.at / "runs.manifest"
    path.write_text(shell("manifest").out)
    return path


def test_a_manifest_names_what_stands_beside_the_chains(manifest):
    """Each episode is a line with its columns, its digest and its grades; the first covers all."""
    head, *rows = map(json.loads, manifest.read_text().splitlines())
    assert (head["type"], head["version"], head["episodes"]) == ("manifest", 1, 3)
    assert [row["run"] for row in rows] == ["first", "first", ""]
    assert rows[2]["parent"] == rows[1]["id"]
    for row in rows:
        assert len(row["digest"]) == 64
        assert [len(each) for each in row["grades"]] == [64]


def test_equal_logs_have_equal_manifests(shell, log, manifest):
    """A copy has the same one, to the byte; so has the same log later."""
    shutil.copy(log, shell.at / "copy.db")
    assert shell("manifest --log copy.db").out == manifest.read_text()


def test_a_log_that_grew_still_fits(shell, manifest):
    """What is as it was, is fine; more episodes are no difference."""
    shell("record inbox/hard --agent baseline")
    ran = shell("verify --manifest runs.manifest")
    assert ran.err == "4 episodes checked, 0 wrong; 0 differences to the manifest\n"


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            "UPDATE episodes SET agent = 'openai:best'",
            "agent: expected 'random', got 'openai:best'",
        ),
        (
            "UPDATE episodes SET run = 'other' WHERE run = 'first'",
            "run: expected 'first', got 'other'",
        ),
        ("UPDATE episodes SET epoch = 7", "epoch: expected 0, got 7"),
        ("UPDATE grades SET grade = replace(grade, '{', '{ ')", "grades: expected the 1 saved"),
        ("DELETE FROM grades", "grades: expected the 1 saved ones that it had, got others"),
    ],
)
def test_what_no_chain_covers_is_found(shell, log, manifest, sql, problem):
    """Columns and grades that were changed are named, where verify alone sees nothing of most."""
    alter(log, (sql,))
    found = shell("verify --manifest runs.manifest --json", code=1).json["manifest"]
    assert {each["problem"].partition(problem)[0] for each in found} == {""}
    assert len(found) >= 2


def test_an_episode_that_is_gone_is_found(shell, log, manifest):
    """Taken out of the log with its events, an episode leaves no trace but in the manifest."""
    shell("verify")
    alter(
        log,
        ("DELETE FROM grades WHERE episode = 3",),
        ("DELETE FROM events WHERE episode = 3",),
        ("DELETE FROM episodes WHERE id = 3",),
    )
    shell("verify")
    ran = shell("verify --manifest runs.manifest", code=1)
    assert "manifest: expected an episode of the log, got none" in ran.out
    assert ran.err.endswith("; 1 difference to the manifest\n")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (
            '"agent":"random"',
            '"agent":"greedy"',
            "expected 3 episodes of sha256 .*; the manifest",
        ),
        ('"episodes":3', '"episodes":2', "expected 2 episodes of sha256 .*, got 3 of"),
        ('"type":"manifest"', '"type":"other"', "expected a manifest of refold, got Invalid value"),
        ('{"agent"', '{agent"', "expected a manifest of refold, got JSON is malformed"),
    ],
)
def test_an_altered_manifest_is_refused(shell, manifest, old, new, match):
    """A file that is no manifest, or another than was written, is one line with exit code 2."""
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))
    shell.refuses("verify --manifest runs.manifest", match=match)


def test_line_ends_of_windows_do_not_matter(shell, manifest):
    """Git may have changed them on the way."""
    manifest.write_bytes(manifest.read_bytes().replace(b"\n", b"\r\n"))
    shell("verify --manifest runs.manifest")


def test_signed_with_openssh(shell, manifest):
    """The commands of the documentation sign and check it; a changed one has no good signature."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")

    def keygen(*words, **options):
        return subprocess.run(
            ["ssh-keygen", *words], cwd=shell.at, capture_output=True, check=False, **options
        ).returncode

    assert keygen("-q", "-t", "ed25519", "-N", "", "-f", "key") == 0
    public = (shell.at / "key.pub").read_text()
    (shell.at / "allowed_signers").write_text(f"me@example.org {public}")
    assert keygen("-Y", "sign", "-f", "key", "-n", "refold", manifest.name) == 0
    check = ["-Y", "verify", "-f", "allowed_signers", "-I", "me@example.org", "-n", "refold"]
    check += ["-s", "runs.manifest.sig"]
    assert keygen(*check, input=manifest.read_bytes()) == 0
    assert keygen(*check, input=manifest.read_bytes().replace(b"random", b"greedy")) != 0
