"""Compares two records: the points for and against, and what they are named after. Explanations ask here too."""

from __future__ import annotations

from typing import Literal

import msgspec

from indexer.merging import evidence
from indexer.merging.keys import Features
from indexer.merging.rules import RULES

Decision = Literal["same", "unsure", "different", "unknown"]


class Reason(msgspec.Struct, frozen=True):
    """One piece of evidence: its name in ``config/merging.yaml``, and what it is worth."""

    name: str
    points: int


class Verdict(msgspec.Struct, frozen=True):
    """What a comparison came to.

    same: one edition. unsure: one edition where nothing else in the neighbourhood contradicts. different: something
    speaks against it. unknown: too little to go by.
    """

    decision: Decision
    points: int
    reasons: tuple[Reason, ...]


def compare(one: Features, other: Features, trusted: bool = True, generic: bool = False) -> Verdict:
    """Whether two records are the same edition, and why.

    Args:
        one: a record.
        other: another.
        trusted: an identifier that they share counts; not where it may be that of a series.
        generic: so many have the title that it says nothing of itself.
    """
    names = _evidence(one, other, trusted, generic)
    points = sum(RULES.points[name] for name in names)
    return Verdict(decision_on(points), points, tuple(Reason(name, RULES.points[name]) for name in names))


def points_of(one: Features, other: Features, trusted: bool, generic: bool) -> int:
    """The points of ``compare`` alone; it stops at what settles it."""
    total = 0
    for name in evidence.vetoes(one, other):
        total += RULES.points[name]
    if total < -_HOPELESS:
        return total
    return sum(RULES.points[name] for name in _evidence(one, other, trusted, generic))


def decision_on(points: int) -> Decision:
    """What so many points mean."""
    if points >= RULES.same:
        return "same"
    return "unsure" if points >= RULES.unsure else "different" if points < RULES.different else "unknown"


_HOPELESS = 10
"""Nothing makes up for so many points against."""


def _evidence(one: Features, other: Features, trusted: bool, generic: bool) -> list[str]:
    identified = evidence.identifiers(one, other)
    if identified == "identifier-same" and not trusted:
        identified = ""
    found = [
        evidence.titles(one, other, identified == "identifier-same", generic),
        identified,
        evidence.creators(one, other),
        evidence.years(one, other),
        evidence.publishers(one, other),
        evidence.extents(one, other),
        evidence.carriers(one, other),
        *evidence.vetoes(one, other),
    ]
    if one.kind == "article" or other.kind == "article":
        found += evidence.hosts(one, other)
    return [name for name in found if name]
