"""The whole MARC 21 record: one extractor for each group of fields, in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from harvester.formats.base import MappingError, UnreadableError
from harvester.formats.mapping import Mapping
from harvester.formats.marc.carrier import NOT_BIBLIOGRAPHIC, type_of_marc
from harvester.formats.marc.creators import extract_creators
from harvester.formats.marc.holdings import extract_holdings
from harvester.formats.marc.identifiers import extract_identifiers
from harvester.formats.marc.links import extract_host, extract_links
from harvester.formats.marc.local_items import LocalItems
from harvester.formats.marc.publication import extract_publication
from harvester.formats.marc.record import MarcRecord
from harvester.formats.marc.subjects import extract_description, extract_subjects
from harvester.formats.marc.titles import extract_titles
from harvester.formats.statuses import StatusMap
from harvester.formats.text import distinct, tidy
from schemas.catalogue import RECORD_TYPES, CatalogueRecord, RawRecord, RecordType

_BIBLIOGRAPHIC = {
    "010", "015", "020", "022", "024", "027", "028", "035", "041", "090", "099", "100", "110", "111", "130", "210",
    "222", "240", "242", "245", "246", "247", "250", "260", "264", "300", "336", "351", "440", "490", "502", "505",
    "506", "520", "540", "600", "610", "611", "630", "647", "648", "650", "651", "653", "655", "656", "657", "690",
    "700", "710", "711", "720", "730", "740", "773", "800", "810", "811", "830", "852", "856", "866", "867", "868",
    "876", "877", "878", "880",
}  # fmt: skip

Extract = Callable[[MarcRecord, RawRecord], CatalogueRecord]


def extractor(mapping: Mapping) -> tuple[Extract, frozenset[str]]:
    """The function that normalises a source's MARC records, and the tags it reads (readers may skip the others).

    Raises:
        MappingError: the mapping names something that is not known.
    """
    if mapping.type and mapping.type not in RECORD_TYPES:
        raise MappingError(f"type: {mapping.type!r} is not one of {', '.join(RECORD_TYPES)}")
    statuses = StatusMap(
        mapping.statuses | mapping.values.get("status", {}),
        mapping.status_system,
        month_first=mapping.dates == "month_first",
    )
    items = LocalItems(mapping, statuses)
    forced = cast("RecordType | None", mapping.type or None)
    renamed = bool(mapping.branches or mapping.institutions)

    def extract(marc: MarcRecord, raw: RawRecord) -> CatalogueRecord:
        if marc.leader[6:7] in NOT_BIBLIOGRAPHIC and "245" not in marc.data:
            raise UnreadableError(f"{NOT_BIBLIOGRAPHIC[marc.leader[6:7]]}, which describes no thing to be found")
        into = CatalogueRecord(source=raw.source, record=raw.record, datestamp=raw.datestamp)
        into.type = forced or type_of_marc(marc)
        extract_titles(marc, into)
        if not into.title:
            raise UnreadableError("no title: neither 245 nor 130, 240, 246 has one")
        into.creators = extract_creators(marc)
        extract_publication(marc, into)
        extract_identifiers(marc, into)
        into.subjects = extract_subjects(marc)
        extract_description(marc, into)
        if "773" in marc.data:
            into.host = extract_host(marc)
        if into.type in {"archive", "manuscript", "object"}:
            into.unit_id = tidy(next((f.join("ab") for f in marc.fields("099", "090") if f.join("ab")), ""))
        standard = [] if items.replaces_852 else extract_holdings(marc, statuses)
        for holding in standard if renamed else ():
            holding.branch = mapping.branches.get(holding.branch, holding.branch)
            holding.institution = mapping.institutions.get(holding.institution, holding.institution)
        into.holdings = items.read(marc)
        if into.holdings:
            into.holdings[0].note = "; ".join(distinct([h.note for h in (*standard, into.holdings[0])]))
        else:
            into.holdings = standard
        extract_links(marc, into)
        return into

    return extract, frozenset(_BIBLIOGRAPHIC) | items.tags


def is_deleted(marc: MarcRecord) -> bool:
    """Whether the leader's status says that the record is deleted (d), obsolete (o), split (s) or replaced (x)."""
    return marc.leader[5:6] in {"d", "o", "s", "x"}
