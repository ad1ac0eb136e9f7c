"""What a look at an address or a file found, step by step, and the same in words: told by commands and pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from schemas.catalogue import CatalogueRecord
from schemas.said import Phrase

Verdict = Literal["works", "with care", "cannot"]
Grade = Literal["good", "care", "bad", "unknown"]
"""Of one step. unknown: it could not be tried, for the look's time or bytes were used up."""

_VERDICTS: dict[Verdict, str] = {
    "works": "works",
    "with care": "works, with care",
    "cannot": "cannot be harvested",
}
_MARKS: dict[Grade, str] = {"good": "+", "care": "!", "bad": "x", "unknown": "?"}


_TOLD = 20
"""Records that are told in words."""


class Step(msgspec.Struct, kw_only=True):
    """One thing that was tried."""

    code: str
    """Its name, the same for ever: address, identify, formats, sets, pages, token, window ..."""
    grade: Grade
    words: str
    mend: str = ""
    """What to do about it."""
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    """The same for programs."""
    said: Phrase | None = None
    """The words by their parts, for other languages."""
    cure: Phrase | None = None
    """``mend`` by its parts."""

    def in_words(self) -> Iterator[str]:
        """Lines for people."""
        yield f"  {_MARKS[self.grade]} {self.words}"
        if self.mend:
            yield f"      -> {self.mend}"


class Problem(msgspec.Struct, kw_only=True):
    """What is wrong with some of the records."""

    reason: str
    what: str = ""
    """The same in a few words of a fixed list; "" = it is none of them."""
    count: int = 1
    example: str = ""
    """Identifier or place of one of them."""
    mend: str = ""


class Column(msgspec.Struct, kw_only=True):
    """A column of a table."""

    name: str
    """Its header."""
    fields: list[str] = []
    """Fields of ours that are read from it; none = it is not read."""
    samples: list[str] = []
    """Some of its values."""


class Probe(msgspec.Struct, kw_only=True):
    """What a probe found."""

    verdict: Verdict = "works"
    location: str
    """As it was given."""
    endpoint: str = ""
    """Where the records are: the location itself, or what it led to; "" = nowhere."""
    protocol: str = ""
    format: str = ""
    prefix: str = ""
    """The server's metadataPrefix of that format."""
    add_with: str = ""
    """The command that adds what was found as a source; "" where nothing was."""
    size: int | None = None
    """Records of the whole list, as the source says."""
    records_a_second: float | None = None
    steps: list[Step] = msgspec.field(default_factory=list)
    columns: list[str] = msgspec.field(default_factory=list)
    """Of a table: a line a column, with the field that it is read as and an example."""
    table: list[Column] = msgspec.field(default_factory=list)
    """The same for programs; told also where the columns do not suffice for records."""
    mapping_text: str = ""
    """The mapping that it was read with, where somebody chose the columns."""
    looked_at: int = 0
    """Records that were read for what follows."""
    fields: dict[str, int] = msgspec.field(default_factory=dict)
    """How many of these have a title, creators, a year ..."""
    problems: list[Problem] = msgspec.field(default_factory=list)
    samples: list[CatalogueRecord] = msgspec.field(default_factory=list)
    sent: list[str] = msgspec.field(default_factory=list)
    """The same records as the source sent them, from their beginning."""

    def in_words(self) -> list[str]:
        """All but the steps, which are told as they come."""
        lines = [f"  {line}" for line in self.columns]
        for problem in self.problems:
            times = f" (×{problem.count:,}, e.g. {problem.example})" if problem.count > 1 else f" ({problem.example})"
            lines.append(f"  ! {problem.reason}{times if problem.example else ''}")
            if problem.mend:
                lines.append(f"      -> {problem.mend}")
        if self.samples:
            share = ", ".join(f"{name} {count / self.looked_at:.0%}" for name, count in self.fields.items())
            lines.append(f"Of {self.looked_at:,} records looked at: {share}. As they would appear:")
            lines += [_shown(record) for record in self.samples[:_TOLD]]
        found = f"{self.endpoint} (from {self.location})" if self.endpoint not in {"", self.location} else self.location
        lines.append(f"{found} {_VERDICTS[self.verdict]}.")
        return lines


def _shown(record: CatalogueRecord) -> str:
    names = "; ".join(creator.name for creator in record.creators[:3])
    parts = [names, record.year, record.type, *record.languages, *record.isbns[:1], *record.identifiers[:1]]
    if record.holdings:
        first = record.holdings[0]
        where = " ".join(part for part in (first.institution, first.branch, first.call_number, first.status) if part)
        parts.append(f"{len(record.holdings)} holdings{where and ': '}{where}")
    rest = ", ".join(str(part) for part in parts if part not in {"", None})
    return f"  - {record.title or '(no title)'} ({rest}) [{record.record}]"
