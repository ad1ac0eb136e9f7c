"""``lampway records export``: the normalised records as JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from lampway.commands import take_down
from lampway.console import WRONG_USE, fail, note, open_store, settings_or_fail
from lampway.json_lines import write_json_lines
from search_api.export import as_row
from store import records, sources
from store.database import Database

app = typer.Typer(
    no_args_is_help=True,
    help="Records: export, take-down, allow.\n\nExample: lampway records export records.jsonl",
)


@app.callback()
def group() -> None:
    """Records: export, take-down, allow."""


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


def register(root: typer.Typer) -> None:
    """Add to the command."""
    take_down.add_to(app)
    root.add_typer(app, name="records")
