"""Every format on four records each: minimal, full, broken, deleted. The expected records were read by a person."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harvester.formats import FORMATS
from harvester.formats.base import UnreadableError
from schemas.catalogue import CatalogueRecord, RawRecord, Source

CASES = Path(__file__).parent.parent / "fixtures" / "formats"
SUFFIX = {"oai_dc": "xml", "marcxml": "xml", "marc21": "mrc", "csv": "json"}
SUFFIX |= dict.fromkeys(("qdc", "mods", "ead", "lido", "edm", "unimarc", "cnmarc"), "xml")
REASONS = {
    "oai_dc": "<metadata> is empty",
    "marcxml": "no title",
    "marc21": "directory",
    "csv": "3 cells",
    "qdc": "no dc:title",
    "mods": "no title",
    "ead": "neither a title",
    "lido": "no title",
    "edm": "no edm:ProvidedCHO",
    "unimarc": "no title",
    "cnmarc": "no title",
}


def read(format_: str, name: str, *, deleted: bool = False) -> CatalogueRecord:
    source = Source(id="lib", protocol="oai", location="https://lib.example/oai", format=format_)
    payload = (CASES / format_ / f"{name}.{SUFFIX[format_]}").read_bytes()
    raw = RawRecord(source="lib", record=f"{format_}-{name}", payload=payload, datestamp="2026-01-05", deleted=deleted)
    return FORMATS[format_](source)(raw)


def test_every_registered_format_has_its_cases() -> None:
    assert FORMATS.keys() == SUFFIX.keys()


@pytest.mark.parametrize(
    ("format_", "name"), [*((format_, name) for format_ in SUFFIX for name in ("minimal", "full")), ("ead", "ead3")]
)
def test_a_sound_record_becomes_what_is_expected(format_: str, name: str) -> None:
    expected = msgspec.json.decode((CASES / format_ / f"{name}.expected.json").read_bytes(), type=CatalogueRecord)
    assert read(format_, name) == expected


@pytest.mark.parametrize("format_", SUFFIX)
def test_a_broken_record_says_why(format_: str) -> None:
    with pytest.raises(UnreadableError, match=REASONS[format_]):
        read(format_, "broken")


@pytest.mark.parametrize("format_", SUFFIX)
def test_a_deleted_record_is_a_tombstone(format_: str) -> None:
    record = read(format_, "deleted", deleted=format_ == "csv")  # CSV has no mark of deletion in its rows
    assert record == CatalogueRecord(source="lib", record=f"{format_}-deleted", datestamp="2026-01-05", deleted=True)


@pytest.mark.parametrize("format_", SUFFIX)
@pytest.mark.parametrize("payload", [b"", b"\x00\xff", b"<a>", b"[]", b"{}", b'[["Title"]]', b"0" * 5000, b"\x1d" * 3])
def test_rubbish_is_refused_with_a_reason_and_nothing_else(format_: str, payload: bytes) -> None:
    source = Source(id="lib", protocol="oai", location="", format=format_)
    with pytest.raises(UnreadableError):
        FORMATS[format_](source)(RawRecord(source="lib", record="x", payload=payload))


@pytest.mark.parametrize("format_", ["oai_dc", "marcxml"])
def test_a_document_type_declaration_is_refused(format_: str) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><record><metadata><dc>&c;</dc></metadata></record>'
    with pytest.raises(UnreadableError, match="DTD"):
        FORMATS[format_](Source(id="lib", protocol="oai", location="", format=format_))(
            RawRecord(source="lib", record="x", payload=bomb)
        )
