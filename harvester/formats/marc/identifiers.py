"""Identifiers: 001/003, 010, 015, 020, 022, 024, 027, 028, 035."""

from __future__ import annotations

import re

from harvester.formats.identifying import normal_lccn
from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.text import distinct, tidy
from schemas.bindings import binding_of
from schemas.catalogue import CatalogueRecord
from schemas.identifiers import isbn13, issn

_OCLC = re.compile(r"(?i)^(?:ocm|ocn|on)?\s*0*((?!0)\d+|0)$")
_OWN_OCLC = re.compile(r"^(?:oc[mn]\d{8,9}|on\d{10,})$")
"""OCLC's form of 001, kept by systems that drop the 003 beside it."""
_DIGIT = re.compile(r"\d")
_LONGEST_CODE = 41
"""Characters before the closing bracket of a number like "(OCoLC)123"."""
_STANDARD = {"0": "isrc", "1": "upc", "2": "ismn", "3": "ean", "4": "sici"}


def extract_identifiers(marc: MarcRecord, into: CatalogueRecord) -> None:
    """Fill ``isbns``, ``issns`` and ``identifiers`` ("scheme:value"); ``type`` must be known already."""
    fields = marc.data.get
    others: list[str] = []
    isbns: list[str] = []
    for field in fields("020", ()):
        _read_isbns(field, into, isbns, others)
    issns: list[str] = []
    for field in fields("022", ()):
        _read_issns(field, into, issns, others)
    own = marc.first_control("001").strip()
    if own:
        others.append(_system_number(marc.first_control("003").strip(), own))
    for field in fields("010", ()):
        others += [f"lccn:{normal_lccn(value)}" for value in field.values("a") if value.strip()]
    for field in fields("015", ()):
        others += [f"nbn:{_bare(value)}" for value in field.values("a") if value.strip()]
    for field in fields("024", ()):
        _read_other_standard(field, isbns, others)
    for tag, scheme in (("027", "report"), ("028", "publisher-number")):
        for field in fields(tag, ()):
            if number := tidy(field.first("a")):
                others.append(f"{scheme}:{number}")
    for field in fields("035", ()):
        others += [_of_other_system(text) for value in field.values("a") if (text := value.strip())]
    if isbns:
        into.isbns = distinct(isbns)
    if issns:
        into.issns = distinct(issns)
    into.identifiers = distinct(others)


def _read_isbns(field: MarcField, into: CatalogueRecord, isbns: list[str], others: list[str]) -> None:
    own = ""
    for code, value in field.subfields:
        if code == "a":
            number = isbn13(value)
            if number:
                isbns.append(number)
                own = number
                words = value.partition("(")[2]  # as it was written before 2013
                if words and (binding := binding_of(words)):
                    into.bindings[number] = binding
            elif _DIGIT.search(value):
                others.append(f"invalid-isbn:{_bare(value)}")
        elif code == "q" and own and (binding := binding_of(value)):
            into.bindings[own] = binding
        elif code == "z":
            others.append(f"invalid-isbn:{_bare(value)}")


def _read_issns(field: MarcField, into: CatalogueRecord, issns: list[str], others: list[str]) -> None:
    for code, value in field.subfields:
        number = issn(value) if code in "al" else None
        if number and into.type in {"serial", "other"}:
            issns.append(number)
        elif number:
            others.append(f"series-issn:{number}")  # of a book it is the series' number
        elif code in "ayz" and value.strip():
            others.append(f"invalid-issn:{_bare(value)}")


def _read_other_standard(field: MarcField, isbns: list[str], others: list[str]) -> None:
    value = tidy(field.first("a"))
    scheme = field.first("2").strip().lower() if field.ind1 == "7" else _STANDARD.get(field.ind1, "number")
    number = isbn13(value) if scheme in {"ean", "number"} and value.startswith("978") else None
    if number:
        isbns.append(number)
    elif value:
        others.append(f"{scheme or 'number'}:{_doi(value) if scheme == 'doi' else value}")


def _of_other_system(value: str) -> str:
    organisation, bracket, number = value.partition(")")
    if bracket and number and organisation[:1] == "(" and 1 < len(organisation) <= _LONGEST_CODE:
        return _system_number(organisation[1:], number.strip())
    return f"local:{tidy(value)}"


def _system_number(organisation: str, value: str) -> str:
    if organisation == "OCoLC":
        match = _OCLC.match(value)
        return f"oclc:{match[1] if match else value}"
    if organisation == "DLC":
        return f"lccn:{normal_lccn(value)}"
    if not organisation and _OWN_OCLC.match(value):
        return _system_number("OCoLC", value)
    return f"{organisation}:{value}" if organisation else f"local:{value}"


def _doi(value: str) -> str:
    return re.sub(r"(?i)^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", value).lower()


def _bare(value: str) -> str:
    return tidy(value.partition("(")[0]).rstrip(" :;.")
