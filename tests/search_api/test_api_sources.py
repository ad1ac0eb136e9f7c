"""GET /api/sources/{id} and its page: what anybody may know of a source, and nothing else."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from harvester.normalise import keep
from schemas.catalogue import CatalogueRecord, Quarantined, RawRecord, Source
from search_api.app import create_app
from store import harvest_runs, raw_records, sources
from store.harvest_runs import RunReport

COUNTS = {"new": 5, "changed": 2, "unchanged": 3, "deleted": 1, "quarantined": 1}


@pytest.fixture
def client(federation):
    """With a source whose address, login and losses must not show."""
    source = Source(
        id="hidden", protocol="oai", location="https://reader:geheim@catalogue.example/oai?key=geheim", format="oai_dc",
        licence="CC0 <1.0>", auth="basic:reader", sealed="geheim",
    )  # fmt: skip
    with federation.context.database.begin() as connection:
        number = sources.add(connection, source)
        run = harvest_runs.start(connection, number)
        report = RunReport(status="incomplete", received=12, **COUNTS)
        report.lose("https://reader:geheim@catalogue.example/oai answers 500", record="x")
        harvest_runs.finish(connection, run, report)
        sources.add(connection, Source(id="fresh", protocol="csv", location="/srv/private/books.csv", format="csv"))
    return TestClient(create_app(federation.context))


def test_the_card_tells_counts_that_add_up_and_no_secret(client):
    answer = client.get("/api/sources/hidden", params={"nonsense": 1})
    card = answer.json()
    run = card["last_run"]
    assert {name: run[name] for name in COUNTS} == COUNTS
    assert run["received"] == sum(COUNTS.values())
    assert (run["status"], run["losses"], card["host"], card["licence"]) == (
        "incomplete", 1, "catalogue.example", "CC0 <1.0>",
    )  # fmt: skip
    assert card["complete_at"] == ""
    assert "nonsense" in card["warnings"][0]
    for text in (answer.text, client.get("/sources/hidden").text, client.get("/sources/fresh").text):
        assert "geheim" not in text
        assert "reader" not in text
        assert "private" not in text


def test_the_page_says_it_in_both_languages(client):
    english, chinese = (client.get("/sources/hidden", headers={"Accept-Language": lang}).text for lang in ("en", "zh"))
    assert "CC0 &lt;1.0&gt;" in english
    assert "Incomplete" in english
    assert "不完整" in chinese
    assert "never been harvested" in client.get("/sources/fresh").text


def test_an_institution_links_to_its_sources(client, federation):
    with federation.context.database.connect() as connection:
        source = next(source for source in sources.all_sources(connection) if source.institution)
    assert f'href="/sources/{source.id}"' in client.get(f"/institutions/{source.institution}").text
    assert client.get(f"/api/sources/{source.id}").json()["institution"]["id"] == source.institution


def test_there_is_no_such_source(client):
    assert client.get("/api/sources/none").status_code == 404
    page = client.get("/sources/none", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "no such source" in page.text


def test_what_waits_for_a_decision_still_counts_and_what_cannot_be_read_counts_once(client, federation):
    raw = [RawRecord(source="hidden", record=f"r{n}", payload=b"<x/>") for n in range(4)]
    with federation.context.database.begin() as connection:
        number = sources.number_of(connection, "hidden")
        outcome = raw_records.store_page(connection, number, 1, raw)
        done = [(id_, CatalogueRecord(source="hidden", record=one.record, title="T")) for id_, one in outcome.new[:3]]
        keep(connection, number, 1, done, [Quarantined(source="hidden", record="r3", reason="no", payload=b"",
                                                      stage="normalise")])  # fmt: skip
        gone = RawRecord(source="hidden", record="r0", payload=b"<x/>", deleted=True, datestamp="2024-06-01")
        raw_records.store_page(connection, number, 2, [gone])
    card = client.get("/api/sources/hidden").json()
    assert (card["records"], card["deleted"], card["quarantined"]) == (3, 0, 1)
