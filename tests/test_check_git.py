"""Baselines that real git merges: branches that change rubrics and episodes."""

import re
import subprocess

import pytest
from checking import HARD, make_project, record, write_rubric

from refold.graders.baselines import read_baseline

NAMED = {
    f"GIT_{who}_{what}": "x@example.org"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


@pytest.fixture
def project(tmp_path):
    """Return a shell in a project under git, and a function that runs git in it."""
    shell = make_project(tmp_path)

    def git(*words, code=0):
        ran = subprocess.run(
            ["git", *words],
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/local/bin", **NAMED},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert code is None or ran.returncode == code, ran
        return ran.returncode

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "project")
    return shell, git


def commit(shell, git, branch):
    """Commit, on a new branch of main, what was changed, with its grades."""
    git("checkout", "-qb", branch)
    shell("check --update")
    git("add", ".")
    git("commit", "-qm", branch)
    git("checkout", "-q", "main")


@pytest.mark.slow
def test_another_rubric_and_new_episodes_merge(project):
    """The merge has no conflict; every episode has one grade; an update is that of a fresh look."""
    shell, git = project
    write_rubric(shell.at, correctness=0.5, version=2)
    commit(shell, git, "rubric")
    record(shell, "more", "random", epochs=12, seed=50)
    commit(shell, git, "episodes")
    git("merge", "-q", "rubric", "-m", "one")
    git("merge", "-q", "episodes", "-m", "two")
    merged = read_baseline((shell.at / HARD).read_text(), "merged")
    assert len(merged.grades) == 19
    assert [rubric.version for rubric in merged.rubrics] == [2]
    assert merged.merged == 12
    ran = shell("check")
    assert "12 of 19 grades are by another rubric than the rest" in ran.err
    assert "moved    12 of 19" in ran.out
    assert "1 file changed" in shell("check --update").err
    updated = read_baseline((shell.at / HARD).read_text(), "updated")
    assert updated.merged == 0
    text = (shell.at / HARD).read_text()
    (shell.at / HARD).unlink()
    shell("check --update")
    assert (shell.at / HARD).read_text() == text


def test_two_branches_with_new_episodes(project):
    """New episodes of two branches merge, or else git says so; either way an update mends it."""
    shell, git = project
    for number in range(4):
        record(shell, f"more{number}", "random", epochs=1, seed=50 + number)
        commit(shell, git, f"branch{number}")
    for number in range(4):
        if git("merge", "-q", f"branch{number}", "-m", "merge", code=None):
            shell.refuses("check", match="got a conflict of git; take either side, then `refold")
            git("checkout", "-q", "--ours", str(HARD))
            shell("check --update")
            git("add", ".")
            git("commit", "-qm", "mended")
    shell("check --update")
    assert len(read_baseline((shell.at / HARD).read_text(), "merged").grades) == 11
    shell("check")


@pytest.mark.slow
def test_a_conflict_is_refused_with_its_cure(project):
    """Two changes of one grade conflict; taking either side and updating mends it."""
    shell, git = project
    for version in (2, 3):
        write_rubric(shell.at, correctness=0.5 + version / 100, version=version)
        commit(shell, git, f"rubric{version}")
    git("merge", "-q", "rubric2", "-m", "one")
    git("merge", "-q", "rubric3", "-m", "two", code=1)
    git("checkout", "-q", "--theirs", "rubrics/hard.toml")
    shell.refuses(
        "check", match="line 2: expected records, got a conflict of git; take either side, then"
    )
    git("checkout", "-q", "--ours", str(HARD))
    shell("check --update")
    git("add", ".")
    git("commit", "-qm", "mended")
    shell("check")
    assert {each.version for each in read_baseline((shell.at / HARD).read_text(), "x").rubrics} == {
        3
    }


@pytest.mark.slow
def test_the_union_of_git_is_refused(project):
    """A ``merge=union`` keeps two grades of one episode, which no check takes."""
    shell, git = project
    (shell.at / ".gitattributes").write_text("*.grades merge=union\n")
    git("add", ".")
    git("commit", "-qm", "union")
    for version in (2, 3):
        write_rubric(shell.at, correctness=0.5 + version / 100, version=version)
        commit(shell, git, f"rubric{version}")
    git("merge", "-q", "rubric2", "-m", "one")
    git("merge", "-q", "rubric3", "-m", "two", code=1)
    assert not re.search("^<<<<<<<", (shell.at / HARD).read_text(), re.MULTILINE)
    git("checkout", "-q", "--theirs", "rubrics/hard.toml")
    shell.refuses("check", match="`refold check --update` writes it again")
