"""Finding aids over OAI-PMH: every unit is a record, and goes when its aid or the aid's last version says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harvester.normalise import renormalise
from schemas.catalogue import CatalogueRecord, Source

EAD = (
    '<ead xmlns="{ns}">{head}<archdesc level="fonds"><did><unittitle>Ferry company {n}</unittitle>'
    "<repository><corpname>Town Archive</corpname></repository></did><dsc>{units}</dsc></archdesc></ead>"
)
UNIT = '<c id="u{0}" level="file"><did><unittitle>Ledger {0}</unittitle></did></c>'
NAMESPACES = {
    "2002": ("urn:isbn:1-931666-22-9", "<eadheader><eadid>aid{n}</eadid></eadheader>"),
    "3": ("http://ead3.archivists.org/schema/", "<control><recordid>aid{n}</recordid></control>"),
}


def aid(n: int, units: range, edition: str = "2002") -> str:
    namespace, head = NAMESPACES[edition]
    return EAD.format(ns=namespace, head=head.format(n=n), n=n, units="".join(map(UNIT.format, units)))


@pytest.fixture
def archive(oai: Any, serve: Callable[..., Any]) -> Callable[..., Any]:
    """A server of three finding aids with eight units each, one a page."""

    def start(edition: str = "2002", **options: Any) -> Any:
        items = [
            oai.Item(f"oai:a:{n}", aid(n, range(8), edition), datestamp=f"2024-0{n}-01T00:00:00Z") for n in (1, 2, 3)
        ]
        return serve(items, page=1, formats=["ead"], **options)

    return start


Stored = Callable[[], dict[str, CatalogueRecord]]


def living(stored: Stored) -> set[str]:
    return {name for name, record in stored().items() if not record.deleted}


@pytest.mark.parametrize("edition", NAMESPACES)
def test_every_unit_is_a_record(archive: Any, harvest: Any, stored: Stored, database: Any, edition: str) -> None:
    report = harvest(archive(edition), format="ead")
    assert (report.status, report.received, report.new, report.losses) == ("complete", 27, 27, [])
    found = stored()
    assert {name for name in found if name.startswith("oai:a:2")} == {
        "oai:a:2", *(f"oai:a:2/u{n}" for n in range(8)),
    }  # fmt: skip
    unit = found["oai:a:2/u3"]
    assert (unit.title, unit.path, unit.datestamp) == ("Ledger 3", ["Ferry company 2"], "2024-02-01T00:00:00Z")
    assert unit.holdings[0].institution == "Town Archive"
    source = Source(id="s", protocol="oai", location="", format="ead")
    counts = renormalise(database, source)
    assert (counts.read, counts.changed, counts.quarantined) == (27, 0, 0)


def test_what_a_changed_or_deleted_aid_has_no_more_is_deleted(
    archive: Any, harvest: Any, stored: Stored, oai: Any
) -> None:
    server = archive()
    harvest(server, format="ead")
    server.response_date = "2024-07-01T12:00:00Z"
    server.items[0] = oai.Item("oai:a:1", aid(1, range(2, 9)), datestamp="2024-06-02T00:00:00Z")
    report = harvest(server, format="ead")
    assert (report.status, report.new, report.deleted) == ("complete", 1, 2)
    server.items[1] = oai.Item("oai:a:2", None, datestamp="2024-07-01T00:00:00Z", deleted="deleted")
    report = harvest(server, format="ead")
    assert (report.status, report.deleted) == ("complete", 9)
    assert living(stored) == {
        *("oai:a:1", "oai:a:3"),
        *(f"oai:a:1/u{n}" for n in range(2, 9)),
        *(f"oai:a:3/u{n}" for n in range(8)),
    }


def test_an_aid_that_a_server_drops_without_a_word_takes_its_units_along(
    archive: Any, harvest: Any, stored: Stored
) -> None:
    server = archive(deleted="no")
    harvest(server, format="ead")
    del server.items[2]
    report = harvest(server, format="ead", full=True)
    assert (report.status, "9 of 27" in report.notes[-1]) == ("waiting", True)
    assert [request["identifier"] for request in server.requests if request["verb"] == "GetRecord"] == ["oai:a:3"]


def test_an_aid_that_cannot_be_read_keeps_its_units(archive: Any, harvest: Any, stored: Stored, oai: Any) -> None:
    server = archive(deleted="no")
    harvest(server, format="ead")
    server.items[0] = oai.Item("oai:a:1", "<ead/>", datestamp="2024-06-02T00:00:00Z")
    report = harvest(server, format="ead", full=True)
    assert (report.status, report.quarantined, report.deleted) == ("incomplete", 1, 0)
    assert "no <archdesc>" in report.losses[0].reason
    assert len(living(stored)) == 27


def test_units_do_not_hide_that_an_aid_is_missing(archive: Any, harvest: Any, stored: Stored, oai: Any) -> None:
    server = archive()
    whole = server.right

    def short(arguments: dict[str, str], _: int) -> Any:
        if arguments.get("verb") == "ListRecords" and arguments.get("resumptionToken", "").endswith("|1"):
            return oai.Answer(server.records([server.items[1]], "", 3))
        if arguments.get("verb") in {"ListIdentifiers", "GetRecord"}:
            return oai.Answer(server.error("badVerb"))
        return oai.Answer(whole(arguments))

    server.script = short
    report = harvest(server, format="ead")
    assert report.status == "incomplete"
    assert any("3 records, 2 different ones came" in loss.reason for loss in report.losses)
    server.script = None
    assert harvest(server, format="ead", full=True).status == "complete"
