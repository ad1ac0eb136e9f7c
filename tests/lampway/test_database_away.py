"""A database that is not there, or goes away, ends every command with a sentence: no traceback, no password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lampway.cli import app

COMMANDS = (
    "institutions list", "sources list", "harvest", "normalise", "index", "index verify", "search x", "records export",
    "works export", "serve --port 0", "worker", "worker --once", "worker --status", "keys list", "accounts list",
    "audit", "doctor",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_an_address_at_which_nobody_answers(command: str, tmp_path: Path) -> None:
    address = "postgresql://me:secret@127.0.0.1:1/name"
    done = CliRunner().invoke(
        app, command.split(), env={"LAMPWAY_HOME": str(tmp_path), "LAMPWAY_DATABASE_URL": address}
    )
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 1
    assert "LAMPWAY_DATABASE_URL" in done.output
    assert "secret" not in done.output


def test_a_database_that_goes_away_while_a_command_is_at_it(tmp_path: Path) -> None:
    code = """
from lampway import cli
from lampway.commands import audit
from store.database import StoreUnavailableError

def gone():
    raise StoreUnavailableError("the database cannot go on: the server was stopped")

audit.show = gone
cli.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "audit"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "lampway: the database cannot go on: the server was stopped\n"
