"""Files of MARC: binary and XML, damaged, with equal control numbers, with holdings records, over a real store."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.harvest import harvest_source
from harvester.protocols.marc_file import open_marc
from schemas.catalogue import Quarantined, RawRecord, Source
from store import sources
from store.database import Database
from store.sources import SourceState

SLIM = ' xmlns="http://www.loc.gov/MARC21/slim"'


@pytest.fixture
def client() -> Client:
    return Client(pause=0)


def xml_record(number: str, title: str, kind: str = "am", extra: str = "", attributes: str = SLIM) -> str:
    title_field = f'<datafield tag="245" ind1="0" ind2="0"><subfield code="a">{title}</subfield></datafield>'
    control = f'<controlfield tag="001">{number}</controlfield>' if number else ""
    return f"<record{attributes}><leader>00000n{kind} a2200000 a 4500</leader>{control}{extra}{title_field}</record>"


def binary_record(number: str, title: str) -> bytes:
    fields = [(b"001", number.encode()), (b"245", b"00\x1fa" + title.encode())]
    directory, data = b"", b""
    for tag, value in fields:
        directory += tag + b"%04d%05d" % (len(value) + 1, len(data))
        data += value + b"\x1e"
    base = 24 + len(directory) + 1
    length = base + len(data) + 1
    return b"%05dnam a22%05d a 4500" % (length, base) + directory + b"\x1e" + data + b"\x1d"


class Read:
    """What a file gave."""

    def __init__(self, path: Path, client: Client, checkpoint: dict[str, Any] | None = None) -> None:
        source = Source(id="m", protocol="marc", location=str(path), format="marc21")
        fetch = open_marc(source, SourceState(), checkpoint or {}, False, client)
        self.pages = list(fetch.pages())
        self.raw: list[RawRecord] = [raw for page in self.pages for raw in page.records]
        self.bad: list[Quarantined] = [bad for page in self.pages for bad in page.quarantined]
        self.notes, self.losses = fetch.notes, fetch.losses
        read = FORMATS["marc21"](source)
        self.titles = [read(raw).title for raw in self.raw]


@pytest.fixture
def reading(tmp_path: Path, client: Client) -> Any:
    def read(content: bytes | str, **options: Any) -> Read:
        path = tmp_path / "records"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Read(path, client, **options)

    return read


def test_binary_records_with_rubbish_between_and_a_cut_end(reading: Any) -> None:
    got = reading(
        binary_record("a1", "One")
        + b"\r\n"
        + binary_record("a2", "Größe")
        + b"not a record at all \x1d"
        + binary_record("a3", "Three").replace(b"00072", b"00001")
        + binary_record("a4", "Four")[:-10]
    )
    assert [(raw.record, title) for raw, title in zip(got.raw, got.titles, strict=True)] == [
        ("a1", "One"),
        ("a2", "Größe"),
        ("a3", "Three"),
    ]
    assert [bad.position.split(",")[0] for bad in got.bad] == ["record 3", "record 5"]
    assert "too short" in got.bad[0].reason or "no end" in got.bad[0].reason
    assert "cut off" in got.bad[1].reason
    assert got.bad[1].payload == binary_record("a4", "Four")[:-10]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "frame",
    [
        '<?xml version="1.0" encoding="UTF-8"?>\n<collection{}>{}</collection>',
        "<collection{}>{}</collection>",
        "\ufeff<collection{}>{}</collection>",
        "\n\n <?xml version='1.0'?><collection{}>{}</collection>",
        '<answer{}><records><record xmlns=""><recordData>{}</recordData></record></records></answer>',
    ],
)
def test_xml_in_any_frame(reading: Any, frame: str, packed: bool) -> None:
    records = xml_record("x1", "One", attributes="") + xml_record("x2", "Größe &amp; Maß", attributes="")
    if "recordData" in frame:
        records = records.replace("<record>", f"<record{SLIM}>")
    content = frame.format(SLIM, records).encode()
    got = reading(gzip.compress(content) if packed else content)
    assert [(raw.record, title) for raw, title in zip(got.raw, got.titles, strict=True)] == [
        ("x1", "One"),
        ("x2", "Größe & Maß"),
    ]
    assert not got.bad


def test_prefixes_survive_being_cut_out_of_their_file(reading: Any) -> None:
    text = (xml_record("p1", "One") + xml_record("p2", "Two")).replace(SLIM, "")
    for name in ("record", "leader", "controlfield", "datafield", "subfield"):
        text = text.replace(f"<{name}", f"<marc:{name}").replace(f"</{name}", f"</marc:{name}")
    frame = '<marc:collection xmlns:marc="http://www.loc.gov/MARC21/slim">{}'
    assert reading(frame.format(text) + "</marc:collection>").titles == ["One", "Two"]
    broken = reading(frame.format(text.replace("Two", "T<o") + text.replace("p1", "p3")) + "</marc:collection>")
    assert broken.titles == ["One", "One", "Two"]
    assert [raw.record for raw in broken.raw] == ["p1", "p3", "p2"]


def test_xml_that_is_not_well_formed_loses_only_what_is_broken(reading: Any) -> None:
    good = [xml_record(f"g{number}", f"Title {number}") for number in range(5)]
    bad = xml_record("b", "A <B")
    text = f"<collection{SLIM}>" + good[0] + good[1] + bad + good[2] + good[3] + good[4][:-20]
    got = reading(text)
    assert [raw.record for raw in got.raw] == ["g0", "g1", "g2", "g3"]
    assert ["not well-formed" in got.bad[0].reason, "cut off" in got.bad[1].reason] == [True, True]
    assert got.bad[0].payload.decode() == bad
    assert "record 3, byte" in got.bad[0].position
    assert ["one by one" in got.losses[0], "more records may have followed" in got.losses[1]] == [True, True]


def test_entities_of_a_document_type_are_not_followed(reading: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    records = xml_record("e", "A &x; title") + xml_record("f", "Plain &amp; simple")
    got = reading(f'<!DOCTYPE c [<!ENTITY x SYSTEM "file://{secret}">]><collection{SLIM}>{records}</collection>')
    assert got.titles == ["Plain & simple"]
    assert ["entity &x;" in got.bad[0].reason, b"SECRET" in got.bad[0].payload] == [True, False]


def test_different_records_with_one_number_are_all_kept_and_equal_ones_are_one(
    tmp_path: Path, database: Database, client: Client
) -> None:
    path = tmp_path / "twice.mrc"
    numbered = [("n1", "One"), ("n1", "Another"), ("n1", "One"), ("n2", "Two")]
    path.write_bytes(b"".join(binary_record(number, title) for number, title in numbered))
    source = Source(id="m", protocol="marc", location=str(path), format="marc21")
    with database.begin() as connection:
        sources.add(connection, source)
    got = Read(path, client)
    assert [raw.record for raw in got.raw] == ["n1", "n1#2", "n1", "n2"]
    assert any("1 records have a control number" in note for note in got.notes)
    first = harvest_source(database, source, client)
    assert (first.status, first.received, first.new, first.unchanged) == ("complete", 4, 3, 1)
    second = harvest_source(database, source, client)
    assert (second.received, second.new, second.changed, second.unchanged) == (4, 0, 0, 4)


def test_holdings_records_become_part_of_the_record_that_they_name(reading: Any) -> None:
    mfhd = (
        f'<record{SLIM}><leader>00000nx  a2200000 a 4500</leader><controlfield tag="001">h1</controlfield>'
        '<controlfield tag="004">b1</controlfield>'
        '<datafield tag="852" ind1="0" ind2=" "><subfield code="b">main</subfield></datafield>'
        '<datafield tag="866" ind1=" " ind2=" "><subfield code="a">v.1-9</subfield></datafield></record>'
    )
    text = (
        f"<collection>{xml_record('b1', 'A serial', 'as')}{mfhd}{mfhd.replace('main', 'annex')}{xml_record('b2', 'B')}"
    )
    got = reading(text + "</collection>")
    assert [raw.record for raw in got.raw] == ["b1", "b2"]
    source = Source(id="m", protocol="marc", location="", format="marc21")
    for format_ in ("marc21", "marcxml"):
        holdings = FORMATS[format_](source)(got.raw[0]).holdings
        assert [(holding.branch, holding.note) for holding in holdings] == [("main", "v.1-9"), ("annex", "v.1-9")]


def test_records_without_a_number_and_with_another_one(reading: Any) -> None:
    system_number = '<datafield tag="035" ind1=" " ind2=" "><subfield code="a">(X)7</subfield></datafield>'
    records = xml_record("", "No number") + xml_record("", "Other", extra=system_number)
    got = reading(f"<collection>{records}</collection>")
    assert [raw.record for raw in got.raw] == ["row:1", "(X)7"]


def test_pages_can_be_taken_up_and_big_files_stream(reading: Any) -> None:
    content = b"".join(binary_record(f"r{number}", f"Title {number}") for number in range(1200))
    whole = reading(content)
    assert [len(page.records) for page in whole.pages] == [500, 500, 200]
    rest = reading(content, checkpoint=whole.pages[1].checkpoint)
    assert [raw.record for raw in rest.raw] == [f"r{number}" for number in range(1000, 1200)]
    xml = f"<collection{SLIM}>" + "".join(xml_record(f"r{n}", f"T {n}", attributes="") for n in range(1200))
    assert len(reading(xml + "</collection>").raw) == 1200


def test_an_empty_file_is_an_error(reading: Any) -> None:
    with pytest.raises(FetchError, match="empty"):
        reading(b"\n\n")


def test_what_stands_between_broken_tags_is_set_aside_and_dirt_is_mended(reading: Any) -> None:
    records = [xml_record(f"g{number}", f"Title {number}") for number in range(6)]
    records[1] = records[1].replace("</record>", "")  # runs into the next
    records[3] = records[3].replace("<record", "<rec")
    records[4] = records[4].replace("Title 4", "Salt & \x01Pepper")
    got = reading(f"<collection{SLIM}>" + "".join(records) + "</collection>")
    assert [raw.record for raw in got.raw] == ["g0", "g2", "g4", "g5"]
    assert got.titles[2] == "Salt & Pepper"
    assert ["end tag" in got.bad[0].reason, "start tag" in got.bad[1].reason] == [True, True]
    assert [b"Title 1" in got.bad[0].payload, b"Title 3" in got.bad[1].payload] == [True, True]
    assert got.notes == ["1 records had to be mended to be read"]
    assert len(got.losses) == 1


def test_a_folder_and_an_archive_of_many_files_are_one_source(reading: Any, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.xml").write_text(f"<collection{SLIM}>{xml_record('a', 'A')}{xml_record('', 'B')}</collection>")
    (folder / "sub" / "b.mrc.gz").write_bytes(gzip.compress(binary_record("c", "C")))
    (folder / "broken.mrc").write_bytes(b"")
    (folder / "notes.pdf").write_bytes(b"%PDF")
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("a.xml", "broken.mrc"):
            archive.write(folder / name, name)
    client = Client(pause=0)
    whole, part = Read(folder, client), Read(packed, client)
    assert [(raw.record, title) for raw, title in zip(whole.raw, whole.titles, strict=True)] == [
        ("a", "A"), ("row:a.xml: 2", "B"), ("c", "C"),
    ]  # fmt: skip
    assert [raw.record for raw in part.raw] == ["a", "row:a.xml: 2"]
    for got in (whole, part):
        assert got.losses == ["broken.mrc: the file is empty"]
    client.close()


def test_a_record_that_has_lost_its_end_does_not_swallow_the_next(tmp_path: Path, client: Client) -> None:
    one, two, three = (binary_record(number, f"title {number}") for number in "123")
    (tmp_path / "a.mrc").write_bytes(one[:-1] + two + three)
    found = Read(tmp_path / "a.mrc", client)
    assert [(raw.record, raw.payload) for raw in found.raw] == [("1", one), ("2", two), ("3", three)]


@pytest.mark.parametrize("suffix", ["mrc", "xml"])
def test_authorities_among_the_records_are_left_out_and_told(tmp_path: Path, client: Client, suffix: str) -> None:
    binary = [binary_record("1", "a"), binary_record("2", "b").replace(b"nam a22", b"nz  n22"), binary_record("3", "c")]
    xml = "".join([xml_record("1", "a"), xml_record("2", "b", kind="z "), xml_record("3", "c")])
    content = b"".join(binary) if suffix == "mrc" else f"<collection>{xml}</collection>".encode()
    (tmp_path / f"a.{suffix}").write_bytes(content)
    found = Read(tmp_path / f"a.{suffix}", client)
    assert [raw.record for raw in found.raw] == ["1", "3"]
    assert "1 records describe names, subjects or classes (authorities) and were left out" in map(str, found.notes)
