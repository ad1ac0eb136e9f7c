"""Our provider against the protocol: every verb, every error condition, paging, selection, schemas; over HTTP."""

from __future__ import annotations

import gzip
import re
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas.catalogue import Source
from search_api.oai.about import base_url

OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MARC = "{http://www.loc.gov/MARC21/slim}"
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SCHEMA = etree.RelaxNG(etree.parse(str(Path(__file__).parent / "oai_answers.rng")))
Asked = list[tuple[str, str]]


def fetch(url: str, data: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Harvester:
    """Asks, and holds every answer against the schema."""

    def __init__(self, base: str) -> None:
        self.base = base

    def ask(self, *pairs: tuple[str, str], post: bool = False, **arguments: str) -> Any:
        text = urllib.parse.urlencode([*pairs, *((name.rstrip("_"), value) for name, value in arguments.items())])
        status, headers, body = fetch(self.base, text.encode()) if post else fetch(f"{self.base}?{text}")
        assert status == 200, body
        assert headers["content-type"].startswith("text/xml")
        root = etree.fromstring(body)
        assert SCHEMA.validate(root), SCHEMA.error_log
        return root

    def errors(self, *pairs: tuple[str, str], **arguments: str) -> set[str]:
        return {error.get("code") for error in self.ask(*pairs, **arguments).findall(OAI + "error")}

    def walk(self, verb: str, **arguments: str) -> tuple[list[Any], list[Any]]:
        """The whole list, and its token elements."""
        found: list[Any] = []
        tokens: list[Any] = []
        root = self.ask(verb=verb, **arguments)
        while True:
            assert root.find(OAI + "error") is None, etree.tostring(root)
            body = root.find(OAI + verb)
            found += [child for child in body if child.tag != OAI + "resumptionToken"]
            token = body.find(OAI + "resumptionToken")
            if token is not None:
                tokens.append(token)
            if token is None or not token.text:
                return found, tokens
            assert len(tokens) < 50
            root = self.ask(verb=verb, resumptionToken=token.text)


@pytest.fixture(scope="session")
def peer(town: Any) -> Harvester:
    return Harvester(town.url + "/oai")


@pytest.fixture(scope="session")
def whole(peer: Harvester) -> tuple[list[Any], list[Any]]:
    return peer.walk("ListRecords", metadataPrefix="oai_dc")


def head(item: Any, name: str) -> Any:
    header = item if item.tag == OAI + "header" else item.find(OAI + "header")
    return header.findtext(OAI + name)


def identifiers(items: list[Any]) -> set[str]:
    found = [head(item, "identifier") for item in items]
    assert len(found) == len(set(found)), "nothing twice"
    return set(found)


def specs(item: Any) -> list[str]:
    header = item if item.tag == OAI + "header" else item.find(OAI + "header")
    return [spec.text for spec in header.findall(OAI + "setSpec")]


def is_deleted(item: Any) -> bool:
    return bool(item.find(OAI + "header").get("status") == "deleted")


def test_identify(town: Any, peer: Harvester, whole: Any) -> None:
    identify = peer.ask(verb="Identify").find(OAI + "Identify")
    told = {child.tag.removeprefix(OAI): child.text for child in identify}
    assert told["baseURL"] == town.url + "/oai"
    assert told["adminEmail"] == "office@city.example"
    assert (told["protocolVersion"], told["deletedRecord"]) == ("2.0", "persistent")
    assert (told["granularity"], told["compression"]) == ("YYYY-MM-DDThh:mm:ssZ", "gzip")
    assert told["earliestDatestamp"] <= min(head(item, "datestamp") for item in whole[0])


def test_the_request_is_repeated_with_its_arguments(town: Any, peer: Harvester) -> None:
    root = peer.ask(verb="ListRecords", metadataPrefix="marcxml", set="institution:city", from_="2020-01-01")
    request = root.find(OAI + "request")
    assert request.text == town.url + "/oai"
    expected = {"verb": "ListRecords", "metadataPrefix": "marcxml", "set": "institution:city", "from": "2020-01-01"}
    assert dict(request.attrib) == expected
    assert SECOND.fullmatch(root.findtext(OAI + "responseDate"))
    assert not peer.ask(verb="ListRecords").find(OAI + "request").attrib, "not after badArgument"
    assert peer.errors(verb="GetRecord", identifier="oai:a\x07b", metadataPrefix="oai_dc") == {"idDoesNotExist"}


def test_formats(peer: Harvester, whole: Any) -> None:
    for arguments in ({}, {"identifier": head(whole[0][0], "identifier")}):
        root = peer.ask(verb="ListMetadataFormats", **arguments)
        assert [e.text for e in root.iter(OAI + "metadataPrefix")] == ["oai_dc", "marcxml", "marc21"]
    assert peer.errors(verb="ListMetadataFormats", identifier="oai:nobody:1") == {"idDoesNotExist"}


def test_the_whole_list_comes_in_pages_that_add_up(peer: Harvester, whole: Any) -> None:
    items, tokens = whole
    assert len(identifiers(items)) == 262
    assert [token.get("cursor") for token in tokens] == ["0", "100", "200"]
    assert {token.get("completeListSize") for token in tokens} == {"262"}
    assert not tokens[-1].text, "the last page of several has an empty token"
    headers, _ = peer.walk("ListIdentifiers", metadataPrefix="oai_dc")
    assert identifiers(headers) == identifiers(items)
    stamps = [head(item, "datestamp") for item in items]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) > 1


def test_live_records_have_metadata_and_deleted_ones_none(whole: Any) -> None:
    items, _ = whole
    assert sum(map(is_deleted, items)) == 12
    for item in items:
        assert (item.find(OAI + "metadata") is None) == is_deleted(item)
        assert not is_deleted(item) or item.find(OAI + "about") is None


@pytest.mark.parametrize("prefix", ["oai_dc", "marcxml", "marc21"])
def test_one_record_is_as_in_the_list(peer: Harvester, prefix: str) -> None:
    items, _ = peer.walk("ListRecords", metadataPrefix=prefix)
    for item in (items[0], items[-1], next(filter(is_deleted, items))):
        root = peer.ask(verb="GetRecord", identifier=head(item, "identifier"), metadataPrefix=prefix)
        alone = root.find(f"{OAI}GetRecord/{OAI}record")
        assert etree.tostring(alone, method="c14n") == etree.tostring(item, method="c14n")


def test_a_post_is_a_get(peer: Harvester, whole: Any) -> None:
    root = peer.ask(verb="ListRecords", metadataPrefix="oai_dc", post=True)
    assert [head(item, "identifier") for item in root.iter(OAI + "record")] == [
        head(item, "identifier") for item in whole[0][:100]
    ]


@pytest.mark.parametrize("set_", ["", "institution:museum"])
def test_from_and_until_are_inclusive_and_select_exactly(peer: Harvester, whole: Any, set_: str) -> None:
    asked = {"metadataPrefix": "oai_dc"} | ({"set": set_} if set_ else {})
    items = whole[0] if not set_ else peer.walk("ListRecords", **asked)[0]
    stamps = sorted({head(item, "datestamp") for item in items})
    for since, until in ((stamps[0], stamps[0]), (stamps[-1], ""), ("", stamps[0]), (stamps[0], stamps[-1])):
        span = {name: value for name, value in (("from_", since), ("until", until)) if value}
        found, _ = peer.walk("ListIdentifiers", **asked, **span)
        expected = [i for i in items if since <= head(i, "datestamp") <= (until or "9")]
        assert identifiers(found) == identifiers(expected)
    day = stamps[0][:10]
    assert len(peer.walk("ListIdentifiers", **asked, from_=day)[0]) == len(items)
    assert len(peer.walk("ListIdentifiers", **asked, until=stamps[-1][:10])[0]) == len(items), "to the end of the day"


def test_each_institution_is_a_set_of_its_own(peer: Harvester, whole: Any) -> None:
    sets, _ = peer.walk("ListSets")
    named = {entry.findtext(OAI + "setSpec"): entry.findtext(OAI + "setName") for entry in sets}
    assert named == {
        "institution:city": "City Library", "institution:north": "North Branch",
        "institution:museum": "Museum & Archive", "institution:~C3~A9cole~207": "École",
    }  # fmt: skip
    for spec in named:
        found, _ = peer.walk("ListRecords", metadataPrefix="oai_dc", set=spec)
        assert identifiers(found) >= identifiers([item for item in whole[0] if spec in specs(item)])
        assert all(spec in specs(item) for item in found)
    assert len(peer.walk("ListRecords", metadataPrefix="oai_dc", set="institution:north")[0]) == 67
    assert len(peer.walk("ListRecords", metadataPrefix="oai_dc", set="institution:city")[0]) == 200, "its branch's too"


def test_sets_come_in_pages_too(peer: Harvester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.oai.sets.PAGE", 3)
    sets, tokens = peer.walk("ListSets")
    assert len(sets) == 4
    assert [(token.get("cursor"), bool(token.text)) for token in tokens] == [("0", True), ("3", False)]


@pytest.mark.parametrize(
    ("code", "pairs"),
    [
        ("badVerb", [("verb", "Nope")]),
        ("badVerb", []),
        ("badVerb", [("verb", "")]),
        ("badVerb", [("verb", "Identify"), ("verb", "Identify")]),
        ("badArgument", [("verb", "Identify"), ("foo", "x")]),
        ("badArgument", [("verb", "Identify"), ("metadataPrefix", "oai_dc")]),
        ("badArgument", [("verb", "ListSets"), ("set", "institution:city")]),
        ("badArgument", [("verb", "ListRecords")]),
        ("badArgument", [("verb", "GetRecord"), ("metadataPrefix", "oai_dc")]),
        ("badArgument", [("verb", "GetRecord"), ("identifier", "oai:x:1")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("metadataPrefix", "oai_dc")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2001-13-45")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2001-02-29T00:00:00Z")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2001-01-01T00:00Z")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("until", "")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("until", "٢٠٢٤-٠١-٠١")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2001-01-01"),
                         ("until", "2002-01-01T00:00:00Z")]),
        ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2020-01-02"),
                         ("until", "2019-01-01")]),
        ("badArgument", [("verb", "ListRecords"), ("resumptionToken", "x"), ("metadataPrefix", "oai_dc")]),
        ("badResumptionToken", [("verb", "ListRecords"), ("resumptionToken", "nope!")]),
        ("badResumptionToken", [("verb", "ListRecords"), ("resumptionToken", "")]),
        ("badResumptionToken", [("verb", "ListSets"), ("resumptionToken", "AAAA" * 300)]),
        ("cannotDisseminateFormat", [("verb", "ListRecords"), ("metadataPrefix", "nope")]),
        ("cannotDisseminateFormat", [("verb", "GetRecord"), ("metadataPrefix", ""), ("identifier", "oai:x:1")]),
        ("idDoesNotExist", [("verb", "GetRecord"), ("metadataPrefix", "oai_dc"), ("identifier", "oai:nope:1")]),
        ("idDoesNotExist", [("verb", "GetRecord"), ("metadataPrefix", "oai_dc"), ("identifier", "oai:127.0.0.1:w\0")]),
        ("noRecordsMatch", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("until", "1990-01-02")]),
        ("noRecordsMatch", [("verb", "ListIdentifiers"), ("metadataPrefix", "oai_dc"), ("from", "2999-01-01")]),
        ("noRecordsMatch", [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("set", "institution:no~where")]),
    ],
)  # fmt: skip
def test_every_error_condition(peer: Harvester, code: str, pairs: Asked) -> None:
    assert peer.errors(*pairs) == {code}


def test_a_token_can_be_used_again_but_not_otherwise(peer: Harvester, whole: Any) -> None:
    token = whole[1][0].text
    pages = [peer.ask(verb="ListRecords", resumptionToken=token) for _ in range(2)]
    first, second = ([head(record, "identifier") for record in page.iter(OAI + "record")] for page in pages)
    assert first == second == [head(item, "identifier") for item in whole[0][100:200]]
    assert peer.errors(verb="ListIdentifiers", resumptionToken=token) == {"badResumptionToken"}, "of another verb"
    for spoilt in (token[:-1], token[1:], token.swapcase(), token + "A"):
        assert peer.errors(verb="ListRecords", resumptionToken=spoilt) == {"badResumptionToken"}


def test_stored_marc_is_set_out_as_it_came_and_the_rest_is_made(peer: Harvester) -> None:
    items, _ = peer.walk("ListRecords", metadataPrefix="marcxml")
    by_title = {
        "".join(item.find(f".//{MARC}datafield[@tag='245']").itertext()): item for item in items if not is_deleted(item)
    }
    came, made = by_title["Work 50"], by_title["School book"]
    assert came.find(f".//{MARC}controlfield[@tag='001']").text == "m50"
    assert came.find(f".//{MARC}datafield[@tag='852']/{MARC}subfield[@code='h']").text == "8250"
    assert [
        e.get("altered") for e in came.iter("{http://www.openarchives.org/OAI/2.0/provenance}originDescription")
    ] == ["false"]
    assert made.find(f".//{MARC}datafield[@tag='852']/{MARC}subfield[@code='a']").text == "école 7"
    assert made.find(OAI + "about") is None, "it came in a file, and nobody stated a licence"


def test_provenance_and_licences_are_told_without_secrets(town: Any, peer: Harvester, whole: Any) -> None:
    provenance = "{http://www.openarchives.org/OAI/2.0/provenance}"
    items = {item.findtext(f".//{DC}title"): item for item in whole[0]}
    origin = next(items["Work 50"].iter(provenance + "originDescription"))
    assert origin.get("altered") == "true"
    assert SECOND.fullmatch(origin.get("harvestDate"))
    assert [child.text for child in origin] == [
        town.catalogue.url, "oai:library:50", "2024-01-01T00:00:00Z", "http://www.loc.gov/MARC21/slim",
    ]  # fmt: skip
    rights = "{http://www.openarchives.org/OAI/2.0/rights/}"
    assert next(items["Work 50"].iter(rights + "rightsReference")).get("ref").endswith("/zero/1.0/")
    told = "".join(next(items["Tall ship 50"].iter(rights + "rightsDefinition")).itertext())
    assert told == "Only with our name & <permission>"
    source = Source(id="a", protocol="oai", location="https://me:secret@a.example:8080/oai?key=secret", format="mods")
    assert base_url(source) == "https://a.example:8080/oai"


def test_as_a_web_service(town: Any) -> None:
    base = town.url + "/oai"
    _, headers, body = fetch(base + "?verb=Identify", **{"Accept-Encoding": "gzip"})
    assert headers["content-encoding"] == "gzip"
    assert b"<Identify>" in gzip.decompress(body)
    asked = urllib.request.Request(base + "?verb=Identify", method="HEAD")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert (answer.status, answer.read()) == (200, b"")
    with urllib.request.urlopen(urllib.request.Request(base, method="OPTIONS"), timeout=30) as answer:
        assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert fetch(base + "?verb=Identify", Host="evil.example")[2].count(b"evil") == 0
    assert fetch(base + "?" + "a=b&" * 300)[0] == 400
    assert fetch(base, b"verb=" + b"x" * 100_000)[0] == 413


def test_nothing_is_set_out_where_nobody_said_under_which_address(federation: Any) -> None:
    from fastapi.testclient import TestClient

    from search_api.app import create_app

    federation.context.settings = federation.settings.model_copy(update={"public_url": ""})
    answer = TestClient(create_app(federation.context)).get("/oai?verb=Identify")
    assert answer.status_code == 404
    assert "LAMPWAY_PUBLIC_URL" in answer.json()["detail"]


def test_a_store_that_is_away_is_503_with_a_time_to_come_back(federation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi.testclient import TestClient
    from sqlalchemy.exc import OperationalError

    from search_api.app import create_app

    client = TestClient(create_app(federation.context))
    assert client.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").status_code == 200

    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr("store.dated_works.page", away)
    answer = client.get("/oai?verb=ListRecords&metadataPrefix=oai_dc")
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
