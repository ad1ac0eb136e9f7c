"""Whether two groups of records may become one edition by way of others that are like both.

A record that leaves things out is like several editions at once; by way of it they would all become one. Groups that
contradict each other do so only if some two of their records are the same by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Literal

import msgspec

from indexer.merging.compare import compare
from indexer.merging.keys import Features

Why = Literal["isbns", "edition", "languages", "years", "chain", "decision"]
"""In what two groups contradict each other; chain: others, by way of these, do; decision: a person said so."""

MAX_YEARS = 1
"""Years by which the descriptions of one edition differ."""
MAX_PARTS = 60
"""Groups that are compared each with each; more that are chained by likeness are no edition."""
MAX_DESCRIPTIONS = 30
"""Of a group that are compared with those of another."""


class Facts(msgspec.Struct):
    """What the records of a group tell between them."""

    isbns: set[int] = msgspec.field(default_factory=set)
    numbers: set[str] = msgspec.field(default_factory=set)
    languages: set[str] = msgspec.field(default_factory=set)
    years: set[int] = msgspec.field(default_factory=set)
    records: list[Features] = msgspec.field(default_factory=list)


def facts_of(records: Iterable[Features]) -> Facts:
    """What some records tell."""
    found = Facts()
    for own in records:
        found.records.append(own)
        found.isbns.update(own.isbns)
        found.languages.update(own.languages)
        if own.edition_number:
            found.numbers.add(own.edition_number)
        if own.year is not None:
            found.years.add(own.year)
    return found


def contradiction(one: Facts, other: Facts) -> Why | None:
    """In what two groups cannot be one edition; None where nothing speaks against it."""
    why = _against(one, other)
    return why if why and not _one_by_themselves(one, other, _TOLD[why]) else None


def _against(one: Facts, other: Facts) -> Why | None:
    if one.isbns and other.isbns and not one.isbns & other.isbns:
        return "isbns"
    if one.numbers and other.numbers and not one.numbers & other.numbers:
        return "edition"
    if one.languages and other.languages and not one.languages & other.languages:
        return "languages"
    if one.years and other.years and min(abs(a - b) for a in one.years for b in other.years) > MAX_YEARS:
        return "years"
    return None


def coherent(groups: Collection[Facts]) -> bool:
    """Whether no two of some groups contradict each other."""
    if _agree_at_once(groups):
        return True
    if len(groups) > MAX_PARTS:
        return False
    told = list(groups)
    return not any(contradiction(a, b) for i, a in enumerate(told) for b in told[i + 1 :])


def _agree_at_once(groups: Collection[Facts]) -> bool:
    """The usual case, without comparing each with each: all that tell a thing have a value of it in common."""
    for name in ("isbns", "numbers", "languages"):
        told = [value for group in groups if (value := getattr(group, name))]
        if told and not set.intersection(*told):
            return False
    years = [year for group in groups for year in group.years]
    return not years or max(years) - min(years) <= MAX_YEARS


_TOLD: dict[Why, Callable[[Features], object]] = {
    "isbns": lambda own: own.isbns,
    "edition": lambda own: own.edition_number,
    "languages": lambda own: own.languages,
    "years": lambda own: own.year is not None,
}
"""Whether a record says anything about what two groups contradict each other in."""


def _one_by_themselves(one: Facts, other: Facts, told: Callable[[Features], object]) -> bool:
    """Whether two records that both say something about it are the same all the same."""
    return any(compare(a, b).decision == "same" for a in _telling(one, told) for b in _telling(other, told))


def _telling(group: Facts, told: Callable[[Features], object]) -> list[Features]:
    """Different descriptions that say something about it; of very many the same whatever order they came in."""
    found = [own for own in dict.fromkeys(group.records) if told(own)]
    return found if len(found) <= MAX_DESCRIPTIONS else sorted(found, key=_order)[:MAX_DESCRIPTIONS]


def _order(own: Features) -> str:
    printed = own.isbns, own.edition_number, sorted(own.publisher)
    return repr((own.forms, own.creators, own.year, own.languages, *printed))  # a set's own order is another each time
