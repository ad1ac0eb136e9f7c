"""What people name on the command line: SOURCE/RECORD, or the id of a work."""

from __future__ import annotations

from lampway.console import WRONG_USE, fail, note
from schemas.catalogue import CatalogueRecord
from schemas.decisions import RecordRef
from schemas.work import Work
from store import decisions, records, works
from store.database import Connection

NAMES = "SOURCE/RECORD as `lampway works export` has them, or the id of a work for all of its records"


def rows_named(connection: Connection, name: str) -> list[int]:
    """Row numbers of a record, or of those of a work; ends the command when there is neither."""
    work = works.get(connection, name)
    if isinstance(work, str):
        note(f"{name} is part of {work} now")
        work = works.get(connection, work)
    if isinstance(work, Work):
        return [id_ for edition in work.editions for id_ in edition.record_ids]
    # Either of the two may contain slashes.
    cuts = [place for place, letter in enumerate(name) if letter == "/"]
    found = decisions.rows_of(connection, [RecordRef(source=name[:cut], record=name[cut + 1 :]) for cut in cuts])
    if not found:
        fail(f"no record and no work {name!r}: name {NAMES}", WRONG_USE)
    return list(found.values())


def rows_beside(connection: Connection, row: int) -> list[int]:
    """Row numbers of the other records of a record's work; none where it is not merged yet."""
    number, _ = works.assignments(connection, [row]).get(row, (0, ""))
    work = works.by_numbers(connection, [number]).get(number) if number else None
    return [id_ for edition in work.editions for id_ in edition.record_ids if id_ != row] if work else []


def refs_named(connection: Connection, name: str) -> list[RecordRef]:
    """The same by the names of the records."""
    rows = rows_named(connection, name)
    found = records.by_ids(connection, rows)
    return [RecordRef(source=found[row].source, record=found[row].record) for row in rows if row in found]


def name_of(record: CatalogueRecord) -> str:
    """How a record is named on the command line."""
    return f"{record.source}/{record.record}"
