"""Harvesters that other people wrote, and our own, take the catalogue from us and end with what we have."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import sickle

from schemas.catalogue import CatalogueRecord, Source
from search_api.oai.provider import answer
from store import dated_works, institutions, records, works
from store.database import Database

Told = dict[str, tuple[str, set[str], set[str]]]
"""Identifier -> title, creators, ISBNs."""


def ours(town: Any, institution: str = "") -> Told:
    """What our store has, by the identifiers under which it is set out."""
    with town.database.connect() as connection:
        numbers = sorted(number for number in works.living_numbers(connection))
        members = dated_works.members(connection, numbers)
        wanted = dated_works.state(connection).institutions.get(institution, 0)
        found = works.by_numbers(connection, [n for n in numbers if not institution or wanted in members.get(n, ())])
    return {
        f"oai:127.0.0.1:{work.id}": (work.title, {c.name for c in work.creators}, set(work.isbns))
        for work in found.values()
    }


def theirs(database: Database) -> tuple[Told, set[str]]:
    """What another Lampway has got: living records, and the identifiers of deleted ones."""
    with database.connect() as connection:
        rows: list[CatalogueRecord] = [row for batch in records.iterate(connection) for _, row in batch]
    living = {
        row.record: (row.title, {c.name for c in row.creators}, set(row.isbns)) for row in rows if not row.deleted
    }
    return living, {row.record for row in rows if row.deleted}


def add(peer: Any, village: Any, id_: str = "village", **more: Any) -> None:
    peer.add(Source(id=id_, protocol="oai", location=village.url + "/oai", institution="city",
                    **{"format": "oai_dc", **more}))  # fmt: skip


def test_sickle_takes_everything(town: Any) -> None:
    client = sickle.Sickle(town.url + "/oai")
    found = list(client.ListRecords(metadataPrefix="oai_dc"))
    assert len(found) == 262
    living = {r.header.identifier: (r.metadata["title"][0], set(r.metadata.get("creator", ()))) for r in found
              if not r.deleted}  # fmt: skip
    assert living == {id_: (title, creators) for id_, (title, creators, _) in ours(town).items()}
    assert len(list(client.ListIdentifiers(metadataPrefix="marc21", set="institution:museum"))) == 60
    assert {s.setSpec for s in client.ListSets()} >= {"institution:city", "institution:north"}
    assert client.Identify().deletedRecord == "persistent"


def test_the_client_of_oaipmh_takes_everything(town: Any) -> None:
    client = pytest.importorskip("oaipmh.client", reason="the package oaipmh (extra dev) is not installed")
    metadata = pytest.importorskip("oaipmh.metadata")
    registry = metadata.MetadataRegistry()
    registry.registerReader("oai_dc", metadata.oai_dc_reader)
    peer = client.Client(town.url + "/oai", registry)
    identify = peer.identify()
    assert (identify.baseURL(), identify.deletedRecord()) == (town.url + "/oai", "persistent")
    living: dict[str, tuple[str, set[str]]] = {}
    deleted = 0
    for header, described, _ in peer.listRecords(metadataPrefix="oai_dc", from_=datetime(2020, 1, 1)):
        deleted += header.isDeleted()
        if not header.isDeleted():
            living[header.identifier()] = (described["title"][0], set(described["creator"]))
    assert deleted == 12
    assert living == {id_: (title, creators) for id_, (title, creators, _) in ours(town).items()}


@pytest.mark.parametrize("format_", ["oai_dc", "marcxml"])
def test_another_lampway_follows_whatever_happens(village: Any, peer: Any, format_: str) -> None:
    add(peer, village, format=format_)
    first = peer.harvest("village")
    assert (first.status, first.received) == ("complete", len(ours(village)))
    assert theirs(peer.database) == (ours(village), set())

    before = set(ours(village))
    later = {"datestamp": "2024-06-02T00:00:00Z"}
    village.catalogue.items[3] = village.oai.Item("oai:library:3", None, deleted="deleted", **later)
    village.catalogue.items[4] = village.book(4, "A title <new> & \u2028 odd", **later)
    village.catalogue.items.append(village.book(50, "Just bought", **later))
    village.harvest("library")
    village.index()
    second = peer.harvest("village")
    assert (second.status, second.new, second.changed, second.deleted) == ("complete", 1, 1, 1)
    living, deleted = theirs(peer.database)
    assert living == ours(village)
    assert deleted == before - set(living)
    assert len(deleted) == 1


@pytest.mark.parametrize("sets", [["north"], ["north", "museum"], ["museum", "north"]])
def test_a_work_that_moves_between_institutions_is_where_it_is_now(village: Any, peer: Any, sets: list[str]) -> None:
    add(peer, village, sets=[f"institution:{name}" for name in sets])
    assert peer.harvest("village").status == "complete"
    before, _ = theirs(peer.database)
    assert before == {id_: told for name in sets for id_, told in ours(village, name).items()}
    village.catalogue.items[6] = village.book(6, branch="museum", datestamp="2024-06-02T00:00:00Z")
    village.harvest("library")
    village.index()
    assert peer.harvest("village").status == "complete"
    living, deleted = theirs(peer.database)
    assert living == {id_: told for name in sets for id_, told in ours(village, name).items()}
    assert len(deleted) == (1 if "museum" not in sets else 0)


def test_the_end_of_a_list_with_an_end_may_move_out_of_it(village: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.oai.lists.PAGE", 16)
    with dated_works.reading(village.database) as (connection, _):
        stamp = max(dated_works.dated(connection, list(works.living_numbers(connection))).values())
    asked = [("verb", "ListIdentifiers"), ("metadataPrefix", "oai_dc"), ("until", stamp)]
    token = re.search(r"<resumptionToken[^>]*>([^<]+)<", answer(village.context, asked).decode())
    assert token
    later = datetime.fromisoformat(stamp) + timedelta(seconds=5)
    monkeypatch.setattr(village.database.dialect, "now", lambda _: later)
    with village.database.begin() as connection:  # every work is dated anew when those who have it are called otherwise
        places = institutions.all_institutions(connection)
        institutions.upsert(connection, [msgspec.structs.replace(place, name=f"New {place.name}") for place in places])
    village.index()
    going_on = [("verb", "ListIdentifiers"), ("resumptionToken", token[1])]
    assert 'code="badResumptionToken"' in answer(village.context, going_on).decode()


def test_works_that_change_while_a_list_is_read_are_not_missed(village: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.oai.lists.PAGE", 5)
    client = sickle.Sickle(village.url + "/oai")
    with dated_works.reading(village.database) as (_, began):
        pass
    found: dict[str, str] = {}
    for count, record in enumerate(client.ListRecords(metadataPrefix="oai_dc")):
        found[record.header.identifier] = record.metadata["title"][0]
        if count == 6:
            for number in (1, 11):
                village.catalogue.items[number] = village.book(
                    number, f"Changed {number}", datestamp="2024-06-02T00:00:00Z"
                )
            village.harvest("library")
            village.index()
    assert found.keys() == ours(village).keys()
    for record in client.ListRecords(**{"metadataPrefix": "oai_dc", "from": began}):
        found[record.header.identifier] = record.metadata["title"][0]
    assert found == {id_: title for id_, (title, _, _) in ours(village).items()}
