"""Repository of index generations: which are being built, which one is live, which are kept to roll back to."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from store.database import now_text
from store.tables import generations


class GenerationRow(msgspec.Struct, frozen=True):
    """One complete build of the index."""

    id: int
    engine: str
    name: str
    status: str
    started_at: str
    promoted_at: str | None
    works: int


def start(connection: Connection, engine: str, name: str) -> int:
    """Note that a generation is being built."""
    values = {"engine": engine, "name": name, "status": "building", "started_at": now_text()}
    return int(connection.execute(insert(generations).values(values)).inserted_primary_key[0])  # type: ignore[index]


def promoted(connection: Connection, id_: int, works: int) -> None:
    """Note that a generation is live now; the one before is retired."""
    engine = select(generations.c.engine).where(generations.c.id == id_).scalar_subquery()
    connection.execute(
        update(generations)
        .where(generations.c.engine == engine, generations.c.status == "live")
        .values(status="retired")
    )
    connection.execute(
        update(generations).where(generations.c.id == id_).values(status="live", promoted_at=now_text(), works=works)
    )


def forget(connection: Connection, names: list[str]) -> None:
    """Delete the notes of generations that were dropped."""
    connection.execute(delete(generations).where(generations.c.name.in_(names)))


def all_generations(connection: Connection, engine: str) -> list[GenerationRow]:
    """Newest first."""
    rows = connection.execute(
        select(generations).where(generations.c.engine == engine).order_by(generations.c.id.desc())
    )
    return [GenerationRow(*row) for row in rows]


def live(connection: Connection, engine: str) -> GenerationRow | None:
    """The generation that answers searches."""
    return next((row for row in all_generations(connection, engine) if row.status == "live"), None)
