"""The help of the command line: every group a person meets shows an example to copy."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from lampway.cli import app


@pytest.mark.parametrize("group", ["harvest", "institutions", "merges", "records", "sources", "sources add", "works"])
def test_the_help_of_a_group_shows_an_example(group: str) -> None:
    shown = CliRunner().invoke(app, [*group.split(), "--help"])
    assert shown.exit_code == 0
    assert f"Example: lampway {group}" in shown.stdout
