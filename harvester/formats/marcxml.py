"""Reads MARCXML: the OAI <record> with a MARC <record> in it, or that alone, in the MARC 21 slim namespace or none."""

from __future__ import annotations

import re

from harvester.formats.base import Reader, UnreadableError, tombstone
from harvester.formats.mapping import mapping_of
from harvester.formats.marc import extract
from harvester.formats.marc.flat import read_flat
from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.xml import Element, is_deleted, local, metadata_of, parse
from schemas.catalogue import CatalogueRecord, RawRecord, Source

_SECOND = re.compile(rb"</(?:[\w.-]+:)?record>\s*<(?:[\w.-]+:)?record[\s>]")


def marcxml(source: Source) -> Reader:
    """Format "marcxml"."""
    normalise, tags = extract.extractor(mapping_of(source))

    def read(raw: RawRecord) -> CatalogueRecord:
        if raw.deleted:
            return tombstone(raw.source, raw.record, raw.datestamp)
        marc = marc_record(raw.payload, tags)
        if marc is None or extract.is_deleted(marc):
            return tombstone(raw.source, raw.record, raw.datestamp)
        return normalise(marc, raw)

    return read


def marc_record(payload: bytes, tags: frozenset[str]) -> MarcRecord | None:
    """The fields with these tags of the MARC record in a payload, and of its holdings records; None = deleted.

    Raises:
        UnreadableError: there is none, or it is not well-formed.
    """
    flat = read_flat(payload, tags)
    if flat is not None:
        return flat
    root = parse(_under_one_root(payload))
    if is_deleted(root):
        return None
    first, *holdings = _marc_records(metadata_of(root))
    marc = read_element(first, tags)
    for record in holdings:
        marc.take_holdings(read_element(record, tags))
    return marc


def read_element(record: Element, tags: frozenset[str]) -> MarcRecord:
    """The fields with these tags of a MARC <record>."""
    marc = MarcRecord()
    control, add = marc.control, marc.add
    for element in record:
        tag = element.get("tag")
        if tag in tags:
            subfields = [(sub.get("code") or "", text) for sub in element if (text := sub.text)]
            add(MarcField(tag, element.get("ind1") or "", element.get("ind2") or "", subfields))
        elif tag is None:
            if local(element) == "leader":
                marc.leader = (element.text or "").strip("\n\r\t").replace("#", " ")
        elif tag < "010":
            control.setdefault(tag, element.text or "")
    if not marc.leader and not marc.data:
        raise UnreadableError("no MARC record: neither a leader nor data fields")
    return marc


def _under_one_root(payload: bytes) -> bytes:
    # A record of a file is followed by its holdings records, which makes no XML document by itself.
    return b"<collection>" + payload + b"</collection>" if _SECOND.search(payload, 1) else payload


def _marc_records(element: Element) -> list[Element]:
    """The <record> itself, or those in a <collection>: the first, and the holdings records after it."""
    name = local(element)
    if name == "record":
        return [element]
    if name == "collection":
        records = [child for child in element if local(child) == "record"]
        if records:
            return records[:1] + [record for record in records[1:] if _leader(record)[6:7] in "uvxy"]
    raise UnreadableError(f"no MARCXML <record>, but <{name}>")


def _leader(record: Element) -> str:
    return next((child.text or "" for child in record if local(child) == "leader"), "")
