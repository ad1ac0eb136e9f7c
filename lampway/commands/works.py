"""``lampway works export``: which record belongs to which work and edition, as JSON Lines."""

from __future__ import annotations

from typing import Annotated

import typer

from lampway.console import INCOMPLETE, note, open_store, settings_or_fail
from lampway.json_lines import write_json_lines
from store import records, works

app = typer.Typer(
    no_args_is_help=True,
    help="Works: export.\n\nExample: lampway works export works.jsonl",
)


@app.callback()
def group() -> None:
    """Works: export."""


@app.command("export")
def export(
    file: Annotated[str, typer.Argument(help="Where to write; - or nothing = standard output.")] = "-",
    everything: Annotated[bool, typer.Option("--all", help="Also of sources that pass nothing on.")] = False,
) -> None:
    """Write a line a record: work, edition, source, record, institution.

    Left out are sources whose licence is "none" (shown here only), unless --all asks for them.

    Ends with status 3 when harvested records wait to be merged, so that the export lacks them or is behind.

    Example: lampway works export works.jsonl
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        count = write_json_lines(file, works.memberships(connection, everything=everything))
        waiting = records.count_pending(connection)
    if file != "-":
        note(f"{count:,} records written to {file}")
    if waiting:
        note(f"{waiting:,} harvested records are not merged yet: run `lampway index` and export again")
        raise typer.Exit(INCOMPLETE)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="works")
