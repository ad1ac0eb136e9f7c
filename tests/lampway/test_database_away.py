"""A database that is not there, or goes away, ends every command with a sentence: no traceback, no password."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lampway import cli
from lampway.cli import app
from lampway.json_lines import write_json_lines

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


def test_a_disk_that_is_full_is_told_and_a_device_is_left_where_it_is(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "lampway", "institutions"]
    environment = os.environ | {"LAMPWAY_HOME": str(tmp_path)}
    (tmp_path / "places.csv").write_text("id,name,kind\nhill,Hill Library,library\n")
    subprocess.run([*run, "import", str(tmp_path / "places.csv")], env=environment, check=True, capture_output=True)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*run, "list"], env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "lampway: a file or standard output cannot be used: No space left on device; make room"
    )
    end = tmp_path / "pipe"
    os.mkfifo(end)
    with subprocess.Popen(["cat", str(end)], stdout=subprocess.PIPE, text=True) as reader:
        assert write_json_lines(str(end), [{"id": 1}]) == 1
        assert reader.communicate(timeout=30)[0] == '{"id":1}\n'
    assert end.is_fifo()


@pytest.mark.parametrize(("number", "cure"), [(errno.EACCES, "owner and rights"), (errno.EROFS, "read-only")])
def test_what_the_machine_refuses_is_a_sentence(
    number: int, cure: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise OSError(number, os.strerror(number), "/srv/lock")

    monkeypatch.setattr(cli, "app", refuse)
    monkeypatch.setattr(cli.garbage, "settle", lambda: None)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("lampway: /srv/lock cannot be used: ")
    assert cure in told
