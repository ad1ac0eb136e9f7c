"""``lampway sources test``: the exit status and the words for good, doubtful and useless feeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from lampway.commands import sources as command
from store import harvest_runs, sources
from store.database import Database

app = typer.Typer()
command.register(app)


@pytest.fixture
def trial(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tries a CSV file of this text: the exit status and the verdict as JSON."""
    monkeypatch.setenv("LAMPWAY_HOME", str(settings.home))
    file = tmp_path / "books.csv"

    def run(text: str) -> tuple[int, dict[str, Any]]:
        file.write_text(text, encoding="utf-8")
        added = CliRunner().invoke(app, ["sources", "add", "csv", str(file), "--id", "books"])
        assert added.exit_code in (0, 2), added.output
        done = CliRunner().invoke(app, ["sources", "test", "books", "--json"])
        return done.exit_code, json.loads(done.stdout)

    return run


def test_a_file_without_a_fault_works(trial: Any) -> None:
    status, told = trial("id,title\n1,Emma\n2,Persuasion\n")
    assert (status, told["verdict"], told["problems"]) == (0, "works", [])
    assert "read as utf-8, parted by ','" in [step["words"] for step in told["steps"]]
    assert [record["record"] for record in told["samples"]] == ["1", "2"]


def test_a_run_that_was_cut_off_is_not_called_running(trial: Any, database: Database) -> None:
    trial("id,title\n1,Emma\n")
    with database.begin() as connection:
        number = sources.number_of(connection, "books")
        assert number is not None
        harvest_runs.start(connection, number)
    shown = CliRunner().invoke(app, ["sources", "list"])
    assert "[running or cut off, begun 2" in shown.stdout


def test_a_broken_row_asks_for_care(trial: Any) -> None:
    status, told = trial("id,title\n1,Emma\n2,Persuasion,more,than,that\n")
    assert (status, told["verdict"]) == (3, "with care")
    assert [(one["count"], one["example"]) for one in told["problems"]] == [(1, "row:2")]


def test_a_file_without_anything_in_it_cannot_be_used(trial: Any) -> None:
    status, told = trial("")
    assert (status, told["verdict"]) == (1, "cannot")
