"""Publication (260, 264), dates (008, 26x $c) and languages (008, 041)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from harvester.formats.dates import LATEST_YEAR, year_of
from harvester.formats.marc.record import LONGEST, MarcField, MarcRecord
from harvester.formats.text import strip_isbd, tidy
from schemas.catalogue import CatalogueRecord
from schemas.identifiers import language_tag

_NOTHING = frozenset({"s.n.", "s.l.", "[s.n.]", "[s.l.]", "s.n", "s.l", "publisher not identified", "n.p"})
_RANK = {"1": 0, "": 1, "0": 2, "3": 3, "2": 4, "4": 5}


def extract_publication(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill ``publisher``, ``publication_place``, ``date``, ``year`` and ``languages``.

    - Of 264 the publication statement (second indicator 1) wins, then 260, production, manufacture, distribution.
    - The year is the first of 008, unless it has unknown digits and the statement knows better.
    """
    fields = marc.fields("264", "260")
    for field in sorted(fields, key=_rank) if len(fields) > 1 else fields:
        into.publication_place = into.publication_place or _named(field.first("a"))
        into.publisher = into.publisher or _named(field.first("b"))
        into.date = into.date or _date(field.first("c"))
    if not into.publisher and "880" in marc.data:
        into.publisher = next((_named(f.first("b")) for f in marc.fields("880-264", "880-260") if f.first("b")), "")
    fixed = marc.first_control("008")
    into.year = _year(fixed[6:15], into.date)
    if into.year is None:
        for field in marc.fields("502", "773", "245"):
            into.year = year_of({"502": field.join("ad"), "773": field.join("dg"), "245": field.join("fg")}[field.tag])
            if into.year is not None:
                break
    into.languages = _languages(fixed[35:38], marc.data.get("041", ()))


def _rank(field: MarcField) -> int:
    return _RANK.get(field.ind2, 6) if field.tag == "264" else 1


def _named(text: str) -> str:
    return _known(text) if len(text) <= LONGEST else _read_name(text)


def _read_name(text: str) -> str:
    text = strip_isbd(tidy(text))
    return "" if text.casefold() in _NOTHING else text


_known = lru_cache(maxsize=8192)(_read_name)
"""Places and publishers recur."""


def _date(text: str) -> str:
    text = tidy(text).rstrip(" ,;:")
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _year(dates: str, statement: str) -> int | None:
    kind, first, second = dates[:1], dates[1:5], dates[5:9]
    if kind == "b":
        return year_of(statement)
    if first.isdigit() and first.isascii() and 0 < int(first) <= LATEST_YEAR and kind != "n":
        return int(first)
    said = year_of(statement) if statement else None
    if said is not None:
        return said
    # "19uu" begins 1900. Of a reprint without its date the original's is no date of publication.
    known = first.rstrip("u|? -")
    if known.isdigit() and len(known) >= 2 and kind not in "n|" and (year := int(known.ljust(4, "0"))) <= LATEST_YEAR:
        return year
    if kind in "qm" and second.isdigit() and 0 < int(second) <= LATEST_YEAR:
        return int(second)
    return None


def _languages(fixed: str, fields: Sequence[MarcField]) -> list[str]:
    own = language_tag(fixed)
    found = [own] if own else []
    for field in fields:
        found += field.meaning or _spoken(field)
    return list(dict.fromkeys(found))


def _spoken(field: MarcField) -> list[str]:
    """The languages of a 041: of text, else of sung or spoken words."""
    codes: list[str] = []
    for value in field.values("a") or field.values("d"):
        value = value.strip()
        # Older practice packs several codes into one subfield: "engfre".
        packed = len(value) > 3 and len(value) % 3 == 0 and value.isalpha() and field.ind2 != "7"
        codes += [value[i : i + 3] for i in range(0, len(value), 3)] if packed else [value]
    field.meaning = tags = [tag for code in codes if (tag := language_tag(code))]
    return tags
