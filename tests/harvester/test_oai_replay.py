"""Answers recorded by other projects, replayed in order from a real server: records, tokens, deletions, errors."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from lxml import etree

from harvester.protocols.oai_pages import read_page
from store import raw_records
from store.database import Database

pytestmark = pytest.mark.data
OAI = "{http://www.openarchives.org/OAI/2.0/}"


@pytest.fixture
def replay(oai, serve):
    """A server that gives files for ListRecords one after another, and by name for other verbs, else 404."""

    def start(pages: list[Path], **others: Path):
        left = list(pages)

        def script(arguments, _):
            verb = arguments.get("verb", "")
            if verb == "ListRecords" and left:
                return oai.Answer(content(left.pop(0)))
            return oai.Answer(content(others[verb])) if verb in others else oai.Answer("", 404)

        return serve(script=script)

    return start


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def headers(path: Path) -> list[tuple[str, bool]]:
    """(identifier, deleted) of a file's records, read another way than ours; those without identifier left out."""
    root = etree.fromstring(content(path))
    return [
        (identifier.strip(), head.get("status") == "deleted")
        for head in root.iterfind(f"{OAI}ListRecords/{OAI}record/{OAI}header")
        if (identifier := head.findtext(OAI + "identifier"))
    ]


def raw(database: Database) -> dict[str, bool]:
    with database.connect() as connection:
        return {row.record: row.deleted for batch in raw_records.iterate(connection, 1, "s") for _, row in batch}


def test_sickle_four_pages_of_the_same_two_records(data, replay, harvest, database):
    folder = data / "oai-sickle"
    files = [folder / f"ListRecords{n}.xml" for n in ("", 2, 3, 4)]
    server = replay(files, Identify=folder / "Identify.xml", ListMetadataFormats=folder / "ListMetadataFormats.xml")
    report = harvest(server)
    expected = [pair for file in files for pair in headers(file)]
    assert (report.received, len(expected), report.quarantined) == (8, 7, 1)
    assert report.losses[0].reason == "the record has no identifier"
    assert raw(database) == dict(expected)
    assert [request.get("resumptionToken") for request in server.lists()] == [
        None, "ListRecords2.xml", "ListRecords3.xml", "ListRecords4.xml",
    ]  # fmt: skip
    # The recorded server announces eight records and sends two of them again and again: nobody can call that complete.
    assert report.status == "incomplete"
    assert "8 records, 3 different ones came" in report.losses[-1].reason


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        ("badArgument", "failed", "badArgument"),
        ("badResumptionToken", "failed", "badResumptionToken"),
        ("cannotDisseminateFormat", "failed", "cannotDisseminateFormat"),
        ("idDoesNotExist", "failed", "idDoesNotExist"),
        ("noSetHierarchy", "failed", "noSetHierarchy"),
        ("undefinedError", "failed", ""),
        ("noRecordsMatch", "complete", ""),
        ("ListRecordsBroken", "failed", "cannot be read"),
    ],
)
def test_sickle_errors(data, replay, harvest, file, status, said):
    report = harvest(replay([data / "oai-sickle" / f"{file}.xml"] * 4))
    assert (report.status, report.received) == (status, 0)
    assert said in (report.losses[0].reason if report.losses else "")


@pytest.mark.parametrize(("file", "count", "dead"), [("fake1/00005", 16, 0), ("fake2/00002", 81, 2)])
def test_pyoai_lists(data, replay, harvest, database, stored, file, count, dead):
    folder = data / "oai-pyoai"
    path = folder / f"{file}.xml"
    server = replay([path], Identify=folder / "fake1/00001.xml", ListMetadataFormats=folder / "fake1/00002.xml")
    report = harvest(server)
    assert (report.received, report.new, report.deleted) == (count, count - dead, dead)
    assert report.status == "complete"
    assert raw(database) == dict(headers(path))
    titled = [record for record in stored().values() if not record.deleted]
    assert all(record.title for record in titled)


@pytest.mark.parametrize("fake", ["fake1", "fake3", "fake4", "fake5"])
def test_pyoai_identify_in_every_state(data, replay, harvest, fake):
    folder = data / "oai-pyoai"
    report = harvest(replay([folder / "fake1/00005.xml"], Identify=folder / fake / "00001.xml"))
    assert (report.status, report.received) == ("complete", 16)


def test_phpoaipmh_single_page(data, replay, harvest, database):
    path = data / "oai-phpoaipmh" / "GoodResponseSinglePage.xml.gz"
    server = replay([path], Identify=data / "oai-phpoaipmh" / "GoodResponseIdentify.xml")
    report = harvest(server, prefix="nsdl_dc")
    assert (report.received, len(raw(database))) == (162, 162)
    assert raw(database) == dict(headers(path))


def test_phpoaipmh_list_that_the_recording_cuts_off(data, replay, harvest, stored):
    report = harvest(replay([data / "oai-phpoaipmh" / "NamespacedSample.xml"]))
    assert (report.status, report.received) == ("incomplete", 1)
    assert stored()["oai:bnf.fr:gallica/ark:/12148/bpt6k5440618t"].title == "Le Poème. Publication mensuelle"


def test_phpoaipmh_four_pages_of_headers_are_read_to_the_last_token(data):
    pages = [read_page(content(data / "oai-phpoaipmh" / f"GoodResponseFourPage_{n}.xml")) for n in (1, 2, 3, 4)]
    assert [page.verb for page in pages] == ["ListIdentifiers"] * 4
    assert [bool(page.token and page.token.text) for page in pages] == [True, True, True, False]
    assert {page.token.size for page in pages[:3] if page.token} == {733}


@pytest.mark.parametrize(("file", "code"), [("InvalidRecord", "idDoesNotExist"), ("NonExistentVerb", "badVerb")])
def test_phpoaipmh_errors(data, replay, harvest, file, code):
    report = harvest(replay([data / "oai-phpoaipmh" / f"BadResponse{file}.xml"] * 2))
    assert report.status == "failed"
    assert code in report.losses[0].reason


@pytest.mark.parametrize("case", ["01", "02", "03", "04", "05", "06", "07"])
def test_natlibfi_cases(data, replay, harvest, database, case):
    folder = data / "oai-natlibfi-client" / "index" / case
    pages = sorted(folder.glob("response*.xml"))
    server = replay(pages)
    report = harvest(server, prefix="foo", format="marcxml" if case in {"05", "06", "07"} else "oai_dc")
    wanted = json.loads((folder / "metadata.json").read_text())
    if "error" in wanted:
        assert report.status == "failed"
        assert wanted["error"]["code"] in report.losses[0].reason
        return
    came = [pair for page in pages for pair in headers(page)]
    assert report.received == len(came)
    assert raw(database) == dict(came)
    # What the project expects is here, deletions marked; it leaves out by choice what we keep.
    for one in json.loads((folder / "expected-records.json").read_text()):
        head = one["header"]
        assert raw(database)[head["identifier"]] == (head.get("status") == "deleted")
    requests = [(r.get("metadataPrefix"), r.get("resumptionToken")) for r in server.lists()]
    assert requests[: len(pages)] == [("foo", None), (None, "foobar")][: len(pages)]
