"""Removed records rest: they come back as they were, with the ids of their works; after the rest they are gone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from harvester.harvest import harvest_source
from harvester.removals import DecisionError, decide
from harvester.restore import purge, restore, undo
from harvester.run import Brake
from indexer.build import rebuild
from indexer.engines import open_engine
from indexer.update import update
from lampway.harvest_worker import HarvestWorker
from schemas.catalogue import Source
from store import raw_records, records, sources, works


def rows(numbers):
    words = {n: "".join(random.Random(n).choices("abcdefgh", k=8)) for n in numbers}
    return "\n".join(["id,title,author", *(f"{n},Book of {words[n]} {n},Author {n}" for n in numbers)]) + "\n"


@pytest.fixture
def file(tmp_path, database, client):
    """Writes a CSV file and harvests it."""
    path = tmp_path / "books.csv"
    source = Source(id="s", protocol="csv", location=str(path), format="csv")

    def go(text, brake=None):
        path.write_text(text)
        with database.begin() as connection:
            sources.add(connection, source)
        return harvest_source(database, source, client, brake=brake)

    return go


def alive(stored):
    return {name for name, record in stored().items() if not record.deleted}


def memberships(database):
    with database.connect() as connection:
        return {(row.record, row.work, row.edition) for row in works.memberships(connection)}


def test_undo_brings_everything_back_with_the_ids_that_it_had(file, stored, database, settings):
    file(rows(range(100)))
    before, described = memberships_after(rebuild, database, settings), stored()
    report = file(rows(range(50, 100)), Brake(share=1))
    assert (report.status, report.deleted) == ("complete", 50)
    assert memberships_after(update, database, settings) == {row for row in before if int(row[0]) >= 50}
    assert undo(database, report.run) == 50
    assert stored() == described
    assert memberships_after(update, database, settings) == before
    with database.connect() as connection:
        assert sources.state(connection, "s").live == 100


def memberships_after(step, database, settings):
    engine = open_engine(settings)
    step(database, engine, settings)
    engine.close()
    return memberships(database)


def test_what_a_person_brought_back_goes_only_by_a_persons_word(file, stored, database):
    file(rows(range(100)))
    assert file(rows(range(2, 100))).status == "complete"
    assert restore(database, "s", ["0", "7"]) == (1, ["7"])
    again = file(rows(range(2, 100)))
    assert again.status == "waiting"
    assert "a person had brought back" in again.notes[-1]
    assert "0" in alive(stored)
    decide(database, again.run, approved=True)
    assert alive(stored) == {str(n) for n in range(2, 100)}
    assert restore(database, "s") == (2, [])


def test_a_tombstone_of_the_source_can_be_undone_too(oai, serve, harvest, stored, database):
    items = [oai.item(n) for n in range(30)]
    harvest(serve(items))
    before = stored()
    report = harvest(serve([*(oai.tombstone(n) for n in range(3)), *items[3:]]), full=True)
    assert (report.status, report.deleted) == ("complete", 3)
    assert len(alive(stored)) == 27
    assert undo(database, report.run) == 3
    assert stored() == before


def test_what_the_source_sends_again_is_no_longer_in_its_grave(file, stored, database):
    file(rows(range(100)))
    run = file(rows(range(1, 100))).run
    file(rows(range(100)))
    assert alive(stored) == {str(n) for n in range(100)}
    with pytest.raises(DecisionError, match="nothing to bring back"):
        undo(database, run)


def test_after_the_rest_only_tombstones_are_left(file, stored, database):
    file(rows(range(100)))
    run = file(rows(range(3, 100))).run
    with database.connect() as connection:
        number = sources.number_of(connection, "s")
    assert purge(database, 30) == 0
    later = datetime.now(UTC) + timedelta(days=30, minutes=1)
    assert purge(database, 30, later) == 3
    assert purge(database, 30, later) == 0
    with database.connect() as connection:
        dead = [raw for _, raw in raw_records.after(connection, number, "s", 0) if raw.deleted]
        assert {raw.record: raw.payload for raw in dead} == {"0": b"", "1": b"", "2": b""}
        assert records.count_live(connection, number) == 97
    with pytest.raises(DecisionError, match="rest is over"):
        undo(database, run)
    report = file(rows(range(100)))  # the source has them after all
    assert (report.changed, len(alive(stored))) == (3, 100)


def test_there_must_be_something_to_bring_back(file, database):
    run = file(rows(range(3))).run
    for call, words in (
        (lambda: undo(database, 99), "no run 99"),
        (lambda: undo(database, run), "removed no records"),
        (lambda: restore(database, "x"), "no source 'x'"),
        (lambda: restore(database, "s", ["1"]), "none of 1 of s rests"),
    ):
        with pytest.raises(DecisionError, match=words):
            call()


def test_the_worker_purges_by_itself(file, database, settings):
    file(rows(range(100)))
    run = file(rows(range(3, 100))).run
    later = datetime.now(UTC) + timedelta(days=settings.rest_days, minutes=1)
    HarvestWorker(database, settings, clock=lambda: later).look(set())
    with pytest.raises(DecisionError, match="rest is over"):
        undo(database, run)


def test_a_decision_stands_with_its_line_of_the_audit_or_not_at_all(file, stored, database):
    file(rows(range(30)))
    waiting = file(rows(range(10)))
    assert waiting.status == "waiting"

    def cut_off(connection, count):
        assert count == 20
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        decide(database, waiting.run, approved=True, noted=cut_off)
    assert alive(stored) == {str(n) for n in range(30)}
    assert decide(database, waiting.run, approved=True) == 20


def test_a_deletion_that_was_refused_does_not_ask_again_with_every_run(oai, serve, harvest, stored, database):
    server = serve([oai.item(n) for n in range(60)])
    harvest(server)
    later = {"datestamp": "2024-06-01T10:00:00Z"}
    server.items = [*(oai.tombstone(n, **later) for n in range(20)), *server.items[20:]]
    waiting = harvest(server)
    assert waiting.status == "waiting"
    assert decide(database, waiting.run, approved=False) == 0
    server.items.append(oai.item(99, datestamp="2024-06-01T11:00:00Z"))
    again = harvest(server)
    assert (again.status, again.new, again.unchanged, again.deleted) == ("complete", 1, 20, 0)
    assert len(alive(stored)) == 61
    server.items[7] = oai.tombstone(7, datestamp="2024-06-01T11:30:00Z")
    assert harvest(server).status == "waiting"  # said anew
    assert harvest(server, full=True).status == "waiting"
    with database.connect() as connection:
        run = sources.state(connection, "s").waits_on_run
    assert decide(database, run, approved=True) == 20
    assert len(alive(stored)) == 41
