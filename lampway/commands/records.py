"""``lampway records export``: the normalised records as JSON Lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from lampway.console import FAILED, WRONG_USE, fail, note, open_store, settings_or_fail
from schemas.catalogue import CatalogueRecord
from store import records, sources
from store.database import Database

app = typer.Typer(
    no_args_is_help=True,
    short_help="Normalised records: export.",
    help="Normalised records: export.\n\nExample: lampway records export records.jsonl",
)


@app.callback()
def group() -> None:
    """Normalised records: export."""


@app.command("export")
def export(
    file: Annotated[str, typer.Argument(help="Where to write; - or nothing = standard output.")] = "-",
    source: Annotated[str, typer.Option(help="Only the records of this source.")] = "",
) -> None:
    """Write the normalised records as JSON Lines, one record a line, deleted ones included.

    Example: lampway records export records.jsonl --source city-library
    """
    with open_store(settings_or_fail()) as database:
        number = _number(database, source)
        if file == "-":
            try:
                _write(database, number, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            except BrokenPipeError:  # `| head` has seen enough
                sys.stdout = None
            return
        path = Path(file)
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as out:
                count = _write(database, number, out)
            part.replace(path)
        except OSError as error:
            fail(f"{path} cannot be written: {error.strerror}", FAILED)
        finally:
            part.unlink(missing_ok=True)
    note(f"{count:,} records written to {path}")


def _number(database: Database, source: str) -> int | None:
    if not source:
        return None
    with database.connect() as connection:
        number = sources.number_of(connection, source)
    if number is None:
        fail(f"no source {source!r}; `lampway sources list` shows all", WRONG_USE)
    return number


def _write(database: Database, source: int | None, out: BinaryIO) -> int:
    encode = msgspec.json.Encoder(order="deterministic").encode
    count = 0
    for row in _rows(database, source):
        out.write(encode(row) + b"\n")
        count += 1
    return count


def _rows(database: Database, source: int | None) -> Iterator[dict[str, Any]]:
    with database.connect() as connection:
        for batch in records.iterate(connection, source=source):
            for _, record in batch:
                yield as_row(record)


def as_row(record: CatalogueRecord) -> dict[str, Any]:
    """A record as exported: every field, the creators as names with their roles beside them."""
    row = {name: getattr(record, name) for name in record.__struct_fields__}
    row["creators"] = [creator.name for creator in record.creators]
    row["creator_roles"] = [creator.role for creator in record.creators]
    return row


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="records")
