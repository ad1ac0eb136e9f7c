"""What has changed in the store since a version of the columns: facts learnt, confirmations harvested, the registry."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import numpy as np
from sqlalchemy import Connection, func, select

from store import availability, work_changes
from store.bulk import chunks
from store.codec import digest
from store.column_files import Pointer
from store.column_rows import Rows
from store.institutions import all_institutions
from store.tables import harvest_runs, institutions, raw_records, records

_CLOCKS_DIFFER = timedelta(minutes=10)


def next_pointer(connection: Connection, before: Pointer | None) -> Pointer:
    """The pointer of a base that is derived from this state of the store."""
    serial = before.serial + 1 if before else 1
    return Pointer(
        base=f"base-{serial}",
        serial=serial,
        version=availability.latest_version(connection),
        run=last_run(connection),
        changes=work_changes.latest(connection),
        registry=columns_digest(connection),
        registry_at=last_edit(connection),
    )


def registry_digest(connection: Connection) -> str:
    """Changes when holdings may be placed differently."""
    placing = [(i.number, i.id, i.name, i.isil, i.parent, i.aliases) for i in all_institutions(connection)]
    return digest(msgspec.json.encode(placing)).hex()


def columns_digest(connection: Connection) -> str:
    """Changes when holdings may be placed differently, or have other states: declared services limit these."""
    services = [(i.number, i.services) for i in all_institutions(connection) if i.services]
    return registry_digest(connection) + digest(msgspec.json.encode(services)).hex()


def placed_alike(connection: Connection, before: Pointer) -> bool:
    """Whether the registry places holdings as it did, so that at most declared services have changed."""
    return before.registry.startswith(registry_digest(connection))


def edited_since(connection: Connection, before: Pointer) -> list[int]:
    """Numbers of the institutions that were edited since, and of some more: machines' clocks may differ a little."""
    if not before.registry_at:
        return list(connection.scalars(select(institutions.c.number)))
    since = (datetime.fromisoformat(before.registry_at) - _CLOCKS_DIFFER).isoformat(timespec="seconds")
    return list(connection.scalars(select(institutions.c.number).where(institutions.c.updated_at >= since)))


def last_edit(connection: Connection) -> str:
    """When an institution was added or edited last; "" when there is none."""
    return connection.scalar(select(func.max(institutions.c.updated_at))) or ""


def last_run(connection: Connection) -> int:
    """Id of the latest harvest run that has ended."""
    return connection.scalar(select(func.max(harvest_runs.c.id)).where(harvest_runs.c.status != "running")) or 0


def last_work(connection: Connection) -> int:
    """The highest work number that a record belongs to."""
    return connection.scalar(select(func.max(records.c.work))) or 0


def works_to_renew(connection: Connection, before: Pointer) -> set[int]:
    """Works whose records a later run has seen, or about whose copies something was learnt since."""
    confirmed = (
        select(records.c.work)
        .join(raw_records, raw_records.c.id == records.c.id)
        .join(harvest_runs, harvest_runs.c.id == raw_records.c.run)
        .where(harvest_runs.c.id > before.run, raw_records.c.source == harvest_runs.c.source, records.c.work > 0)
        .distinct()
    )
    works, version = set(connection.scalars(confirmed)), before.version
    while version < availability.latest_version(connection):
        more, version = works_of_facts(connection, version)
        works |= more
    return works


def works_of_facts(connection: Connection, version: int) -> tuple[set[int], int]:
    """Works about whose copies something was learnt after a version, and the version up to which that goes."""
    changed = list(availability.since(connection, version))
    ids = sorted({fact.record for _, fact in changed})
    works: set[int] = set()
    for part in chunks(ids):
        works |= set(connection.scalars(select(records.c.work).where(records.c.id.in_(part))))
    return works - {0}, changed[-1][0] if changed else version


def with_gone(rows: Rows, works: set[int]) -> Rows:
    """Rows in which works without any appear with count 0, so that they hide what the base has of them."""
    gone = np.array(sorted(works - set(rows.numbers.tolist())), dtype=np.int64)
    at = np.searchsorted(rows.numbers, gone)
    numbers, counts = np.insert(rows.numbers, at, gone), np.insert(rows.counts, at, 0)
    return msgspec.structs.replace(rows, numbers=numbers, counts=counts)
