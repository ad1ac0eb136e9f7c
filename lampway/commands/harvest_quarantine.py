"""``lampway harvest quarantine``: the records that could not be read, with reasons and raw bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from lampway.console import FAILED, WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from schemas.catalogue import Quarantined
from store import quarantine, sources

_SHOWN = 20
_STAGES = {"fetch": "could not be taken", "normalise": "kept, but not understood"}


def show(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A source's id.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the raw bytes, a file each, and a list of them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show all, not only the first 20.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show which records of a source could not be read, where they stood and why; with --out, their raw bytes, too.

    Example: lampway harvest quarantine city-library --out bad-records
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        number = sources.number_of(connection, source)
        if number is None:
            fail(f"no source {source!r}; `lampway sources list` shows all", WRONG_USE)
        total = quarantine.count(connection, number)
        rows = quarantine.iterate(connection, number, source)
        if out is not None:
            try:
                count = _export(rows, out)
            except OSError as error:
                fail(f"cannot write to {out}: {error.strerror}", FAILED)
            say(f"{count:,} entries are in {out}; quarantine.tsv lists them")
            return
        if json:
            say_json([_facts(row) for row in rows])
            return
        for shown, row in enumerate(rows):
            if shown == _SHOWN and not every:
                note(f"... of {total:,} records in all; --all shows them, --out FOLDER writes their bytes")
                break
            say(f"{row.record}  {row.position or '-'}  [{_STAGES[row.stage]}]  {row.reason}")
    if not total:
        note("Nothing is in quarantine.")


def _facts(row: Quarantined) -> dict[str, object]:
    return {
        "record": row.record, "stage": row.stage, "position": row.position, "reason": row.reason,
        "bytes": len(row.payload),
    }  # fmt: skip


def _export(rows: Iterable[Quarantined], out: Path) -> int:
    """Names come from outside: files are called by number, with what is harmless of the identifier."""
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with (out / "quarantine.tsv").open("w", encoding="utf-8", newline="") as listing:
        listing.write("file\trecord\tstage\tposition\treason\n")
        for count, row in enumerate(rows, 1):
            name = f"{count:06d}-{re.sub(r'[^A-Za-z0-9]+', '-', row.record)[:60].strip('-')}.raw"
            (out / name).write_bytes(row.payload)
            cells = (name, row.record, row.stage, row.position, row.reason)
            listing.write("\t".join(re.sub(r"[\t\r\n]+", " ", cell) for cell in cells) + "\n")
    return count


def add_to(group: typer.Typer) -> None:
    """Add to ``lampway harvest``."""
    group.command("quarantine")(show)
