"""Which works changed, in order: by this the columns of every machine follow the store without being told."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select

from store import bulk
from store.tables import work_changes

KEPT = 100_000
"""Of the latest changes; whoever is further behind derives everything again, which is faster then."""


def note(connection: Connection, works: Sequence[tuple[int]]) -> None:
    """Note that works changed; call it in the transaction that changes them."""
    bulk.insert(connection, work_changes, ("work",), works)


def latest(connection: Connection) -> int:
    """Version of the latest change; 0 = there was none."""
    return connection.scalar(select(func.max(work_changes.c.version))) or 0


def since(connection: Connection, version: int) -> set[int] | None:
    """Works that changed after a version; None where that is no longer known."""
    oldest = connection.scalar(select(func.min(work_changes.c.version)))
    if oldest is None or version > latest(connection):
        return None if version else set()
    if version < oldest - 1:
        return None
    return set(connection.scalars(select(work_changes.c.work).where(work_changes.c.version > version)))


def trim(connection: Connection) -> None:
    """Forget all but the latest changes."""
    connection.execute(delete(work_changes).where(work_changes.c.version <= latest(connection) - KEPT))
