"""What a source wants shown here only stands on the pages, and in nothing that is given to others: every format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from fastapi.testclient import TestClient
from lxml import etree

from search_api.app import create_app
from search_api.renderers import FORMATS, formats_of
from search_api.renderers.addresses import PATHS, PREFIXES
from search_api.renderers.sru import SCHEMAS
from search_api.routes.unapi import NAMES
from store import records, sources, works

OWN = "Zauberwort"
"""Stands in every text of the withheld record, and in no other one."""
LOCAL = ("127.0.0.1", 50000)


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), client=LOCAL, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def mixed(federation: Any) -> str:
    """A work that several sources describe; the source of one record shows it here only, and its words lead."""
    return withhold(federation, lambda behind: len(behind) > 1)


@pytest.fixture
def alone(federation: Any) -> str:
    """A work that only a source that shows it here only describes."""
    return withhold(federation, lambda behind: len(behind) == 1)


def withhold(federation: Any, fits: Any, among: Any = None) -> str:
    with federation.context.database.begin() as connection:
        for work in [work for page in works.iterate(connection) for work in page]:
            ids = [row for edition in work.editions for row in edition.record_ids]
            behind = records.with_sources(connection, ids)
            if (among is None or work.id in among) and fits({source.id for source, _ in behind.values()}):
                break
        else:
            raise AssertionError("the federation has no such work")
        row = min(behind)
        source, record = behind[row]
        source.licence = "none"
        number = sources.add(connection, source)
        for described in (work, record):
            for name in ("title", "publisher", "publication_place", "description", "extent"):
                setattr(described, name, f"{OWN} {getattr(described, name)}")
            described.subjects = [*described.subjects, OWN]
        record.holdings = [msgspec.structs.replace(one, call_number=OWN, location=OWN) for one in record.holdings]
        records.upsert(connection, number, [(row, record)])
        works.replace(connection, [work])
    return str(work.id)


def ways_out(work: str) -> Iterator[str]:
    """Every address at which others get a description of a work."""
    for subject in ("work", "holdings", "results"):
        for form in formats_of(subject).values():
            for prefix in PREFIXES if subject != "holdings" else ["/api"]:
                yield f"{prefix}{PATHS[subject].replace('{id}', work)}.{form.suffix}"
    for version in ("1.2", "2.0"):
        for schema in SCHEMAS:
            yield f"/sru?version={version}&query=cql.allRecords=1&maximumRecords=100&recordSchema={schema}"
    yield "/ogc/collections/works/items?limit=100"
    yield f"/ogc/collections/works/items?ids={work}"
    yield f"/ogc/collections/works/items/{work}"
    yield "/opensearch/results"
    yield f"/oembed?url={quote(f'https://lampway.example/works/{work}', safe='')}"
    yield from (f"/unapi?id={work}&format={name}" for name in NAMES)


def test_every_format_is_among_the_ways_out() -> None:
    ways = [way.partition("?")[0] for way in ways_out("x")]
    told = {name for name, form in FORMATS.items() if form.work or form.holdings or form.results}
    assert all(any(way.endswith(f".{FORMATS[name].suffix}") for way in ways) for name in told)
    assert told == FORMATS.keys()


def test_words_of_who_shows_them_here_only_leave_by_no_format(client: TestClient, mixed: str) -> None:
    page = client.get(f"/works/{mixed}", headers={"Accept": "text/html"})
    head, _, body = page.text.partition("<body>")
    assert OWN in body  # here they are shown
    assert OWN not in re.sub("<title>.*</title>", "", head)
    assert "The files say what the others say of it" in body
    for way in ways_out(mixed):
        answer = client.get(way)
        assert answer.status_code == 200, (way, answer.text)
        assert OWN not in answer.text, way
        if mixed in way:
            assert answer.text.strip(), way
    assert client.get(f"/api/works/{mixed}").json()["withheld"] is True


def test_what_only_they_describe_leaves_by_no_format_at_all(client: TestClient, alone: str) -> None:
    page = client.get(f"/works/{alone}", headers={"Accept": "text/html"})
    head, _, body = page.text.partition("<body>")
    assert OWN in body
    assert OWN not in re.sub("<title>.*</title>", "", head)
    assert "no files of it" in body
    assert "download>" not in body
    for way in ways_out(alone):
        answer = client.get(way)
        named = alone in way and "ids=" not in way
        assert answer.status_code == (404 if named else 200), (way, answer.text)
        assert OWN not in answer.text, way


def test_positions_of_sru_stay_right(client: TestClient, alone: str) -> None:
    whole = etree.fromstring(client.get("/sru?query=cql.allRecords=1&maximumRecords=100").content)
    every = {"s": "http://www.loc.gov/zing/srw/", "d": "http://www.loc.gov/zing/srw/diagnostic/"}
    positions = [node.text for node in whole.iterfind(".//s:recordPosition", every)]
    assert positions == [str(n) for n in range(1, len(positions) + 1)]
    assert whole.findtext("s:numberOfRecords", None, every) == positions[-1]
    refused = whole.findall(".//s:recordData/d:diagnostic", every)
    assert refused
    assert {one.findtext("d:uri", None, every) for one in refused} == {"info:srw/diagnostic/1/68"}


def test_reference_managers_get_no_words_of_theirs(client: TestClient, mixed: str) -> None:
    page = client.get("/search?limit=100", headers={"Accept": "text/html"}).text
    coins = dict(re.findall(r'class="Z3988" title="([^"]*?works%2F([^"&]+))"', page, re.DOTALL))
    assert OWN in re.sub('class="Z3988" title="[^"]*"', "", page)
    assert mixed in coins.values()
    assert not any(OWN in text for text in coins)


def test_reference_managers_get_nothing_of_what_only_they_describe(client: TestClient, alone: str) -> None:
    page = client.get("/search?limit=100", headers={"Accept": "text/html"}).text
    coins = re.findall(r'class="Z3988" title="([^"]*)"', page)
    assert f"/works/{alone}" in page
    assert coins
    assert not any(OWN in text or alone in text for text in coins)


def elsewhere(client: TestClient, work: str) -> Iterator[tuple[str, Any]]:
    """What pages elsewhere are told of where a work is."""
    named = {"id": f"https://lampway.example/works/{work}", "format": "json"}
    yield "daia", client.get("/daia", params=named).json()["document"]
    yield "cards", client.get("/api/nearby/cards", params={"want": f"work:{work}"}).json()["cards"][0]
    yield "frame", client.get("/embed/nearby", params={"work": work}).text


def test_pages_elsewhere_are_told_of_the_copies_of_the_others(client: TestClient, mixed: str) -> None:
    for way, told in elsewhere(client, mixed):
        assert OWN not in str(told), way
        assert len(told) if way == "daia" else "places" in told if way == "cards" else "<li>" in told, way


def test_pages_elsewhere_are_told_of_no_copy_that_only_they_name(client: TestClient, alone: str) -> None:
    told = dict(elsewhere(client, alone))
    assert told["daia"] == []
    assert told["cards"]["matched"] is False
    assert told["cards"]["places"] == []
    assert "<li>" not in told["frame"]
    assert not any(OWN in str(one) for one in told.values())


def test_what_is_asked_for_by_number_is_told_by_the_others_only(client: TestClient, federation: Any) -> None:
    with federation.context.database.connect() as connection:
        numbered = {work.id: work.isbns for page in works.iterate(connection) for work in page if work.isbns}
    work = withhold(federation, lambda behind: len(behind) == 1, numbered)
    isbn = numbered[work][0]
    assert client.get("/api/nearby", params={"isbn": isbn}).json()["matched"] is False
    assert client.get("/daia", params={"id": isbn, "format": "json"}).json()["document"] == []
    to = client.get("/openurl", params={"rft.isbn": isbn}, follow_redirects=False).headers["Location"]
    assert to.endswith(f"/works/{work}")  # our own page
