"""Why records are together or apart, without words of any language."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.catalogue import CatalogueRecord
from schemas.decisions import Decision, Level, RecordRef

How = Literal["decision", "identifier", "alike", "work"]
"""What links two records: somebody's decision, an identifier, what their descriptions say, or, of two editions of one
work, equal title and creator."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence: its name in ``config/merging.yaml``, and how much it counts, for or against."""

    name: str
    points: int
    words: str = ""
    """The same for people, in the language that was asked for; so are the other ``words``."""


class Comparison(msgspec.Struct, kw_only=True):
    """Two records side by side. ``one`` and ``other`` are positions in ``Explanation.records``."""

    one: int
    other: int
    verdict: Literal["same", "unsure", "different", "unknown"]
    """What the rules make of these two alone: one edition; one edition unless the neighbourhood is against it; not one
    edition; too little to go by."""
    points: int
    reasons: list[Reason]


class Link(Comparison, kw_only=True):
    """What brought two records together. The links of an explanation are as many as it needs and no more."""

    how: How
    level: Level
    shared: list[str] = msgspec.field(default_factory=list)
    """Identifiers that both have."""
    words: str = ""


class Apart(Comparison, kw_only=True):
    """Two records that are of different editions or works, though something spoke for them being one."""

    level: Level
    why: str
    """isbns, edition, languages, years, chain: see ``indexer.merging.cohesion``; decision; rules: what is against it
    outweighs what is for it; shared: an identifier that they share stands under too many different things."""
    words: str = ""


class Told(msgspec.Struct, kw_only=True):
    """A value of the merged description, and who says so; the first of them gave it."""

    field: str
    value: str
    records: list[RecordRef]


class Described(msgspec.Struct, kw_only=True):
    """A record of an explanation, as its source describes it, and where it belongs."""

    source: str
    record: str
    work: str
    edition: str
    description: CatalogueRecord
    """Without its holdings."""

    @property
    def ref(self) -> RecordRef:
        """The record by name."""
        return RecordRef(source=self.source, record=self.record)


class Explanation(msgspec.Struct, kw_only=True):
    """Why some records are together or apart."""

    work: str
    """Id of the work that all of them belong to; "" = they belong to several."""
    title: str
    total: int
    """Records of the work; those beyond ``records`` are not compared."""
    records: list[Described]
    links: list[Link]
    apart: list[Apart]
    decisions: list[Decision]
    """About any of the records, undone ones among them, earliest first."""
    provenance: list[Told] = msgspec.field(default_factory=list)
    """Of the merged description of the work."""


class Decided(msgspec.Struct, kw_only=True):
    """What became of a decision."""

    decision: Decision
    applied: bool
    """Whether the works are already as it says; else the next index run makes them so."""
    overrules: list[int] = msgspec.field(default_factory=list)
    """Earlier decisions that contradict it and count no more, wholly or in part."""
    works: list[str] = msgspec.field(default_factory=list)
    """Ids of the works that its records belong to now."""
