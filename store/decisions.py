"""Repository of decisions by people: only ever added to. What is undone stays readable."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, Row, Select, insert, select, update

from schemas.decisions import Decision, RecordRef
from store import codec, raw_records, records, sources
from store.bulk import chunks
from store.database import now_text
from store.tables import decision_records, decisions


def add(connection: Connection, decision: Decision) -> Decision:
    """Note a decision and put the records it is about in the indexer's outbox; returns it with its id and time."""
    made = msgspec.structs.replace(decision, id=0, at=now_text(), revoked_at=None, revoked_by="")
    result = connection.execute(insert(decisions).values(data=codec.to_json(made), at=made.at, revoked_by=""))
    made.id = int(result.inserted_primary_key[0])  # type: ignore[index]
    names = sorted({ref.name for ref in made.all_records})
    connection.execute(insert(decision_records), [{"name": name, "decision": made.id} for name in names])
    _mark(connection, made)
    return made


def revoke(connection: Connection, id_: int, author: str) -> Decision | None:
    """Undo a decision and put its records in the outbox; None when there is none that holds."""
    holding = update(decisions).where(decisions.c.id == id_, decisions.c.revoked_at.is_(None))
    if not connection.execute(holding.values(revoked_at=now_text(), revoked_by=author[:200])).rowcount:
        return None
    undone = get(connection, id_)
    if undone:
        _mark(connection, undone)
    return undone


def get(connection: Connection, id_: int) -> Decision | None:
    """A decision, undone or not."""
    row = connection.execute(select(decisions).where(decisions.c.id == id_)).first()
    return _decision(row) if row else None


def active(connection: Connection) -> list[Decision]:
    """All decisions that hold, earliest first."""
    return _all(connection, select(decisions).where(decisions.c.revoked_at.is_(None)))


def history(connection: Connection, *, limit: int = 1000) -> list[Decision]:
    """The latest decisions, undone ones among them, latest first."""
    rows = connection.execute(select(decisions).order_by(decisions.c.id.desc()).limit(limit))
    return [_decision(row) for row in rows]


def about(connection: Connection, refs: Iterable[RecordRef]) -> list[Decision]:
    """Decisions about any of some records, undone ones among them, earliest first."""
    names = sorted({ref.name for ref in refs})
    found: dict[int, Decision] = {}
    for part in chunks(names):
        own = select(decision_records.c.decision).where(decision_records.c.name.in_(part))
        found |= {one.id: one for one in _all(connection, select(decisions).where(decisions.c.id.in_(own)))}
    return [found[id_] for id_ in sorted(found)]


def rows_of(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, int]:
    """Row numbers of those of the records that the store has now, deleted ones included."""
    by_source: dict[str, list[str]] = {}
    for ref in refs:
        by_source.setdefault(ref.source, []).append(ref.record)
    found: dict[RecordRef, int] = {}
    for source, identifiers in by_source.items():
        number = sources.number_of(connection, source)
        if number is None:
            continue
        rows = raw_records.rows_of(connection, number, identifiers)
        found |= {RecordRef(source=source, record=identifier): row for identifier, row in rows.items()}
    return found


def _mark(connection: Connection, decision: Decision) -> None:
    rows = sorted(rows_of(connection, decision.all_records).values())
    records.mark_pending(connection, rows)


def _all(connection: Connection, query: Select[tuple[int, bytes, str, str | None, str]]) -> list[Decision]:
    return [_decision(row) for row in connection.execute(query.order_by(decisions.c.id))]


def _decision(row: Row[tuple[int, bytes, str, str | None, str]]) -> Decision:
    decision = codec.from_json(row.data, Decision)
    decision.id, decision.at = row.id, row.at
    decision.revoked_at, decision.revoked_by = row.revoked_at, row.revoked_by
    return decision
