"""``lampway records take-down | allow | taken-down``: single records go for good; only your word lets them back."""

from __future__ import annotations

from typing import Annotated

import typer

from lampway.acts import note_act
from lampway.console import WRONG_USE, fail, note, open_store, say, settings_or_fail
from schemas.catalogue import Source
from store import erasing, sources, taken_down
from store.database import Connection

Record = Annotated[str, typer.Argument(help="The source's own identifier of the record.")]
OfSource = Annotated[str, typer.Option(help="The source.")]


def take_down(
    record: Record, source: OfSource, reason: Annotated[str, typer.Option(help="Why; kept in the audit.")]
) -> None:
    """Erase a record with what was sent of it, for good; harvests do not bring it back. `lampway index` follows.

    Example: lampway records take-down oai:city:17 --source city-library --reason "names a living donor"
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        own, number = _known(connection, source)
        if not erasing.take_down(connection, number, source, record):
            fail(f"{source} has and had no record {record!r}", WRONG_USE)
        _note(connection, "record.take_down", own, record, reason)
    say(f"{record} of {source} is taken down")
    note("Run `lampway index` to take it out of the search.")


def allow(
    record: Record, source: OfSource, reason: Annotated[str, typer.Option(help="Why; kept in the audit.")]
) -> None:
    """Let a record that was taken down come back: the next whole harvest of its source brings it.

    Example: lampway records allow oai:city:17 --source city-library --reason "the donor agrees"
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        own, number = _known(connection, source)
        if not taken_down.allow(connection, number, record):
            fail(f"{record!r} of {source} is not taken down; `lampway records taken-down --source {source}`", WRONG_USE)
        _note(connection, "record.allow", own, record, reason)
    say(f"{record} may come back: run `lampway harvest {source} --full`")


def list_taken_down(source: OfSource) -> None:
    """List the records of a source that are taken down.

    Example: lampway records taken-down --source city-library
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        _, number = _known(connection, source)
        for row in taken_down.all_of(connection, number):
            say(f"{row.at}  {row.record}")


def _known(connection: Connection, id_: str) -> tuple[Source, int]:
    source, number = sources.get(connection, id_), sources.number_of(connection, id_)
    if source is None or number is None:
        fail(f"no source {id_!r}; `lampway sources list` shows all", WRONG_USE)
    return source, number


def _note(connection: Connection, action: str, source: Source, record: str, reason: str) -> None:
    note_act(connection, action, f"source:{source.id}", source.institution, record=record, reason=reason)


def add_to(group: typer.Typer) -> None:
    """Add to ``lampway records``."""
    group.command("take-down")(take_down)
    group.command("allow")(allow)
    group.command("taken-down")(list_taken_down)
