"""Repository of what was learnt about copies apart from the catalogue: pushed, sent in a file, or looked up live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from schemas.catalogue import Service, State
from store.tables import availability

_CHUNK = 200
How = Literal["pushed", "file", "live"]
Outcome = Literal["stored", "unchanged", "older"]
_KEY = (availability.c.record, availability.c.institution, availability.c.holding, availability.c.service)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one record's copy at one institution for one service."""

    record: int
    """Row number of the record."""
    institution: int
    """Number of the institution."""
    holding: str = ""
    """The source's name of the copy; empty = all copies of the record at the institution."""
    service: Service
    state: State
    due: str = ""
    how: How
    checked_at: str
    """ISO 8601, UTC, seconds."""

    @property
    def key(self) -> tuple[int, int, str, str]:
        """What there is one row of."""
        return self.record, self.institution, self.holding, self.service


def put(connection: Connection, facts: Sequence[Fact]) -> list[Outcome]:
    """Store facts. One that is older than what is known changes nothing; of two as old the one that came later stays.

    Args:
        connection: in a write transaction.
        facts: in the order in which they came.

    Returns:
        What became of each.
    """
    known = _known(connection, list({fact.key for fact in facts}))
    version = latest_version(connection) + 1
    added: dict[tuple[int, int, str, str], Fact] = {}
    changed: dict[tuple[int, int, str, str], Fact] = {}
    outcomes: list[Outcome] = []
    for fact in facts:
        old = known.get(fact.key)
        if old is not None and old.checked_at > fact.checked_at:
            outcomes.append("older")
            continue
        if old == fact:
            outcomes.append("unchanged")
            continue
        (changed if old is not None and fact.key not in added else added)[fact.key] = fact
        known[fact.key] = fact
        outcomes.append("stored")
    if added:
        rows = [msgspec.structs.asdict(fact) | {"version": version} for fact in added.values()]
        connection.execute(insert(availability), rows)
    if changed:
        match = [column == bindparam(f"key_{column.name}") for column in _KEY]
        connection.execute(update(availability).where(*match), [_changes(fact, version) for fact in changed.values()])
    return outcomes


def _changes(fact: Fact, version: int) -> dict[str, object]:
    key = {f"key_{column.name}": value for column, value in zip(_KEY, fact.key, strict=True)}
    return key | {
        "state": fact.state,
        "due": fact.due,
        "how": fact.how,
        "checked_at": fact.checked_at,
        "version": version,
    }


def _known(connection: Connection, keys: Sequence[tuple[int, int, str, str]]) -> dict[tuple[int, int, str, str], Fact]:
    found = {}
    for start in range(0, len(keys), _CHUNK):
        rows = connection.execute(select(availability).where(tuple_(*_KEY).in_(keys[start : start + _CHUNK])))
        for row in rows:
            fact = _fact(row)
            found[fact.key] = fact
    return found


def _fact(row: object) -> Fact:
    return Fact(**{name: getattr(row, name) for name in Fact.__struct_fields__})


def latest_version(connection: Connection) -> int:
    """The version of the latest change; 0 before the first."""
    return connection.scalar(select(func.max(availability.c.version))) or 0


def since(connection: Connection, version: int, limit: int = 50_000) -> Iterator[tuple[int, Fact]]:
    """Changes after a version, oldest first, each with its version. A version's changes are never cut apart.

    Args:
        connection: a connection.
        version: the last one seen.
        limit: at least this many, if there are.
    """
    last = connection.scalar(
        select(availability.c.version)
        .where(availability.c.version > version)
        .order_by(availability.c.version)
        .offset(limit)
        .limit(1)
    )
    query = select(availability).where(availability.c.version > version).order_by(availability.c.version)
    if last is not None:
        query = query.where(availability.c.version <= last)
    for row in connection.execute(query):
        yield row.version, _fact(row)


_OF_RECORDS = select(availability).where(availability.c.record.in_(bindparam("records", expanding=True)))


def of_records(connection: Connection, records: Sequence[int]) -> dict[int, list[Fact]]:
    """All facts about records, by record."""
    found: dict[int, list[Fact]] = {}
    for start in range(0, len(records), _CHUNK):
        for row in connection.execute(_OF_RECORDS, {"records": records[start : start + _CHUNK]}):
            found.setdefault(row.record, []).append(_fact(row))
    return found
