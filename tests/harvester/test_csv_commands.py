"""The commands around a CSV source, as its keeper uses them: mapping, changes, quarantine, report, undo, restore."""

from __future__ import annotations

import json
import os

import pytest
import typer
from typer.testing import CliRunner

from lampway.commands import harvest, normalise, records, sources

app = typer.Typer()
for commands in (sources, harvest, normalise, records):
    commands.register(app)


@pytest.fixture
def command(tmp_path):
    """Runs ``lampway`` with arguments."""

    def run(*arguments, status=0):
        got = CliRunner().invoke(
            app, list(arguments), env={**os.environ, "LAMPWAY_HOME": str(tmp_path / "home"), "LAMPWAY_REST_DAYS": "0"}
        )
        assert got.exit_code == status, got.output
        return got

    return run


def titles(command):
    exported = [json.loads(line) for line in command("records", "export").stdout.splitlines()]
    return {row["record"]: row["title"] for row in exported if not row["deleted"]}


def test_the_keeping_of_a_source(command, tmp_path):
    path, mapping = tmp_path / "books.csv", tmp_path / "columns.yaml"
    head = "id,Werk,Kurz\n"
    path.write_text(head + "".join(f"{n},Work {n},short {n}\n" for n in range(30)) + "bad\n")
    mapping.write_text("columns: {title: Werk}\n")
    command("sources", "add", "csv", str(path), "--id", "books", "--mapping", str(mapping))
    assert "column 2 'Werk' -> title, e.g. 'Work 0'" in command("sources", "test", "books", status=3).stdout
    command("harvest", "books", status=3)

    report = json.loads(command("harvest", "report", "--json").stdout)
    assert report["received"] == sum(report[n] for n in ("new", "changed", "unchanged", "deleted", "quarantined")) == 31
    assert report["losses"][0]["samples"] == ["row:31"]
    assert {"run", "source", "status", "seconds", "rate"} <= report.keys()
    assert json.loads(command("harvest", "report", "books", "--json").stdout) == report
    assert "row:31  row 31, line 32" in command("harvest", "quarantine", "books").stdout
    command("harvest", "quarantine", "books", "--out", str(tmp_path / "bad"))
    assert [file.read_bytes() for file in (tmp_path / "bad").glob("*.raw")] == [b"bad\n"]

    assert "no source" in command("harvest", "quarantine", "none", status=2).output

    mapping.write_text("columns: {title: Kurz}\n")
    assert "was edited since it was saved" in command("normalise", "books").output
    assert titles(command)["7"] == "short 7"

    delta, gone = tmp_path / "delta.csv", tmp_path / "gone.csv"
    delta.write_text(head + "7,x,changed\n99,y,added\n")
    gone.write_text(head + "3,,\n4,,\n")
    command("harvest", "books", "--delta", str(delta))
    command("harvest", "books", "--deletions", str(gone))
    run = json.loads(command("harvest", "report", "books", "--json").stdout)["run"]
    assert (titles(command)["7"], titles(command)["99"], "3" in titles(command)) == ("changed", "added", False)
    assert "2 records were brought back" in command("harvest", "undo", str(run)).stdout
    assert titles(command)["3"] == "short 3"
    command("harvest", "undo", str(run), status=2)
    command("harvest", "books", "--delta", str(delta), "--deletions", str(gone), status=2)
    command("sources", "restore", "books", status=2)
    command("harvest", "purge")
    command("sources", "licence", "books", "CC0 1.0")
    assert json.loads(command("sources", "list", "--json").stdout)[0]["licence"] == "CC0 1.0"
