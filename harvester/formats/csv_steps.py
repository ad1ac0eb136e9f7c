"""The steps from what cells say to what a record has, where several fields make one value.

Each takes the values by name, pops what is no attribute of a record, and sets what is one. A header has only the steps
that its fields call for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from functools import partial
from itertools import chain
from typing import Any

from harvester.formats.csv_types import PUBLISHED, read_type
from harvester.formats.text import distinct, fold
from schemas.catalogue import Host, RecordType

Values = dict[str, Any]
Step = Callable[[Values], None]

_SERIES_IN_TITLE = re.compile(r"^(.+?)\s*\(([^()]+?),? #(\d[\d.\-–]*)\)$")
_NUMBERS = ("isbn", "issn", "doi", "other_id")
_OF_HOST = ("journal", "issue", "pages", "host_issn")
_TELLING = frozenset({"type", "level", "journal", "unit_id"})
"""Fields that say what a thing is."""


def steps_for(fields: Set[str], type_: RecordType | None, default: RecordType) -> list[Step]:
    """The steps, in their order.

    Args:
        fields: those that the header or the mapping gives.
        type_: of all records, if the mapping says it.
        default: what records are where nothing says it; it is among the values already.
    """
    numbers = [name for name in _NUMBERS if name in fields]
    of_host = [name for name in _OF_HOST if name in fields]
    asked: list[tuple[object, Step]] = [
        ("title" in fields, _series_in_title),
        ("subtitle" in fields, _subtitle),
        ("date" in fields, _dated),
        (True, _other_forms),
        ("contributor" in fields, _contributors),
        (numbers, partial(_identify, numbers)),
        (fields & _TELLING, partial(_type, type_, default, bool(fields & PUBLISHED))),
        (of_host or "volume" in fields, partial(_host, of_host)),
        (fields & {"part", "volume"}, _part),
        ("note" in fields, _notes),
    ]
    return [step for wanted, step in asked if wanted]


def _dated(values: Values) -> None:
    if "dated" in values:
        values["year"], values["date"] = values.pop("dated")


def _series_in_title(values: Values) -> None:
    title = values.get("title", "")
    if title.endswith(")") and (match := _SERIES_IN_TITLE.match(title)):
        values["title"] = match[1]
        values["series"] = values.get("series") or [f"{match[2].strip()} ; {match[3]}"]


def _subtitle(values: Values) -> None:
    subtitle = values.pop("subtitle", "")
    if subtitle:
        title = values.get("title", "")
        if not _is_in(subtitle, title):
            values["title"] = f"{title.rstrip(' :')}: {subtitle}"


def _is_in(subtitle: str, title: str) -> bool:
    """Whether the title has the subtitle already, whatever the punctuation."""
    word = subtitle.partition(" ")[0]
    if word.isalnum() and word.isascii() and title.isascii() and word.lower() not in title.lower():
        return False  # spares most titles the folding
    return fold(subtitle) in fold(title)


def _other_forms(values: Values) -> None:
    if "other_titles" in values:
        values["other_titles"] = [text for text in values["other_titles"] if text != values.get("title", "")]
    if "uniform_title" in values and values["uniform_title"] == values.get("title", ""):
        del values["uniform_title"]


def _contributors(values: Values) -> None:
    others = values.pop("contributors", ())
    if others:
        creators = values.get("creators", [])
        names = {creator.name for creator in creators}
        values["creators"] = [*creators, *(other for other in others if other.name not in names)]


def _identify(names: list[str], values: Values) -> None:
    found = [values.pop(name) for name in names if name in values]
    if found:
        one = len(found) == 1
        isbns, issns, others = found[0] if one else map(list, map(chain.from_iterable, zip(*found, strict=True)))
        if isbns:
            values["isbns"] = distinct(isbns)
        if issns:
            values["issns"] = distinct(issns)
        if others:
            values["identifiers"] = distinct(others)


def _type(given: RecordType | None, default: RecordType, published: bool, values: Values) -> None:
    said, level = values.pop("said", ()), values.pop("level", "")
    in_words = read_type(said, "") if said else None
    if said and in_words is None:
        # A word that we have no type for ("Fiction") says what it is about.
        values["subjects"] = distinct([*values.get("subjects", ()), *said])
    known = given or (read_type(said, level) if level else in_words)
    kind = known or ("article" if values.get("journal") and values.get("title") else default)
    if not given and not published and values.get("unit_id") and kind in {"book", "image", "other"}:
        kind = "object"  # what has a number in an inventory exists once
    values["type"] = kind


def _host(names: list[str], values: Values) -> None:
    said = {name: values.pop(name) for name in names if name in values}
    volume = next(iter(values.get("volumes", ())), "")
    is_article = values["type"] == "article"
    if "journal" in said or (is_article and (volume or "pages" in said)):
        issns = values.get("issns", ())
        values["host"] = Host(
            title=said.get("journal", ""),
            volume=volume,
            issue=said.get("issue", ""),
            pages=said.get("pages", ""),
            issn=said.get("host_issn") or (issns[0] if is_article and issns else ""),
        )
        if is_article:
            values.pop("issns", None)


def _part(values: Values) -> None:
    """The part of a work in several; rows of several volumes describe the set."""
    parts = values.pop("part", ())
    volumes = values.pop("volumes", ())
    if not parts and "host" not in values and values["type"] != "serial":
        parts = [text for text in volumes if text not in {"0", "-"}]
    if len(parts) == 1:
        values["part"] = parts[0]


def _notes(values: Values) -> None:
    notes = values.pop("notes", ())
    if notes:
        values["description"] = "\n".join(distinct([values.get("description", ""), *notes]))
