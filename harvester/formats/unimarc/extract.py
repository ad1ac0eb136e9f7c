"""The whole UNIMARC record: each group of fields in the order in which they need each other."""

from __future__ import annotations

from typing import cast

import msgspec

from harvester.formats.base import MappingError, UnreadableError
from harvester.formats.mapping import Mapping
from harvester.formats.marc.extract import Extract
from harvester.formats.marc.holdings import extract_holdings
from harvester.formats.marc.links import extract_links
from harvester.formats.marc.local_items import LocalItems
from harvester.formats.marc.record import MarcRecord
from harvester.formats.statuses import StatusMap
from harvester.formats.unimarc import names, publication, titles
from schemas.catalogue import RECORD_TYPES, CatalogueRecord, Holding, RawRecord, RecordType

_TYPES: dict[str, RecordType] = {
    "a": "book", "b": "manuscript", "c": "score", "d": "score", "e": "map", "f": "map", "g": "video", "i": "audio",
    "j": "audio", "k": "image", "l": "software", "m": "other", "r": "object",
}  # fmt: skip
_LOCAL = ("unimarc", "alma_availability", "cnmarc", "rusmarc")
_NOTHING = Holding()
_OTHER_THINGS = {"x": "an authority record", "y": "a reference entry record", "z": "a general explanatory record"}
_TAGS = {
    "010", "011", "020", "035", "073", "100", "101", "200", "205", "210", "214", "215", "225", "300", "310", "327",
    "328", "330", "371", "410", "454", "461", "463", "500", "510", "512", "513", "514", "515", "516", "517", "518",
    "532", "540", "541", "600", "601", "602", "604", "605", "606", "607", "608", "610", "700", "701", "702", "710",
    "711", "712", "720", "721", "722", "730", "852", "856", "866", "867", "868", "876", "877", "878",
}  # fmt: skip


def extractor(mapping: Mapping) -> tuple[Extract, frozenset[str]]:
    """The function that normalises a source's UNIMARC records, and the tags it reads.

    Raises:
        MappingError: the mapping names something that is not known.
    """
    if mapping.type and mapping.type not in RECORD_TYPES:
        raise MappingError(f"type: {mapping.type!r} is not one of {', '.join(RECORD_TYPES)}")
    month_first = mapping.dates == "month_first"
    statuses = StatusMap(
        mapping.statuses | mapping.values.get("status", {}), mapping.status_system, month_first=month_first
    )
    layouts = [LocalItems(mapping, statuses)]
    if not mapping.items:
        # Numbers of local fields mean something else in MARC 21, so that these layouts are known here only.
        layouts += [LocalItems(msgspec.structs.replace(mapping, items=name), statuses) for name in _LOCAL]
    forced = cast("RecordType | None", mapping.type or None)

    def extract(marc: MarcRecord, raw: RawRecord) -> CatalogueRecord:
        if marc.leader[6:7] in _OTHER_THINGS and "200" not in marc.data:
            raise UnreadableError(f"{_OTHER_THINGS[marc.leader[6:7]]}, which describes no thing to be found")
        into = CatalogueRecord(source=raw.source, record=raw.record, datestamp=raw.datestamp)
        into.type = forced or _type(marc)
        titles.extract_titles(marc, into)
        if not into.title:
            raise UnreadableError("no title: neither 200 nor 500, 517 has one; is this UNIMARC?")
        into.creators = names.extract_creators(marc)
        publication.extract_publication(marc, into)
        publication.extract_identifiers(marc, into)
        into.subjects = titles.extract_subjects(marc)
        for local in layouts:
            into.holdings = into.holdings or [copy for copy in local.read(marc) if copy != _NOTHING]
        if not into.holdings and not any(local.replaces_852 for local in layouts):
            into.holdings = extract_holdings(marc, statuses)
            for holding in into.holdings:
                holding.branch = mapping.branches.get(holding.branch, holding.branch)
                holding.institution = mapping.institutions.get(holding.institution, holding.institution)
        extract_links(marc, into)
        return into

    return extract, frozenset(_TAGS).union(*(local.tags for local in layouts))


def _type(marc: MarcRecord) -> RecordType:
    kind, level = marc.leader[6:7], marc.leader[7:8]
    if level == "s" and kind in "al":
        return "serial"
    if level == "a" and kind in "abl":
        return "article"
    if kind == "l" and ("010" in marc.data or "328" in marc.data):
        return "book"  # a text to be read on a screen
    return _TYPES.get(kind, "other")
