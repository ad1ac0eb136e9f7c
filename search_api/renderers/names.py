"""Names of people and bodies, as catalogues write them, in the parts that formats ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from search_api.renderers.base import Named

_DATES = re.compile(
    r"(?:,\s*|\s?\()(?:ca?\.?\s*|b\.\s*|d\.\s*|fl\.\s*)?\d{3,4}\??(?:\s*[-–]\s*(?:\d{2,4}\??)?)?\.?\s*\)?$"
)
EDITORS, TRANSLATORS = frozenset({"edt", "com", "pbd"}), frozenset({"trl"})
_OTHERS = frozenset({"ill", "ctb", "pbl", "prt", "fmo", "own", "dnr", "col", "nrt", "win", "wpr", "aft", "aui"})


class Person(NamedTuple):
    """A name in two parts; ``given`` is empty where it has but one."""

    family: str
    given: str


def undated(name: str) -> str:
    """A name without the years of a life: they tell people apart in a catalogue, and belong in no citation."""
    return _DATES.sub("", name.strip()).strip() or name


def person(name: str) -> Person | None:
    """The parts of an inverted name ("Austen, Jane, 1775-1817"); None for bodies and names in order."""
    family, comma, given = undated(name).partition(",")
    family, given = family.strip(), given.strip()
    return Person(family, given) if comma and family and given and "," not in given else None


class Makers(NamedTuple):
    """Who made a work, by what they did."""

    authors: list[str]
    editors: list[str]
    translators: list[str]
    others: list[str]


def makers(creators: Sequence[Named]) -> Makers:
    """Creators by the roles that formats tell apart; who is not known to be something else is an author."""
    found = Makers([], [], [], [])
    for one in creators:
        roles = (found.editors, EDITORS), (found.translators, TRANSLATORS), (found.others, _OTHERS)
        next((names for names, own in roles if one.role in own), found.authors).append(one.name)
    return found
