"""One <record> of OAI-PMH and what its header says."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
from lxml import etree

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RECORD, HEADER = OAI + "record", OAI + "header"
_METADATA = OAI + "metadata"
_IDENTIFIER, _DATESTAMP, _SET = OAI + "identifier", OAI + "datestamp", OAI + "setSpec"
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
    for child in element:
        tag = child.tag
        if tag == HEADER:
            _head(record, child)
        elif tag == _METADATA:
            record.has_metadata = next(child.iterchildren(tag=etree.Element), None) is not None
    return record


def _head(record: OaiRecord, header: etree._Element) -> None:
    record.has_header = True
    record.deleted = (header.get("status") or "").strip().lower() == "deleted"
    for field in header:
        name = field.tag
        if name == _IDENTIFIER:
            record.identifier = (field.text or "").strip(" \t\r\n")
        elif name == _DATESTAMP:
            record.datestamp = (field.text or "").strip()
        elif name == _SET:
            record.sets.append((field.text or "").strip())
