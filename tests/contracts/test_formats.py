"""What every format of the registry promises, whatever arrives: a sound record, or a reason why there is none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvester.formats import FORMATS
from harvester.formats.base import UnreadableError
from schemas.catalogue import RECORD_TYPES, SERVICES, STATES, CatalogueRecord, RawRecord, Source
from schemas.identifiers import isbn13, issn, language_tag

CASES = Path(__file__).parent.parent / "fixtures" / "formats"
FULL = {format_: next((CASES / format_).glob("full.[!e]*")).read_bytes() for format_ in FORMATS}
XML = sorted(format_ for format_, payload in FULL.items() if payload.lstrip()[:1] == b"<")


def read(format_: str, payload: bytes) -> CatalogueRecord | str:
    """The record, or the reason; anything else fails the test."""
    source = Source(id="lib", protocol="oai", location="", format=format_)
    try:
        return FORMATS[format_](source)(RawRecord(source="lib", record="r1", payload=payload, datestamp="2026-01-05"))
    except UnreadableError as error:
        return str(error)


def assert_sound(record: CatalogueRecord) -> None:
    assert (record.source, record.record, record.datestamp) == ("lib", "r1", "2026-01-05")
    if record.deleted:
        return
    assert record.title.strip()
    assert record.type in RECORD_TYPES
    assert record.year is None or isinstance(record.year, int)
    assert all(language_tag(tag) == tag for tag in record.languages)
    assert all(isbn13(number) == number for number in record.isbns)
    assert all(issn(number) == number for number in record.issns)
    assert all(":" in identifier for identifier in record.identifiers)
    assert all(creator.name.strip() for creator in record.creators)
    assert all(link.url for link in record.links)
    for holding in record.holdings:
        assert all(one.service in SERVICES and one.state in STATES for one in holding.availability)
    # What is stored must come back as it was: the types are those that the struct names.
    assert msgspec.json.decode(msgspec.json.encode(record), type=CatalogueRecord) == record


def assert_sound_or_told(result: CatalogueRecord | str) -> None:
    if isinstance(result, CatalogueRecord):
        assert_sound(result)
    else:
        assert result.strip()


@pytest.mark.parametrize("format_", FORMATS)
def test_a_full_record_is_sound_and_always_the_same(format_: str) -> None:
    first = read(format_, FULL[format_])
    assert isinstance(first, CatalogueRecord)
    assert_sound(first)
    assert read(format_, FULL[format_]) == first


@pytest.mark.parametrize("format_", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_record_gives_a_sound_record_or_a_reason(format_: str, data: st.DataObject) -> None:
    payload = bytearray(FULL[format_])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(payload) - 1))
        length = data.draw(st.integers(0, 40))
        payload[start : start + length] = data.draw(st.binary(max_size=12))
    result = read(format_, bytes(payload))
    assert_sound_or_told(result)


@pytest.mark.parametrize("format_", XML)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_words_of_any_kind_in_any_element_are_no_danger(format_: str, data: st.DataObject) -> None:
    text = FULL[format_].decode()
    words = [word for word in text.replace("<", ">").split(">")[2::2] if word.strip()]
    word = data.draw(st.sampled_from(words))
    printable = st.characters(codec="utf-8", exclude_characters="<>&", exclude_categories=["Cc", "Cs", "Cn"])
    result = read(format_, text.replace(f">{word}<", f">{data.draw(st.text(printable, max_size=30))}<").encode())
    assert_sound_or_told(result)


@pytest.mark.parametrize("format_", XML)
def test_elements_that_are_not_known_change_nothing(format_: str) -> None:
    text = FULL[format_].decode()
    end = next(mark for mark in ("</metadata>", "</here>", "</record>") if mark in text)
    closing = text.rindex(end) if end == "</record>" else text.rindex("</", 0, text.rindex(end))
    unknown = '<n:new xmlns:n="urn:example:new"><n:inner a="1"/></n:new>'
    assert read(format_, (text[:closing] + unknown + text[closing:]).encode()) == read(format_, FULL[format_])


@pytest.mark.parametrize("format_", XML)
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_xml_with_a_document_type_is_refused(format_: str, declaration: str) -> None:
    result = read(format_, declaration.encode() + FULL[format_])
    assert isinstance(result, str)
    assert "document type" in result


@pytest.mark.parametrize("format_", XML)
def test_a_prefix_that_nobody_declared_costs_nothing(format_: str) -> None:
    text = FULL[format_].decode()
    place = text.index(">", text.index("<metadata>") + 12 if "<metadata>" in text else text.index("<here>") + 7
                       if "<here>" in text else 0)  # fmt: skip
    damaged = text[:place] + ' xsi:schemaLocation="urn:a urn:b"' + text[place:]
    assert read(format_, damaged.encode()) == read(format_, FULL[format_])
