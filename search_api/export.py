"""What leaves the store whole: the normalised records, or what was sent, as JSON Lines."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.catalogue import CatalogueRecord, RawRecord
from store import raw_records, records
from store.database import Database

_BATCH = 500


def as_row(record: CatalogueRecord) -> dict[str, Any]:
    """A record as exported: every field, the creators as names with their roles beside them."""
    row = {name: getattr(record, name) for name in record.__struct_fields__}
    row["creators"] = [creator.name for creator in record.creators]
    row["creator_roles"] = [creator.role for creator in record.creators]
    return row


def living_records(database: Database, source: int, source_id: str) -> Iterator[bytes]:
    """The normalised records of a source, a line each. Each batch is a snapshot: readers may take their time."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    for batch in _batches(database, source, source_id):
        with database.connect() as connection:
            described = records.by_ids(connection, [row for row, _ in batch])
        lines = [encode(as_row(described[row])) for row, _ in batch if row in described and not described[row].deleted]
        yield b"".join(line + b"\n" for line in lines)


def sent_records(database: Database, source: int, source_id: str) -> Iterator[bytes]:
    """What the source sent of its living records: ``payload`` where it is text, else ``payload_base64``."""
    for batch in _batches(database, source, source_id):
        yield b"".join(msgspec.json.encode(_sent(raw)) + b"\n" for _, raw in batch)


def _batches(database: Database, source: int, source_id: str) -> Iterator[list[tuple[int, RawRecord]]]:
    last = 0
    while True:
        with database.connect() as connection:
            rows = raw_records.after(connection, source, source_id, last, _BATCH)
        if not rows:
            return
        last = rows[-1][0]
        yield [(row, raw) for row, raw in rows if not raw.deleted]


def _sent(raw: RawRecord) -> dict[str, str]:
    row = {"record": raw.record, "datestamp": raw.datestamp}
    try:
        return row | {"payload": raw.payload.decode()}
    except UnicodeDecodeError:
        return row | {"payload_base64": b64encode(raw.payload).decode()}
