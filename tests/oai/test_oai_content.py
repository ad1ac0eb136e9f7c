"""Whatever stands in a description, what is set out is XML that says the same; names can be turned back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from config.settings import load_settings
from schemas.catalogue import RECORD_TYPES, Creator, Host, Link, RawRecord, Source
from schemas.work import Work
from search_api.oai.errors import OaiError
from search_api.oai.identity import Identity, institution_of, set_spec
from search_api.oai.stored_marc import stored_marc
from search_api.oai.tokens import Token, read, write
from search_api.oai.xml import envelope, error_element, verb_element
from search_api.renderers import dublin_core, marcxml
from search_api.renderers.text import writable
from search_api.renderers.xml import branch
from store.dated_works import DatedWork

IDENTITY = Identity(load_settings(public_url="https://lampway.example/", _env_file=None))
DATED = DatedWork(1, "w1", "2026-11-24T10:00:00Z", False)
HOSTILE = st.text(max_size=30) | st.sampled_from(
    ["]]>", "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", "\x00\x08\x1b[31m", "\ud800", "\ufffe\uffff", "a\u2028b", "&#0;", "𝄞"]
)


def clean(text: str) -> str:
    return writable(text.replace("\r", " ")).strip()


def written(element: Any) -> Any:
    """The element as a peer's strict parser sees it within a whole answer."""
    return etree.fromstring(envelope(DATED.datestamp, "https://lampway.example/oai", {}, element))


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Work, id=st.just("w1"), title=HOSTILE, part=HOSTILE, other_titles=st.lists(HOSTILE, max_size=2),
        creators=st.lists(st.builds(Creator, HOSTILE, st.sampled_from(["", "aut", "trl"])), max_size=2),
        description=HOSTILE, publisher=HOSTILE, subjects=st.lists(HOSTILE, max_size=2), date=HOSTILE,
        year=st.none() | st.integers(-9999, 99999), type=st.sampled_from(RECORD_TYPES), unit_id=HOSTILE,
        identifiers=st.lists(HOSTILE, max_size=2), links=st.lists(st.builds(Link, HOSTILE, HOSTILE), max_size=2),
        host=st.none() | st.builds(Host, title=HOSTILE, volume=HOSTILE, pages=HOSTILE),
        path=st.lists(HOSTILE, max_size=2),
    )
)  # fmt: skip
def test_hostile_descriptions_stay_well_formed_and_whole(work: Work) -> None:
    root = written(dublin_core.element(work, IDENTITY.page(work.id)))
    titles = [element.text or "" for element in root.iter(f"{{{dublin_core.DC}}}title")]
    whole = ". ".join(part for part in (work.title, work.part) if part)
    assert titles == [told for title in (whole, *work.other_titles) if (told := clean(title))]
    root = written(marcxml.element(work, IDENTITY.page(work.id), system=IDENTITY.host, changed="20261124100000"))
    said = {"".join(field.itertext()) for field in root.iter("{*}subfield")}
    assert clean(work.title) in said | {""}
    assert len(next(root.iter("{*}leader")).text) == 24
    assert len(root.find(".//{*}controlfield[@tag='008']").text) == 40


@given(HOSTILE)
def test_errors_may_repeat_anything(text: str) -> None:
    root = written(error_element(OaiError("badArgument", text)))
    assert next(root.iter("{*}error")).get("code") == "badArgument"


@given(st.text(min_size=1).filter(lambda text: not re.search("[\ud800-\udfff]", text)))
def test_sets_name_any_institution(id_: str) -> None:
    spec = set_spec(id_)
    assert re.fullmatch(r"institution:[A-Za-z0-9\-_.!~*'()]+", spec)
    assert institution_of(spec) == id_


@given(st.text(max_size=40))
def test_foreign_sets_and_tokens_are_told_apart(text: str) -> None:
    assert institution_of(text) == "" or set_spec(institution_of(text)) == text
    token = Token(1, "ListRecords", "oai_dc", "", "", "", 100, 200, "2026-11-24T10:00:00Z", 7)
    assert read(write(token), "ListRecords") == token
    with pytest.raises(OaiError) as refused:
        read(text, "ListRecords")
    assert refused.value.code == "badResumptionToken"


def _source(protocol: str, format_: str = "marc21") -> Source:
    return Source(id="a", protocol=protocol, location="x", format=format_)


def _stored(payload: bytes, source: Source) -> dict[str, str]:
    element = stored_marc(RawRecord(source="a", record="1", payload=payload), source)
    assert element is not None
    root = written(element)
    return {f.get("tag"): "|".join(f.itertext()).strip() for f in root.iter("{*}controlfield", "{*}datafield")}


def test_what_a_file_says_for_the_house_alone_stays_in_the_house() -> None:
    import pymarc

    record = pymarc.Record()
    sub = pymarc.Subfield
    record.add_field(pymarc.Field(tag="001", data="7"))
    for tag, indicators, subfields in (
        ("245", "10", [sub("a", "Œuvres"), sub("b", "complètes")]),
        ("541", "0 ", [sub("a", "Bought from Mrs Smith")]),
        ("852", "  ", [sub("b", "Main"), sub("x", "broken lock")]),
        ("952", "  ", [sub("g", "12.50")]),
    ):
        record.add_field(pymarc.Field(tag=tag, indicators=pymarc.Indicators(*indicators), subfields=subfields))
    record.leader = pymarc.Leader("00000cam a2200000 a 4500")
    expected = {"001": "7", "245": "Œuvres|complètes", "852": "Main"}
    assert _stored(record.as_marc21(), _source("marc")) == expected
    xml = pymarc.record_to_xml(record, namespace=True)
    assert _stored(xml, _source("marc", "marcxml")) == expected
    holdings = b'<record><leader>00000nx  a22</leader><datafield tag="852"/></record>'
    assert _stored(xml + holdings, _source("marc", "marcxml")) == expected
    given_to_all = b"<record><header/><metadata>" + xml + b"</metadata></record>"
    assert _stored(given_to_all, _source("oai", "marcxml")).keys() == {"001", "245", "541", "852", "952"}


ENTITY = b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"
FIELD = b"<record><datafield tag='245'><subfield code='a'>&b;</subfield></datafield></record>"


@pytest.mark.parametrize("payload", [b"", b"<record>", b"<a/>", b"00024nam", b"\x1d", b"0" * 40, ENTITY + FIELD])
def test_payloads_that_cannot_be_read_are_left_to_the_summary(payload: bytes) -> None:
    element = stored_marc(RawRecord(source="a", record="1", payload=payload), _source("marc"))
    assert element is None or "root:" not in etree.tostring(element).decode()


ODD = (
    b"<record><datafield tag='245' ind1='|' ind2='A'><subfield code='a'>T</subfield><subfield code=''>x</subfield>"
    b"</datafield><controlfield tag='001'>7</controlfield><leader>bad\n</leader><datafield tag='24'/></record>"
)


def valid(payload: bytes, schema: Any) -> bool:
    """Whether what is set out of a payload, if anything, is as the schema of MARCXML wants it."""
    record = stored_marc(RawRecord(source="a", record="1", payload=payload), _source("marc"))
    if record is not None:
        answer = verb_element("GetRecord")
        entry = branch(answer, "record")
        header = branch(entry, "header")
        branch(header, "identifier", "oai:a:1")
        branch(header, "datestamp", DATED.datestamp)
        branch(entry, "metadata").append(record)
        root = written(answer)
        assert schema.validate(root), schema.error_log
    return record is not None


def test_odd_marc_becomes_valid_marcxml() -> None:
    assert valid(ODD, _schema())


@pytest.mark.data
def test_marc_of_real_files_becomes_valid_marcxml(data: Path) -> None:
    schema, told = _schema(), []
    for file in sorted(data.glob("marc-*/**/*.m*rc")):
        told += [valid(piece + b"\x1d", schema) for piece in file.read_bytes().split(b"\x1d")[:20] if len(piece) > 24]
    assert sum(told) >= 0.98 * len(told) > 50


def _schema() -> Any:
    return etree.RelaxNG(etree.parse(str(Path(__file__).parent / "oai_answers.rng")))
