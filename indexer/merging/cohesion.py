"""Whether two groups of records may become one edition by likeness alone: what refuses two records refuses two groups.

A record that leaves things out is like several editions at once; by way of it they would all become one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from indexer.merging.keys import Features

Why = Literal["isbns", "edition", "languages", "years", "chain", "decision"]
"""In what two groups contradict each other; chain: others, by way of these, do; decision: a person said so."""

MAX_YEARS = 1
"""Years by which the descriptions of one edition differ."""
MAX_PARTS = 60
"""Groups that are compared each with each; more that are chained by likeness are no edition."""


class Facts(msgspec.Struct):
    """What the records of a group tell between them."""

    isbns: set[int] = msgspec.field(default_factory=set)
    numbers: set[str] = msgspec.field(default_factory=set)
    languages: set[str] = msgspec.field(default_factory=set)
    years: set[int] = msgspec.field(default_factory=set)


def facts_of(records: Iterable[Features]) -> Facts:
    """What some records tell."""
    found = Facts()
    for own in records:
        found.isbns.update(own.isbns)
        found.languages.update(own.languages)
        if own.edition_number:
            found.numbers.add(own.edition_number)
        if own.year is not None:
            found.years.add(own.year)
    return found


def contradiction(one: Facts, other: Facts) -> Why | None:
    """In what two groups cannot be one edition; None where nothing speaks against it."""
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


def agreement(one: Features, other: Features) -> int:
    """In how many things two records say the same: the more, the earlier their likeness is followed."""
    return sum((
        bool(set(one.forms) & set(other.forms)),
        bool(set(one.creators) & set(other.creators)),
        bool(set(one.isbns) & set(other.isbns)),
        bool(set(one.languages) & set(other.languages)),
        bool(one.publisher & other.publisher),
        bool(one.extent & other.extent),
        bool(one.edition_number) and one.edition_number == other.edition_number,
        one.year is not None and one.year == other.year,
    ))  # fmt: skip
