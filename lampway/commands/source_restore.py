"""``lampway sources restore``: removed records live again."""

from __future__ import annotations

from typing import Annotated

import typer

from harvester.formats.base import MappingError
from harvester.removals import DecisionError
from harvester.restore import restore
from lampway.acts import note_act
from lampway.console import INCOMPLETE, WRONG_USE, Meter, fail, note, open_store, say, settings_or_fail
from store.database import StoreError


def restore_records(
    id: Annotated[str, typer.Argument(help="The source.")],  # noqa: A002
    record: Annotated[
        list[str] | None, typer.Option("--record", help="Only the record with this identifier; may be given again.")
    ] = None,
) -> None:
    """Bring back removed records of a source, all that still rest or those named; `lampway index` follows.

    They do not go again by themselves: a later run that would remove one of them waits for a person.

    Example: lampway sources restore city-library --record oai:city:17
    """
    with open_store(settings_or_fail()) as database:
        try:
            with Meter(id) as meter:
                count, missing = restore(database, id, record or [], meter.advance)
        except (DecisionError, MappingError) as error:
            fail(str(error), WRONG_USE)
        except StoreError as error:
            fail(f"{error}; what came back by now stays, run the command again for the rest")
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        note_act(connection, "source.restore", f"source:{id}", records=str(count))
    say(f"{count:,} records were brought back")
    note("Run `lampway index` to show them in the search.")
    if missing:
        note(f"lampway: not in a grave: {', '.join(missing[:20])}")
        raise typer.Exit(INCOMPLETE)


def add_to(group: typer.Typer) -> None:
    """Add to ``lampway sources``."""
    group.command("restore")(restore_records)
