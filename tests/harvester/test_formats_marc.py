"""MARC 21 in detail: types, dates, holdings however they are linked, local items by layout, damaged binary records."""

from __future__ import annotations

import io
from collections.abc import Callable

import pymarc
import pytest

from harvester.formats import FORMATS
from harvester.formats.base import MappingError, UnreadableError
from schemas.catalogue import CatalogueRecord, Holding, RawRecord, Source

Fields = list[tuple[str, str, str]]
"""(tag, indicators, "$a text $b text")"""


def xml(fields: Fields, leader: str = "00000nam a2200000 a 4500", controls: dict[str, str] | None = None) -> bytes:
    """A MARCXML record."""
    text = f'<record xmlns="http://www.loc.gov/MARC21/slim"><leader>{leader}</leader>'
    text += "".join(f'<controlfield tag="{tag}">{value}</controlfield>' for tag, value in (controls or {}).items())
    for tag, indicators, content in [("245", "00", "$a A title"), *fields]:
        text += f'<datafield tag="{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">'
        text += "".join(f'<subfield code="{p[0]}">{p[1:].strip()}</subfield>' for p in content.split("$")[1:])
        text += "</datafield>"
    return (text + "</record>").encode()


def read(payload: bytes, mapping: str = "", format_: str = "marcxml") -> CatalogueRecord:
    source = Source(id="lib", protocol="marc", location="", format=format_, mapping_text=mapping)
    return FORMATS[format_](source)(RawRecord(source="lib", record="r", payload=payload))


@pytest.mark.parametrize(
    ("leader", "controls", "fields", "expected"),
    [
        ("am", {}, [], "book"),
        ("as", {}, [], "serial"),
        ("ab", {}, [("773", "0 ", "$t Journal")], "article"),
        ("aa", {}, [], "article"),
        ("tm", {}, [], "manuscript"),
        ("tm", {}, [("502", "  ", "$a Thesis (PhD)")], "book"),
        ("pc", {}, [], "archive"),
        ("cm", {}, [], "score"),
        ("em", {}, [], "map"),
        ("gm", {"008": " " * 33 + "v" + " " * 6}, [], "video"),
        ("gm", {"008": " " * 33 + "s" + " " * 6}, [], "image"),
        ("km", {}, [], "image"),
        ("im", {}, [], "audio"),
        ("jm", {}, [], "audio"),
        ("rm", {}, [], "object"),
        ("mm", {"008": " " * 26 + "d" + " " * 13}, [], "book"),
        ("mm", {"008": " " * 26 + "g" + " " * 13}, [], "software"),
        ("  ", {}, [("336", "  ", "$b tdi $2 rdacontent")], "video"),
        ("  ", {}, [("655", " 7", "$a Maps")], "map"),
    ],
)
def test_types(leader: str, controls: dict[str, str], fields: Fields, expected: str) -> None:
    assert read(xml(fields, f"00000n{leader} a2200000 a 4500", controls)).type == expected


@pytest.mark.parametrize(
    ("dates", "statement", "year"),
    [
        ("s1996    ", "", 1996),
        ("r20021955", "", 2002),
        ("c19509999", "1950-", 1950),
        ("m19661970", "1966-1970", 1966),
        ("s19uu    ", "[1923?]", 1923),
        ("q19uu19uu", "", 1900),
        ("c9999    ", "", None),
        ("s197u    ", "", 1970),
        ("nuuuuuuuu", "[s.d.]", None),
        ("|||||||||", "c1989", 1989),
        ("b        ", "300 BC", -300),
        ("", "MDCCLXXVI [1776]", 1776),
        ("s9999    ", "2005", 2005),
    ],
)
def test_years(dates: str, statement: str, year: int | None) -> None:
    fields: Fields = [("260", "  ", f"$c {statement}")] if statement else []
    controls = {"008": f"970205{dates}xx " + " " * 20} if dates else {}
    assert read(xml(fields, controls=controls)).year == year


def told(holding: Holding) -> tuple[str, str, str, str]:
    return holding.branch, holding.key, holding.call_number, holding.note


def test_items_belong_to_the_place_that_their_number_names() -> None:
    record = read(
        xml(
            [
                ("852", "0 ", "$8 1 $b main $h QA76 $i .B3"),
                ("852", "0 ", "$8 2 $b annex $h QA76 $k REF"),
                ("866", "30", "$8 2.1 $a v.1-5"),
                ("866", "30", "$8 1.1 $a v.1-9"),
                ("876", "  ", "$8 1.1 $p A1 $3 v.1"),
                ("876", "  ", "$8 1.2 $p A2"),
            ]
        )
    )
    assert [told(h) for h in record.holdings] == [
        ("main", "A1", "QA76 .B3", "v.1-9; v.1"),
        ("main", "A2", "QA76 .B3", ""),
        ("annex", "", "QA76 REF", "v.1-5"),
    ]


def test_without_numbers_items_belong_to_the_place_before_them() -> None:
    record = read(
        xml([("852", "  ", "$b main"), ("876", "  ", "$p A1"), ("852", "  ", "$b annex"), ("876", "  ", "$p A2")])
    )
    assert [(h.branch, h.key) for h in record.holdings] == [("main", "A1"), ("annex", "A2")]


def test_items_before_their_only_place_and_items_without_any() -> None:
    assert read(xml([("876", "  ", "$p A1"), ("852", "  ", "$b main")])).holdings[0].branch == "main"
    assert [h.key for h in read(xml([("876", "  ", "$p A1"), ("876", "  ", "$p A2")])).holdings] == ["A1", "A2"]


KOHA = [
    ("952", "  ", "$a HOME $b MAIN $c Floor 1 $o 823 A $p K1"),
    ("952", "  ", "$a HOME $b EAST $o 823 A $p K2 $q 2026-02-01"),
    ("952", "  ", "$a HOME $b EAST $o 823 A $p K3 $7 1 $0 0"),
    ("952", "  ", "$a HOME $b EAST $o 823 A $p K4 $1 1"),
]


@pytest.mark.parametrize("mapping", ["", "items: koha"])
def test_koha_items(mapping: str) -> None:
    record = read(xml(list(KOHA)), mapping)
    states = {h.key: {a.service: (a.state, a.due) for a in h.availability} for h in record.holdings}
    assert [(h.branch, h.location, h.call_number) for h in record.holdings[:1]] == [("MAIN", "Floor 1", "823 A")]
    assert states["K1"]["loan"] == ("available", "")
    assert states["K2"]["loan"] == ("expected", "2026-02-01")
    assert states["K3"] == {"on_site": ("available", ""), "loan": ("unavailable", "")}
    assert states["K4"]["on_site"] == ("unavailable", "")


def test_symphony_items_replace_the_textual_holdings_and_keep_their_text() -> None:
    record = read(
        xml(
            [
                ("852", "  ", "$b old"),
                ("866", "  ", "$a v.1-3"),
                ("999", "  ", "$a QA1 .A2 $w LC $i X1 $k CHECKEDOUT $l STACKS $m ALD $t BOOK"),
                ("999", "  ", "$a QA1 .A2 $w LC $i X2 $l BY-REQUEST $m IVY $t BOOK"),
                ("999", "  ", "$a QA1 .A2 $w LC $i X3 $l OVERSIZE $m ALD $t BOOK"),
            ]
        )
    )
    assert [told(h) for h in record.holdings] == [
        ("ALD", "X1", "QA1 .A2", "v.1-3"),
        ("IVY", "X2", "QA1 .A2", ""),
        ("ALD", "X3", "QA1 .A2", ""),
    ]
    assert [h.availability[0].state for h in record.holdings] == ["expected", "limited", "available"]


def test_a_copy_told_in_two_layouts_is_one_copy() -> None:
    """A field of an earlier system stays beside the newer one; what it says of the copy is out of date."""
    record = read(
        xml(
            [
                ("949", "  ", "$a QA1 .A2 $w LC $i X1 $h old,stks"),
                ("999", "  ", "$a QA1 .A2 $w LC $i X1 $l WITHDRAWN $m ALD $t BOOK"),
                ("949", "  ", "$a QA1 .A3 $w LC $i X2 $l STACKS $m ALD"),
            ]
        ),
        "items: symphony",
    )
    assert [(h.key, h.availability[0].state) for h in record.holdings] == [("X1", "unavailable"), ("X2", "available")]


def test_a_layout_of_its_own() -> None:
    mapping = """
items:
  - tag: "949"
    fields: {institution: x, branch: b, location: l, call_number: ac, key: i, status: s, due: d, copies: n, note: z}
    flags: {w: withdrawn}
branches: {"7": annex}
institutions: {U: university}
statuses: {"3": on_loan}
"""
    field = ("949", "  ", "$x U $b 7 $l Floor 2 $a QA1 $c .B2 $i I1 $s 3 $d 20260201 $n 2 $z bound with I2")
    (holding,) = read(xml([field]), mapping).holdings
    assert (holding.institution, holding.branch, holding.location, holding.call_number) == (
        "university", "annex", "Floor 2", "QA1 .B2",
    )  # fmt: skip
    assert (holding.key, holding.copies, holding.note) == ("I1", 2, "bound with I2")
    assert {(a.service, a.state, a.due) for a in holding.availability} == {
        ("loan", "expected", "2026-02-01"),
        ("on_site", "expected", "2026-02-01"),
    }
    (gone,) = read(xml([("949", "  ", "$b 7 $i I2 $w 1")]), mapping).holdings
    assert gone.availability[0].state == "unavailable"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("items: horizon", "there are koha"),
        ("items: [{tag: '949', fields: {barcode: i}}]", "barcode"),
        ("items: [{tag: '949', fields: {key: i}, otherwise: fine}]", "'fine'"),
        ("type: libro", "libro"),
    ],
)
def test_a_wrong_mapping_says_what(mapping: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        read(xml([]), mapping)


def test_what_exists_only_online_has_a_digital_holding() -> None:
    online = read(xml([("856", "40", "$u https://x.example/1"), ("856", "42", "$u https://x.example/2 $3 Review")]))
    assert [(h.url, h.availability[0].service, h.availability[0].state) for h in online.holdings] == [
        ("https://x.example/1", "digital", "limited")
    ]
    free = read(xml([("856", "40", "$u https://x.example/1 $7 0")]))
    assert free.holdings[0].availability[0].state == "available"
    contents = read(xml([("856", "41", "$u https://x.example/toc $3 Table of contents")]))
    assert contents.holdings == []
    printed = read(xml([("852", "  ", "$b main"), ("856", "41", "$u https://x.example/1")]))
    assert [h.branch for h in printed.holdings] == ["main"]
    assert read(xml([("856", "40", "$u javascript:alert(1)")])).links == []


def test_articles_know_their_host() -> None:
    record = read(
        xml(
            [("773", "0 ", "$t Journal of craft. $g Vol. 12, no. 3 (1999), p. 45-67 $x 0378-5955")],
            "00000nab a2200000 a 4500",
        )
    )
    assert record.host is not None
    assert (record.host.title, record.host.volume, record.host.issue, record.host.pages, record.host.issn) == (
        "Journal of craft", "12", "3", "45-67", "0378-5955",
    )  # fmt: skip
    assert record.year == 1999


def test_roles_and_added_entries() -> None:
    record = read(
        xml(
            [
                ("100", "1 ", "$a Holt, Ada, $d 1901-1978, $e Verfasser"),
                ("700", "1 ", "$a Ill, I. $e illustrator."),
                ("700", "1 ", "$a Two, T. $4 edt"),
                ("700", "12", "$a Three, T. $t A contained work"),
                ("700", "1 ", "$a Four, F. $t A related work"),
                ("710", "2 ", "$a Guild of Weavers. $b Library. $e issuing body."),
                ("711", "2 ", "$a Conference on Looms $n (2 : $d 1955 : $c Leeds)"),
            ]
        )
    )
    assert [(c.name, c.role) for c in record.creators] == [
        ("Holt, Ada", "aut"),
        ("Ill, I.", "ill"),
        ("Two, T.", "edt"),
        ("Three, T.", ""),
        ("Guild of Weavers. Library", "isb"),
        ("Conference on Looms (2 : 1955 : Leeds)", ""),
    ]


def binary(**subfields: str) -> bytes:
    record = pymarc.Record(force_utf8=True)
    record.add_field(pymarc.Field(tag="001", data="b1"))
    for tag, text in (("245", "Größe und Maß"), ("260", "Köln"), ("650", "Österreich")):
        record.add_field(
            pymarc.Field(
                tag=tag,
                indicators=pymarc.Indicators("0", "0"),
                subfields=[pymarc.Subfield("a", subfields.get(tag, text))],
            )
        )
    return record.as_marc()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data,
        lambda data: data[:9] + b" " + data[10:],  # says MARC-8, is UTF-8
        lambda data: b"00001" + data[5:],  # a wrong length
        lambda data: _lengths_in_characters(data),
        lambda data: data.decode().encode("cp1252"),  # says UTF-8, is Latin-1; the directory is right for neither
    ],
)
def test_binary_records_with_the_usual_faults_are_read(damage: Callable[[bytes], bytes]) -> None:
    record = read(damage(binary()), format_="marc21")
    assert (record.title, record.publication_place, record.subjects) == ("Größe und Maß", "Köln", ["Österreich"])


def _lengths_in_characters(data: bytes) -> bytes:
    """The directory that a program writes which counts characters."""
    base = int(data[12:17])
    fields = data[base:].split(b"\x1e")[:-1]
    entries, start = b"", 0
    for number, field in enumerate(fields):
        length = len(field.decode()) + 1
        entries += data[24 + 12 * number : 27 + 12 * number] + b"%04d%05d" % (length, start)
        start += length
    return data[:24] + entries + data[24 + len(entries) :]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (b"Th\xe2e\xe1atre", "Théàtre"),
        (b"\xb5\xa5\xb2 \x1b(NkNIGA\x1b(B, a book", "æÆø Книга, a book"),
        (b"\x1b$1\x21\x30\x34\x4b\x37\x6f\x1b(B / ", "中国"),
        (b"\x1b$1\x6f\x4d\x3e\x6f\x53\x21\x6f\x49\x5a\x1b(B", "도서관"),
        (b"CO\x1bb2\x1bs and x\x1bp2\x1bs", "CO₂ and x²"),
    ],
)
def test_marc8_is_converted(title: bytes, expected: str) -> None:
    length = len(title) + 5
    data = b"00000nam  2200049   4500" + b"245%04d00000" % length + b"\x1e" + b"00\x1fa" + title + b"\x1e\x1d"
    assert read(data, format_="marc21").title == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"00000nam a22", "too short"),
        (b"00000nam a2200000 a 4500" + b"245" * 30, "no end"),
        (b"00000nam a2200000 a 4500" + b"24500100000" + b"\x1e00\x1fax\x1e\x1d", "multiple of 12"),
        (b"00000nam a2200000 a 4500" + b"245000900000260000900009" + b"\x1e00\x1fax\x1e\x1d", "cannot be told apart"),
        (b"00000nz  a2200000 a 4500" + b"100000700000" + b"\x1e1 \x1fab\x1e\x1d", "authority record"),
    ],
)
def test_unreadable_binary_records_say_why(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
        read(data, format_="marc21")


@pytest.mark.parametrize("format_", ["marcxml", "marc21"])
def test_what_recurs_is_told_anew_for_each_record(format_: str) -> None:
    """Fields with the same bytes are read once; no record may change what another one gets."""
    fields: Fields = [
        ("041", "0 ", "$a fre"), ("100", "1 ", "$a Austen, Jane $e author"), ("300", "  ", "$a 80 p. ;"),
        ("700", "12", "$a Austen, Jane $t Emma"), ("700", "1 ", "$a Brock, C. E. $e ill."), ("852", "  ", "$b main"),
    ]  # fmt: skip
    payload = xml(fields)
    if format_ == "marc21":
        payload = pymarc.parse_xml_to_array(io.BytesIO(payload))[0].as_marc()
    reader = FORMATS[format_](Source(id="lib", protocol="marc", location="", format=format_))
    first = reader(RawRecord(source="lib", record="r", payload=payload))
    assert [(c.name, c.role) for c in first.creators] == [("Austen, Jane", "aut"), ("Brock, C. E.", "ill")]
    assert (first.languages, first.extent) == (["fr"], "80 p.")
    first.languages.append("en")
    first.creators.clear()
    first.holdings[0].branch = "elsewhere"
    second = reader(RawRecord(source="lib", record="r", payload=payload))
    assert (second.languages, len(second.creators), second.holdings[0].branch) == (["fr"], 2, "main")


def test_pymarc_reads_the_same() -> None:
    data = binary()
    theirs = next(iter(pymarc.MARCReader(io.BytesIO(data))))
    assert theirs is not None
    assert theirs.title == read(data, format_="marc21").title


@pytest.mark.parametrize(
    ("marked", "title"),
    [
        ("&lt;&lt;The &gt;&gt;sweetest fig", "The sweetest fig"),
        ("&lt;&lt;L'&gt;&gt;amour /", "L'amour"),
        ("a &lt;&lt; b &gt;&gt; c", "a << b >> c"),
    ],
)
def test_unimarc_titles_lose_the_marks_of_what_is_not_filed(marked: str, title: str) -> None:
    assert read(xml([("200", "1 ", f"$a {marked}")]), format_="unimarc").title == title
