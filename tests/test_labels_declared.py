"""The values of a label that a project declares in its ``refold.toml``."""

import pytest
from shell import Shell


@pytest.fixture
def shell(tmp_path):
    """Return a shell in a project with an episode, which declares a label."""
    (tmp_path / "refold.toml").write_text('[labels.tone]\nvalues = ["kind", "rude"]\n')
    shell = Shell(tmp_path)
    shell("record inbox/easy --agent baseline")
    return shell


def test_declared_values(shell):
    """They hold from the first use on, and others are refused."""
    shell("label last --name tone --value kind --by me")
    shell.refuses("label last --name tone --value yes --by me", match="kind")
    shell.refuses(
        "label last --name tone --value yes --values yes,no --by me",
        match=r"label 'tone': expected kind,rude, which refold\.toml fixed, got yes,no",
    )


def test_a_name_that_is_not_declared(shell):
    """Its first use fixes its values, as without a project."""
    shell("label last --name correct --value yes --by me")
