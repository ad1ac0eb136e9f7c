"""Decisions by people about which records belong together, keyed by what the sources themselves call their records."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal, get_args

import msgspec

DecisionKind = Literal["join", "split", "never"]
DECISION_KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)
Level = Literal["edition", "work"]
LEVELS: tuple[Level, ...] = get_args(Level)

MAX_RECORDS = 200
"""Of one decision; ``never`` compares each of them with each."""
MAX_REASON = 1000
"""Letters."""


class UndecidableError(ValueError):
    """A decision that cannot be made or undone; the message says why."""


class RecordRef(msgspec.Struct, kw_only=True, frozen=True):
    """A record by its source and the source's own identifier: the same record after any harvest."""

    source: str
    record: str

    @property
    def name(self) -> int:
        """Number by which merging knows the record."""
        return name_of(self.source, self.record)

    def __str__(self) -> str:
        return f"{self.source}/{self.record}"


def name_of(source: str, record: str) -> int:
    """Signed 64-bit number of a record, the same in every process and whenever it is harvested anew."""
    text = f"{source}\0{record}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


class Decision(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What somebody decided. It is never changed; undoing it adds who did that and when.

    Attributes:
        id: in the order in which decisions were made; a later one wins over an earlier one that it contradicts.
        kind: join: all ``records`` are one. never: no two of ``records`` are one. split: none of ``records`` is one
            with any of ``others``, and it is ``records`` that leave.
        level: edition: join makes one edition (so one work too); split and never keep editions apart.
            work: join makes one work of the editions as they are; split and never keep even the works apart.
        at: ISO 8601, UTC; so is ``revoked_at``.
    """

    id: int = 0
    kind: DecisionKind
    level: Level
    records: list[RecordRef]
    others: list[RecordRef] = msgspec.field(default_factory=list)
    author: str
    reason: str = ""
    at: str = ""
    revoked_at: str | None = None
    revoked_by: str = ""

    @property
    def all_records(self) -> list[RecordRef]:
        """Everybody it is about, each once."""
        return list(dict.fromkeys((*self.records, *self.others)))


def problem_of(decision: Decision) -> str:
    """What is wrong with a decision, in words; "" = nothing."""
    if not decision.author.strip():
        return "say who decides (author)"
    if len(decision.reason) > MAX_REASON:
        return f"a reason has at most {MAX_REASON:,} letters"
    if len(decision.all_records) > MAX_RECORDS:
        return f"{len(decision.all_records)} records are too many for one decision; at most {MAX_RECORDS}"
    if decision.kind == "split":
        if not decision.records or not decision.others:
            return "a split names the records that leave, and those that they leave"
        both = sorted({str(ref) for ref in decision.records} & {str(ref) for ref in decision.others})
        return f"{both[0]} cannot both leave and stay" if both else ""
    if decision.others:
        return f"only a split has others; {decision.kind} names records"
    if len(decision.all_records) < 2:
        return f"{decision.kind} needs two different records or more"
    return ""
