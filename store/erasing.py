"""Erases a record with all that was kept of it: what was sent, what was made of it, its quarantine, its grave.

What stays is a tombstone, so that those who had the record learn that it is gone, and its identifier in the list of
``store.taken_down``, so that it does not come back.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, update

from schemas.catalogue import CatalogueRecord, RawRecord
from store import codec, graves, quarantine, raw_records, records, taken_down
from store.database import now_text
from store.tables import availability
from store.tables import raw_records as raw_table


def take_down(connection: Connection, source: int, source_id: str, record: str) -> bool:
    """Erase a record for good. One that is taken down already is erased again, which changes nothing.

    The merged description of its work loses it with the next update of the index.

    Args:
        connection: in the write transaction of the act.
        source: the source's number.
        source_id: its id.
        record: the source's own identifier of it.

    Returns:
        False when nothing of that name was ever kept; nothing is noted then.
    """
    rows = raw_records.rows_of(connection, source, [record])
    if not rows and not quarantine.among(connection, source, [record]):
        return False
    if not rows:  # a tombstone, so that the next whole list is not found to lack it
        dead = RawRecord(source=source_id, record=record, payload=b"", deleted=True)
        raw_records.store_page(connection, source, 0, [dead])
        rows = raw_records.rows_of(connection, source, [record])
    row, now = rows[record], now_text()
    blank = {"deleted": True, "payload": codec.compress(b""), "digest": codec.digest(b""), "changed_at": now}
    connection.execute(update(raw_table).where(raw_table.c.id == row).values(**blank))
    records.upsert(connection, source, [(row, CatalogueRecord(source=source_id, record=record, deleted=True))])
    quarantine.release(connection, source, [record])
    graves.clear(connection, [row], [row])
    connection.execute(delete(availability).where(availability.c.record == row))
    taken_down.put(connection, source, record)
    return True
