"""Leases as they stand: who is at work, since when nothing was heard, and what dead owners left."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select

from store import dialect
from store.leases import is_dead
from store.tables import leases


class LeaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lease as it stands in the store."""

    name: str
    machine: str
    process: str
    beat_at: str
    """Last sign of life, ISO, UTC."""
    age_s: float
    """Seconds since then."""
    alive: bool


def all_leases(connection: Connection) -> list[LeaseRow]:
    """Every lease by name, those of dead owners too."""
    now = dialect.of(connection).now(connection)
    return [_row(*row, now) for row in connection.execute(_COLUMNS.order_by(leases.c.name))]


def forget_dead(connection: Connection, prefix: str) -> list[LeaseRow]:
    """Delete leases of dead owners whose name begins so, and tell which; those of the living stay."""
    gone, now = [], dialect.of(connection).now(connection)
    for name, owner, beat_at in connection.execute(_COLUMNS.where(leases.c.name.startswith(prefix))).all():
        if is_dead(owner, beat_at, now):
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))
            gone.append(_row(name, owner, beat_at, now))
    return gone


_COLUMNS = select(leases.c.name, leases.c.owner, leases.c.beat_at)


def _row(name: str, owner: str, beat_at: str, now: datetime) -> LeaseRow:
    machine, process, *_ = [*owner.split("|"), ""]
    age = (now - datetime.fromisoformat(beat_at)).total_seconds()
    alive = not is_dead(owner, beat_at, now)
    return LeaseRow(name=name, machine=machine, process=process, beat_at=beat_at, age_s=max(age, 0), alive=alive)
