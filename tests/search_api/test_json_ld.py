"""schema.org on the pages: read by extruct, held to the vocabulary and to what search engines ask, never too sure."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import extruct
import msgspec
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import SDO, Graph
from rdflib.namespace import RDF

from schemas.answer import Best
from schemas.catalogue import RECORD_TYPES, Availability, Host, Service, State
from schemas.hours import OpeningHours
from schemas.institution import HoursException, Institution
from search_api.app import create_app
from search_api.institutions import institution_view
from search_api.renderers import json_ld
from search_api.renderers.base import Frame
from search_api.renderers.json_text import for_script
from search_api.renderers.text import writable
from search_api.timetable import timetable
from search_api.views import CreatorView, EditionView, HoldingView, WorkView
from search_api.works import work_view
from store import institutions, works

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
FRAME = Frame(base="https://lampway.example", moment=NOW)
SHAPES = Graph().parse(Path(__file__).parent.parent / "fixtures" / "schema_org" / "shapes.ttl")
OPEN_STATES = {"InStock", "InStoreOnly", "OnlineOnly", "LimitedAvailability"}


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), raise_server_exceptions=False) as client:
        yield client


def graph_of(document: dict[str, Any]) -> Graph:
    local = document | {"@context": {"@vocab": "https://schema.org/"}}  # the real one would be fetched
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return Graph().parse(data=json.dumps(local), format="json-ld")


def check(*documents: dict[str, Any]) -> None:
    """Only words of the vocabulary, and what search engines ask."""
    for graph in map(graph_of, documents):
        words = {*graph.predicates(), *graph.objects(None, RDF.type)} - {RDF.type}
        assert [str(word) for word in words if str(word).removeprefix(str(SDO)) not in SDO] == []
        conforms, _, report = validate(graph, shacl_graph=SHAPES)
        assert conforms, report


def blocks(html: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = extruct.extract(html, syntaxes=["json-ld"])["json-ld"]
    return found


def test_every_page_of_the_federation_conforms(client: TestClient, federation: Any) -> None:
    with federation.context.database.connect() as connection:
        ids = [work.id for page in works.iterate(connection) for work in page]
    documents = [client.get(f"/works/{id_}.jsonld?near=54.97,-1.61").json() for id_ in ids]
    places = list(federation.context.registry().by_id)
    documents += [client.get(f"/institutions/{id_}.jsonld").json() for id_ in places]
    (home,) = blocks(client.get("/").text)
    check(home, *documents)
    assert home["@graph"][0]["@type"] == "WebSite"


def test_pages_say_what_the_document_says(client: TestClient) -> None:
    id_ = client.get("/api/search?q=pride").json()["hits"][0]["id"]
    html = client.get(f"/works/{id_}").text
    assert blocks(html) == [client.get(f"/works/{id_}.jsonld").json()]
    assert blocks(client.get("/institutions/city").text) == [client.get("/institutions/city.jsonld").json()]
    found = extruct.extract(html, syntaxes=["dublincore", "opengraph"])
    terms = {element["name"].lower(): element["content"] for element in found["dublincore"][0]["elements"]}
    assert terms["dc.title"] == "Pride and prejudice"
    assert ("og:title", "Pride and prejudice") in found["opengraph"][0]["properties"]
    assert '<link rel="canonical" href="https://lampway.example/works/' in html
    assert '<meta name="citation_isbn" content="9780141439518">' in html


def test_a_book_and_its_places(client: TestClient) -> None:
    id_ = client.get("/api/search?q=pride").json()["hits"][0]["id"]
    book, crumbs = client.get(f"/works/{id_}.jsonld").json()["@graph"]
    assert (book["@type"], book["@id"]) == ("Book", f"https://lampway.example/works/{id_}")
    assert [crumb["name"] for crumb in crumbs["itemListElement"]] == ["Lampway", "Pride and prejudice"]
    offers = {offer["availableAtOrFrom"]["name"]: offer for offer in book["offers"]}
    assert offers["Aldport City Library"]["availability"] == "https://schema.org/InStock"
    assert offers["Aldport City Library"]["sku"] == "823.7 AUS"
    assert offers["Aldport University Library"]["availability"] == "https://schema.org/InStoreOnly"
    assert offers["Harbour Branch"]["availabilityStarts"] == "2026-12-01"
    late = client.get(f"/works/{id_}.jsonld?at=2027-06-01T10:00:00Z").json()["@graph"][0]
    assert all("availability" not in offer for offer in late["offers"])  # by then nobody knows


def test_hours_stand_in_both_forms(client: TestClient) -> None:
    place = client.get("/institutions/city.jsonld").json()["@graph"][0]
    special = place["specialOpeningHoursSpecification"]
    assert special
    assert all(one in place["openingHoursSpecification"] for one in special)
    assert any(one["validFrom"] <= "2026-12-25" <= one["validThrough"] for one in special)


@pytest.mark.parametrize(("hours", "closed"), [("", False), ("nonsense", False), ("Mo-Fr 09:00-17:00", True)])
def test_unknown_hours_are_left_out(federation: Any, hours: str, closed: bool) -> None:
    place = Institution(
        id="x", name="X", city="Aldport", country="GB", opening_hours=hours, closed=closed, timezone="Europe/London"
    )
    with federation.context.database.begin() as connection:
        institutions.upsert(connection, [place])
    federation.context.refresh()
    view = institution_view(federation.context, "x", at=NOW)
    assert view is not None
    assert not [name for name in json_ld.institution_node(view, FRAME) if "Hours" in name]


def a_work(**fields: Any) -> WorkView:
    empty: dict[str, Any] = {
        f.name: f.default_factory() if callable(f.default_factory) else "" for f in msgspec.structs.fields(WorkView)
    }
    lists = {f.name: [] for f in msgspec.structs.fields(WorkView) if str(f.type).startswith("list")}
    known = {
        "id": "w1",
        "number": 1,
        "title": "T",
        "year": None,
        "host": None,
        "type": "book",
        "holdings_count": 1,
        "institutions_count": 1,
    }
    return WorkView(**(empty | lists | known | fields))


def a_holding(*services: Availability, **best: Any) -> HoldingView:
    known = {"institution_id": best.get("kind", "city"), "institution": "City", "kind": "library"}
    place = Best(lat=54.9, lon=-1.6, **(known | best))
    return HoldingView(best=place, score=1, signals={}, services=list(services), edition="", source="s", record="r")


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("service", get_args(Service))
@pytest.mark.parametrize("hours_old", [1, 24 * 400, None])
def test_no_state_says_more_than_is_known(state: State, service: Service, hours_old: int | None) -> None:
    checked = None if hours_old is None else NOW - timedelta(hours=hours_old)
    one = Availability(service=service, state=state, checked_at=checked, due="2026-12-01")
    (offer,) = json_ld.work_node(a_work(holdings=[a_holding(one)]), FRAME)["offers"]
    word = offer.get("availability", "").removeprefix("https://schema.org/")
    if hours_old != 1 or state == "unknown":
        assert word == ""
    else:
        assert (word in OPEN_STATES) == (state in ("available", "limited"))
        assert (word == "InStock") == ((state, service) == ("available", "loan"))
    assert ("availabilityStarts" in offer) == (word in ("BackOrder", "OutOfStock"))


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_every_type_is_in_the_vocabulary(kind: str) -> None:
    work = a_work(
        type=kind,
        year=1811,
        languages=["en"],
        isbns=["9780141439518"],
        issns=["0378-5955"],
        path=["Fonds", "Series"],
        series=["Classics"],
        identifiers=["doi:10.1/x"],
        unit_id="A/1",
        thumbnail="javascript:alert(1)",
        creators=[
            CreatorView(name="Austen, Jane"),
            CreatorView(name="British Museum"),
            CreatorView(name="L, A", role="edt"),
        ],
        host=Host(title="Journal", volume="3", issue="2", pages="5-9", issn="0378-5955"),
        editions=[EditionView(id="e1", year=1811, isbns=["9780141439518"]), EditionView(id="e2", publisher="P")],
        holdings=[a_holding(kind=kind) for kind in ("library", "archive", "museum", "other", "library")],
    )
    document = json_ld.work_page(work, FRAME)
    check(document)
    assert "Product" not in json.dumps(document)
    assert "javascript" not in json.dumps(document)


def test_at_most_twenty_offers_the_nearest() -> None:
    far = [a_holding(Availability(service="loan"), distance_km=float(40 - n)) for n in range(40)]
    offers = json_ld.work_node(a_work(holdings=far), FRAME)["offers"]
    assert len(offers) == 20
    nearest = a_work(
        holdings=[
            msgspec.structs.replace(h, best=msgspec.structs.replace(h.best, call_number=str(h.best.distance_km)))
            for h in far
        ]
    )
    assert {offer["sku"] for offer in json_ld.work_node(nearest, FRAME)["offers"]} == {
        f"{float(n)}" for n in range(1, 21)
    }


@given(
    text=st.one_of(st.sampled_from(["</script><b>", "<!--", "]]>", "\u2028", "\ud800", '"', "\\", "\x00"]), st.text())
)
@settings(max_examples=80, deadline=None)
def test_no_text_leaves_the_script(text: str) -> None:
    work = a_work(title=f"a{text}", isbns=["9780141439518"], creators=[CreatorView(name=f"Austen, {text}b")])
    script = for_script(json_ld.work_page(work, FRAME))
    assert not set("<>&\u2028\u2029") & set(script)
    (found,) = blocks(f'<html><head><script type="application/ld+json">{script}</script></head></html>')
    assert found["@graph"][0]["name"] in (f"a{text}", writable(f"a{text}"))
    assert found["@graph"][0]["isbn"] == ["9780141439518"]
    assert len(found["@graph"][0]["author"]) == 1


HOURS = [
    "Mo-Fr 09:00-18:00; Sa 10:00-12:00,14:00-16:00; PH off", "24/7", "Fr,Sa 18:00-02:00; Mo off",
    "Mo-Su 10:00-24:00; Dec off", 'Mo 09:00-12:00; We unknown "by appointment"', "Tu-Su 10:00-17:00; Jan 01-15 off",
    "week 1-53/2 Mo 10:00-12:00", "Mo-Fr 00:00-24:00", "sunrise-sunset",
]  # fmt: skip


@given(
    expression=st.sampled_from(HOURS),
    minutes=st.integers(0, 80 * 24 * 60),
    zone=st.sampled_from(["Europe/London", "Asia/Shanghai", "America/New_York"]),
)
@settings(max_examples=150, deadline=None)
def test_a_timetable_says_what_the_hours_say(expression: str, minutes: int, zone: str) -> None:
    exceptions = [
        HoursException(first="2026-12-24", hours="09:00-12:00"),
        HoursException(first="2026-12-27", last="2026-12-30"),
    ]
    hours = OpeningHours.parse(expression, timezone=zone, country="GB", lat=51.5, lon=0.0, exceptions=exceptions)
    table = timetable(hours, NOW)
    moment = NOW + timedelta(minutes=minutes + 1440)
    status = hours.at(moment)
    local = moment.astimezone(hours.clock.zone)
    own, before = times_on(table, local.date()), times_on(table, local.date() - timedelta(days=1))
    if own is None or before is None:
        return  # not told
    clock = local.strftime("%H:%M")
    inside = any(opens <= clock < closes or (closes < opens and opens <= clock) for opens, closes in own)
    inside |= any(closes < opens and clock < closes for opens, closes in before)
    inside |= ("00:00", "23:59") in own or any(c == "23:59" and clock == "23:59" for _, c in own)
    assert status.state != "unknown"
    assert inside == (status.state == "open"), (moment, table)


def times_on(table: Any, day: date) -> list[tuple[str, str]] | None:
    for rule in table.special:
        if rule.first <= day.isoformat() <= rule.last:
            return [(t.opens, t.closes) for t in rule.times]
    for rule in table.regular:
        if day.weekday() in rule.days:
            return [(t.opens, t.closes) for t in rule.times]
    return None


def test_days_that_are_not_known_are_not_told() -> None:
    hours = OpeningHours.parse('Mo 09:00-12:00; We unknown "by appointment"', timezone="Europe/London")
    table = timetable(hours, NOW)
    assert times_on(table, date(2026, 11, 25)) is None
    assert times_on(table, date(2026, 11, 30)) == [("09:00", "12:00")]
    assert times_on(table, date(2026, 12, 1)) == []


def test_live_data_conforms(federation: Any) -> None:
    """The views of a real store, with a position that makes distances."""
    with federation.context.database.connect() as connection:
        first = next(works.iterate(connection))[0]
    view = work_view(federation.context, first.id, at=NOW)
    assert isinstance(view, WorkView)
    check(json_ld.work_page(view, FRAME))
