"""Records of MARC as library systems export them, without a mapping: where their copies are, how they are encoded."""

from __future__ import annotations

import pytest

from harvester.formats import FORMATS
from harvester.probe.recognise import recognise
from schemas.catalogue import CatalogueRecord, RawRecord, Source


def read(payload: bytes, format_: str) -> CatalogueRecord:
    source = Source(id="lib", protocol="marc", location="", format=format_)
    return FORMATS[format_](source)(RawRecord(source="lib", record="r", payload=payload))


def marcxml(*fields: tuple[str, str], number: str = "1") -> CatalogueRecord:
    """What is read from a record with these fields: (tag, "|a text|b text")."""
    text = f'<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">{number}</controlfield>'
    for tag, content in [("245", "|aA title"), *fields]:
        text += f'<datafield tag="{tag}" ind1=" " ind2=" ">'
        text += "".join(f'<subfield code="{part[0]}">{part[1:]}</subfield>' for part in content.split("|")[1:])
        text += "</datafield>"
    return read((text + "</record>").encode(), "marcxml")


def copies(record: CatalogueRecord) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (h.key, h.branch, {one.service: f"{one.state} {one.due}".strip() for one in h.availability})
        for h in record.holdings
    ]


AT_HOME, AWAY = {"loan": "available", "on_site": "available"}, {"loan": "expected", "on_site": "expected"}


def test_alma_tells_of_printed_and_electronic_copies() -> None:
    record = marcxml(
        ("AVA", "|0991|822|a01UNI_INST|bMAIN|cStacks|dPJ 50|eavailable|f2|qMain Library"),
        ("AVA", "|0991|823|a01UNI_INST|bLAW|cReserves|dPJ 50|eunavailable|qLaw Library"),
        ("AVE", "|eAvailable|mHandbooks Online|uhttps://example.org/resolve|853"),
    )
    assert copies(record) == [
        ("22", "Main Library", AT_HOME),
        ("23", "Law Library", {"loan": "unavailable", "on_site": "unavailable"}),
        ("53", "", {"digital": "available"}),
    ]
    assert [(h.location, h.call_number, h.copies) for h in record.holdings[:1]] == [("Stacks", "PJ 50", 2)]


def test_evergreen_tells_status_and_price() -> None:
    record = marcxml(
        ("852", "|aPINES|bARL-ATH|bARL-ATH|cAudio|jCD KING|p301|sChecked out|y$59.99"),
        ("852", "|aPINES|bARL-BOG|bARL-BOG|cAudio|jCD KING|p302|sAvailable"),
    )
    assert copies(record) == [("301", "ARL-ATH", AWAY), ("302", "ARL-BOG", AT_HOME)]


def test_a_price_is_no_status() -> None:
    record = marcxml(("852", "|bMain|hQA 76|y12.50"), ("852", "|bMain|hQA 77|yon shelf"))
    assert [h.status for h in record.holdings] == ["", "on shelf"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("|s-", AT_HOME),
        ("|s-|h12-15-2026", {"loan": "expected 2026-12-15", "on_site": "expected 2026-12-15"}),
        ("|so", {"on_site": "available", "loan": "unavailable"}),
        ("|s$", {"loan": "unavailable", "on_site": "unavailable"}),
        ("|s!", AWAY),
    ],
)
def test_sierra_tells_by_letters(status: str, expected: dict[str, str]) -> None:
    record = marcxml(("945", f"|g1|i3123|j0|lmnstk{status}|t0|y.i1034"), number="ocm12345678 ")
    assert copies(record) == [("3123", "mnstk", expected)]
    assert record.identifiers == ["oclc:12345678"]


def test_union_catalogues_tell_whose_a_copy_is() -> None:
    record = marcxml(("924", "|a3771|bDE-1|cBB|dd|g50 MA 123"), ("924", "|a3772|bDE-18|cHH|dd|gA/1"))
    assert [(h.key, h.institution, h.call_number) for h in record.holdings] == [
        ("3771", "DE-1", "50 MA 123"), ("3772", "DE-18", "A/1"),
    ]  # fmt: skip
    sudoc = marcxml(("930", "|5751052104:1|b751052104|a8 R 123|ju"))
    assert [(h.branch, h.call_number) for h in sudoc.holdings] == [("751052104", "8 R 123")]


def iso2709(*fields: tuple[str, str], encoding: str) -> bytes:
    """A record of UNIMARC with these fields, its values so encoded."""
    directory, body = b"", b""
    for tag, content in fields:
        value = ("  " + content.replace("|", "\x1f")).encode(encoding) + b"\x1e"
        directory += f"{tag}{len(value):04}{len(body):05}".encode()
        body += value
    base = 24 + len(directory) + 1
    leader = f"{base + len(body) + 1:05}nam0 22{base:05}3i 450 ".encode()
    return leader + directory + b"\x1e" + body + b"\x1d"


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("cp1251", "0189"),
        ("cp866", "79  "),
        ("koi8-r", "0199"),
        ("cp1251", "    "),
        ("koi8-r", "    "),
        ("utf-8", "50  "),
    ],
)
def test_rusmarc_is_read_in_the_code_pages_of_its_time(encoding: str, charset: str) -> None:
    data = iso2709(
        ("100", f"|a20010212d2001    k  y0rusy{charset}    ca"),
        ("101", "|arus"),
        ("200", "|aМастер и Маргарита|eроман|fМ. А. Булгаков"),
        ("210", "|aМ.|cАСТ|d2001"),
        ("700", "|aБулгаков|bМ. А.|gМихаил Афанасьевич|4070"),
        ("899", "|aРНБ|bОФ|j2001-3/1234|p123"),
        encoding=encoding,
    )
    assert recognise(data).format == "unimarc"
    for format_ in ("unimarc", "cnmarc"):
        record = read(data, format_)
        assert (record.title, record.publisher) == ("Мастер и Маргарита: роман", "АСТ")
        assert [one.name for one in record.creators] == ["Булгаков, Михаил Афанасьевич"]
        assert [(h.institution, h.branch, h.call_number) for h in record.holdings] == [("РНБ", "ОФ", "2001-3/1234")]


def test_chinese_with_russian_stays_chinese() -> None:
    fields = ("100", "|a20070812d1996    em y0chiy0110    ea"), ("101", "|achi|arus"), ("200", "|a俄汉大词典")
    data = iso2709(*fields, ("905", "|a南山图书馆|dH356|v1998-2006"), encoding="gb18030")
    record = read(data, "unimarc")
    assert recognise(data).format == "cnmarc"
    assert (record.title, record.holdings[0].note) == ("俄汉大词典", "1998-2006")
