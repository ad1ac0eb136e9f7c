"""``lampway records export``: the normalised records as JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from lampway.console import WRONG_USE, fail, note, open_store, settings_or_fail
from lampway.json_lines import write_json_lines
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
    everything: Annotated[bool, typer.Option("--all", help="Also of sources that pass nothing on.")] = False,
) -> None:
    """Write the normalised records as JSON Lines, one record a line, deleted ones included.

    Left out are sources whose licence is "none" (shown here only), unless --all asks for them.

    Example: lampway records export records.jsonl --source city-library
    """
    with open_store(settings_or_fail()) as database:
        wanted = _wanted(database, source, everything=everything)
        count = write_json_lines(file, _rows(database, wanted))
    if count is not None and file != "-":
        note(f"{count:,} records written to {file}")


def _wanted(database: Database, source: str, *, everything: bool) -> list[int] | None:
    """Numbers of the sources to write, in order; None = all there are."""
    with database.connect() as connection:
        known = sources.numbers(connection)
    if source and not any(own.id == source for own in known.values()):
        fail(f"no source {source!r}; `lampway sources list` shows all", WRONG_USE)
    withheld = [own.id for own in known.values() if own.withheld and source in ("", own.id)] if not everything else []
    if withheld:
        note(f"left out, for nothing of it is passed on (--all writes it too): {', '.join(withheld)}")
    if not source and not withheld:
        return None
    return [number for number, own in known.items() if source in ("", own.id) and own.id not in withheld]


def _rows(database: Database, wanted: list[int] | None) -> Iterator[dict[str, Any]]:
    with database.connect() as connection:
        for source in [None] if wanted is None else wanted:
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
