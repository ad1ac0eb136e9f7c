"""Titles (200, 5xx), series (225, 410), subjects (60x, 610), notes (3xx) of UNIMARC."""

from __future__ import annotations

import re

from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.text import distinct, strip_isbd, tidy
from schemas.catalogue import CatalogueRecord

_VARIANTS = ("510", "512", "513", "514", "515", "516", "517", "518", "532", "540", "541")
_NOT_FILED = re.compile(r"<<([^<>\s][^<>]{0,19})>>")
_HEADINGS = ("600", "601", "602", "604", "605", "606", "607", "608")


def extract_titles(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill titles, part, series, edition, description, extent and rights.

    Capital subfields of CNMARC ($A) tell the same in pinyin, which people search by: they are other titles.
    """
    others: list[str] = []
    for field in marc.fields("200")[:1]:
        titles = [_clean(value) for value in field.values("a")]
        rest = [_clean(value) for value in field.values("e")]
        into.title = ": ".join(distinct([*titles[:1], *rest]))
        others += [*titles[1:], *(_clean(value) for value in field.values("cdA"))]
        into.part = ", ".join(distinct([_clean(value) for value in field.values("hi")]))
    for field in marc.fields("500")[:1]:
        into.uniform_title = ". ".join(distinct([_clean(value) for value in field.values("ahi")]))
    others += [_joined(field, "aehi") for field in marc.fields(*_VARIANTS)]
    others += [_joined(field, "t") for field in marc.fields("454")]
    others = distinct(others)
    into.title = into.title or into.uniform_title or (others[0] if others else "")
    into.other_titles = [title for title in others if title not in (into.title, into.uniform_title)]
    series = [(_joined(f, "ahi"), f) for f in marc.fields("225")] or [(_joined(f, "t"), f) for f in marc.fields("410")]
    for name, field in series:
        volume = _clean(field.first("v"))
        if name:
            into.series.append(f"{name} ; {volume}" if volume else name)
    into.edition = "; ".join(distinct([_joined(field, "a") for field in marc.fields("205")]))
    into.description = "\n".join(distinct([tidy(field.join("a")) for field in marc.fields("330", "327", "328", "300")]))
    into.extent = "; ".join(distinct([_clean(field.join("acde")) for field in marc.fields("215")]))
    into.rights = " ".join(distinct([tidy(field.join("a")) for field in marc.fields("371", "310")]))


def extract_subjects(marc: MarcRecord) -> list[str]:
    """Subjects as "Heading -- Subdivision -- Subdivision", uncontrolled words (610) as they are."""
    found: list[str] = []
    for field in marc.fields(*_HEADINGS):
        head = _clean(field.join("abt", ", "))
        parts = [_clean(value) for value in field.values("jxyz")]
        found.append(" -- ".join(part for part in (head, *parts) if part))
    found += [_clean(value) for field in marc.fields("610") for value in field.values("a")]
    return distinct(found)


def _clean(value: str) -> str:
    """A value without punctuation of ISBD and without marks of what is not filed, in which some systems leave it."""
    return strip_isbd(tidy(_NOT_FILED.sub(r"\1", value)))


def _joined(field: MarcField, codes: str) -> str:
    return ". ".join(distinct([_clean(value) for value in field.values(codes)]))
