"""What every command does alike: names that are not known, Ctrl-C while it begins, closed pipes, the audit."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from lampway.acts import actor
from lampway.cli import app
from store import audit
from store.database import Database

UNKNOWN = (
    "accounts disable no@x.example", "accounts enable no@x.example", "accounts link no@x.example",
    "accounts add no@x.example --institution nowhere",
    "availability push no.json", "feeds borrow --institution nowhere --out no",
    "harvest nowhere", "harvest report 99", "harvest approve 99", "harvest reject 99", "harvest accept 99",
    "harvest undo 99", "harvest quarantine nowhere", "institutions show nowhere", "institutions set nowhere city=x",
    "institutions remove nowhere", "keys add nowhere", "keys revoke nowhere", "keys replace nowhere",
    "merges explain no/1", "merges join no/1 no/2", "merges split no/1", "merges never no/1 no/2", "merges undo 99",
    "merges list no/1", "merges prefer nowhere", "normalise nowhere", "records export --source nowhere",
    "records take-down 1 --source nowhere --reason x", "records allow 1 --source nowhere --reason x",
    "records taken-down --source nowhere", "registrations approve nowhere",
    "registrations refuse nowhere --reason x", "registrations vouch nowhere --reason x",
    "sources test nowhere", "sources remove nowhere --yes", "sources restore nowhere", "sources licence nowhere CC0",
    "sources schedule nowhere", "sources pause nowhere", "sources resume nowhere",
    "sources add csv no.csv --institution nowhere",
)  # fmt: skip


@pytest.fixture
def lampway(settings: Any, database: Database, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LAMPWAY_HOME", str(settings.home))
    monkeypatch.chdir(settings.home)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("command", UNKNOWN)
def test_a_name_that_is_not_known_is_wrong_use(command: str, lampway: Any) -> None:
    done = lampway(*command.split())
    assert (done.exit_code, isinstance(done.exception, SystemExit | typer.Exit)) == (2, True), done.output
    assert "lampway: " in done.output or "Error" in done.output


def test_each_act_leaves_a_line_that_names_who_did_it(
    lampway: Any, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMPWAY_PUBLIC_URL", "https://lampway.example")
    (tmp_path / "shelf.csv").write_text("record,state\n1,available\n")
    (tmp_path / "books.csv").write_text("id,title\n1,Emma\n2,Emma\n")
    (tmp_path / "places.csv").write_text("id,name,kind,lat,lon\nhill,Hill Library,library,54.9,-1.6\n")
    acts = (
        ("institution.import", f"institutions import {tmp_path}/places.csv"),
        ("institution.edit", "institutions set hill city=Hilltown"),
        ("source.add", f"sources add csv {tmp_path}/books.csv --id books --institution hill"),
        ("source.change", f"sources add csv {tmp_path}/books.csv --id books --institution hill --replace"),
        ("source.licence", "sources licence books CC0"), ("source.schedule", "sources schedule books '0 3 * * *'"),
        ("source.pause", "sources pause books"), ("source.resume", "sources resume books"),
        ("", "harvest books"), ("", "index"),
        ("availability.import", f"availability import {tmp_path}/shelf.csv --institution hill"),
        ("feeds.borrow", f"feeds borrow --out {tmp_path}/feeds"),
        ("merges.decide", "merges never books/1 books/2"), ("merges.undo", "merges undo 1"),
        ("merges.prefer", "merges prefer books"), ("account.add", "accounts add ada@x.example --operator"),
        ("account.disable", "accounts disable ada@x.example"), ("key.add", "keys add hill"),
        ("record.take_down", "records take-down 1 --source books --reason x"),
        ("source.remove", "sources remove books --yes"), ("institution.remove", "institutions remove hill"),
    )  # fmt: skip
    for action, command in acts:
        done = lampway(*shlex.split(command))
        assert done.exit_code == 0, (command, done.output)
        with database.connect() as connection:
            lines = audit.read(connection, limit=1)
        assert not action or (lines[0].action, lines[0].actor) == (action, actor()), command


@pytest.mark.parametrize("after", [0.05, 0.4])
def test_ctrl_c_while_it_begins_is_one_word(after: float, settings: Any) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", _BEGIN, "sources", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"LAMPWAY_HOME": str(settings.home)},
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    time.sleep(after)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) in {(130, ""), (0, "")}, err  # 0: a fast machine was done by then
    assert "Traceback" not in err
    assert running.returncode == 0 or err.startswith("lampway: stopped")


_BEGIN = "from lampway import __main__; print('ready', flush=True); __main__.main()"


def test_a_pipe_that_closes_ends_the_command_quietly(settings: Any) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "lampway", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"LAMPWAY_HOME": str(settings.home)},
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(60) in {0, 1}
    assert err == ""
