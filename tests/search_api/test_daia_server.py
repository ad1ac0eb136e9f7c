"""The DAIA server, asked as library systems ask it, and checked against the standard's own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker

from indexer.engines.base import EngineUnavailableError
from schemas.answer import Best
from schemas.catalogue import SERVICES, STATES, Availability
from search_api.app import create_app
from search_api.availability.base import LiveItem
from search_api.availability.daia import Daia
from search_api.renderers.base import Frame
from search_api.renderers.daia import Owner, Requested, answer
from search_api.renderers.geojson import holdings
from search_api.views import HoldingView, WorkView
from store import availability, records, works
from store.availability import Fact

SCHEMA = json.loads((Path(__file__).parent.parent / "fixtures" / "daia.schema.json").read_text("utf-8"))
VALIDATOR = Draft4Validator(SCHEMA, format_checker=FormatChecker())
HOME = "https://lampway.example"
PRIDE = "9780141439518"
LOCAL = ("127.0.0.1", 50000)
"""Loopback is not limited."""


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), client=LOCAL, raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, id_: str, path: str = "/daia", **more: str) -> dict[str, Any]:
    answer = client.get(path, params={"id": id_, "format": "json", **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    if "extended" not in more:
        check(body)
    return body


def check(body: dict[str, Any]) -> None:
    """The schema, and the integrity rules that no schema can say."""
    VALIDATOR.validate(body)
    documents = body["document"]
    assert len({one["id"] for one in documents}) == len(documents)
    for item in (item for one in documents for item in one.get("item", [])):
        named = {item.get(part, {}).get("id", part) for part in ("department", "storage")}
        assert body["institution"]["id"] not in named
        assert len(named) == 2
        free = {(one["service"], str(one.get("limitation"))) for one in item.get("available", [])}
        assert not free & {(one["service"], str(one.get("limitation"))) for one in item.get("unavailable", [])}


def push(federation: Any, key: str, *states: Availability) -> None:
    """The institutions tell the state of a copy."""
    with federation.context.database.begin() as connection:
        row, number = next(
            (id_, federation.context.registry().by_id["university" if key == "u-1" else "city"].number)
            for page in records.iterate(connection)
            for id_, record in page
            if any(holding.key == key for holding in record.holdings)
        )
        facts = [
            Fact(
                record=row,
                institution=number,
                holding=key,
                service=one.service,
                state=one.state,
                due=one.due,
                how="pushed",
                checked_at=(one.checked_at or federation.now).isoformat(),
            )
            for one in states
        ]
        availability.put(connection, facts)
    federation.context.refresh()


def test_a_book_at_three_places(client: TestClient) -> None:
    body = ask(client, f"isbn:{PRIDE}")
    assert body["institution"] == {"id": f"{HOME}/", "href": f"{HOME}/", "content": "Lampway: All institutions"}
    assert body["timestamp"] == "2026-11-23T10:00:00+00:00"
    (document,) = body["document"]
    assert document["requested"] == f"isbn:{PRIDE}"
    assert document["about"] == "Pride and prejudice"
    assert document["href"].startswith(f"{HOME}/works/")
    at = {item["department"]["content"]: item for item in document["item"]}
    city, branch = at["Aldport City Library"], at["Harbour Branch"]
    assert city["available"] == [{"service": "loan"}]
    assert (city["label"], city["storage"]) == ("823.7 AUS", {"content": "Level 2"})
    assert city["about"] == "as of 23 Nov 2026, 06:00 GMT"
    assert branch["unavailable"] == [{"service": "loan", "expected": "2026-12-01"}]
    university = at["Aldport University Library"]
    assert university["available"] == [{"service": "presentation"}]
    assert university["unavailable"] == [{"service": "loan"}]


def test_one_institution_names_its_branches(client: TestClient) -> None:
    answer = ask(client, PRIDE, "/institutions/city/daia")
    assert answer["institution"]["id"] == f"{HOME}/institutions/city"
    items = answer["document"][0]["item"]
    assert [item.get("department", {}).get("content") for item in items] == [None, "Harbour Branch"]
    assert ask(client, "isbn:9783161484100", "/institutions/city/daia")["document"] == []


def test_every_kind_of_identifier(client: TestClient) -> None:
    work = ask(client, f"urn:isbn:{PRIDE}")["document"][0]["href"]
    for identifier in (
        work,
        "isbn:0-14-143951-3",
        "URN:ISBN:0141439513",
        "oai:city:1",
        "GB-ALDU:u1",
        "gb-aldc:oai:city:1",
    ):
        (document,) = ask(client, identifier)["document"]
        assert (document["href"], document["requested"]) == (work, identifier)
    assert len(ask(client, work)["document"][0]["item"]) == 3
    assert len(ask(client, "oai:city:1")["document"][0]["item"]) == 2
    assert len(ask(client, "GB-ALDU:u1")["document"][0]["item"]) == 1
    for identifier in (f"isbn:{PRIDE}", "oai:city:1", "GB-ALDU:u1", work):  # ids of documents are identifiers too
        (document,) = ask(client, identifier)["document"]
        assert ask(client, document["id"])["document"][0]["item"] == document["item"]
    assert ask(client, f"{work}?near=1,1#")["document"][0]["href"] == work
    assert ask(client, f"{work}#oai:city:2")["document"] == []
    assert ask(client, "issn:2049-3630")["document"][0]["about"] == "The northern tide tables"
    for unknown in ("isbn:9780306406157", "GB-ALDC:u1", f"{HOME}/works/none", "oai:city:999", "isbn:12", "\x00", "%7C"):
        assert ask(client, unknown)["document"] == [], unknown
    both = ask(client, f"{work}|isbn:{PRIDE}|{PRIDE}|{PRIDE}|nothing")["document"]
    assert [one["requested"] for one in both] == [work, f"isbn:{PRIDE}", PRIDE]


def test_a_work_that_moved_is_found_by_its_old_address(client: TestClient, federation: Any) -> None:
    kept, gone = (ask(client, f"isbn:{isbn}")["document"][0]["href"] for isbn in (PRIDE, "9780141439587"))
    with federation.context.database.begin() as connection:
        number = works.known(connection, [gone.rpartition("/")[2]])[gone.rpartition("/")[2]]
        works.retire(connection, [(number, kept.rpartition("/")[2])])
    (document,) = ask(client, gone)["document"]
    assert (document["href"], document["requested"]) == (kept, gone)


def test_states_and_what_is_too_old(client: TestClient, federation: Any) -> None:
    push(
        federation,
        "c-1",
        Availability(service="loan", state="limited"),
        Availability(service="digital", state="available"),
    )
    item = ask(client, "oai:city:1")["document"][0]["item"][0]
    assert item["available"] == [
        {"service": "loan", "limitation": [{"content": "on a condition; ask there"}]},
        {"service": "remote", "delay": "unknown"},
    ]
    push(federation, "c-1", Availability(service="loan", state="expected"))
    item = next(one for one in ask(client, "oai:city:1")["document"][0]["item"] if one.get("label") == "823.7 AUS")
    assert item["unavailable"] == [{"service": "loan", "expected": "unknown"}]
    push(
        federation,
        "c-1",
        Availability(service="loan", state="unknown"),
        Availability(service="digital", state="unknown"),
    )
    item = next(one for one in ask(client, "oai:city:1")["document"][0]["item"] if one.get("label") == "823.7 AUS")
    assert not {"available", "unavailable"} & set(item)

    stale = federation.now.replace(month=12, day=20)
    federation.now = stale
    for item in ask(client, f"isbn:{PRIDE}")["document"][0]["item"]:
        assert not {"available", "unavailable"} & set(item)
        assert "too long ago" in item.get("about", "too long ago")
    extended = ask(client, f"isbn:{PRIDE}", extended="1")["document"][0]["item"]
    unknown = [one for item in extended for one in item["unknown"]]
    assert all(one["confidence"] < 0.1 for one in unknown if "confidence" in one)


def test_digital_copies_have_their_link(client: TestClient) -> None:
    (item,) = ask(client, "isbn:9783161484100")["document"][0]["item"]
    assert item["available"] == [{"service": "remote", "href": "https://ebook.example/3", "delay": "PT0S"}]


def test_our_own_client_reads_it(client: TestClient) -> None:
    def fetch(url: str, params: Any) -> bytes:
        return client.get(url, params=params).content

    found: dict[str, list[LiveItem]] = Daia().ask({"url": "/daia"}, ["oai:city:1", "oai:city:2"], fetch)
    assert {state.state for item in found["oai:city:1"] for state in item.states} == {"available", "expected"}
    assert [item.places[-1] for item in found["oai:city:2"]] == ["Harbour Branch"]


def test_more_than_a_hundred_identifiers_come_in_parts(client: TestClient) -> None:
    ids = [f"oai:city:{n}" for n in range(1, 131)]
    answer = client.get("/daia", params={"id": "|".join(ids), "format": "json", "lang": "zh"})
    assert len(answer.json()["document"]) == 25
    link = answer.headers["link"]
    assert link.startswith(f"<{HOME}/daia?id=oai%3Acity%3A101%7Coai%3Acity%3A102%7C")
    assert link.endswith('%7Coai%3Acity%3A130&format=json&lang=zh>; rel="next"')
    assert "link" not in client.get(link.partition(">")[0].removeprefix(f"<{HOME}")).headers


def test_what_means_many_works_comes_in_parts_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.routes.daia.MOST_WORKS", 2)
    seen, address = [], "/daia?format=json&id=oai:city:1|nothing|oai:city:2|oai:city:3|oai:city:4|oai:city:5"
    while address:
        answer = client.get(address)
        seen.append([one["requested"] for one in answer.json()["document"]])
        address = answer.headers.get("link", "").partition(">")[0].removeprefix(f"<{HOME}")
    assert seen == [["oai:city:1", "oai:city:2"], ["oai:city:3", "oai:city:4"], ["oai:city:5"]]


def test_refusals_are_error_objects(client: TestClient) -> None:
    for query, status, error in (
        ("", 422, "invalid_request"),
        (f"id={PRIDE}", 422, "invalid_request"),
        (f"id={PRIDE}&format=xml", 422, "invalid_request"),
        ("format=json", 422, "invalid_request"),
        ("format=json&id=||", 422, "invalid_request"),
        (f"format=json&id={PRIDE}&callback=show", 422, "invalid_request"),
        (f"format=json&id={'x' * 20001}", 422, "invalid_request"),
        (f"format=json&id={PRIDE}&patron=7", 501, "not_implemented"),
        (f"format=json&id={PRIDE}&patron-type=student", 501, "not_implemented"),
        (f"format=json&id={PRIDE}&access_token=abc", 501, "not_implemented"),
    ):
        for lang in ("en", "zh"):
            answer = client.get(f"/daia?{query}&lang={lang}")
            assert answer.status_code == status, query
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["x-daia-version"] == "1.0.0"
            assert answer.headers["content-language"] == lang
            body = answer.json()
            assert (body["error"], body["code"]) == (error, status)
            assert body["error_description"]
        assert client.get(f"/daia?{query}&suppress_response_codes=1").status_code == 200


def test_other_refusals(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = client.get("/institutions/none/daia", params={"id": PRIDE, "format": "json"})
    assert (unknown.status_code, unknown.json()["error"]) == (404, "invalid_request")

    def away(*_: Any) -> None:
        raise EngineUnavailableError("away")

    monkeypatch.setattr("search_api.routes.daia.works_meant", away)
    answer = client.get("/daia", params={"id": PRIDE, "format": "json"})
    assert (answer.status_code, answer.json()["error"]) == (503, "service_unavailable")
    assert answer.headers["retry-after"]


def test_the_tag_is_that_of_what_is_said(client: TestClient, federation: Any) -> None:
    address = f"/daia?format=json&id=isbn:{PRIDE}"
    first = client.get(address, headers={"Accept-Encoding": "identity"})
    federation.now = federation.now.replace(minute=1)
    later = client.get(address, headers={"Accept-Encoding": "identity"})
    assert later.json()["timestamp"] != first.json()["timestamp"]
    assert later.headers["etag"] == first.headers["etag"]
    assert first.headers["etag"].startswith("W/")  # the bytes differ by the time
    same = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert first.headers["access-control-allow-origin"] == "*"
    head, options = client.head(address), client.options(address)
    assert (head.status_code, head.content) == (200, b"")
    assert (options.status_code, options.headers["access-control-allow-methods"]) == (204, "GET, HEAD, OPTIONS")


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(id_=st.text(min_size=1, max_size=60), lang=st.sampled_from(["en", "zh", "xx", "\r\n"]))
def test_no_identifier_breaks_it(client: TestClient, id_: str, lang: str) -> None:
    for path in ("/daia", "/institutions/city/daia"):
        answer = client.get(path, params={"id": id_, "format": "json", "lang": lang})
        assert answer.status_code == (200 if id_.replace("|", "").strip() else 422)
        if answer.status_code == 200:
            check(answer.json())


def test_bars_need_not_be_escaped(service: str) -> None:
    host, _, port = service.removeprefix("http://").partition(":")
    connection = HTTPConnection(host, int(port), timeout=10)
    connection.putrequest("GET", "/daia?format=json&id=oai:city:1|oai:city:2%7Coai:city:3")
    connection.endheaders()
    answer = connection.getresponse()
    documents = json.loads(answer.read())["document"]
    connection.close()
    assert [one["requested"] for one in documents] == ["oai:city:1", "oai:city:2", "oai:city:3"]


def test_only_a_question_about_one_work_is_passed_on(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def note(_: Any, work: str) -> None:
        asked.append(work)

    monkeypatch.setattr("search_api.routes.daia.ask_live", note)
    (document,) = ask(client, "oai:city:1")["document"]
    assert asked == [document["href"].rpartition("/")[2]]
    ask(client, "oai:city:1|oai:city:2")
    assert len(asked) == 1


HOSTILE = st.text(max_size=20) | st.sampled_from(
    ["</script>", "]]>", "a\x00b", "{}", "\r\nER  -", 'https://x.example/a b"<>']
)


@settings(max_examples=60, deadline=None, database=None)
@given(
    text=HOSTILE,
    states=st.dictionaries(st.sampled_from(SERVICES), st.sampled_from(STATES)),
    age_h=st.integers(-10, 400),
    owner=st.sampled_from(["", "here"]),
    known=st.booleans(),
    lang=st.sampled_from(["en", "zh"]),
)
def test_no_copy_breaks_it(text: str, states: Any, age_h: int, owner: str, known: bool, lang: str) -> None:
    now = datetime(2026, 11, 24, 10, tzinfo=UTC)
    services = [
        Availability(service=service, state=state, checked_at=now - timedelta(hours=age_h), due=text)
        for service, state in states.items()
    ]
    best = Best(
        institution_id="here" if known else None, institution=text, branch=text, location=text, call_number=text
    )
    link = f"https://x.example/{text}"
    copy = HoldingView(best=best, score=1, signals={}, services=services, edition="", source="s", record="r",
                       status=text, url=link if known else text)  # fmt: skip
    blank = {name: [] for name in WorkView.__struct_fields__} | dict.fromkeys(
        ("part", "publisher", "publication_place", "date", "type", "extent", "description", "thumbnail", "unit_id"), ""
    )
    counts = {"number": 1, "year": None, "host": None, "holdings_count": 1, "institutions_count": 1}
    work = WorkView(**blank | counts | {"id": "w1", "title": text, "holdings": [copy]})
    frame = Frame(base=HOME, moment=now, lang=lang)
    asked = [Requested(identifier=f"x:{text}", work=work, holdings=[copy])]
    body = json.loads(msgspec.json.encode(answer(asked, Owner(id=owner, name="Here"), frame)))
    check(body)
    (item,) = body["document"][0].get("item", [{}])
    said = [one["service"] for one in [*item.get("available", []), *item.get("unavailable", [])]]
    assert len(said) == sum(state != "unknown" and age_h <= 168 for state in states.values())
    (feature,) = json.loads(holdings(work, frame))["features"]
    assert feature["geometry"] is None
