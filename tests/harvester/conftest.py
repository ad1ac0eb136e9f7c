"""A store, a client and OAI-PMH servers on loopback for the tests of the harvester."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.settings import Settings
from harvester.fetching import Client
from harvester.harvest import harvest_source
from schemas.catalogue import CatalogueRecord, Source
from store import records, sources
from store.database import Database
from store.harvest_runs import RunReport


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """The client as configured for the tests, with short waits."""
    made = Client(
        allow=settings.fetch_allow, stall=2, deadline=4, patience=30, pause=0, home=settings.home, sleep=lambda _: None
    )
    yield made
    made.close()


@pytest.fixture
def harvest(database: Database, client: Client) -> Callable[..., RunReport]:
    """Adds (or replaces) the source of a server and harvests it: ``harvest(server, full=True, sets=["a"])``."""

    def run(server: Any, *, full: bool = False, **fields: Any) -> RunReport:
        location = server if isinstance(server, str) else server.url
        fields = {"id": "s", "protocol": "oai", "format": "oai_dc", **fields}
        source = Source(location=location, **fields)
        with database.begin() as connection:
            sources.add(connection, source)
        report = harvest_source(database, source, client, full=full)
        assert report.received == (report.new + report.changed + report.unchanged + report.deleted + report.quarantined)
        return report

    return run


@pytest.fixture
def stored(database: Database) -> Callable[[], dict[str, CatalogueRecord]]:
    """All records of the store by identifier."""

    def read() -> dict[str, CatalogueRecord]:
        with database.connect() as connection:
            return {record.record: record for batch in records.iterate(connection) for _, record in batch}

    return read
