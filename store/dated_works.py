"""Works with the moment of their last change, also after they are gone: what our OAI-PMH provider sets out.

``store.dating`` writes what stands here. A work that an institution has no more stays listed for it, as gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, or_, select

from schemas.catalogue import Source
from store import bulk, codec, notes
from store.database import Database
from store.tables import dated_members, dated_works, institutions, raw_records, records, sources, works

STATE = "dated works"


class State(msgspec.Struct, omit_defaults=True):
    """What ``store.dating`` notes of its own work."""

    changes: int = 0
    """Version of the latest change of a work that is set out."""
    registry: str = ""
    """Digest of the institutions as they are set out."""
    sources: dict[int, str] = msgspec.field(default_factory=dict)
    """Digests of the sources as they are set out, by number."""
    began: str = ""
    """Since when changes are being dated that not everybody can see yet; "" = all can be seen."""
    institutions: dict[str, int] = msgspec.field(default_factory=dict)
    """Numbers of all institutions there ever were, by id."""


class DatedWork(msgspec.Struct, frozen=True):
    """A work with the moment of its last change, ``2026-11-24T10:00:00Z``."""

    work: int
    id: str
    datestamp: str
    deleted: bool


class Selection(msgspec.Struct, frozen=True):
    """Which works: changed between two moments, both inclusive ("" = no bound), of one institution by its number."""

    since: str = ""
    until: str = ""
    institution: int | None = None


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A living record behind a work."""

    row: int
    """Its number in the store."""
    source: Source
    record: str
    datestamp: str
    """As the source gave it; "" = it gave none."""
    harvested_at: str
    """When the source's last change of it reached us (ISO, UTC)."""
    size: int
    """Bytes of its description as stored: the longer, the more it says."""


@contextmanager
def reading(database: Database) -> Iterator[tuple[Connection, str]]:
    """A snapshot, and the moment before which nothing that is dated is missing from it.

    Whoever asks from that moment on next time misses no change: the clock is read before the snapshot is taken, and
    changes that are being dated meanwhile get later moments (see ``store.dating``).
    """
    with database.connect() as connection:
        now = text_of(database.dialect.now(connection))
    with database.connect() as connection:
        yield connection, min(now, state(connection).began or now)


def text_of(moment: datetime) -> str:
    """A moment as it is set out."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def state(connection: Connection) -> State:
    """What was noted last."""
    noted = notes.get(connection, STATE)
    return msgspec.json.decode(noted, type=State) if noted else State()


def page(connection: Connection, wanted: Selection, after: tuple[str, int] | None, limit: int) -> list[DatedWork]:
    """The works after a position (datestamp, work), in the order of their last change."""
    dated = _dated(wanted)
    if after is None:
        return _read(connection, _selected(wanted).order_by(dated.c.datestamp, dated.c.work).limit(limit))
    # Two questions, for in one (pairs compared, or an OR) databases visit all works of that moment, or of that time.
    query = _selected(msgspec.structs.replace(wanted, since=""))
    moment, work = after
    same = query.where(dated.c.datestamp == moment, dated.c.work > work).order_by(dated.c.work)
    found = _read(connection, same.limit(limit))
    if len(found) < limit:
        later = query.where(dated.c.datestamp > moment).order_by(dated.c.datestamp, dated.c.work)
        found += _read(connection, later.limit(limit - len(found)))
    return found


def _read(connection: Connection, query: Any) -> list[DatedWork]:
    return [DatedWork(row.work, row.id, row.datestamp, bool(row.gone)) for row in connection.execute(query)]


def count(connection: Connection, wanted: Selection) -> int:
    """How many there are; the database reads its index for it, 30 ms a million."""
    dated = _dated(wanted)
    return connection.scalar(_bounded(select(func.count()).select_from(dated), wanted)) or 0


def one(connection: Connection, id_: str) -> DatedWork | None:
    """A work by its public id; None = it was never dated."""
    row = connection.execute(
        select(
            dated_works.c.work, dated_works.c.datestamp, dated_works.c.deleted, works.c.data.is_(None).label("dataless")
        )
        .join(works, works.c.number == dated_works.c.work)
        .where(works.c.id == id_)
    ).first()
    return DatedWork(row.work, id_, row.datestamp, bool(row.deleted or row.dataless)) if row else None


def dated(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """When works last changed, by number; what is not set out yet is left out."""
    return dict(bulk.select_in(connection, dated_works, ("work", "datestamp"), "work", numbers))


def earliest(connection: Connection) -> str:
    """The oldest moment of a last change; "" = nothing is set out."""
    return connection.scalar(select(func.min(dated_works.c.datestamp))) or ""


def holders(connection: Connection) -> set[str]:
    """Ids of the institutions that have any work, or had one."""
    held = select(dated_members.c.work).where(dated_members.c.institution == institutions.c.number).exists()
    return set(connection.scalars(select(institutions.c.id).where(held)))


def members(connection: Connection, numbers: Sequence[int]) -> dict[int, list[int]]:
    """Numbers of the institutions that have works."""
    found: dict[int, list[int]] = {}
    columns = ("work", "institution")
    for work, institution in bulk.select_in(connection, dated_members, columns, "work", numbers, gone=False):
        found.setdefault(work, []).append(institution)
    return {work: sorted(places) for work, places in found.items()}


def origins(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Origin]]:
    """The living records behind works, by source and record."""
    known: dict[int, Source] = {}
    found: dict[int, list[Origin]] = {}
    rows = connection.execute(
        select(
            *(records.c.work, records.c.id, records.c.source, sources.c.data),
            *(raw_records.c.record, raw_records.c.datestamp, raw_records.c.changed_at),
            func.length(records.c.data).label("size"),
        )
        .join(raw_records, raw_records.c.id == records.c.id)
        .join(sources, sources.c.number == records.c.source)
        .where(records.c.work.in_(numbers), records.c.deleted.is_(False))
        .order_by(records.c.source, raw_records.c.record)
    )
    for row in rows:
        if row.source not in known:
            known[row.source] = codec.from_json(row.data, Source)
        origin = Origin(
            row=row.id,
            source=known[row.source],
            record=row.record,
            datestamp=row.datestamp,
            harvested_at=row.changed_at,
            size=row.size,
        )
        found.setdefault(row.work, []).append(origin)
    return found


def _dated(wanted: Selection) -> Any:
    """The table whose moments count."""
    return dated_works if wanted.institution is None else dated_members


def _selected(wanted: Selection) -> Any:
    dated = _dated(wanted)
    gone = [dated_works.c.deleted, works.c.data.is_(None)]
    if wanted.institution is not None:
        gone.append(dated_members.c.gone)
    query = select(dated.c.work, works.c.id, dated.c.datestamp, or_(*gone).label("gone"))
    query = query.select_from(dated).join(works, works.c.number == dated.c.work)
    if wanted.institution is not None:
        query = query.join(dated_works, dated_works.c.work == dated_members.c.work)
    return _bounded(query, wanted)


def _bounded(query: Any, wanted: Selection) -> Any:
    dated = _dated(wanted)
    if wanted.institution is not None:
        query = query.where(dated.c.institution == wanted.institution)
    if wanted.since:
        query = query.where(dated.c.datestamp >= wanted.since)
    if wanted.until:
        query = query.where(dated.c.datestamp <= wanted.until)
    return query
