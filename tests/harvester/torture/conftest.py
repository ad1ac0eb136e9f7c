"""Plays a torture case: its runs one after another, each on a client and a store as users have them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harvester import credentials
from harvester.fetching import Client
from harvester.harvest import harvest_source
from schemas.catalogue import Source
from store import records, sources
from store.secrets import seal

sys.path.insert(0, str(Path(__file__).parent.parent))  # the cases are shared with the comparison, which is no test

from torture import lists, times, wire  # noqa: F401
from torture.case import CASES, Outcome, World


@pytest.fixture
def play(oai: Any, serve: Callable[..., Any], database: Any, tmp_path: Path) -> Callable[[str], Outcome]:
    """``play("13b")``: builds the case, makes its runs, reads the store."""

    def run(number: str) -> Outcome:
        case, world = CASES[number], World(oai, serve)
        case.build(world)
        authorities = None
        if world.authorities:
            authorities = tmp_path / "authorities.pem"
            authorities.write_bytes(world.authorities)
        client = Client(
            allow=("127.0.0.1",), stall=1, deadline=10, patience=120, pause=0, home=tmp_path,
            authorities=authorities, sleep=lambda _: None, **world.client,
        )  # fmt: skip
        fields = dict(world.fields)
        if world.login:
            given = credentials.parse(world.login)
            fields |= {"auth": given.public, "sealed": seal(tmp_path, given.secret)}
        source = Source(id="s", protocol="oai", location=world.location or world.server.url, format="oai_dc", **fields)
        with database.begin() as connection:
            sources.add(connection, source)
        reports = []
        for change, full in ((None, False), *case.steps):
            if change:
                change(world)
            report = harvest_source(database, source, client, full=full)
            counted = report.new + report.changed + report.unchanged + report.deleted + report.quarantined
            assert report.received == counted
            reports.append(report)
        client.close()
        with database.connect() as connection:
            stored = {
                record.record: record.title
                for batch in records.iterate(connection)
                for _, record in batch
                if not record.deleted
            }
        return Outcome(world, reports, stored)

    return run
