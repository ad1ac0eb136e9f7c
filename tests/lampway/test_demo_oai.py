"""The demo's OAI-PMH provider, asked by Sickle and by hand: who trusts the protocol gets everything once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sickle import Sickle
from sickle.oaiexceptions import BadResumptionToken, CannotDisseminateFormat, IdDoesNotExist, NoRecordsMatch

from lampway.demo_oai import OaiRecord, Repository
from lampway.demo_server import DemoServer, serve

NS = {"o": "http://www.openarchives.org/OAI/2.0/"}


def dc(title: str) -> bytes:
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></oai_dc:dc>'
    ).encode()


def record(number: int, *, deleted: bool = False) -> OaiRecord:
    return OaiRecord(
        identifier=f"oai:t.example:{number}",
        datestamp=f"2024-01-{1 + number % 20:02d}T00:00:{number % 60:02d}Z",
        sets=("even" if number % 2 == 0 else "odd:three" if number % 3 == 0 else "odd",),
        metadata={} if deleted else {"oai_dc": dc(f"Thing {number} & more".replace("&", "&amp;"))},
    )


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    records = [record(number, deleted=number % 25 == 0) for number in range(250)]
    repository = Repository("Test", records, sets={"even": "Even", "odd": "Odd", "odd:three": "By three"})
    files = {"a.csv": "id,title\r\n1,红楼梦\r\n".encode()}
    with serve({"all": repository, "bare": Repository("Bare", records[:3])}, files) as running:
        yield running


def ask(server: DemoServer, name: str = "all", **arguments: str) -> etree._Element:
    answer = requests.get(server.url(name), params=arguments, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/xml")
    return etree.fromstring(answer.content)


def code(answer: etree._Element) -> str:
    return answer.find("o:error", NS).get("code")


def test_sickle_gets_every_record_once_with_its_deletions(server: DemoServer) -> None:
    found = list(Sickle(server.url("all")).ListRecords(metadataPrefix="oai_dc"))
    assert len(found) == 250
    assert len({r.header.identifier for r in found}) == 250
    assert sum(r.deleted for r in found) == 10
    assert [r.header.datestamp for r in found] == sorted(r.header.datestamp for r in found)
    thing = next(r for r in found if r.header.identifier == "oai:t.example:7")
    assert thing.metadata["title"] == ["Thing 7 & more"]


def test_identify_sets_and_formats(server: DemoServer) -> None:
    client = Sickle(server.url("all"))
    identity = client.Identify()
    assert identity.protocolVersion == "2.0"
    assert identity.baseURL == server.url("all")
    assert (identity.deletedRecord, identity.granularity) == ("persistent", "YYYY-MM-DDThh:mm:ssZ")
    assert identity.earliestDatestamp == "2024-01-01T00:00:00Z"
    assert [s.setSpec for s in client.ListSets()] == ["even", "odd", "odd:three"]
    assert [f.metadataPrefix for f in client.ListMetadataFormats()] == ["oai_dc"]


def test_selective_harvesting(server: DemoServer) -> None:
    client = Sickle(server.url("all"))
    sets = {name: sum(1 for _ in client.ListIdentifiers(metadataPrefix="oai_dc", set=name)) for name in ("even", "odd")}
    assert sets == {"even": 125, "odd": 125}  # odd holds odd:three too
    window = list(client.ListRecords(metadataPrefix="oai_dc", **{"from": "2024-01-03", "until": "2024-01-04"}))
    assert {r.header.datestamp[:10] for r in window} == {"2024-01-03", "2024-01-04"}
    assert len(window) == 26
    moment = window[3].header.datestamp
    since = list(client.ListRecords(metadataPrefix="oai_dc", **{"from": moment, "until": moment}))
    assert {r.header.datestamp for r in since} == {moment}


def test_tokens_count_the_list_and_end_with_an_empty_one(server: DemoServer) -> None:
    sizes, token = [], None
    for _ in range(3):
        given_ = {"resumptionToken": token} if token else {"metadataPrefix": "oai_dc"}
        page = ask(server, verb="ListRecords", **given_)
        sizes.append(len(page.findall(".//o:record", NS)))
        element = page.find(".//o:resumptionToken", NS)
        assert element.get("completeListSize") == "250"
        assert element.get("cursor") == str(sum(sizes[:-1]))
        token = element.text
    assert sizes == [100, 100, 50]
    assert not token


def test_get_record(server: DemoServer) -> None:
    client = Sickle(server.url("all"))
    assert client.GetRecord(identifier="oai:t.example:3", metadataPrefix="oai_dc").header.setSpecs == ["odd:three"]
    assert client.GetRecord(identifier="oai:t.example:25", metadataPrefix="oai_dc").deleted
    with pytest.raises(IdDoesNotExist):
        client.GetRecord(identifier="oai:t.example:none", metadataPrefix="oai_dc")
    with pytest.raises(CannotDisseminateFormat):
        client.GetRecord(identifier="oai:t.example:3", metadataPrefix="marcxml")
    with pytest.raises(NoRecordsMatch):
        client.ListRecords(metadataPrefix="oai_dc", **{"from": "2031-01-01"})
    with pytest.raises(BadResumptionToken):
        client.ListRecords(resumptionToken="oai_dc||||250")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "badVerb"),
        ({"verb": "Guess"}, "badVerb"),
        ({"verb": "Identify", "set": "even"}, "badArgument"),
        ({"verb": "ListRecords"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "yesterday"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2024-02-31"}, "badArgument"),
        (
            {"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2024-01-02", "until": "2024-01-01"},
            "badArgument",
        ),
        (
            {"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2024-01-02", "until": "2024-01-02T00:00:00Z"},
            "badArgument",
        ),
        ({"verb": "ListRecords", "metadataPrefix": "mods"}, "cannotDisseminateFormat"),
        ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "none"}, "noRecordsMatch"),
        ({"verb": "ListRecords", "resumptionToken": "x"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "oai_dc||||9", "set": "even"}, "badArgument"),
        ({"verb": "ListSets", "resumptionToken": "x"}, "badResumptionToken"),
        ({"verb": "ListMetadataFormats", "identifier": "oai:t.example:25"}, "noMetadataFormats"),
        ({"verb": "GetRecord", "identifier": "oai:t.example:1"}, "badArgument"),
    ],
)
def test_errors_are_the_protocol_s(server: DemoServer, arguments: dict[str, str], expected: str) -> None:
    answer = ask(server, **arguments)
    assert code(answer) == expected
    assert bool(answer.find("o:request", NS).attrib) == (expected not in {"badVerb", "badArgument"})


def test_a_repository_without_sets_says_so(server: DemoServer) -> None:
    assert code(ask(server, "bare", verb="ListSets")) == "noSetHierarchy"
    assert code(ask(server, "bare", verb="ListRecords", metadataPrefix="oai_dc", set="even")) == "noSetHierarchy"


def test_arguments_may_be_posted_and_not_repeated(server: DemoServer) -> None:
    posted = requests.post(server.url("all"), data={"verb": "Identify"}, timeout=10)
    assert etree.fromstring(posted.content).find("o:Identify", NS) is not None
    twice = requests.get(f"{server.url('all')}?verb=ListSets&verb=Identify", timeout=10)
    assert code(etree.fromstring(twice.content)) == "badVerb"
    twice = requests.get(f"{server.url('all')}?verb=ListRecords&metadataPrefix=a&metadataPrefix=b", timeout=10)
    assert code(etree.fromstring(twice.content)) == "badArgument"


def test_a_file_is_not_sent_again_when_it_is_known(server: DemoServer) -> None:
    first = requests.get(server.url("a.csv"), timeout=10)
    assert list(csv.reader(io.StringIO(first.text))) == [["id", "title"], ["1", "红楼梦"]]
    again = requests.get(server.url("a.csv"), headers={"If-None-Match": first.headers["ETag"]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")
    assert requests.get(f"http://127.0.0.1:{server.server_port}/files/none.csv", timeout=10).status_code == 404


@given(
    st.lists(st.tuples(st.sampled_from(["verb", "metadataPrefix", "set", "from", "x", "resumptionToken"]), st.text()))
)
def test_any_arguments_get_a_well_formed_answer(arguments: list[tuple[str, str]]) -> None:
    answer = Repository("Any", [record(1)]).answer("http://127.0.0.1/oai/any", arguments)
    assert etree.fromstring(answer).tag == f"{{{NS['o']}}}OAI-PMH"


@given(st.sets(st.integers(0, 400), max_size=60), st.integers(1, 7))
def test_paging_loses_and_repeats_nothing(numbers: set[int], page_size: int) -> None:
    repository = Repository("Pages", [record(n, deleted=n % 9 == 0) for n in numbers], page_size=page_size)
    found: list[str] = []
    arguments = [("verb", "ListIdentifiers"), ("metadataPrefix", "oai_dc")]
    while arguments:
        page = etree.fromstring(repository.answer("http://127.0.0.1/oai/pages", arguments))
        found += [element.text for element in page.findall(".//o:identifier", NS)]
        token = page.findtext(".//o:resumptionToken", namespaces=NS)
        arguments = [("verb", "ListIdentifiers"), ("resumptionToken", token)] if token else []
    assert sorted(found) == sorted(f"oai:t.example:{n}" for n in numbers)


def test_the_address_survives_encoding(server: DemoServer) -> None:
    query = urlencode({"verb": "GetRecord", "identifier": 'oai:"<&>é书', "metadataPrefix": "oai_dc"})
    answer = etree.fromstring(requests.get(f"{server.url('all')}?{query}", timeout=10).content)
    assert code(answer) == "idDoesNotExist"
    assert answer.find("o:request", NS).get("identifier") == 'oai:"<&>é书'
