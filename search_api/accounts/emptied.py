"""Institutions that a registration brought and that have withdrawn all they had: hidden, back with it, or removed.

One that somebody else put into the registry stays to be seen without a catalogue, for its place and hours.
"""

from __future__ import annotations

import msgspec

from store import institutions, registrations, sources
from store.database import Connection


def hide_if_emptied(connection: Connection, id_: str) -> None:
    """Let visitors no longer come upon an institution that has nothing here any more."""
    if _is_emptied(connection, id_):
        _set_hidden(connection, id_, hidden=True)


def show(connection: Connection, id_: str) -> None:
    """Let visitors see an institution again, for it has a catalogue."""
    _set_hidden(connection, id_, hidden=False)


def remove_if_emptied(connection: Connection, id_: str) -> bool:
    """Take an institution out of the registry for good; True if that was done."""
    return _is_emptied(connection, id_) and institutions.remove(connection, id_)


def _is_emptied(connection: Connection, id_: str) -> bool:
    if not id_:
        return False
    own = [source.id for source in sources.all_sources(connection) if source.institution == id_]
    return (
        registrations.has_brought(connection, id_)
        and all(registrations.is_withdrawn(connection, source) for source in own)
        and all(place.parent != id_ for place in institutions.all_institutions(connection))
    )


def _set_hidden(connection: Connection, id_: str, *, hidden: bool) -> None:
    place = institutions.get(connection, id_)
    if place is not None and place.hidden != hidden:
        institutions.upsert(connection, [msgspec.structs.replace(place, hidden=hidden)])
