"""Compares two records: the points for and against, and what they are named after. Explanations ask here too."""

from __future__ import annotations

from typing import Literal

import msgspec

from indexer.merging import evidence
from indexer.merging.keys import Features
from indexer.merging.rules import RULES

Decision = Literal["same", "unsure", "different", "unknown"]


_OPEN = frozenset((
    "year-lacking", "years-lacking", "year-next", "creator-lacking", "creators-lacking",
    "creator-short",
    "kind-lacking", "title-extended", "title-extended-telling", "title-extended-long", "title-extended-generic",
))  # fmt: skip
"""With one of these a description fits several editions, however much else agrees; only the neighbourhood tells."""
_SPEAKING_AGAINST = frozenset(name for name, points in RULES.points.items() if points < 0) - _OPEN - {"title-near"}
_HOPELESS = 10
"""Nothing makes up for so many points against."""


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
    reasons = tuple(Reason(name, RULES.points[name]) for name in names)
    return Verdict(_decision(names), sum(reason.points for reason in reasons), reasons)


def decide(one: Features, other: Features, trusted: bool = True, generic: bool = False) -> Decision:
    """The decision of ``compare`` alone; it stops at what settles it."""
    if sum(RULES.points[name] for name in evidence.vetoes(one, other)) < -_HOPELESS:
        return "different"
    return _decision(_evidence(one, other, trusted, generic))


def _decision(names: list[str]) -> Decision:
    points = sum(RULES.points[name] for name in names)
    if points >= RULES.same and ("identifier-same" in names or _OPEN.isdisjoint(names)):
        return "same"
    if points >= RULES.unsure:
        return "unsure"
    return "different" if points < RULES.different and not _SPEAKING_AGAINST.isdisjoint(names) else "unknown"


def _evidence(one: Features, other: Features, trusted: bool, generic: bool) -> list[str]:
    identified = evidence.identifiers(one, other)
    if identified == "identifier-same" and not trusted:
        identified = ""
    found = [
        evidence.titles(one, other, identified == "identifier-same", generic),
        identified,
        evidence.creators(one, other),
        evidence.years(one, other, identified == "identifier-same"),
        evidence.publishers(one, other),
        evidence.extents(one, other),
        evidence.performers(one, other),
        evidence.days(one, other),
        evidence.series(one, other),
        *evidence.vetoes(one, other),
    ]
    if one.kind == "article" or other.kind == "article":
        found += evidence.hosts(one, other)
    return [name for name in found if name]
