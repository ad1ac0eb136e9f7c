"""``lampway availability import``: states of copies from a file, for systems that write one instead of pushing."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from lampway.acts import note_act
from lampway.console import DONE, INCOMPLETE, WRONG_USE, Meter, fail, note, say, say_json, settings_or_fail
from search_api.availability.items import MOST_ITEMS
from search_api.availability.push import Pusher, PushReport
from search_api.context import open_context
from store.database import StoreError

app = typer.Typer(no_args_is_help=True, help="States of copies: read them from a file.")
_SHOWN = 20


@app.callback()
def root() -> None:
    """States of copies."""


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with a header, or JSON Lines.")],
    institution: Annotated[str, typer.Option(help="Id of the institution whose copies they are.")],
    json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Store the states in a file.

    Columns: record or isbn, state; if wanted source, holding, branch, service, due, checked_at.

    Example: lampway availability import shelf.csv --institution newcastle
    """
    settings = settings_or_fail()
    try:
        context = open_context(settings)
    except StoreError as error:
        fail(str(error))
    report = PushReport()
    try:
        registry = context.registry()
        if institution not in registry.by_id:
            fail(f"no institution {institution!r}; `lampway institutions list` shows all", WRONG_USE)
        place = registry.by_id[institution]
        pusher = Pusher(context.database, context.engine, registry.resolver, place, registry.institutions, how="file")
        with Meter("states", unit="states") as meter:
            for rows in _batches(_rows(file)):
                part = pusher.push_rows(rows, datetime.now(UTC))
                _add(report, part)
                meter.advance(part.received, part.failed)
    except (csv.Error, UnicodeDecodeError, msgspec.DecodeError) as error:
        fail(f"{file} cannot be read: {error}", WRONG_USE)
    finally:
        if report.received:  # each batch is a transaction: what was stored before a fault stays, and is told
            with context.database.begin() as connection:
                counts = {name: str(getattr(report, name)) for name in ("received", "stored", "failed")}
                note_act(connection, "availability.import", str(file.resolve()), institution, **counts)
        context.close()
    if json:
        say_json(report)
    else:
        say(
            f"{report.received:,} read: {report.stored:,} stored, {report.unchanged:,} known already, "
            f"{report.older:,} older than what is known, {report.failed:,} failed"
        )
        for failed in report.errors[:_SHOWN]:
            note(f"row {failed['index'] + 1}: {failed['detail']}")
        if report.failed > _SHOWN:
            note(f"and {report.failed - _SHOWN:,} more")
    raise typer.Exit(INCOMPLETE if report.failed else DONE)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        if file.suffix.lower() in (".jsonl", ".ndjson"):
            for line in lines:
                if line.strip():
                    yield msgspec.json.decode(line, type=dict[str, Any])
        else:
            for row in csv.DictReader(lines, strict=True):
                yield {name.strip().lower(): value for name, value in row.items() if name}


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, MOST_ITEMS)):
        yield batch


def _add(total: PushReport, part: PushReport) -> None:
    total.errors += [error | {"index": error["index"] + total.received} for error in part.errors]
    for name in ("received", "stored", "unchanged", "older", "failed"):
        setattr(total, name, getattr(total, name) + getattr(part, name))


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="availability")
