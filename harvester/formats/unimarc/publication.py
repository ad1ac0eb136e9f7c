"""Publication (210, 214), dates and languages (100, 101), identifiers (001, 010, 011 ...), host (461, 463)."""

from __future__ import annotations

from harvester.formats.dates import LATEST_YEAR, year_of
from harvester.formats.identifying import add_identifier, each_once
from harvester.formats.marc.record import MarcRecord
from harvester.formats.text import strip_isbd, tidy
from schemas.bindings import binding_of
from schemas.catalogue import CatalogueRecord, Host
from schemas.identifiers import isbn13, issn, language_tag


def extract_publication(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill ``publisher``, ``publication_place``, ``date``, ``year``, ``languages`` and ``host``."""
    for field in sorted(marc.fields("214", "210"), key=lambda field: field.tag == "214" and field.ind2 not in "0 "):
        into.publication_place = into.publication_place or strip_isbd(tidy(field.first("a")))
        into.publisher = into.publisher or strip_isbd(tidy(field.first("c")))
        into.date = into.date or strip_isbd(tidy(field.first("d")))
    fixed = next((field.first("a") for field in marc.fields("100")), "")
    coded = fixed[9:13]
    sound = fixed[:8].isdigit() and coded.isdigit() and coded.isascii() and 0 < int(coded) <= LATEST_YEAR
    into.year = int(coded) if sound else year_of(into.date) if into.date else None
    for field in marc.fields("101"):
        for value in field.values("a"):
            tag = language_tag(value.strip())
            if tag and tag not in into.languages:
                into.languages.append(tag)
    if into.type == "article":
        for field in marc.fields("463", "461")[:1]:
            into.host = Host(
                title=strip_isbd(tidy(field.first("t"))), volume=tidy(field.first("v")),
                pages=tidy(field.first("p")), issn=issn(field.first("x")) or "",
            )  # fmt: skip
            into.year = into.year if into.year is not None else year_of(field.first("d"))


def extract_identifiers(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill ``isbns``, ``issns`` and ``identifiers``; ``type`` must be known already."""
    for tag, scheme in (("010", "isbn"), ("011", "issn")):
        for field in marc.fields(tag):
            for code, value in field.subfields:
                if code in "az" and tidy(value):
                    add_identifier(into, scheme, tidy(value), invalid=code == "z")
            number = isbn13(field.first("a")) if tag == "010" else None
            if number and (binding := binding_of(field.first("b"))):
                into.bindings[number] = binding
    for field in marc.fields("073"):
        value = tidy(field.first("a"))
        add_identifier(into, "isbn" if value.startswith("97") and isbn13(value) else "ean", value)
    own = marc.first_control("001").strip()
    if own:
        add_identifier(into, "", own)
    for field in marc.fields("020"):
        number = " ".join(tidy(value) for value in field.values("ab"))
        add_identifier(into, "nbn", number)
    for field in marc.fields("035"):
        for value in field.values("a"):
            scheme, bracket, number = tidy(value).removeprefix("(").partition(")")
            if bracket:
                add_identifier(into, scheme, number.strip())
            else:
                add_identifier(into, "", scheme)
    each_once(into)
