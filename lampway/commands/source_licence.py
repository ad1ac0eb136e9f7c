"""``lampway sources licence``: under which licence the descriptions of a source stand."""

from __future__ import annotations

from typing import Annotated

import typer

from lampway.acts import note_act
from lampway.console import WRONG_USE, fail, open_store, say, settings_or_fail
from store import sources


def licence(
    id: Annotated[str, typer.Argument(help="The source.")],  # noqa: A002
    name: Annotated[str, typer.Argument(help='Name or address of the licence; "" = not known.')],
) -> None:
    """Note the licence of a source's descriptions, as its institution states it; the source's page shows it.

    Example: lampway sources licence city-library "CC0 1.0"
    """
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        source = sources.get(connection, id)
        if source is None:
            fail(f"no source {id!r}; `lampway sources list` shows all", WRONG_USE)
        source.licence = name.strip()
        sources.add(connection, source)
        note_act(connection, "source.licence", f"source:{id}", source.institution, licence=source.licence)
    say(f"the licence of {id} is {name.strip() or 'not known'}")


def add_to(group: typer.Typer) -> None:
    """Add to ``lampway sources``."""
    group.command("licence")(licence)
