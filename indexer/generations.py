"""Generations of the index: their names, which one is live, what is kept to roll back to, what is cleaned away."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from indexer.engines.base import SearchEngine
from store import generations, notes
from store.column_changes import registry_digest
from store.database import Connection, Database

SCHEMA_VERSION = 5
"""Of documents, analysis and engines' fields together: another one makes the next update build a new generation."""

_REGISTRY = "registry of the index"


def new_name() -> str:
    """Name of a generation: version of the schema, and of the data the moment it was read."""
    return f"s{SCHEMA_VERSION}-{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(2)}"


def why_rebuild(database: Database, engine: SearchEngine) -> str:
    """Why the live generation cannot be brought up to date but must be built anew; "" when it can."""
    live = engine.live()
    if not live:
        return "there is no search index yet"
    if not live.startswith(f"s{SCHEMA_VERSION}-"):
        return "the search index was built by another version of Lampway"
    with database.connect() as connection:
        row = generations.live(connection, engine.name)
        if row is None or row.name != live:
            return "the search index does not belong to this store"
        if notes.get(connection, _REGISTRY) != registry_digest(connection).encode():
            return "the registry of institutions has changed"
    return ""


def begin(database: Database, engine: SearchEngine, name: str) -> int:
    """Clean up what earlier builds left, and note that a new one has begun; returns its id."""
    clean(database, engine)
    with database.begin() as connection:
        return generations.start(connection, engine.name, name)


def note_registry(connection: Connection, digest: str) -> None:
    """Note with which registry the live generation was built."""
    notes.put(connection, _REGISTRY, digest.encode())


def clean(database: Database, engine: SearchEngine) -> None:
    """Drop all generations but the live one and the one before it. Call it under the indexer's lease."""
    live = engine.live()
    with database.connect() as connection:
        rows = generations.all_generations(connection, engine.name)
    present = engine.generations()
    spare = next((row.name for row in rows if row.status == "retired" and row.name in present), "")
    for name in present:
        if name not in (live, spare):
            engine.drop(name)
    gone = [row.name for row in rows if row.name not in (live, spare)]
    with database.begin() as connection:
        generations.forget(connection, gone)
