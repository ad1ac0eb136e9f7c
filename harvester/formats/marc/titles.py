"""Titles: 245 with parts and 880, uniform titles (130, 240), variants (246, 247, 740), series (490, 8xx), edition."""

from __future__ import annotations

from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.text import distinct, strip_isbd, tidy
from schemas.catalogue import CatalogueRecord

_VARIANTS = ("246", "247", "740", "222", "210", "242")
_NAMED_SERIES = ("800", "810", "811")
"""Series after their author, whose title is in $t."""
_SERIES = ("490", "440", "830", *_NAMED_SERIES)


def extract_titles(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill ``title``, ``part``, ``other_titles``, ``uniform_title``, ``series`` and ``edition``.

    - title: 245 $a and $b, as "Title: rest"; what follows "=" is a parallel title.
    - part: 245 $n and $p.
    - without 245 $a: $k, then the 880 of 245, then 130, 240, 246, 222, 210.
    """
    data = marc.data
    others: list[str] = []
    for field in data.get("245", ())[:1]:
        into.title, others = _title_proper(field)
        if parts := field.values("np"):
            into.part = ", ".join(distinct([strip_isbd(tidy(value)) for value in parts]))
    for field in data.get("880-245", ()):
        title, parallel = _title_proper(field)
        others += [title, *parallel]
    if uniform := data.get("130") or data.get("240"):
        # Language ($l) and date ($f) name the expression; the work is the same in all of them.
        into.uniform_title = ". ".join(distinct([strip_isbd(tidy(value)) for value in uniform[0].values("amnopr")]))
    for field in marc.with_linked(_VARIANTS):
        others.append(_short(field))
    for field in data.get("730", ()):
        if not field.first("i"):
            others.append(_short(field))
    if others:
        others = distinct(others)
    if not into.title:
        into.title = into.uniform_title or (others[0] if others else "")
    if others:
        into.other_titles = [title for title in others if title not in (into.title, into.uniform_title)]
    into.series = _series(marc)
    if fields := data.get("250"):
        into.edition = "; ".join(distinct([strip_isbd(tidy(field.join("ab"))) for field in fields]))


def _title_proper(field: MarcField) -> tuple[str, list[str]]:
    main: list[str] = []
    parallel: list[str] = []
    equal = False
    for code, value in field.subfields:
        if code not in "abk" or (code == "k" and main):
            if code in "hnp":
                equal = "=" in value and value.rstrip().endswith("=")
            continue
        text = strip_isbd(tidy(value))
        if not text:
            continue
        if equal:
            parallel.append(text)
        elif not main or code == "b":
            main.append(text)
        equal = "=" in value and value.rstrip().endswith("=")
    return ": ".join(main).replace(" : ", ": "), parallel


def _short(field: MarcField) -> str:
    return ". ".join(
        part for part in (strip_isbd(tidy(field.join("ab"))), strip_isbd(tidy(field.join("np", ", ")))) if part
    )


def _series(marc: MarcRecord) -> list[str]:
    found: dict[str, str] = {}
    for field in marc.with_linked(_SERIES):
        name = strip_isbd(tidy(field.join("tnp" if field.tag in _NAMED_SERIES else "anp")))
        if not name:
            continue
        volume = strip_isbd(tidy(field.first("v")))
        found.setdefault(name.partition(" / ")[0].casefold(), f"{name} ; {volume}" if volume else name)
    return list(found.values())
