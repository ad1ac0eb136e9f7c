"""The harvest of a source as a whole: counts that add up, crashes, leases, what a format cannot read."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import store.database
import store.sqlite
from harvester.formats import FORMATS
from harvester.formats.base import UnreadableError
from harvester.harvest import LeaseTakenError, UnknownSourceError, harvest_source
from harvester.normalise import renormalise
from harvester.protocols import PROTOCOLS
from harvester.protocols.base import Page
from lampway.commands import harvest as harvest_commands
from lampway.commands import normalise as normalise_commands
from lampway.commands import records as record_commands
from lampway.commands import sources as source_commands
from schemas.catalogue import CatalogueRecord, Quarantined, RawRecord, Source
from schemas.institution import Institution
from store import institutions, leases, quarantine, raw_records, records, sources, tables
from store.database import StoreError, open_database
from store.sources import SourceState

app = typer.Typer()
for commands in (source_commands, harvest_commands, normalise_commands, record_commands):
    commands.register(app)


def environment(home):
    return {**os.environ, "LAMPWAY_HOME": str(home), "LAMPWAY_FETCH_ALLOW": "127.0.0.1", "LAMPWAY_FETCH_PAUSE": "0"}


@pytest.fixture
def toy(monkeypatch):
    """A protocol "toy" that plays pages of (identifier, payload, deleted), and a format "toy" that reads payloads."""

    class Fetch:
        def __init__(self, pages, whole):
            self._pages, self.whole = pages, whole
            self.state, self.losses, self.notes = SourceState(watermark="x"), [], []

        def pages(self):
            yield from self._pages

    plan = {"pages": [], "whole": True}
    bad = set()

    def read(raw):
        if raw.payload in bad:
            raise UnreadableError("bad payload")
        if raw.payload == b"crash":
            raise KeyError("a mistake of the format")
        return CatalogueRecord(
            source=raw.source, record=raw.record, title=raw.payload.decode(), datestamp=raw.datestamp
        )

    monkeypatch.setitem(PROTOCOLS, "toy", lambda *_: Fetch(plan["pages"], plan["whole"]))
    monkeypatch.setitem(FORMATS, "toy", lambda source: read)
    plan["bad"] = bad
    return plan


def page(*rows, quarantined=()):
    made = [RawRecord(source="toy", record=name, payload=payload, deleted=dead) for name, payload, dead in rows]
    return Page(
        records=made, quarantined=[Quarantined(source="toy", record=name, reason="broken") for name in quarantined]
    )


def go(database, client, full=True):
    source = Source(id="toy", protocol="toy", format="toy", location="toy")
    with database.begin() as connection:
        sources.add(connection, source)
    return harvest_source(database, source, client, full=full)


ROWS = st.tuples(
    st.sampled_from([f"r{n}" for n in range(12)]), st.sampled_from([b"one", b"two", b"bad", b"crash"]), st.booleans()
)
PAGES = st.lists(
    st.tuples(st.lists(ROWS, max_size=6), st.lists(st.sampled_from(["r1", "q1", "q2"]), max_size=2)), max_size=4
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=st.lists(st.tuples(PAGES, st.booleans()), min_size=1, max_size=3))
def test_received_is_always_the_sum_and_the_store_says_what_came_last(runs, toy, client, tmp_path_factory):
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('p') / 'a.db'}")
    toy["bad"].add(b"bad")
    try:
        for pages, whole in runs:
            toy["pages"] = [page(*rows, quarantined=bad) for rows, bad in pages]
            toy["whole"] = whole
            report = go(database, client)
            assert report.received == (
                report.new + report.changed + report.unchanged + report.deleted + report.quarantined
            )
            assert not (report.quarantined and report.status == "complete")
            assert report.status in ({"incomplete", "waiting"} if report.losses else {"complete", "waiting"})
            last = {name: (payload, dead) for rows, _ in pages for name, payload, dead in rows}
            with database.connect() as connection:
                stored = {record.record: record for batch in records.iterate(connection) for _, record in batch}
                raw = {row.record: row for batch in raw_records.iterate(connection, 1, "toy") for _, row in batch}
            for name, (payload, dead) in last.items():
                assert raw[name].deleted == dead
                if not dead:
                    assert raw[name].payload == payload
                if not dead and payload in {b"one", b"two"}:
                    assert stored[name].title == payload.decode()
                    assert not stored[name].deleted
    finally:
        database.close()


def test_a_record_that_a_format_cannot_read_costs_only_itself_and_counts_each_time(toy, client, database):
    toy["bad"].add(b"bad")
    toy["pages"] = [page(("a", b"one", False), ("b", b"bad", False), ("c", b"crash", False))]
    first = go(database, client)
    assert (first.status, first.new, first.quarantined) == ("incomplete", 1, 2)
    assert any("KeyError" in loss.reason and "test_harvest.py:" in loss.reason for loss in first.losses)
    again = go(database, client)
    assert (again.status, again.unchanged, again.quarantined, again.received) == ("incomplete", 1, 2, 3)
    with database.connect() as connection:
        assert quarantine.count(connection, 1) == 2
        assert raw_records.count(connection, 1) == (3, 0)
        assert sources.state(connection, "toy").watermark == "x"
    toy["bad"].clear()
    source = Source(id="toy", protocol="toy", format="toy", location="toy")
    counts = renormalise(database, source)
    assert (counts.read, counts.changed, counts.unchanged, counts.quarantined) == (3, 1, 1, 1)
    third = go(database, client)
    assert (third.unchanged, third.quarantined) == (2, 1)


def test_a_record_that_turns_bad_keeps_its_last_good_description(toy, client, database):
    toy["pages"] = [page(("a", b"one", False))]
    go(database, client)
    toy["bad"].add(b"bad")
    toy["pages"] = [page(("a", b"bad", False))]
    assert go(database, client).quarantined == 1
    with database.connect() as connection:
        assert next(records.iterate(connection))[0][1].title == "one"
    toy["pages"] = [page(("a", b"two", False))]
    assert go(database, client).status == "complete"


def test_what_cannot_be_read_is_not_thought_to_have_vanished(toy, client, database):
    toy["pages"] = [page(*((f"r{n}", b"one", False) for n in range(40)))]
    go(database, client)
    toy["pages"] = [page(*((f"r{n}", b"one", False) for n in range(39)), quarantined=["r39"])]
    report = go(database, client)
    assert (report.deleted, report.quarantined) == (0, 1)
    toy["pages"] = [page(*((f"r{n}", b"one", False) for n in range(39)), quarantined=["unidentified:ab"])]
    report = go(database, client)
    assert report.deleted == 0
    assert any("without identifier" in note for note in report.notes)


def test_one_source_is_harvested_by_one_process_at_a_time(oai, serve, harvest, database, client):
    server = serve([oai.item(1)])
    with leases.held(database, "harvest of s"), pytest.raises(LeaseTakenError, match=f"process {os.getpid()}"):
        harvest(server)
    assert harvest(server).status == "complete"


def test_a_dead_owners_lease_is_taken_over(database, oai, serve, harvest):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with database.begin() as connection:
        machine, _, began = leases.myself().split("|")
        owner, beat = f"{machine}|{gone.pid}|{began}|1", "2099-01-01T00:00:00+00:00"
        connection.execute(tables.leases.insert().values(name="harvest of s", owner=owner, beat_at=beat))
    assert harvest(serve([oai.item(1)])).status == "complete"


def test_a_lease_elsewhere_counts_while_its_heart_beats(database, oai, serve, harvest):
    def beat(at):
        with database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM leases")
            connection.exec_driver_sql(f"INSERT INTO leases VALUES ('harvest of s', 'elsewhere|1|1|1', '{at}', 0)")

    beat(store.database.now_text())
    with pytest.raises(LeaseTakenError, match="elsewhere"):
        harvest(serve([oai.item(1)]))
    beat("2020-01-01T00:00:00+00:00")
    assert harvest(serve([oai.item(1)])).status == "complete"


def test_an_unknown_source(database, client):
    with pytest.raises(UnknownSourceError, match="no source 'x'"):
        harvest_source(database, Source(id="x", protocol="oai", location="http://x", format="oai_dc"), client)


def test_a_locked_database_is_told_and_loses_nothing(oai, serve, client, tmp_path, monkeypatch):
    monkeypatch.setattr(store.sqlite, "BUSY_TIMEOUT_S", 0.2)
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)

    def script(arguments, _):
        if arguments.get("resumptionToken", "").endswith("|20") and lock and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")
        return

    lock = True
    server = serve([oai.item(n) for n in range(40)], script=script)
    source = Source(id="s", protocol="oai", location=server.url, format="oai_dc")
    with database.begin() as connection:
        sources.add(connection, source)
    with pytest.raises(StoreError, match="another process has kept it locked"):
        harvest_source(database, source, client)
    other.execute("ROLLBACK")
    other.close()
    lock = False
    report = harvest_source(database, source, client)
    assert (report.status, report.run, report.received) == ("complete", 1, 40)
    database.close()


@pytest.fixture
def command(tmp_path):
    """Runs ``lampway`` with arguments: exit_code, stdout, stderr."""

    def run(*arguments, **extra):
        return CliRunner().invoke(app, list(arguments), env={**environment(tmp_path / "home"), **extra})

    return run


def test_the_commands_from_a_source_to_its_export(oai, serve, command, tmp_path):
    server = serve([oai.item(1), oai.tombstone(2), oai.Item("oai:test:3", None)])
    database = open_database(f"sqlite:///{tmp_path / 'home' / 'lampway.db'}")
    with database.begin() as connection:
        institutions.upsert(connection, [Institution(id="lib", name="Library")])
    database.close()
    added = command("sources", "add", "oai", server.url + "?verb=Identify", "--institution", "lib")
    assert (added.exit_code, added.stdout) == (0, "lib\n")
    done = command("harvest", "lib")
    assert done.exit_code == 3, done.stderr
    assert (
        "run 1 of lib is incomplete: 3 received (1 new, 0 changed, 0 unchanged, 1 deleted, 1 quarantined)"
        in done.stdout
    )
    assert "has no metadata" in done.stdout
    report = json.loads(command("harvest", "report", "--json").stdout)
    assert {name: report[name] for name in ("run", "source", "status", "received", "new", "quarantined")} == {
        "run": 1, "source": "lib", "status": "incomplete", "received": 3, "new": 1, "quarantined": 1,
    }  # fmt: skip
    assert report["losses"][0]["record"] == "oai:test:3"
    server.items.pop()
    assert command("harvest", "--full").exit_code == 0
    assert json.loads(command("harvest", "report", "lib", "--json").stdout)["run"] == 2
    assert json.loads(command("harvest", "report", "1", "--json").stdout)["run"] == 1
    assert command("harvest", "report", "nobody").exit_code == 2
    exported = [json.loads(line) for line in command("records", "export").stdout.splitlines()]
    live = next(row for row in exported if not row["deleted"])
    wanted = {
        "source": "lib", "record": "oai:test:1", "title": "Título 1", "creators": ["Müller, Änne"], "year": 1901,
        "languages": ["en"], "isbns": [], "holdings": [], "datestamp": "2024-01-01T00:00:00Z", "deleted": False,
    }  # fmt: skip
    assert {name: live[name] for name in wanted} == wanted
    assert [row["record"] for row in exported if row["deleted"]] == ["oai:test:2"]
    assert command("records", "export", str(tmp_path / "out.jsonl"), "--source", "lib").exit_code == 0
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2
    assert command("normalise").stdout.startswith("lib: 1 read, 0 changed, 1 unchanged")
    listed = json.loads(command("sources", "list", "--json").stdout)
    assert (listed[0]["id"], listed[0]["last_run"]["status"]) == ("lib", "complete")
    server.response_date = store.database.now_text().replace("+00:00", "Z")
    server.items.pop()  # the tombstone
    tried = command("sources", "test", "lib")
    assert tried.exit_code == 0, tried.stdout
    assert "Título 1" in tried.stdout
    assert command("sources", "remove", "lib", "--yes").exit_code == 0
    assert command("harvest").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["oai", "http://x.example/oai", "--institution", "nobody"], "no institution 'nobody'"),
        (["oai", "ftp://x.example/oai", "--institution", ""], "not an http or https address"),
        (["oai", "http://me:secret@x.example/oai", "--institution", ""], "user name"),
        (["oai", "http://x.example/oai", "--institution", "", "--format", "nonsense"], "no format 'nonsense'"),
        (["oai", "http://x.example/oai", "--institution", "", "--id", "Not Good"], "the id"),
        (["oai", "http://x.example/oai", "--institution", "", "--id", "report"], "the id"),
        (["marc", "/nowhere/file.mrc"], "no file /nowhere/file.mrc"),
        (["csv", "/tmp"], "is not a file"),
        (["oai", "http://x.example/oai", "--institution", "", "--schedule", "daily"], "cron"),
    ],
)
def test_a_source_is_checked_before_it_is_saved(command, arguments, said):
    done = command("sources", "add", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_not_public_says_how_to_allow_it(oai, serve, command):
    server = serve([oai.item(1)])
    tried = command("sources", "test", server.url, LAMPWAY_FETCH_ALLOW="")
    assert tried.exit_code == 1
    assert "address 127.0.0.1 of 127.0.0.1 is not public; set LAMPWAY_FETCH_ALLOW=127.0.0.1" in tried.stdout
    assert server.requests == []


def test_long_waits_do_not_hang_the_command(oai, serve, command, tmp_path):
    server = serve(script=lambda *_: oai.Answer("", 503, {"Retry-After": "86400"}))
    began = time.monotonic()
    done = command("sources", "test", server.url, LAMPWAY_FETCH_PATIENCE="0.3")
    assert done.exit_code == 1
    assert time.monotonic() - began < 20


def test_another_mapping_is_for_what_is_stored_too(harvest, stored, tmp_path, database):
    table = tmp_path / "books.csv"
    table.write_text("id,foo,bar\n1,Emma,Austen\n2,Dune,Herbert\n")
    fields = {"protocol": "csv", "format": "csv"}
    harvest(str(table), mapping_text="columns: {id: id, title: bar}", **fields)
    report = harvest(str(table), mapping_text="columns: {id: id, title: foo, creator: bar}", **fields)
    assert (report.status, report.unchanged) == ("complete", 2)
    assert report.notes[0].startswith("the mapping was changed: 2 stored records were read again, 2 of them say")
    assert [one.title for one in stored().values()] == ["Emma", "Dune"]
    again = harvest(str(table), mapping_text="columns: {id: id, title: foo, creator: bar}", **fields)
    assert not any("mapping was changed" in note for note in again.notes)


def test_a_file_that_changed_after_its_harvest_was_killed_is_read_as_it_is_now(
    harvest, stored, tmp_path, database, client
):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    table = tmp_path / "books.csv"
    table.write_text("id,title\n" + "".join(f"{n},Title {n}\n" for n in range(1200)))
    source = Source(id="s", protocol="csv", format="csv", location=str(table))
    with database.begin() as connection:
        sources.add(connection, source)
    with pytest.raises(Killed):
        harvest_source(database, source, client, on_progress=killed)
    table.write_text("id,title\n" + "".join(f"{n},Title {n}\n" for n in range(1, 1200)))
    report = harvest(str(table), protocol="csv", format="csv")
    assert (report.status, report.deleted) == ("complete", 1)
    assert "0" not in {name for name, one in stored().items() if not one.deleted}
