"""One truth in every form: whatever the state, its age and the hours, no format says more than the page does.

Sixty copies, each alone in its work: five states, a place to go to or a link, fresh or stale, open, closed or unknown.
The page, schema.org, DAIA, GeoJSON, Atom, the JSON of the API and the widget's cards must agree on each.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

import feedparser
import pytest
from fastapi.testclient import TestClient
from lxml import html
from stdnum import ean

from config.settings import load_settings
from indexer.build import rebuild
from indexer.engines import open_engine
from schemas.catalogue import STATES, Availability, CatalogueRecord, Holding, RawRecord, Source
from schemas.institution import Institution
from search_api.app import create_app
from search_api.context import open_context
from store import harvest_runs, institutions, raw_records, records, sources
from store.database import open_database
from store.harvest_runs import RunReport

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
AGES = {"fresh": timedelta(hours=1), "stale": timedelta(days=30)}
HOURS = {"open": "24/7", "closed": "Sa 10:00-12:00", "unknown": ""}
GOING = ("loan", "on_site", "interloan")
OFFERS = {
    "available": {"InStock", "InStoreOnly", "OnlineOnly", "LimitedAvailability"},
    "limited": {"LimitedAvailability"},
    "expected": {"BackOrder"},
    "unavailable": {"OutOfStock"},
    "unknown": {""},
}


class Case(NamedTuple):
    number: int
    state: Any
    digital: bool
    age: str
    hours: str

    @property
    def service(self) -> Any:
        return "digital" if self.digital else GOING[self.number % 3]

    @property
    def isbn(self) -> str:
        body = f"97812345{self.number:04d}"
        return body + ean.calc_check_digit(body)

    @property
    def told(self) -> str:
        """What may be said at all."""
        return self.state if self.age == "fresh" else "unknown"

    def record(self) -> CatalogueRecord:
        known = Availability(service=self.service, state=self.state, checked_at=NOW - AGES[self.age])
        url = "https://ebook.example/1" if self.digital else ""
        copy = Holding(institution=self.hours, call_number=f"C {self.number}", availability=[known], url=url)
        return CatalogueRecord(
            source="shelf", record=f"case:{self.number}", title=f"Thing {self.number}", type="book",
            isbns=[self.isbn], holdings=[copy],
        )  # fmt: skip


CASES = [Case(n, *given) for n, given in enumerate(product(STATES, (False, True), AGES, HOURS))]
PLACES = [
    Institution(id=name, name=f"Library {name}", kind="library", lat=54.97, lon=-1.6 + n / 100, opening_hours=hours,
                timezone="Europe/London")
    for n, (name, hours) in enumerate(HOURS.items())
]  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = load_settings(
        home=tmp_path_factory.mktemp("cases"), public_url="https://lampway.example", rate_limit=0, _env_file=None
    )
    database, engine = open_database(settings.database), open_engine(settings)
    rows = [case.record() for case in CASES]
    with database.begin() as connection:
        institutions.upsert(connection, PLACES)
        number = sources.add(
            connection, Source(id="shelf", protocol="csv", location="x", format="csv", institution="open")
        )
        run = harvest_runs.start(connection, number)
        raw = [RawRecord(source="shelf", record=row.record, payload=row.record.encode()) for row in rows]
        ids = {stored.record: id_ for id_, stored in raw_records.store_page(connection, number, run, raw).new}
        records.upsert(connection, number, [(ids[row.record], row) for row in rows])
        harvest_runs.finish(connection, run, RunReport(status="complete"))
    rebuild(database, engine, settings)
    engine.close()
    database.close()
    context = open_context(settings, clock=lambda: NOW)
    with TestClient(create_app(context)) as client:
        yield client
    context.close()


def page_says(client: TestClient, work: str) -> tuple[str, str]:
    """The state and the door as the icons of the work's page tell them, where they are words of ours."""
    root = html.fromstring(client.get(f"/works/{work}").content)

    def icons(path: str) -> list[str]:
        return [use.get("href").removeprefix("#i-") for use in root.xpath(f"{path}//use")]

    (state,) = icons("//ul[@class='service-list']/li")
    doors = {"clock": "open", "closed": "closed", "unknown": "unknown"}
    return state, next((doors[icon] for icon in icons("//p[@class='where']") if icon in doors), "")


def daia_says(client: TestClient, case: Case) -> tuple[str, str]:
    """The state, and the work that it is about."""
    (document,) = client.get("/daia", params={"id": f"case:{case.number}", "format": "json"}).json()["document"]
    (item,) = document["item"]
    told = "unknown"
    for offer in item.get("available", []):
        told = "limited" if "limitation" in offer else "available"
    for offer in item.get("unavailable", []):
        told = "expected" if "expected" in offer else "unavailable"
    return told, document["href"].rpartition("/")[2]


def schema_org_says(client: TestClient, work: str) -> str:
    graph = client.get(f"/works/{work}.jsonld").json()["@graph"]
    (offer,) = next(node["offers"] for node in graph if "offers" in node)
    return str(offer.get("availability", "")).rpartition("/")[2]


def test_there_are_sixty() -> None:
    assert len(CASES) == len(set(CASES)) == 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.state}-{case.service}-{case.age}-{case.hours}")
def test_all_say_the_same(client: TestClient, case: Case) -> None:
    told, work = daia_says(client, case)
    assert told == case.told

    said, door = page_says(client, work)
    assert said == case.told
    assert door == ("" if case.digital else case.hours)

    (feature,) = client.get(f"/api/works/{work}/holdings.geojson").json()["features"]
    assert feature["properties"]["state"] == case.told
    assert feature["properties"]["open"] == ("open" if case.digital else case.hours)

    assert schema_org_says(client, work) in OFFERS[case.told]

    (place,) = client.get("/api/nearby", params={"isbn": case.isbn}).json()["places"]
    assert (place["best"]["state"], place["best"]["open"]) == (case.told, "open" if case.digital else case.hours)

    (entry,) = feedparser.parse(client.get("/search.atom", params={"q": case.isbn}).content).entries
    assert ("availability unknown" in entry.summary) == (case.told == "unknown")

    (card,) = client.get("/api/nearby/cards", params={"want": f"isbn:{case.isbn}"}).json()["cards"]
    (place,) = card["places"]
    assert place["state"] == case.told
    assert (place["facts"][0]["tone"] == "good") == (case.told == "available")
