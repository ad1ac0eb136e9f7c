"""Addresses that others make: /isbn/…, /issn/…, unAPI; and what pages offer to reference managers."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pymarc
import pytest
import rispy
from coins_parser import CoinsParser
from fastapi.testclient import TestClient
from lxml import etree

from search_api.app import create_app

PAGE = {"Accept": "text/html"}


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    app = create_app(federation.context)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def work(client: TestClient) -> str:
    return str(client.get("/api/search?q=pride").json()["hits"][0]["id"])


@pytest.mark.parametrize(
    "text", ["9780141439518", "978-0-14-143951-8", "0141439513", "0-14-143951-3", "isbn:9780141439518"]
)
def test_an_isbn_leads_to_its_work(client: TestClient, work: str, text: str) -> None:
    found = client.get(f"/isbn/{text}?near=54.97,-1.61&lang=zh")
    assert found.status_code == 302
    assert found.headers["location"] == f"https://lampway.example/works/{work}?near=54.97,-1.61&lang=zh"
    assert client.head(f"/isbn/{text}").headers["location"] == f"https://lampway.example/works/{work}"
    assert client.options(f"/isbn/{text}").status_code == 204


def test_an_issn_leads_to_its_serial(client: TestClient) -> None:
    serial = client.get("/api/search?type=serial").json()["hits"]
    (number,) = {issn for hit in serial for issn in client.get(f"/api/works/{hit['id']}").json()["issns"]} or {""}
    assert client.get(f"/issn/{number}").status_code == 302
    assert client.get(f"/issn/{number.replace('-', '')}").status_code == 302


def test_a_wrong_digit_is_named(client: TestClient) -> None:
    wrong = client.get("/isbn/978-0-14-143951-9")
    assert wrong.status_code == 400
    assert wrong.json()["parameter"] == "isbn"
    assert "is 9, but the others call for 8" in wrong.json()["detail"]
    assert client.get("/issn/0378-5956").json()["parameter"] == "issn"
    page = client.get("/isbn/978-0-14-143951-9?lang=zh", headers=PAGE)
    assert page.status_code == 400
    assert "按其余各位计算应为 8" in page.text
    assert "call for 8" in client.get("/api/nearby?isbn=9780141439519").json()["detail"]


def test_an_unknown_number_offers_a_search(client: TestClient) -> None:
    assert client.get("/isbn/9780306406157").json()["status"] == 404
    page = client.get("/isbn/9780306406157", headers=PAGE)
    assert page.status_code == 404
    assert 'href="/search?q=9780306406157"' in page.text
    assert client.get("/issn/0378-5955", headers=PAGE).status_code in (302, 404)


def test_unapi(client: TestClient, work: str) -> None:
    page = client.get(f"/works/{work}").text
    assert '<link rel="unapi-server" type="application/xml" title="unAPI" href="/unapi">' in page
    (id_,) = re.findall(r'<abbr class="unapi-id" title="([^"]+)"', page)
    listed = client.get("/unapi")
    assert (listed.status_code, listed.headers["content-type"]) == (200, "application/xml")
    offered = client.get("/unapi", params={"id": id_})
    assert offered.status_code == 300
    formats = etree.fromstring(offered.content)
    assert formats.get("id") == id_
    names = [element.get("name") for element in formats]
    assert {"mods", "ris"} <= set(names)
    for element in formats:
        got = client.get("/unapi", params={"id": id_, "format": element.get("name")})
        assert got.status_code == 200
        assert got.headers["content-type"].partition(";")[0] == element.get("type")
        assert "Pride and prejudice" in got.text
    assert client.get("/unapi", params={"id": work, "format": "ris"}).status_code == 200
    assert client.get("/unapi?id=nothing").status_code == 404
    assert client.get("/unapi?id=nothing&format=ris").status_code == 404
    assert client.get("/unapi", params={"id": id_, "format": "pdf"}).status_code == 406
    for hostile in ("\x00", "'; drop", "x" * 499, "urn:isbn:", "://"):
        assert client.get("/unapi", params={"id": hostile}).status_code == 404


def test_results_carry_coins_and_downloads(client: TestClient) -> None:
    page = client.get("/search?q=pride&near=54.97,-1.61&cursor=").text
    spans = [dict(span) for span in CoinsParser.parse(page)]
    hits = client.get("/api/search?q=pride&near=54.97,-1.61").json()["hits"]
    assert [span["rft_id"] for span in spans] == [f"https://lampway.example/works/{hit['id']}" for hit in hits]
    assert spans[0]["rft.btitle"] == "Pride and prejudice"
    links = re.findall(r'<a href="([^"]+)"[^>]*download>', page)
    assert len(links) == 6
    for link in map(html.unescape, links):
        got = client.get(link)
        assert got.status_code == 200
        assert got.headers["content-disposition"].startswith("attachment; filename=")
    assert re.findall(
        r'<link rel="alternate" type="application/x-research-info-systems" href="/search\.ris\?q=pride', page
    )
    assert CoinsParser.parse(client.get("/search?q=zzzzzz").text) == []


def test_all_results_in_one_file(client: TestClient) -> None:
    total = client.get("/api/search").json()["total"]
    entries = rispy.loads(client.get("/search.ris").text.replace("\r\n", "\n"))
    assert len(entries) == total > 20
    some = client.get("/api/search.ris?limit=3")
    assert len(rispy.loads(some.text.replace("\r\n", "\n"))) == 3
    link = re.search(r'<(https://lampway\.example[^>]+)>; rel="next"', some.headers["link"])
    assert link
    following = client.get(link[1].removeprefix("https://lampway.example"))
    more = rispy.loads(following.text.replace("\r\n", "\n"))
    assert {entry["id"] for entry in more}.isdisjoint(entry["id"] for entry in entries[:3])
    records = pymarc.parse_xml_to_array(io.BytesIO(client.get("/search.marcxml?limit=5").content))
    assert all(record["245"] for record in records)
    assert len(records) == 5


HOSTILE = [
    "\x00",
    "%2e%2e",
    "</script>",
    "\u202e",
    "𝟗𝟕𝟖",
    "१२३४५६७८९०",
    "X" * 600,
    "97801414395181",
    "-",
    " ",
    "\r\nSet-Cookie: a=b",
    "?",
    "#",
]


ADDRESSES = [
    "/isbn/{}", "/issn/{}", "/works/{}.ris", "/works/{}.jsonld", "/institutions/{}.jsonld", "/search.bib?q={}",
    "/unapi?id={}", "/unapi?id=isbn:9780141439518&format={}", "/works/{}", "/api/works/x?near={}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_an_address(client: TestClient, text: str) -> None:
    for address in ADDRESSES:
        for headers in ({}, PAGE):
            answer = client.get(address.format(quote(text, safe="")), headers=headers)
            assert answer.status_code < 500, (address, answer.text[:300])
            assert "set-cookie" not in answer.headers
    header = text.encode().replace(b"\r\n", b" ")
    assert client.get("/search", headers={"Accept": header}).status_code in (200, 406)
