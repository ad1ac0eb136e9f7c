"""``lampway institutions``: the registry of libraries, museums and archives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
import yaml

from harvester.formats.base import MappingError
from harvester.institution_import import ImportPreview, TableError, read_institutions
from lampway.acts import note_act
from lampway.commands import institution_edits
from lampway.console import FAILED, INCOMPLETE, WRONG_USE, fail, note, open_store, say, say_json, settings_or_fail
from store import institutions

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Libraries, museums and archives: import, list, show, set, remove.\n\n"
        "Example: lampway institutions import libraries.csv"
    ),
)
_SHOWN = 20


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.(csv|json|geojson)", help="The table, plain or packed.")],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML that says what its columns mean.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Add or replace institutions by their ids. Mistakes are told and cost their row or value (exit 3).

    Example: lampway institutions import city.csv
    """
    try:
        preview = read_institutions(file, _mapping(mapping))
    except (TableError, MappingError) as error:
        fail(f"{file}: {error}", WRONG_USE if isinstance(error, MappingError) or not file.exists() else FAILED)
    counts = institutions.ImportCounts()
    if not dry_run and preview.institutions:
        with open_store(settings_or_fail()) as database, database.begin() as connection:
            counts = institutions.upsert(connection, preview.institutions)
            told = f"{counts.new} new, {counts.changed} changed"
            note_act(connection, "institution.import", f"file:{file.name}", institutions=told)
            known = {place.id for place in institutions.all_institutions(connection)}
        orphans = [place.id for place in preview.institutions if place.parent and place.parent not in known]
        if orphans:
            preview.notes.append(f"their parent is not in the registry: {', '.join(orphans[:_SHOWN])}")
    _tell(preview, counts, dry_run, json)
    if preview.problems:
        raise typer.Exit(INCOMPLETE if preview.institutions else FAILED)


def _mapping(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        fail(f"the mapping {path} cannot be read: {error}", WRONG_USE)
    if data is not None and not isinstance(data, dict):
        fail(f"the mapping {path} must hold keys and values like 'columns:'", WRONG_USE)
    return data


def _tell(preview: ImportPreview, counts: institutions.ImportCounts, dry_run: bool, json: bool) -> None:
    if json:
        say_json(
            {
                "read": len(preview.institutions), "new": counts.new, "changed": counts.changed,
                "unchanged": counts.unchanged, "left_out": preview.left_out, "dry_run": dry_run,
                "problems": preview.problems, "notes": preview.notes,
            }
        )  # fmt: skip
        return
    for problem in preview.problems[:_SHOWN]:
        note(str(problem))
    if len(preview.problems) > _SHOWN:
        note(f"and {len(preview.problems) - _SHOWN:,} mistakes more; --json shows all")
    for line in preview.notes[:_SHOWN]:
        note(line)
    if len(preview.notes) > _SHOWN:
        note(f"and {len(preview.notes) - _SHOWN:,} notes more; --json shows all")
    left_out = f", {preview.left_out:,} left out by the mapping" if preview.left_out else ""
    failed = f", {len(preview.problems):,} mistakes" if preview.problems else ""
    if dry_run:
        say(f"{len(preview.institutions):,} institutions can be imported{left_out}{failed}; nothing was changed")
    else:
        say(f"{counts.new:,} new, {counts.changed:,} changed, {counts.unchanged:,} unchanged{left_out}{failed}")


@app.command("list")
def list_institutions(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show all institutions.

    Example: lampway institutions list --json
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        rows = institutions.all_institutions(connection)
    if json:
        say_json(rows)
        return
    for row in rows:
        place = f"{row.lat:.5f},{row.lon:.5f}" if row.lat is not None and row.lon is not None else "-"
        say(f"{row.id}  {row.kind}  {row.name}  {row.city or '-'}  {place}  {row.opening_hours or 'hours unknown'}")
    if not rows:
        note("No institutions. Import some with `lampway institutions import FILE`.")


@app.command("show")
def show(
    id: Annotated[str, typer.Argument(help="The institution.")],  # noqa: A002
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show everything about one institution.

    Example: lampway institutions show city-library
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        row = institutions.get(connection, id)
    if row is None:
        fail(f"no institution {id!r}; `lampway institutions list` shows all", WRONG_USE)
    if json:
        say_json(row)
        return
    for field in row.__struct_fields__:
        value = getattr(row, field)
        if value not in ("", None, [], {}, False) and field != "number":
            plain = isinstance(value, list) and all(isinstance(part, str) for part in value)
            say(f"{field}: {', '.join(value) if plain else _shown(value)}")


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else str(value)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    institution_edits.register(app)
    root.add_typer(app, name="institutions")
