"""A MARC record as all readers give it and all extractors read it: leader and fields by tag, nothing else.

ISO 2709 and MARCXML, MARC 21 and UNIMARC differ in how they are written and in what their tags mean, not in this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

HOLDING_TAGS = frozenset({"852", "866", "867", "868", "876", "877", "878"})
"""Kept together in the order of the record as well: without link numbers, an item belongs to the 852 before it."""

SPECIAL_TAGS = HOLDING_TAGS | {"880"}
"""Which ``MarcRecord.add`` does more with than to put them under their tag."""

RECURRING_TAGS = frozenset({"041", "100", "110", "300", "336", "700"})
"""Fields that many records have alike, to the last letter: readers may make one object of them."""

RECURRING = 4096
"""How many of those are remembered."""

LONGEST = 500
"""Bytes of a field, or characters of a text, that is remembered: a hostile source must not fill the memory."""


class MarcField(msgspec.Struct, gc=False):
    """A data field: indicators, and subfields as (code, value) in order."""

    tag: str
    ind1: str
    ind2: str
    subfields: list[tuple[str, str]]
    meaning: Any = None
    """What the extractor of its tag made of it, kept here for all records that share the field."""

    def first(self, code: str) -> str:
        """The first subfield of that code, "" when there is none."""
        for own, value in self.subfields:
            if own == code:
                return value
        return ""

    def has(self, codes: str) -> bool:
        """Whether there are subfields of all these codes."""
        return {own for own, _ in self.subfields}.issuperset(codes)

    def values(self, codes: str) -> list[str]:
        """The subfields with any of the codes, in order."""
        if len(self.subfields) == 1:
            ((own, value),) = self.subfields
            return [value] if own in codes else []
        return [value for own, value in self.subfields if own in codes]

    def join(self, codes: str, separator: str = " ") -> str:
        """Those subfields as one text."""
        if len(self.subfields) == 1:
            ((own, value),) = self.subfields
            return value if own in codes else ""
        return separator.join([value for own, value in self.subfields if own in codes])


class MarcRecord(msgspec.Struct):
    """Leader, the first control field of each tag, and data fields by tag.

    Fields 880 also stand under "880-" + the tag they mirror.
    """

    leader: str = ""
    control: dict[str, str] = {}
    data: dict[str, list[MarcField]] = {}
    holdings: list[MarcField] = []

    def first_control(self, tag: str) -> str:
        """The first control field of that tag, "" when there is none."""
        return self.control.get(tag, "")

    def fields(self, *tags: str) -> list[MarcField]:
        """The fields of the tags, in the order of the tags."""
        data = self.data
        if len(tags) == 1:
            return data.get(tags[0], [])
        return [field for tag in tags if tag in data for field in data[tag]]

    def with_linked(self, tags: Iterable[str]) -> list[MarcField]:
        """The fields of the tags, then their counterparts in other scripts (880)."""
        data = self.data
        found = [field for tag in tags if tag in data for field in data[tag]]
        if "880" in data:
            found += self.fields(*(f"880-{tag}" for tag in tags))
        return found

    def linked(self, tag: str) -> list[MarcField]:
        """The fields of a tag, then their counterparts in other scripts."""
        data = self.data
        found = data.get(tag, [])
        return found + data.get(f"880-{tag}", []) if "880" in data else found

    def take_holdings(self, other: MarcRecord) -> None:
        """Add the holdings fields of a holdings record that belongs to this one."""
        for field in other.holdings:
            self.add(field)

    def add(self, field: MarcField) -> None:
        """Add a data field in its place."""
        tag = field.tag
        self.data.setdefault(tag, []).append(field)
        if tag in HOLDING_TAGS:
            self.holdings.append(field)
        elif tag == "880":
            mirrored = field.first("6")[:3]
            if mirrored.isdigit():
                self.data.setdefault(f"880-{mirrored}", []).append(field)
