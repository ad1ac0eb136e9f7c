"""A work in several languages and years: whoever asks for one of them gets the copy of an edition that fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient

from config.settings import load_settings
from indexer.build import rebuild
from indexer.engines import open_engine
from schemas.catalogue import Availability, CatalogueRecord, Creator, Holding, RawRecord, Source
from schemas.institution import Institution
from search_api.app import create_app
from search_api.context import open_context
from store import harvest_runs, institutions, raw_records, records, sources
from store.database import open_database
from store.harvest_runs import RunReport

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
HERE = "54.97,-1.61"
PLACES = [
    Institution(id=name, name=name.title(), kind="library", lat=54.97 + away, lon=-1.61, timezone="Europe/London")
    for name, away in (("near", 0.0), ("far", 0.2))
]
EARLIER = datetime(2026, 11, 20, 10, tzinfo=UTC)
LOAN = [Availability(service="loan", state="available", checked_at=NOW)]
EDITIONS = [  # where, language, year
    ("near", ["en"], 1813),
    ("near", ["en"], 1995),
    ("far", ["de"], 1995),
    ("far", ["de"], 2001),
    ("far", ["de"], None),
]


def catalogue_of(place: str) -> Iterator[CatalogueRecord]:
    """Pride and prejudice in its editions; and Emma in two feeds of one library, with the same copies."""
    creators = [Creator("Austen, Jane")]
    for row, (where, languages, year) in enumerate(EDITIONS):
        if where == place:
            german = "de" in languages
            yield CatalogueRecord(
                source=place, record=str(row), title="Stolz und Vorurteil" if german else "Pride and prejudice",
                uniform_title="Pride and prejudice" if german else "", creators=creators, year=year,
                languages=languages, type="book", holdings=[Holding(key=f"k{row}", availability=LOAN)],
            )  # fmt: skip
    if place != "far":
        latest = place == "near-file"
        state = Availability(
            service="loan", state="unavailable" if latest else "available", checked_at=NOW if latest else EARLIER
        )
        copies = [Holding(key=key, availability=[state]) for key in ("30112555", "1")]
        yield CatalogueRecord(
            source=place, record="emma", title="Emma", creators=creators, year=1815, type="audio",
            isbns=["9780141439587"], holdings=copies,
        )  # fmt: skip


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = load_settings(home=tmp_path_factory.mktemp("editions"), _env_file=None)
    database = open_database(settings.database)
    with database.begin() as connection:
        institutions.upsert(connection, PLACES)
        for place, owner in (("near", "near"), ("far", "far"), ("near-file", "near")):
            source = Source(id=place, protocol="csv", location="x.csv", format="csv", institution=owner)
            number = sources.add(connection, source)
            run = harvest_runs.start(connection, number)
            for record in catalogue_of(place):
                raw = RawRecord(source=place, record=record.record, payload=msgspec.json.encode(record))
                [(id_, _)] = raw_records.store_page(connection, number, run, [raw]).new
                records.upsert(connection, number, [(id_, record)])
            harvest_runs.finish(connection, run, RunReport(status="complete"))
    engine = open_engine(settings)
    rebuild(database, engine, settings)
    engine.close()
    database.close()
    context = open_context(settings, clock=lambda: NOW)
    with TestClient(create_app(context)) as client:

        def asked(path: str = "/api/search", **params: Any) -> Any:
            answer = client.get(path, params={"near": HERE, **params})
            assert answer.status_code == 200, answer.text
            return answer.json() if path.startswith("/api/") else re.sub(r"<[^>]+>", "", answer.text)

        yield asked
    context.close()


def test_a_translation_belongs_to_the_work_of_its_uniform_title(ask: Any) -> None:
    [hit] = ask(q="pride and prejudice")["hits"]
    assert hit["holdings_count"] == len(EDITIONS)  # each copy once
    assert set(hit["languages"]) == {"en", "de"}
    assert [found["id"] for found in ask(q="stolz und vorurteil")["hits"]] == [hit["id"]]


@pytest.mark.parametrize(
    ("filters", "where"),
    [
        ({}, "near"),
        ({"language": "en"}, "near"),
        ({"language": "de"}, "far"),
        ({"year_from": 2000}, "far"),
        ({"year_from": 1990, "year_to": 1999}, "near"),
        ({"year_to": 1900}, "near"),
        ({"language": "de", "year_from": 1990, "year_to": 1999}, "far"),
        ({"language": "de", "institution": "far"}, "far"),
        ({"language": "de", "year_to": 1900}, ""),  # each holds for some edition, both for none
        ({"language": "en", "year_from": 2000}, ""),
        ({"language": "en", "institution": "far"}, ""),
        ({"language": "de", "institution": "near"}, ""),
        ({"year_from": 1800, "year_to": 1900, "institution": "far"}, ""),
        ({"language": "fr"}, ""),
    ],
)
@pytest.mark.parametrize("sort", ["best", "near", "newest"])
def test_all_filters_hold_for_one_and_the_same_copy(ask: Any, filters: dict[str, Any], where: str, sort: str) -> None:
    for question in ({"q": "pride and prejudice"}, {}):
        answer = ask(**question, **filters, sort=sort, type="book")
        assert [hit["best"]["institution_id"] for hit in answer["hits"]] == ([where] if where else [])
        for hit in answer["hits"]:
            assert set(hit["best"]["languages"]) <= {filters.get("language", hit["best"]["languages"][0])}
            assert hit["best"]["title"].startswith("Stolz" if "de" in hit["best"]["languages"] else "Pride")
        assert (answer["total"], answer["total_relation"], answer["exact"]) == (len(answer["hits"]), "exact", True)


def test_the_card_says_in_which_language_the_copy_is(ask: Any) -> None:
    # the work is called what most records call it
    assert re.search(r"This copy: German, 1995\s", ask(path="/search", q="pride", language="de", year_to=1999))
    assert "This copy: English, 1813, Pride and prejudice" in ask(
        path="/search", q="pride", language="en", year_to=1900
    )
    assert "This copy" not in ask(path="/search", q="emma")


def test_every_decade_of_a_work_is_counted(ask: Any) -> None:
    decades = {one["value"]: one["count"] for one in ask(q="pride", facets="decade")["facets"]["decade"]}
    assert decades == {"1810": 1, "1990": 1, "2000": 1}


def test_a_copy_that_two_feeds_describe_counts_once_as_the_later_one_knows_it(ask: Any) -> None:
    [hit] = ask(q="emma")["hits"]
    assert (hit["holdings_count"], hit["institutions_count"]) == (3, 1)  # "1" names no copy: both stay
    work = ask(path=f"/api/works/{hit['id']}")
    states = {(one["key"], one["source"]): one["best"]["state"] for one in work["holdings"]}
    assert states == {
        ("30112555", "near-file"): "unavailable",
        ("1", "near"): "available",
        ("1", "near-file"): "unavailable",
    }
    assert work["holdings_count"] == 3
