"""``lampway normalise``: read the stored raw records again, without asking their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harvester.formats.base import MappingError
from harvester.normalise import renormalise
from lampway.commands.harvest import Ids, choose
from lampway.console import INCOMPLETE, WRONG_USE, Meter, fail, note, open_store, say, settings_or_fail
from schemas.catalogue import Source
from store import sources
from store.database import StoreError


def normalise(
    ids: Ids = None,
    mapping: Annotated[Path | None, typer.Option(help="A new mapping file for the one source named.")] = None,
) -> None:
    """Read the stored raw records again, after a mapping or Lampway itself has changed. `lampway index` follows.

    Example: lampway normalise city-museum --mapping columns.yaml
    """
    failed = False
    with open_store(settings_or_fail()) as database:
        chosen = choose(database, ids or [])
        if mapping is not None:
            if len(ids or []) != 1:
                fail("--mapping needs exactly one source", WRONG_USE)
            try:
                chosen[0].mapping_text, chosen[0].mapping = mapping.read_text("utf-8"), str(mapping.resolve())
            except (OSError, UnicodeDecodeError) as error:
                fail(f"the mapping {mapping} cannot be read: {error}", WRONG_USE)
        changed = mapping is not None
        for source in chosen:
            if mapping is None:
                changed = reread(source)
            try:
                with Meter(source.id) as meter:
                    counts = renormalise(database, source, lambda done, bad, meter=meter: meter.advance(done, bad))  # type: ignore[misc]
            except MappingError as error:
                fail(f"{source.id}: the mapping cannot be used: {error}", WRONG_USE)
            except StoreError as error:
                fail(f"{source.id}: {error}")
            if changed:
                with database.begin() as connection:
                    sources.add(connection, source)
                    sources.was_read_again(connection, source.id)
            failed = failed or bool(counts.quarantined)
            say(
                f"{source.id}: {counts.read:,} read, {counts.changed:,} changed, {counts.unchanged:,} unchanged, "
                f"{counts.quarantined:,} cannot be read"
            )
    if failed:
        raise typer.Exit(INCOMPLETE)


def reread(source: Source) -> bool:
    """Take up the mapping file of a source where it was edited since it was saved, and say so; whether it was."""
    try:
        text = Path(source.mapping).read_text("utf-8") if source.mapping else source.mapping_text
    except (OSError, UnicodeDecodeError) as error:
        note(
            f"lampway: {source.id}: the mapping file {source.mapping} cannot be read ({error}); its saved text is used"
        )
        return False
    if text == source.mapping_text:
        return False
    source.mapping_text = text
    note(f"lampway: {source.id}: the mapping file {source.mapping} was edited since it was saved; it is read anew")
    return True


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.command("normalise")(normalise)
