"""SRU: what every query means, every refusal, and an independent client (sruthi) over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import sruthi
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from indexer.engines.base import EngineUnavailableError
from schemas.query import SearchRequest
from search_api.app import create_app
from search_api.cql import request_of
from search_api.problems import DiagnosticError
from search_api.renderers.sru import _MESSAGES as MESSAGES

LOCAL = ("127.0.0.1", 50000)
"""Loopback is not limited."""
PLAIN = SearchRequest(at=datetime(2026, 11, 23, 10, tzinfo=UTC))
NS = {
    "s": "http://www.loc.gov/zing/srw/",
    "d": "http://www.loc.gov/zing/srw/diagnostic/",
    "z": "http://explain.z3950.org/dtd/2.0/",
}


@pytest.fixture
def client(federation: Any) -> Iterator[TestClient]:
    with TestClient(create_app(federation.context), client=LOCAL, raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, query: str | None = None, **more: str) -> Any:
    params = {"operation": "searchRetrieve", "version": "1.2", **({} if query is None else {"query": query}), **more}
    answer = client.get("/sru", params={name: value for name, value in params.items() if value})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    return etree.fromstring(answer.content)


def one(root: Any, path: str) -> str:
    return root.findtext(path, namespaces=NS) or ""


def diagnostic(root: Any) -> int:
    uri = one(root, "s:diagnostics/d:diagnostic/d:uri")
    assert uri.startswith("info:srw/diagnostic/1/")
    assert one(root, "s:diagnostics/d:diagnostic/d:message") == MESSAGES[int(uri.rpartition("/")[2])]
    return int(uri.rpartition("/")[2])


def titles(root: Any) -> list[str]:
    return [node.text for node in root.iterfind(".//{http://purl.org/dc/elements/1.1/}title")]


@pytest.mark.parametrize(
    ("query", "q"),
    [
        ("harbour", "harbour"),
        ('"harbour stories"', "harbour stories"),
        ("harbour and stories", "harbour stories"),
        ("dc.title=emma AND dc.creator=austen", "title:emma creator:austen"),
        ("dc.title all \"pride prejudice\"", "title:pride title:prejudice"),
        ('bath.title adj "pride and prejudice"', 'title:"pride and prejudice"'),
        ('cql.anywhere adj "a b"', '"a b"'),
        ("subject any harbours", "subject:harbours"),
        ("title=harb*", "title:harb*"),
        ('title="tide* tables"', "title:tide* title:tables"),
        (r"title=what\?", "title:what?"),
        ('"title:emma"', "title emma"),
        (r'"say \"no\""', "say no"),
        ("isbn=0-14-143951-3", "isbn:9780141439518"),
        ("bath.issn exact 2049-3630", "isbn:20493630"),
        ("dc.identifier=\"urn:isbn:9780141439518\"", "isbn:9780141439518"),
        ("(((harbour)))", "harbour"),
        ('> dc="info:srw/cql-context-set/1/dc-v1.1" dc.title=emma', "title:emma"),
        ("cql.allRecords=1", ""),
        ("红楼梦", "红楼梦"),
    ],
)  # fmt: skip
def test_queries_that_our_search_can_ask(query: str, q: str) -> None:
    assert request_of(query, PLAIN).q == q


def test_filters_and_orders() -> None:
    found = request_of(
        "dc.date>=1800 and year<1850 and type=book and language=eng sortBy dc.date/sort.descending", PLAIN
    )
    assert (found.year_from, found.year_to, found.type, found.language) == (1800, 1849, ("book",), ("en",))
    assert (found.sort, found.q) == ("newest", "")
    assert request_of('year within "1900 1800" and year>1850 sortBy title', PLAIN).year_from == 1851
    assert request_of("year=-44 sortBy dc.date", PLAIN).year_to == -44


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("a and", 10), ("(a", 10), ("a)", 10), ('"abc', 10), ("= x", 10), ("()", 10), ("a=b=c", 10), ("()()", 10),
        ("x" * 2001, 12), (" and ".join("a" * 40) + " and " + "b" * 480, 12), ("(" * 60 + "a" + ")" * 60, 13),
        ("foo.title=a", 15), ('> x="info:other" x.title=a', 15), ("dc.publisher=a", 16), ("colour=red", 16),
        ("type=book and type=map", 18), ("language=en and language=fr", 18), ("title encloses a", 19),
        ('title any "a b"', 19), ("year<>1900", 19), ("title=/fuzzy a", 20), ('title == "emma"', 22), ("title<a", 22),
        ('""', 27), ("*", 28), ("har*our", 28), ("h?rbour", 28), ('title adj "harb* x"', 28), ("^emma", 31),
        ("year=then", 36), ('year within "1900"', 36), ("isbn=123", 36), ("isbn=9780141439519", 36), ("type=thing", 36),
        ("language=xyzzyq", 36), ("title=...", 36), ("dc.identifier=abc", 36), ("a or b", 37), ("a not b", 37),
        (" and ".join("a" * 51), 38), ("a prox b", 39), ("a and/rel.sum b", 46), ("a sortBy creator", 80),
        ("a sortBy title/sort.descending", 82), ("a sortBy title date", 84),
    ],
)  # fmt: skip
def test_queries_that_it_cannot(query: str, number: int) -> None:
    with pytest.raises(DiagnosticError) as refused:
        request_of(query, PLAIN)
    assert refused.value.number == number
    assert number in MESSAGES


def test_every_refusal_is_a_diagnostic(client: TestClient) -> None:
    for params, number in (
        ({"query": "a or b"}, 37), ({"query": "(" * 60}, 13), ({"query": "x" * 2001}, 12), ({"query": "a="}, 10),
        ({"operation": "scan"}, 4), ({"version": "3.0"}, 5),
        ({"version": "2.0", "queryType": "lucene"}, 6), ({"startRecord": "0"}, 6), ({"maximumRecords": "x"}, 6),
        ({"maximumRecords": "9" * 12}, 6), ({"query": ""}, 7), ({"callback": "f"}, 8), ({"near": "1,2"}, 8),
        ({"startRecord": "999"}, 61), ({"startRecord": "99999999"}, 61), ({"recordSchema": "isohold"}, 66),
        ({"recordPacking": "json"}, 71), ({"recordXPath": "/a"}, 72), ({"sortKeys": "date"}, 80),
        ({"stylesheet": "x.xsl"}, 110),
    ):  # fmt: skip
        assert diagnostic(ask(client, **{"query": "harbour", **params})) == number, params


def test_records_page_by_page(client: TestClient) -> None:
    first = ask(client, "harbour and stories", maximumRecords="7")
    total = int(one(first, "s:numberOfRecords"))
    assert (one(first, "s:version"), one(first, "s:nextRecordPosition"), total) == ("1.2", "8", 20)
    found = titles(first)
    for start in (8, 15):
        page = ask(client, "harbour and stories", maximumRecords="7", startRecord=str(start))
        assert one(page, "s:records/s:record/s:recordPosition") == str(start)
        found += titles(page)
    assert one(page, "s:nextRecordPosition") == ""
    assert len(found) == len(set(found)) == total
    counted = ask(client, "harbour and stories", maximumRecords="0")
    assert (one(counted, "s:numberOfRecords"), titles(counted)) == ("20", [])
    assert len(titles(ask(client, "cql.allRecords=1", maximumRecords="1000"))) > 20
    assert one(ask(client, "year=1813", version="1.1"), "s:version") == "1.1"


def test_what_must_match_must_match(client: TestClient) -> None:
    for query in (
        "harbour and zebra", "title=harbour and creator=austen", "title=dickens", "year>2000 and year<1900",
        "prejudce", '"pride and predujice"', "title=prejudce",
    ):  # fmt: skip
        assert one(ask(client, query), "s:numberOfRecords") == "0", query
    assert titles(ask(client, "title=emma and creator=austen")) == ["Emma"]
    assert titles(ask(client, "isbn=9780141439587 and title=emma")) == ["Emma"]
    assert titles(ask(client, "issn=2049-3630")) == ["The northern tide tables"]
    assert titles(ask(client, "类型=x")) == []
    assert set(titles(ask(client, "红楼梦"))) >= {"红楼梦"}


def test_schemas_and_packings(client: TestClient) -> None:
    for schema, root in (
        ("dc", "{info:srw/schema/1/dc-schema}dc"),
        ("info:srw/schema/1/dc-v1.1", "{info:srw/schema/1/dc-schema}dc"),
        ("mods", "{http://www.loc.gov/mods/v3}mods"),
        ("marcxml", "{http://www.loc.gov/MARC21/slim}record"),
    ):
        data = ask(client, "emma", recordSchema=schema).find(".//s:recordData", NS)
        assert [child.tag for child in data] == [root]
        packed = ask(client, "emma", recordSchema=schema, recordPacking="string").find(".//s:recordData", NS)
        assert etree.fromstring(packed.text).tag == root


def test_version_2(client: TestClient) -> None:
    new = {
        "s": "http://docs.oasis-open.org/ns/search-ws/sruResponse",
        "d": "http://docs.oasis-open.org/ns/search-ws/diagnostic",
    }
    for params in ({"version": "2.0"}, {"recordXMLEscaping": "xml"}, {"queryType": "cql", "recordPacking": "packed"}):
        root = etree.fromstring(
            client.get("/sru", params={"query": "title=harbour", "maximumRecords": "5", **params}).content
        )
        assert root.tag == f"{{{new['s']}}}searchRetrieveResponse"
        assert root.findtext("s:version", namespaces=new) == "2.0"
        assert root.findtext("s:numberOfRecords", namespaces=new) == "24"
        assert root.findtext(".//s:recordXMLEscaping", namespaces=new) == "xml"
        assert len(root.findall(".//{info:srw/schema/1/dc-schema}dc")) == 5
    text = client.get("/sru", params={"query": "emma", "version": "2.0", "recordXMLEscaping": "string"}).content
    assert etree.fromstring(etree.fromstring(text).findtext(".//s:recordData", namespaces=new)) is not None
    refused = etree.fromstring(client.get("/sru", params={"query": "a or b", "version": "2.0"}).content)
    assert refused.findtext("s:diagnostics/d:diagnostic/d:uri", namespaces=new) == "info:srw/diagnostic/1/37"


def test_hostile_titles_stay_titles(client: TestClient) -> None:
    for schema in ("dc", "mods", "marcxml"):
        root = ask(client, "hostile", recordSchema=schema)
        assert '</script><b>"Hostile" & {braces} %s]]>' in "".join(root.itertext())


def test_explain(client: TestClient) -> None:
    for params in ({}, {"operation": "explain", "version": "1.1"}):
        root = etree.fromstring(client.get("/sru", params=params).content)
        assert root.tag == f"{{{NS['s']}}}explainResponse"
        assert one(root, ".//z:serverInfo/z:host") == "lampway.example"
        assert one(root, ".//z:serverInfo/z:port") == "443"
        assert one(root, ".//z:serverInfo/z:database") == "sru"
    for name in root.iterfind(".//z:map/z:name", NS):
        query = {"date": "1813", "type": "book", "language": "en", "isbn": "9780141439518", "issn": "2049-3630",
                 "identifier": "9780141439518"}.get(name.text, "a")  # fmt: skip
        assert not ask(client, f"{name.get('set')}.{name.text}={query}").findall("s:diagnostics", NS)


def test_away_is_a_diagnostic_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise EngineUnavailableError("away")

    monkeypatch.setattr("search_api.routes.sru.results_of", away)
    assert diagnostic(ask(client, "a")) == 2


def test_an_independent_client(service: str) -> None:
    known = sruthi.explain(f"{service}/sru")
    assert (known.server["host"], known.server["port"]) == ("127.0.0.1", int(service.rpartition(":")[2]))
    assert known.server["database"] == "sru"
    assert known.index["dc"]["title"] == "Title"
    assert set(known.schema) == {"dc", "mods", "marcxml"}
    assert known.config["maximumRecords"] == 100
    for version in ("1.1", "1.2"):
        found = sruthi.searchretrieve(f"{service}/sru", "dc.title=harbour", maximum_records=9, sru_version=version)
        assert len(list(found)) == found.count == 24
        assert any("Harbour" in str(record["title"]) for record in found)
    for schema in ("mods", "marcxml"):
        (record,) = sruthi.searchretrieve(f"{service}/sru", "emma", record_schema=schema)
        assert "Emma" in str(record)
    with pytest.raises(sruthi.SruError, match="diagnostic/1/37"):
        sruthi.searchretrieve(f"{service}/sru", "a or b")


def test_threads_share_no_parser() -> None:
    def right(word: str) -> bool:
        asked = f"(title={word} and creator=x) and {word}"
        return all(request_of(asked, PLAIN).q == f"title:{word} creator:x {word}" for _ in range(150))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(right, [f"word{n}" for n in range(8)]))


PIECES = ["a", "(", ")", '"', "and", "or", "=", "==", "<", "dc.title", "year", "1", "*", "\\", "/", "sortBy", "^", "红"]
CQL_LIKE = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map(" ".join)


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(query=CQL_LIKE, schema=st.sampled_from(["dc", "mods", "x"]), start=st.text(max_size=3))
def test_no_query_breaks_it(client: TestClient, query: str, schema: str, start: str) -> None:
    ask(client, query, recordSchema=schema, startRecord=start)
