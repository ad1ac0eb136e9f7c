"""Reads MARCXML: the OAI <record> with a MARC <record> in it, or that alone, in the MARC 21 slim namespace or none."""

from __future__ import annotations

from harvester.formats.base import Reader, UnreadableError
from harvester.formats.mapping import mapping_of
from harvester.formats.marc import extract
from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.xml import Element, is_deleted, local, metadata_of, parse
from schemas.catalogue import CatalogueRecord, RawRecord, Source


def marcxml(source: Source) -> Reader:
    """Format "marcxml"."""
    normalise, tags = extract.extractor(mapping_of(source))

    def read(raw: RawRecord) -> CatalogueRecord:
        if raw.deleted:
            return _tombstone(raw)
        root = parse(raw.payload)
        if is_deleted(root):
            return _tombstone(raw)
        marc = read_element(_marc_record(metadata_of(root)), tags)
        return _tombstone(raw) if extract.is_deleted(marc) else normalise(marc, raw)

    return read


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
            control.setdefault(tag, []).append(element.text or "")
    if not marc.leader and not marc.data:
        raise UnreadableError("no MARC record: neither a leader nor data fields")
    return marc


def _marc_record(element: Element) -> Element:
    """The <record> itself; servers also wrap it in a <collection>."""
    name = local(element)
    if name == "record":
        return element
    if name == "collection":
        for child in element:
            if local(child) == "record":
                return child
    raise UnreadableError(f"no MARCXML <record>, but <{name}>")


def _tombstone(raw: RawRecord) -> CatalogueRecord:
    return CatalogueRecord(source=raw.source, record=raw.record, datestamp=raw.datestamp, deleted=True)
