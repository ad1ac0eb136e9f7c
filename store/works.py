"""Repository of works: merged descriptions, which records they consist of, redirects, and the engine's outbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, literal, select

from schemas.catalogue import RecordHoldings, Source
from schemas.work import Edition, Work
from store import bulk, codec, dictionaries, work_changes
from store.bulk import chunks
from store.institutions import Resolver, all_institutions
from store.tables import pending_works, raw_records, records, sources, works

_MAX_REDIRECTS = 50


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the export: which work and edition a source's record belongs to."""

    work: str
    edition: str
    source: str
    record: str
    institution: str


def add(connection: Connection, rows: Sequence[Work]) -> None:
    """Insert new works with the numbers they carry and put them in the engine's outbox."""
    if rows:
        fresh = [(w.number, w.id, encode(w), "") for w in rows]
        bulk.insert(connection, works, ("number", "id", "data", "redirect"), fresh)
        mark_pending(connection, [w.number for w in rows])


def replace(connection: Connection, rows: Sequence[Work]) -> None:
    """Replace works by number, wake up gone ones, and put them in the engine's outbox."""
    if rows:
        fresh = [(w.id, encode(w), "", w.number) for w in rows]
        bulk.update(connection, works, ("id", "data", "redirect"), "number", fresh)
        mark_pending(connection, [w.number for w in rows])


def retire(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Let works go: (number, id of the work it became part of or "")."""
    if rows:
        gone = [(None, target, number) for number, target in rows]
        bulk.update(connection, works, ("data", "redirect"), "number", gone)
        mark_pending(connection, [number for number, _ in rows])


def assign(connection: Connection, rows: Sequence[tuple[int, int, str]]) -> None:
    """Note which work and edition records belong to: (record, work number, edition id); work 0 = none."""
    assigned = [(work, edition, record) for record, work, edition in rows]
    bulk.update(connection, records, ("work", "edition"), "id", assigned)


def next_number(connection: Connection) -> int:
    """The number for the next new work."""
    return (connection.scalar(select(func.max(works.c.number))) or 0) + 1


def encode(work: Work) -> bytes:
    """The ``data`` column of a work."""
    return codec.compress(codec.to_json(work))


def decode(data: bytes) -> Work:
    """The work in a ``data`` column."""
    return codec.from_json(codec.decompress(data), Work)


# Made once: to build a statement costs about as much as to run it.
_BY_NUMBERS = select(works.c.number, works.c.data).where(
    works.c.number.in_(bindparam("numbers", expanding=True)), works.c.data.is_not(None)
)


def by_numbers(connection: Connection, numbers: Sequence[int]) -> dict[int, Work]:
    """Works by number; gone ones are left out."""
    found: dict[int, Work] = {}
    for part in chunks(numbers):
        rows = connection.execute(_BY_NUMBERS, {"numbers": part})
        found.update({number: decode(data) for number, data in rows})
    return found


class _Editions(msgspec.Struct):
    """The part of a Work that ``editions_of`` needs; reading no more takes a third of the time."""

    editions: list[Edition] = msgspec.field(default_factory=list)


def editions_of(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Edition]]:
    """The editions of works by number; gone ones are left out."""
    found: dict[int, list[Edition]] = {}
    for part in chunks(numbers):
        rows = connection.execute(_BY_NUMBERS, {"numbers": part})
        found.update({row[0]: codec.from_json(codec.decompress(row[1]), _Editions).editions for row in rows})
    return found


def get(connection: Connection, id_: str) -> Work | str | None:
    """A work by its public id; the id it moved to (str) when it was merged into another; None when unknown or gone."""
    moved = ""
    for _ in range(_MAX_REDIRECTS):
        row = connection.execute(select(works).where(works.c.id == (moved or id_))).first()
        if row is None:
            return None
        if row.data is not None:
            return moved or decode(row.data)
        if not row.redirect:
            return None
        moved = row.redirect
    return None


def assignments(connection: Connection, ids: Sequence[int] | None = None) -> dict[int, tuple[int, str]]:
    """(work number, edition id) of records by row number; (0, "") where not merged yet. None = of all records."""
    query = select(records.c.id, records.c.work, records.c.edition)
    if ids is None:
        return {row.id: (row.work, row.edition) for row in connection.execute(query)}
    found: dict[int, tuple[int, str]] = {}
    for part in chunks(ids):
        rows = connection.execute(query.where(records.c.id.in_(part)))
        found.update({row.id: (row.work, row.edition) for row in rows})
    return found


def records_of(connection: Connection, numbers: Sequence[int]) -> set[int]:
    """Row numbers of the records of works."""
    return {
        row.id
        for part in chunks(numbers)
        for row in connection.execute(select(records.c.id).where(records.c.work.in_(part)))
    }


def known(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Numbers of works by public id, gone ones included."""
    found: dict[str, int] = {}
    for part in chunks(ids):
        rows = connection.execute(select(works.c.id, works.c.number).where(works.c.id.in_(part)))
        found.update({row.id: row.number for row in rows})
    return found


def gone(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Numbers of works by public id, of those that are gone."""
    found: dict[str, int] = {}
    for part in chunks(ids):
        query = select(works.c.id, works.c.number).where(works.c.id.in_(part))
        found.update({row.id: row.number for row in connection.execute(query.where(works.c.data.is_(None)))})
    return found


def without_records(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Those of some living works that no record belongs to any more (their source was removed)."""
    found: list[int] = []
    for part in chunks(numbers):
        held = select(records.c.id).where(records.c.work == works.c.number).exists()
        rows = connection.execute(
            select(works.c.number).where(works.c.number.in_(part), works.c.data.is_not(None), ~held)
        )
        found += [row.number for row in rows]
    return found


def iterate(connection: Connection, batch: int = 2000) -> Iterator[list[Work]]:
    """All living works in batches, by number."""
    last = 0
    while rows := after(connection, last, batch):
        last = rows[-1].number
        yield rows


def after(connection: Connection, number: int, limit: int) -> list[Work]:
    """The next living works after a number."""
    rows = connection.execute(
        select(works.c.data)
        .where(works.c.number > literal(number), works.c.data.is_not(None))
        .order_by(works.c.number)
        .limit(limit)
    )
    return [decode(row.data) for row in rows]


def living_numbers(connection: Connection) -> Iterator[int]:
    """Numbers of all living works, in no order."""
    query = select(works.c.number).where(works.c.data.is_not(None)).execution_options(yield_per=50_000)
    yield from connection.scalars(query)


def count(connection: Connection) -> int:
    """How many living works there are."""
    return connection.scalar(select(func.count()).select_from(works).where(works.c.data.is_not(None))) or 0


def mark_pending(connection: Connection, numbers: Iterable[int]) -> None:
    """Put works in the engine's outbox, and note for the columns of every machine that they changed."""
    rows = [(number,) for number in numbers]
    bulk.insert(connection, pending_works, ("work",), rows, ignoring=True)
    work_changes.note(connection, rows)


def pending(connection: Connection, limit: int = 10_000, *, after: int = 0) -> list[int]:
    """Works that wait to be written to the engine, by number, beyond one of them."""
    query = select(pending_works.c.work).where(pending_works.c.work > after)
    rows = connection.execute(query.order_by(pending_works.c.work).limit(limit))
    return [row.work for row in rows]


def count_pending(connection: Connection) -> int:
    """How many works wait to be written to the engine."""
    return connection.scalar(select(func.count()).select_from(pending_works)) or 0


def clear_pending(connection: Connection, numbers: Sequence[int] | None = None) -> None:
    """Take works out of the outbox; None = all.

    Works that live without any record stay: their source was removed since, and the next merge lets them go.
    """
    held = select(records.c.id).where(records.c.work == works.c.number).exists()
    bereft = select(works.c.number).where(works.c.number == pending_works.c.work, works.c.data.is_not(None), ~held)
    done = delete(pending_works).where(~bereft.exists())
    work_changes.trim(connection)
    if numbers is None:
        connection.execute(done)
        return
    for part in chunks(numbers):
        connection.execute(done.where(pending_works.c.work.in_(part)))


def memberships(connection: Connection, *, everything: bool = True) -> Iterator[Membership]:
    """The export: a row a live record, by source and record; without ``everything`` none of withheld sources.

    The institution is the one that the record's first holding names, where the registry knows it; else its source's.
    """
    known_sources = {
        row.number: codec.from_json(row.data, Source)
        for row in connection.execute(select(sources.c.number, sources.c.data))
    }
    resolver = Resolver(all_institutions(connection))
    found: dict[tuple[str, str], str] = {}
    rows = connection.execution_options(yield_per=5000).execute(
        select(works.c.id, records.c.edition, records.c.data, raw_records.c.source, raw_records.c.record)
        .join(records, records.c.work == works.c.number)
        .join(raw_records, raw_records.c.id == records.c.id)
        .where(records.c.deleted.is_(False))
        .order_by(raw_records.c.source, raw_records.c.record)
    )
    for row in rows:
        source = known_sources[row.source]
        if source.withheld and not everything:
            continue
        holdings = codec.from_json(dictionaries.unpack(connection, row.data), RecordHoldings).holdings
        key = (source.institution, holdings[0].institution if holdings else "")
        if key not in found:
            named = resolver.resolve(*key, "")
            found[key] = named.id if named else source.institution
        yield Membership(work=row.id, edition=row.edition, source=source.id, record=row.record, institution=found[key])
