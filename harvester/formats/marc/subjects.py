"""Subjects and genres (6xx) with their subdivisions, descriptions (520, 505), extent (300)."""

from __future__ import annotations

from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.text import distinct, strip_isbd, tidy
from schemas.catalogue import CatalogueRecord

_TAGS = ("600", "610", "611", "630", "647", "648", "650", "651", "655", "656", "657", "690")
_HEADING = frozenset("abcdfgklmnopqrst")
_SUBDIVISION = frozenset("vxyz")


def extract_subjects(marc: MarcRecord) -> list[str]:
    """Subjects as "Heading -- Subdivision -- Subdivision", uncontrolled words (653) as they are."""
    found = list(map(_subject, marc.with_linked(_TAGS)))
    for field in marc.linked("653"):
        found += [strip_isbd(tidy(value)) for value in field.values("a")]
    return distinct(found)


def _subject(field: MarcField) -> str:
    heading: list[str] = []
    parts: list[str] = []
    for code, value in field.subfields:
        if code in _HEADING:
            heading.append(value)
        elif code in _SUBDIVISION:
            parts.append(strip_isbd(tidy(value)))
    head = strip_isbd(tidy(" ".join(heading)))
    if not parts:
        return head
    return " -- ".join([head, *parts] if head else parts)


def extract_description(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill ``description`` (summaries, then contents), ``extent`` and ``rights``."""
    texts = [tidy(field.join("ab")) for field in marc.linked("520")]
    texts += [tidy(field.join("agrt")) for field in marc.linked("505")]
    if texts:
        into.description = "\n".join(distinct(texts))
    if fields := marc.data.get("300"):
        into.extent = "; ".join(distinct([field.meaning or _extent(field) for field in fields]))
    if fields := marc.fields("540", "506"):
        into.rights = " ".join(distinct([tidy(field.join("ab")) for field in fields]))


def _extent(field: MarcField) -> str:
    field.meaning = text = strip_isbd(tidy(field.join("abcef")))
    return text
