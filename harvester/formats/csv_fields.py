"""What the texts in the cells of each field mean: names, dates, numbers and addresses as a record has them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from harvester.formats.dates import year_of
from harvester.formats.marc.creators import east_asian
from harvester.formats.text import distinct, strip_name
from schemas.catalogue import Creator, Link
from schemas.identifiers import find_isbns, isbn13, issn, language_tag

MOST_LINKS = 100
"""Of a record: files with a row a picture have thousands; all of them stay in the raw record."""
_ISSN = re.compile(r"\d{4}-\d{3}[\dXx]")
_SPOILT = re.compile(r"\d(?:\.\d+)?[eE]\+?\d\d$")
"""An ISBN-13 that a spreadsheet took for a number: its last digits are gone."""
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_SCHEME = re.compile(r"[a-z-]+:")
_AND = re.compile(r"\s+&\s+|\s+and\s+")

Kind = Callable[[list[str]], Any]
"""What the texts of a field say together."""
Numbers = tuple[list[str], list[str], list[str]]
"""ISBNs, ISSNs and other identifiers: a column of one sort often holds another."""


class Field(msgspec.Struct, frozen=True):
    """How a field is read."""

    name: str
    """Of its value among those that a record is made of; see ``csv_steps``."""
    kind: Kind | None = None
    """None: the first text, as it is."""
    marks: str = ""
    """What parts several values in one cell, if the mapping does not say it. Only where there is a kind."""


def field_of(field: str, *, plural: bool = False) -> Field:
    """How a field is read.

    Args:
        field: a name of ``columns.yaml``.
        plural: the header promises several names in a cell.
    """
    role = _ROLES.get(field)
    if role is not None:
        return Field(sys.intern(f"{field}s"), partial(_creators, role, _people if plural else _person), ";|^")
    return _FIELDS.get(field) or Field(sys.intern(field))  # names of arguments are found by identity first


def _creators(role: str, names: Callable[[str], list[str]], texts: list[str]) -> list[Creator]:
    found = names(texts[0]) if len(texts) == 1 else distinct([name for text in texts for name in names(text)])
    return [Creator(name, role) if name.isascii() else _creator(name, role) for name in found]


def _creator(name: str, role: str) -> Creator:
    own, said = east_asian(name)
    return Creator(own, said or role)


def _person(text: str) -> list[str]:
    name = strip_name(text)
    return [name] if name else []


def _people(text: str) -> list[str]:
    """Names of one cell under a header in the plural.

    A comma parts names only where each part is a whole name: "J.K. Rowling, Mary GrandPré", but not "Tyler, Anne".
    """
    if "," in text:
        pieces = [piece.strip() for piece in text.split(",")]
        pieces = pieces if all(" " in piece or "." in piece for piece in pieces) else [text]
    else:
        pieces = _AND.split(text) if " " in text else [text]
    return distinct([strip_name(piece) for piece in pieces])


def _dated(texts: list[str]) -> tuple[int | None, str]:
    """The year, and the date in the words of the file but for a spreadsheet's "2008.0"."""
    date = texts[0]
    year = year_of(date)
    return year, str(year) if year is not None and date.endswith(".0") else date


def _languages(texts: list[str]) -> list[str]:
    return distinct([tag for text in texts if (tag := language_tag(text))])


def _isbns(texts: list[str]) -> Numbers:
    isbns: list[str] = []
    issns: list[str] = []
    others: list[str] = []
    for text in texts:
        if len(text) == 13 and text.isdigit() and text.isascii():
            if number := isbn13(text):
                isbns.append(number)
            else:
                others.append(f"invalid-isbn:{text}")
            continue
        if _SPOILT.match(text):
            continue
        if _ISSN.fullmatch(text) and (number := issn(text)):
            issns.append(number)
            continue
        digits = text.replace("-", "").replace(" ", "")
        # Spreadsheets take the leading zeros of an ISBN-10 away.
        number = isbn13(digits.zfill(10) if digits[:-1].isdigit() and 7 <= len(digits) <= 9 else text)
        if number:
            isbns.append(number)
        elif found := find_isbns(text):
            isbns += found
        elif number := issn(text):
            issns.append(number)
        elif any(c.isdigit() for c in text):
            others.append(f"invalid-isbn:{text}")
    return isbns, issns, others


def _issns(texts: list[str]) -> Numbers:
    found = [(issn(text), text) for text in texts]
    return (
        [],
        [number for number, _ in found if number],
        [f"invalid-issn:{text}" for number, text in found if not number],
    )


def _dois(texts: list[str]) -> Numbers:
    return [], [], [f"doi:{match[0].lower()}" for text in texts if (match := _DOI.search(text))]


def _others(texts: list[str]) -> Numbers:
    return [], [], [text if _SCHEME.match(text) else f"local:{text}" for text in texts]


def _links(texts: list[str]) -> list[Link]:
    found = [Link(text) for text in texts if text.lower().startswith(("http://", "https://", "ftp://"))]
    return found[:MOST_LINKS]


_ROLES = {"creator": "", "contributor": "ctb"}
_FIELDS = {
    "date": Field("dated", _dated),
    "other_title": Field("other_titles", list, "|"),
    "language": Field("languages", _languages, ";,/|"),
    "subject": Field("subjects", list, ";|^"),
    "series": Field("series", list, "|"),
    "path": Field("path", list, ">"),
    "url": Field("links", _links, "|"),
    "isbn": Field("isbn", _isbns, ";,|/"),
    "issn": Field("issn", _issns, ";,|/"),
    "doi": Field("doi", _dois, "|;"),
    "other_id": Field("other_id", _others, "|;"),
    "type": Field("said", list),
    "part": Field("part", list),
    "volume": Field("volumes", list),
    "note": Field("notes", list),
}
