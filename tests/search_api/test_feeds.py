"""Atom, OpenSearch and OpenURL: what programs subscribe to, learn from and are led by; read by parsers of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import feedparser
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from search_api.app import create_app

HOME = "https://lampway.example"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
PRIDE = "9780141439518"
LOCAL = ("127.0.0.1", 50000)
"""Loopback is not limited."""


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), client=LOCAL, raise_server_exceptions=False) as client:
        yield client


def feed(client: TestClient, address: str, **params: str) -> Any:
    answer = client.get(address.removeprefix(HOME), params=params or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml"
    found = feedparser.parse(answer.content)
    assert found.bozo is False
    assert found.version == "atom10"
    return found


def work_of(client: TestClient, q: str) -> str:
    return str(client.get("/api/search", params={"q": q}).json()["hits"][0]["id"])


def test_a_search_as_a_feed(client: TestClient) -> None:
    found = feed(client, "/search.atom", q="pride prejudice", near="54.97,-1.61", lang="en")
    first, head = found.entries[0], found.feed
    work = work_of(client, "pride prejudice")
    assert (first.id, first.link, first.title) == (
        f"{HOME}/works/{work}",
        f"{HOME}/works/{work}",
        "Pride and prejudice",
    )
    assert first.author == "Austen, Jane, 1775-1817"
    assert "available for loan" in first.summary
    assert first.summary.endswith(" · 1813")
    assert first.where["coordinates"] == (-1.61, 54.974)
    assert first.dc_identifier == f"urn:ISBN:{PRIDE}"
    assert head.title == "Lampway: pride prejudice"
    assert head.updated == max(entry.updated for entry in found.entries)
    assert head.opensearch_totalresults == "1"
    links = {link.rel: link.href for link in head.links}
    assert links["self"] == f"{HOME}/search.atom?q=pride+prejudice&near=54.97%2C-1.61&lang=en"
    assert links["alternate"] == f"{HOME}/search?q=pride+prejudice"
    assert "next" not in links
    assert feed(client, "/search.atom", q="emma", colour="red").feed.subtitle.startswith("'colour'")
    assert feed(client, "/search.atom", q="zzzz", lang="zh").entries == []


def test_a_feed_goes_on(client: TestClient) -> None:
    address, seen, starts = "/search.atom?q=harbour&limit=10", [], []
    while address:
        found = feed(client, address)
        seen += [entry.id for entry in found.entries]
        starts.append(found.feed.opensearch_startindex)
        address = next((link.href for link in found.feed.links if link.rel == "next"), "")
    assert len(seen) == len(set(seen)) == int(found.feed.opensearch_totalresults)
    assert starts == ["1", "11", "21"]


def test_hostile_titles_in_a_feed(client: TestClient) -> None:
    (entry,) = feed(client, "/search.atom", q="hostile").entries
    assert entry.title_detail.value == '</script><b>"Hostile" & {braces} %s]]>'
    assert entry.title_detail.type == "text/plain"


def test_an_entry_is_dated_by_its_last_change(client: TestClient) -> None:
    tag = client.get("/search.atom?q=emma").headers["etag"]
    assert client.get("/search.atom?q=emma", headers={"If-None-Match": tag}).status_code == 304
    (entry,) = feed(client, "/search.atom", q="emma").entries
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.updated)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_descriptions(client: TestClient, lang: str) -> None:
    for path in ("/opensearch.xml", "/opensearch-geo.xml"):
        answer = client.get(path, params={"lang": lang})
        assert answer.headers["content-type"] == "application/opensearchdescription+xml"
        root = etree.fromstring(answer.content)
        assert 0 < len(root.findtext(f"{OPENSEARCH}ShortName")) <= 16
        assert 0 < len(root.findtext(f"{OPENSEARCH}LongName")) <= 48
        assert 0 < len(root.findtext(f"{OPENSEARCH}Description")) <= 1024
        for url in root.iterfind(f"{OPENSEARCH}Url"):
            address = fill(url.get("template"))
            assert address.startswith(HOME)
            reached = client.get(address.removeprefix(HOME), headers={"Accept": url.get("type")})
            assert reached.status_code == 200, reached.text
            assert reached.headers["content-type"].partition(";")[0] == url.get("type")
    assert "geo" not in client.get("/opensearch.xml").text


def fill(template: str) -> str:
    """A template with the values that a client knows; what it does not is left out."""
    values = {"searchTerms": "harbour", "geo:lat": "54.97", "geo:lon": "-1.61", "geo:name": "Aldport", "count": "5"}
    return re.sub(r"{([\w:]+)(\??)}", lambda found: values.get(found[1], "" if found[2] else "MISSING"), template)


def test_results_for_its_parameters(client: TestClient) -> None:
    second = feed(client, "/opensearch/results", q="harbour", count="10", startIndex="11")
    assert (second.feed.opensearch_startindex, len(second.entries)) == ("11", 10)
    first = feed(client, "/opensearch/results", q="harbour", count="10")
    assert not {entry.id for entry in first.entries} & {entry.id for entry in second.entries}
    near = feed(client, "/opensearch/results", q="letters", lat="54.97", lon="-1.61", radius="5000")
    assert near.entries == []
    assert len(feed(client, "/opensearch/results", q="letters", name="Kelmouth", radius="5000").entries) == 1
    following = next(link.href for link in first.feed.links if link.rel == "next")
    assert len(feed(client, following).entries) == 10
    for query, parameter in (
        ("q=a&lat=91&lon=0", "lat"), ("q=a&name=Nowhere", "lat"), ("q=a&radius=x", "radius"),
        ("q=a&radius=5", "radius"),        ("q=a&startIndex=0", "startIndex"),
        ("q=a&count=x", "count"), (f"q={'x' * 501}", "q"), ("cursor=x", "cursor"),
    ):  # fmt: skip
        refused = client.get(f"/opensearch/results?{query}")
        assert (refused.status_code, refused.json()["parameter"]) == (400, parameter), query


def test_suggestions(client: TestClient) -> None:
    answer = client.get("/opensearch/suggestions?q=prid")
    typed, texts, about, addresses = answer.json()
    assert answer.headers["content-type"] == "application/x-suggestions+json"
    assert (typed, texts) == ("prid", ["pride", "Pride and prejudice"])
    assert about == ["1 work", "Austen, Jane, 1775-1817"]
    assert addresses == [f"{HOME}/search?q=pride", f"{HOME}/works/{work_of(client, 'pride')}"]
    assert client.get("/opensearch/suggestions").json() == ["", [], [], []]


def led(client: TestClient, query: str) -> str:
    answer = client.get(f"/openurl?{query}", follow_redirects=False)
    assert answer.status_code == 302, answer.text
    location = str(answer.headers["location"])
    assert location.startswith(HOME)
    return location.removeprefix(HOME)


def test_citations_lead_to_works(client: TestClient) -> None:
    work = f"/works/{work_of(client, 'pride')}"
    for query in (
        "url_ver=Z39.88-2004&rft_val_fmt=info:ofi/fmt:kev:mtx:book&rft.isbn=0-14-143951-3&rft.btitle=Something",
        f"isbn={PRIDE}", f"rft_id=urn:ISBN:{PRIDE}", f"rft.isbn=123&rft.isbn={PRIDE}",
        "rft.btitle=Pride+and+prejudice&rft.aulast=Austen", "title=Pride+and+Prejudice",
        "rft.isbn=1&title=pride+and+prejudice",
    ):  # fmt: skip
        assert led(client, query) == work, query
    assert led(client, f"isbn={PRIDE}&near=54.97,-1.61&lang=zh") == f"{work}?near=54.97%2C-1.61&lang=zh"
    assert (
        led(client, "rft.issn=2049-3630") == led(client, "rft_id=urn:ISSN:2049-3630") == led(client, "eissn=20493630")
    )
    assert led(client, "rft.btitle=Harbour+stories&rft.au=Nobody") == "/search?q=Harbour+stories+Nobody"
    assert led(client, "rft.isbn=9780306406157") == "/search?q=9780306406157"
    assert led(client, "rft_id=info:doi/10.1000/182") == "/search?q=10.1000%2F182"
    assert led(client, "rft.au=Austen") == "/search?q=Austen"
    assert client.get("/openurl?isbn=" + PRIDE).status_code == 200  # the page is there


def test_citations_that_say_nothing(client: TestClient) -> None:
    for query, parameter in (
        ("", "rft.isbn"), ("url_ver=Z39.88-2004", "rft.isbn"), ("rft.isbn=9780141439519", "rft.isbn"),
        ("issn=1234-5678", "issn"), ("rft_id=http://example.org/1", "rft.isbn"), ("title=x&near=91,0", "near"),
    ):  # fmt: skip
        refused = client.get(f"/openurl?{query}", follow_redirects=False)
        assert (refused.status_code, refused.json()["parameter"]) == (400, parameter), query


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    key=st.sampled_from(["rft.isbn", "rft.issn", "rft.btitle", "rft.au", "rft_id", "q", "lat", "startIndex", "near"]),
    value=st.text(max_size=40) | st.sampled_from(["\r\nX: y", "urn:ISBN:", "info:doi/", "</title>]]>", "%00", '"']),
)
def test_nothing_breaks_them(client: TestClient, key: str, value: str) -> None:
    for path in ("/openurl", "/opensearch/results", "/opensearch/suggestions", "/search.atom"):
        answer = client.get(path, params={key: value}, follow_redirects=False)
        assert answer.status_code in (200, 302, 400), answer.text
        assert "\n" not in answer.headers.get("location", "")


def test_whole_addresses_need_the_address_of_the_service(client: TestClient, federation: Any) -> None:
    federation.context.settings = federation.settings.model_copy(update={"public_url": ""})
    for path in ("/opensearch.xml", "/opensearch-geo.xml", "/opensearch/suggestions?q=a", "/ogc", "/ogc/collections"):
        refused = client.get(path)
        assert (refused.status_code, "LAMPWAY_PUBLIC_URL" in refused.json()["detail"]) == (503, True), path
    refused = client.get(f"/daia?format=json&id={PRIDE}")
    assert (refused.status_code, "LAMPWAY_PUBLIC_URL" in refused.json()["error_description"]) == (503, True)
    assert "info:srw/diagnostic/1/2<" in client.get("/sru?query=a").text
