"""What a source has here, as whoever wants to take it out must know it."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from store.tables import records


def living(connection: Connection, source: int) -> list[tuple[int, int]]:
    """(row, work) of the living records of a source, by row; work 0 = not merged yet."""
    query = select(records.c.id, records.c.work).where(records.c.source == source, records.c.deleted.is_(False))
    return [(row.id, row.work) for row in connection.execute(query.order_by(records.c.id))]


def works_only_here(connection: Connection, source: int) -> int:
    """How many works no other source describes."""
    other = records.alias()
    shared = select(other.c.id).where(
        other.c.work == records.c.work, other.c.source != source, other.c.deleted.is_(False)
    )
    return connection.scalar(
        select(func.count(records.c.work.distinct())).where(
            records.c.source == source, records.c.deleted.is_(False), records.c.work > 0, ~shared.exists()
        )
    ) or 0  # fmt: skip
