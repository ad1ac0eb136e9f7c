"""Files of XML records, harvested into a store as an operator would, and read again from what is stored."""

from __future__ import annotations

import gzip
from pathlib import Path

import pymarc
import pytest

from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.harvest import harvest_source
from harvester.normalise import renormalise
from harvester.protocols import PROTOCOLS
from schemas.catalogue import CatalogueRecord, RawRecord, Source
from store import records, sources
from store.database import Database
from store.sources import SourceState

AID = """<?xml version="1.0"?>
<!DOCTYPE ead PUBLIC "+//ISBN 1-931666-00-8//DTD ead.dtd//EN" "ead.dtd">
<ead><eadheader><eadid>aid</eadid></eadheader><archdesc level="fonds"><did><unitid>F</unitid>
<unittitle>Ferry company</unittitle><repository><corpname>Town Archive</corpname></repository>
<origination><corpname>Ferry Company</corpname></origination>
<langmaterial><language langcode="eng"/></langmaterial></did>
<dsc><c01 id="s1" level="series"><did><unittitle>Ships</unittitle></did>
<accessrestrict><p>Closed until 2040.</p></accessrestrict>
<c02><did><unittitle>Kittiwake</unittitle></did></c02><c02><did><unittitle>Puffin</unittitle></did></c02></c01>
{more}</dsc><accessrestrict><p>Open for research.</p></accessrestrict></archdesc></ead>"""
GROUNDS = '<c01 id="s2"><did><unittitle>Grounds</unittitle></did></c01>'
MODS = "<mods xmlns='http://www.loc.gov/mods/v3'><titleInfo><title>{}</title></titleInfo>{}</mods>"
NUMBER = "<recordInfo><recordIdentifier>{}</recordIdentifier></recordInfo>"


def raw_of(path: Path, format_: str) -> list[RawRecord]:
    source = Source(id="s", protocol="xml", location=str(path), format=format_)
    pages = PROTOCOLS["xml"](source, SourceState(), {}, True, Client(pause=0)).pages()
    return [raw for page in pages for raw in page.records]


def read(path: Path, format_: str) -> dict[str, CatalogueRecord]:
    reader = FORMATS[format_](Source(id="s", protocol="xml", location=str(path), format=format_))
    return {raw.record: reader(raw) for raw in raw_of(path, format_)}


def test_a_finding_aid_gives_a_record_for_each_unit_with_what_it_inherits(tmp_path: Path) -> None:
    path = tmp_path / "aid.xml"
    path.write_text(AID.format(more=GROUNDS))
    records = read(path, "ead")
    assert list(records) == ["aid", "aid/s1", "aid/s1.1", "aid/s1.2", "aid/s2"]
    ship = records["aid/s1.2"]
    assert (ship.title, ship.path) == ("Puffin", ["Ferry company", "Ships"])
    assert [creator.name for creator in ship.creators] == ["Ferry Company"]
    assert ship.languages == ["en"]
    assert ship.holdings[0].institution == "Town Archive"
    assert ship.holdings[0].availability[0].state == "unavailable"  # the nearest rule counts, not the collection's
    assert records["aid/s2"].holdings[0].availability[0].state == "available"  # said behind the units


def test_a_unit_that_left_the_finding_aid_is_gone_and_the_rest_can_be_read_again(
    tmp_path: Path, database: Database
) -> None:
    path = tmp_path / "aid.xml.gz"
    source = Source(id="s", protocol="xml", location=str(path), format="ead")
    with database.begin() as connection:
        sources.add(connection, source)
    path.write_bytes(gzip.compress(AID.format(more=GROUNDS).encode()))
    first = harvest_source(database, source, Client(pause=0))
    assert (first.status, first.new) == ("complete", 5)
    again = renormalise(database, source)
    assert (again.read, again.unchanged, again.quarantined) == (5, 5, 0)


@pytest.mark.parametrize("wrapper", ["<modsCollection>{}</modsCollection>", "<a><record><b>{}</b></record></a>"])
def test_records_are_found_in_any_wrapper_and_named_by_their_own_number(tmp_path: Path, wrapper: str) -> None:
    path = tmp_path / "m.xml"
    one, two, bare = MODS.format("One", NUMBER.format(7)), MODS.format("Two", NUMBER.format(7)), MODS.format("3", "")
    path.write_text(wrapper.format(one + two + bare))
    titles = {name: record.title for name, record in read(path, "mods").items()}
    assert titles == {"7": "One", "7#2": "Two", "row:3": "3"}


def test_an_undeclared_prefix_costs_no_record_whatever_was_read_before(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text("<a>")
    with pytest.raises(FetchError):
        raw_of(path, "mods")
    path.write_text(f"<c>{MODS.format('One', '<xx:new/>')}{MODS.format('Two', '')}</c>")
    assert [record.title for record in read(path, "mods").values()] == ["One", "Two"]


def test_saved_oai_answers_keep_identifiers_datestamps_and_deletions(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    record = "<record><header{}><identifier>oai:{}</identifier><datestamp>2026-01-0{}</datestamp></header>{}</record>"
    live = record.format("", 1, 1, f"<metadata>{MODS.format('One', '')}</metadata>")
    gone = record.format(" status='deleted'", 2, 2, "")
    namespace = "http://www.openarchives.org/OAI/2.0/"
    path.write_text(f"<OAI-PMH xmlns='{namespace}'><ListRecords>{live}{gone}</ListRecords></OAI-PMH>")
    found = [(raw.record, raw.datestamp, raw.deleted) for raw in raw_of(path, "mods")]
    assert found == [("oai:1", "2026-01-01", False), ("oai:2", "2026-01-02", True)]


def test_a_graph_of_many_objects_is_split_with_what_each_refers_to(tmp_path: Path) -> None:
    path = tmp_path / "edm.xml"
    ns = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:edm="http://www.europeana.eu/schemas/edm/" '
        'xmlns:ore="http://www.openarchives.org/ore/terms/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:skos="http://www.w3.org/2004/02/skos/core#"'
    )
    things = "".join(
        f'<edm:ProvidedCHO rdf:about="#{n}"><dc:title>Bell {n}</dc:title>'
        f'<dc:creator rdf:resource="#p"/></edm:ProvidedCHO>'
        f'<ore:Aggregation rdf:about="#a{n}"><edm:aggregatedCHO rdf:resource="#{n}"/>'
        f"<edm:dataProvider>Museum {n}</edm:dataProvider></ore:Aggregation>"
        for n in (1, 2)
    )
    agent = '<edm:Agent rdf:about="#p"><skos:prefLabel>Founder, Jo</skos:prefLabel></edm:Agent>'
    path.write_text(f"<rdf:RDF {ns}>{things}{agent}</rdf:RDF>")
    records = read(path, "edm")
    assert [(r.title, r.creators[0].name, r.holdings[0].institution) for r in records.values()] == [
        ("Bell 1", "Founder, Jo", "Museum 1"),
        ("Bell 2", "Founder, Jo", "Museum 2"),
    ]


@pytest.mark.parametrize(
    ("content", "format_", "reason"),
    [
        ("", "mods", "empty"),
        ("<a/>", "mods", "no record of the format mods"),
        ("<c><mods", "mods", "no record of the format mods"),
        ("<ead><archdesc><did>", "ead", "not well-formed"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "ead", "declares entities"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_removes_nothing(
    tmp_path: Path, content: str, format_: str, reason: str
) -> None:
    path = tmp_path / "x.xml"
    path.write_text(content)
    with pytest.raises(FetchError, match=reason):
        raw_of(path, format_)


def test_what_reads_of_a_broken_file_is_kept_and_the_rest_set_aside(
    tmp_path: Path, database: Database, client: Client
) -> None:
    path = tmp_path / "m.xml"
    good = [MODS.format(f"Title {n}", NUMBER.format(n)) for n in range(5)]
    source = Source(id="s", protocol="xml", location=str(path), format="mods")
    with database.begin() as connection:
        sources.add(connection, source)
    path.write_text("<modsCollection>" + "".join(good) + "</modsCollection>")
    assert harvest_source(database, source, client).status == "complete"
    good[1] = good[1].replace("Title 1", "A <B")
    good[2] = good[2].replace("Title 2", "A & B \x02")
    good[3] = good[3].replace("</mods>", "")
    path.write_text("<modsCollection>" + "".join(good))
    report = harvest_source(database, source, client)
    assert (report.status, report.changed, report.unchanged, report.quarantined) == ("incomplete", 1, 2, 2)
    said = "\n".join(f"{loss.reason} {loss.position}" for loss in report.losses)
    for words in ("read one by one", "more records may have followed", "end tag is missing record 4, byte"):
        assert words in said
    with database.connect() as connection:
        assert records.count_live(connection, 1) == 5


def test_saved_answers_that_are_broken_keep_their_headers(tmp_path: Path) -> None:
    path = tmp_path / "oai.xml"
    record = "<record><header><identifier>oai:{0}</identifier><datestamp>2026-01-0{0}</datestamp></header>{1}</record>"
    texts = [record.format(n, f"<metadata>{MODS.format(f'T{n}', '')}</metadata>") for n in (1, 2, 3)]
    texts[1] = texts[1].replace("T2", "<x")
    namespace = "http://www.openarchives.org/OAI/2.0/"
    path.write_text(f"<OAI-PMH xmlns='{namespace}'><ListRecords>{''.join(texts)}</ListRecords></OAI-PMH>")
    assert [(raw.record, raw.datestamp) for raw in raw_of(path, "mods")] == [
        ("oai:1", "2026-01-01"),
        ("oai:3", "2026-01-03"),
    ]


def test_a_dirty_finding_aid_is_mended_whole(tmp_path: Path) -> None:
    path = tmp_path / "aid.xml"
    path.write_text(AID.format(more=GROUNDS.replace("Grounds", "Grounds & \x01gardens")))
    assert read(path, "ead")["aid/s2"].title == "Grounds & gardens"


def test_a_folder_of_finding_aids_is_one_source(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.xml").write_text(AID.format(more="").replace(">aid<", f">{name}<"))
    assert [raw.record for raw in raw_of(tmp_path, "ead")][::4] == ["one", "two"]


def unimarc(title: str, encoding: str, language: str = "") -> bytes:
    marc = pymarc.Record(leader="00000nam0 2200000   450 ")
    marc.add_field(pymarc.Field("001", data="9"))
    fixed = pymarc.Subfield("a", f"20020204d1994    em y0{language or 'fre'}y0120    ea")
    marc.add_field(pymarc.Field("100", indicators=pymarc.Indicators(" ", " "), subfields=[fixed]))
    marc.add_field(
        pymarc.Field("200", indicators=pymarc.Indicators("1", " "), subfields=[pymarc.Subfield("a", "TITLE")])
    )
    data = marc.as_marc()
    # The directory is wrong after this, as in many converted files, and is mended by the fields' order.
    return data.replace(b"TITLE", title.encode(encoding))


@pytest.mark.parametrize(
    ("title", "encoding", "format_", "language"),
    [
        ("海豹观察", "gb18030", "cnmarc", "chi"),
        ("海豹观察", "gb18030", "unimarc", "chi"),
        ("海豹观察", "utf-8", "cnmarc", "chi"),
        ("Été à Brăila", "utf-8", "unimarc", ""),
    ],
)
def test_binary_unimarc_is_decoded(title: str, encoding: str, format_: str, language: str) -> None:
    source = Source(id="s", protocol="marc", location="", format=format_)
    raw = RawRecord(source="s", record="9", payload=unimarc(title, encoding, language))
    assert FORMATS[format_](source)(raw).title == title


def test_iso_5426_puts_its_marks_before_the_letter() -> None:
    payload = unimarc("TITLE", "ascii").replace(b"TITLE", b"\xc2Et\xc2e \xe9\xfb")
    source = Source(id="s", protocol="marc", location="", format="unimarc")
    assert FORMATS["unimarc"](source)(RawRecord(source="s", record="9", payload=payload)).title == "Été Øß"


def test_a_named_encoding_counts() -> None:
    source = Source(id="s", protocol="marc", location="", format="unimarc", encoding="cp1250")
    raw = RawRecord(source="s", record="9", payload=unimarc("Târgu Mureş", "cp1250"))
    assert FORMATS["unimarc"](source)(raw).title == "Târgu Mureş"
