"""One <record> of OAI-PMH and what its header says."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
from lxml import etree

from harvester.protocols.oai_strays import put_parts_right, unpack
from harvester.protocols.oai_tags import DATESTAMP, HEADER, IDENTIFIER, METADATA, SET

_SET_TEXT = re.compile(rb"<[^/>]+>([^<]*)<")


class OaiRecord(msgspec.Struct, kw_only=True):
    """One <record> with what its header says. ``payload`` is the element with every namespace it needs."""

    identifier: str = ""
    datestamp: str = ""
    sets: list[str] = msgspec.field(default_factory=list)
    deleted: bool = False
    has_header: bool = False
    has_metadata: bool = False
    payload: bytes = b""


def read_record(payload: bytes, prefix: bytes) -> OaiRecord:
    """A <record> by its bytes, which are well-formed; a tree of it is made only where its header is unusual.

    Args:
        payload: the record.
        prefix: of the names of OAI-PMH in it ("" or "oai:").
    """
    match = _usual(prefix).match(payload)
    if match is None:
        parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=True)
        return _described(etree.fromstring(payload, parser), payload)
    status, identifier, datestamp, sets, metadata = match.groups()
    return OaiRecord(
        identifier=identifier.decode().strip(" \t\r\n"),
        datestamp=datestamp.decode().strip(),
        sets=[text.decode().strip() for text in _SET_TEXT.findall(sets)] if sets else [],
        deleted=status is not None and status.strip().lower() == b"deleted",
        has_header=True,
        has_metadata=metadata is not None,
        payload=payload,
    )


def read_element(record: etree._Element) -> OaiRecord:
    """A <record> in a tree."""
    return _described(record, etree.tostring(record, encoding="utf-8", with_tail=False))


def read_header(header: etree._Element) -> OaiRecord:
    """A <header> that stands alone, in a list of identifiers."""
    record = OaiRecord(payload=etree.tostring(header, encoding="utf-8", with_tail=False))
    _head(record, header)
    return record


@lru_cache(maxsize=64)
def _usual(prefix: bytes) -> re.Pattern[bytes]:
    """What nearly all records begin with. A reference (&amp;) or any other markup makes one unusual."""
    p, text = re.escape(prefix), rb"([^<&\r]*)"
    return re.compile(
        rb"<%brecord[^>]*>\s*<%bheader(?:\s+status=\"([^\"<&]*)\")?\s*>"
        rb"\s*<%bidentifier>%b</%bidentifier>\s*<%bdatestamp>%b</%bdatestamp>\s*"
        rb"((?:<%bsetSpec>[^<&\r]*</%bsetSpec>\s*)*)</%bheader>\s*(?:(<%bmetadata>\s*<[^/!?])|</%brecord>)"
        % (p, p, p, text, p, p, text, p, p, p, p, p, p)
    )


def _described(element: etree._Element, payload: bytes) -> OaiRecord:
    record = OaiRecord(payload=payload)
    _describe(record, element)
    mended = False
    if not record.has_header:
        put_parts_right(element)
        _describe(record, element)
        mended = record.has_header
    if not record.has_metadata:
        record.has_metadata = any(unpack(metadata) for metadata in element.iterchildren(tag=METADATA))
        mended = mended or record.has_metadata
    if mended:
        record.payload = etree.tostring(element, encoding="utf-8", with_tail=False)
    return record


def _describe(record: OaiRecord, element: etree._Element) -> None:
    for child in element:
        tag = child.tag
        if tag == HEADER and not record.has_header:
            _head(record, child)
        elif tag == METADATA and not record.has_metadata:
            record.has_metadata = next(child.iterchildren(tag=etree.Element), None) is not None


def text_of(element: etree._Element | None) -> str:
    """Text of an element without comments and surrounding blanks; "" when there is none."""
    if element is None:
        return ""
    return (str(element.xpath("string()")) if len(element) else element.text or "").strip(" \t\r\n")


def _head(record: OaiRecord, header: etree._Element) -> None:
    record.has_header = True
    record.deleted = (header.get("status") or "").strip().lower() == "deleted"
    for field in header:
        name = field.tag
        if name == IDENTIFIER:
            record.identifier = text_of(field)
        elif name == DATESTAMP:
            record.datestamp = text_of(field)
        elif name == SET:
            record.sets.append(text_of(field))
