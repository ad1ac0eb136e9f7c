"""Small facts that the stages keep about themselves, by name: versions, work in hand."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from store.tables import notes


def get(connection: Connection, name: str) -> bytes | None:
    """The fact, or None when it was never noted."""
    value = connection.scalar(select(notes.c.value).where(notes.c.name == name))
    return None if value is None else bytes(value)


def put(connection: Connection, name: str, value: bytes | None) -> None:
    """Note a fact, or forget it (None)."""
    connection.execute(delete(notes).where(notes.c.name == name))
    if value is not None:
        connection.execute(insert(notes).values(name=name, value=value))
