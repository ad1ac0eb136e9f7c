"""Every table. Portable SQL: SQLite is the default, PostgreSQL takes the same definitions."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import BigInteger, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in INTEGER columns."""

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared and sorted by code points, as SQLite does, whatever the language of the database is."""


def words(length: int) -> TypeEngine[str]:
    """Short text. The length tells the reader what to expect; neither database cuts or refuses more."""
    return String(length).with_variant(Text(collation="C"), "postgresql")


# Columns named `data` hold the msgspec JSON of the schema they are named for; what is queried has a column of its own.
# Times are ISO 8601 text in UTC: both databases compare them alike, and a reader of the file sees what they are.

institutions = Table(
    "institutions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", words(200), nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    Column("updated_at", words(32), nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", words(200), nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False, default=b"{}"),
    Column("added_at", words(32), nullable=False),
)

harvest_runs = Table(
    "harvest_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Integer, ForeignKey("sources.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("status", words(20), nullable=False),  # running, complete, incomplete, failed, waiting
    Column("started_at", words(32), nullable=False),
    Column("finished_at", words(32)),
    Column("resume_at", words(32)),  # when a run that waited too long for its source goes on by itself; NULL = never
    Column("full", Boolean, nullable=False, default=False),  # asks for the whole list
    Column("checkpoint", LargeBinary, nullable=False, default=b"{}"),
    Column("report", LargeBinary, nullable=False, default=b"{}"),
)

raw_records = Table(
    "raw_records",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source", Integer, ForeignKey("sources.number", ondelete="CASCADE"), nullable=False),
    Column("name", LargeBinary(64), nullable=False),  # key of the identifier, which may be of any length (codec.key_of)
    Column("record", TEXT, nullable=False),
    Column("datestamp", words(40), nullable=False, default=""),
    Column("deleted", Boolean, nullable=False, default=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # zstd
    Column("run", Integer, nullable=False),  # that saw it last
    Column("changed_at", words(32), nullable=False),
    UniqueConstraint("source", "name"),
)
Index("ix_raw_records_source_run", raw_records.c.source, raw_records.c.run)
_tombstone = raw_records.c.deleted.is_(True)
Index("ix_raw_records_tombstones", raw_records.c.source, sqlite_where=_tombstone, postgresql_where=_tombstone)

dictionaries = Table(
    "dictionaries",
    metadata,
    Column("source", Integer, ForeignKey("sources.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("holds", words(20), primary_key=True),  # what it is for: raw (raw_records.payload), record (records.data)
    Column("id", Integer, nullable=False, index=True),  # which every zstd frame names that needs it
    Column("data", LargeBinary, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source", Integer, ForeignKey("sources.number", ondelete="CASCADE"), nullable=False),
    Column("run", Integer, nullable=False),
    Column("record", TEXT, nullable=False),
    Column("stage", words(20), nullable=False),
    Column("position", words(200), nullable=False, default=""),
    Column("reason", TEXT, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # zstd, no dictionary
    Column("at", words(32), nullable=False),
)
Index("ix_quarantine_source_record", quarantine.c.source, quarantine.c.record)

records = Table(
    "records",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),  # of its raw record
    Column("source", Integer, ForeignKey("sources.number", ondelete="CASCADE"), nullable=False),
    Column("deleted", Boolean, nullable=False, default=False),
    Column("data", LargeBinary, nullable=False),  # zstd of CatalogueRecord
    Column("edition", words(40), nullable=False, default=""),  # id of its edition, "" = not merged yet
    Column("work", Number, nullable=False, default=0, index=True),  # number of its work
)
Index("ix_records_source_deleted", records.c.source, records.c.deleted)

record_keys = Table(
    "record_keys",
    metadata,
    # 64-bit hash of a merging key (identifier, title + creator ...): half of what a longer one would take, twice
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("record", Number, primary_key=True, autoincrement=False, index=True),
    sqlite_with_rowid=False,
)

works = Table(
    "works",
    metadata,
    Column("number", Number, primary_key=True),
    Column("id", words(40), nullable=False, unique=True),
    Column("data", LargeBinary),  # zstd of Work; NULL = gone
    Column("redirect", words(40), nullable=False, default=""),  # id of the work it became part of
)

decisions = Table(
    "decisions",
    metadata,
    # By people, about who belongs together; nothing is deleted. What `others` of a split are stands in data.
    Column("id", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("at", words(32), nullable=False),
    Column("revoked_at", words(32), index=True),
    Column("revoked_by", words(200), nullable=False, default=""),
)

decision_records = Table(
    "decision_records",
    metadata,
    # Which records a decision is about, by RecordRef.name: they may be gone now and come back.
    Column("name", BigInteger, primary_key=True, autoincrement=False),
    Column("decision", Integer, ForeignKey("decisions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
)

merge_cuts = Table(
    "merge_cuts",
    metadata,
    # Likenesses that merging did not follow: records of two editions or works that would else be one.
    Column("record", Number, primary_key=True, autoincrement=False),
    Column("other", Number, primary_key=True, autoincrement=False, index=True),
    Column("level", words(20), nullable=False),
    Column("why", words(20), nullable=False),
)

graves = Table(
    "graves",
    metadata,
    # Removed records while they rest; the raw record keeps its last payload as long.
    Column("record", Number, ForeignKey("raw_records.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("source", Integer, nullable=False),
    Column("run", Integer, nullable=False),  # that removed it
    Column("removed_at", words(32), nullable=False),
    Column("restored_at", words(32)),  # when a person brought it back; NULL = it rests
)
Index("ix_graves_source_run", graves.c.source, graves.c.run)

taken_down = Table(
    "taken_down",
    metadata,
    # Records that were erased for good: whatever their source sends of them is not kept.
    Column("source", Integer, ForeignKey("sources.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary(64), primary_key=True),  # of the identifier, as raw_records.name
    Column("record", TEXT, nullable=False),
    Column("at", words(32), nullable=False),
)

# What waits: an outbox each for the two steps of the indexer. Written in the transaction that made the change.
pending_records = Table("pending_records", metadata, Column("record", Number, primary_key=True, autoincrement=False))
pending_works = Table("pending_works", metadata, Column("work", Number, primary_key=True, autoincrement=False))

work_changes = Table(
    "work_changes",
    metadata,
    # Which works changed, in order, the latest only: by it the columns of every machine follow the store.
    Column("version", Number, primary_key=True),
    Column("work", Number, nullable=False),
)

# What our own OAI-PMH provider sets out (``store.dated_works``): works, those that are gone too, and who has them.
dated_works = Table(
    "dated_works",
    metadata,
    Column("work", Number, primary_key=True, autoincrement=False),
    Column("datestamp", words(20), nullable=False),  # 2026-11-24T10:00:00Z, as it is set out
    Column("deleted", Boolean, nullable=False, default=False),
    Column("digest", LargeBinary(16), nullable=False),  # of all that is set out of it
)
Index("ix_dated_works_datestamp_work", dated_works.c.datestamp, dated_works.c.work)

dated_members = Table(
    "dated_members",
    metadata,
    Column("work", Number, primary_key=True, autoincrement=False),
    Column("institution", Integer, primary_key=True, autoincrement=False),
    Column("datestamp", words(20), nullable=False),
    Column("gone", Boolean, nullable=False, default=False),  # the institution has the work no more
    sqlite_with_rowid=False,
)
Index(
    "ix_dated_members_institution_datestamp",
    dated_members.c.institution,
    dated_members.c.datestamp,
    dated_members.c.work,
)

generations = Table(
    "generations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("engine", words(20), nullable=False),
    Column("name", words(80), nullable=False, unique=True),
    Column("status", words(20), nullable=False),  # building, live, retired
    Column("started_at", words(32), nullable=False),
    Column("promoted_at", words(32)),
    Column("works", Integer, nullable=False, default=0),
)

availability = Table(
    "availability",
    metadata,
    # What was pushed or looked up for one record's copy at one institution; wins over the record's own status
    # while it is younger. One row per record, institution, copy ("" = all) and service.
    Column("record", Number, primary_key=True, autoincrement=False),
    Column("institution", Integer, primary_key=True, autoincrement=False),
    Column("holding", words(200), primary_key=True, default=""),
    Column("service", words(20), primary_key=True),
    Column("state", words(20), nullable=False),
    Column("due", words(32), nullable=False, default=""),
    Column("how", words(20), nullable=False),
    Column("checked_at", words(32), nullable=False),
    Column("version", Number, nullable=False, index=True),  # grows with each change: readers poll beyond the last seen
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", words(8), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False),  # SHA-256 of the whole key
    Column("institution", words(200), nullable=False, index=True),
    Column("scope", words(200), nullable=False),
    Column("label", words(200), nullable=False, default=""),
    Column("created_at", words(32), nullable=False),
    Column("last_used_at", words(32)),
    Column("expires_at", words(32)),  # NULL = never
    Column("replaces", words(8), nullable=False, default=""),  # id of the key that this one takes over from
    Column("revoked_at", words(32)),
)

notes = Table(
    "notes",
    metadata,
    # Small facts of the stages about themselves (last columns version ...), by name.
    Column("name", words(80), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    # One owner at a time for a source's harvest, the index writer, the schedule.
    Column("name", words(200), primary_key=True),
    Column("owner", words(200), nullable=False),
    Column("beat_at", words(32), nullable=False),
    Column("detail", SmallInteger, nullable=False, default=0),
)
