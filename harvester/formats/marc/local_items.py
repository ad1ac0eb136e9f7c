"""Copies in fields of a system's own (952, 949, 999 ...), as a mapping or a known layout says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from config.load import load_yaml
from harvester.formats.base import MappingError
from harvester.formats.mapping import ItemFields, Mapping
from harvester.formats.marc.record import MarcField, MarcRecord
from harvester.formats.statuses import StatusMap, meaning_of, meanings
from harvester.formats.text import tidy
from schemas.catalogue import Availability, Holding

TARGETS = frozenset(
    {"institution", "branch", "location", "call_number", "key", "status", "due", "copies", "note", "url"}
)
_JOINED = frozenset({"call_number", "note"})


class LocalItems:
    """Reads the local items of one source."""

    def __init__(self, mapping: Mapping, statuses: StatusMap) -> None:
        """Choose the layouts.

        Raises:
            MappingError: names the key that is wrong.
        """
        self._statuses = statuses
        self._mapping = mapping
        self.layouts: list[ItemFields] = []
        self._recognised: list[tuple[str, list[ItemFields]]] = []
        """A tag that gives a layout away, and all fields of that layout."""
        profiles = _profiles()
        if isinstance(mapping.items, list):
            self.layouts = mapping.items
        elif mapping.items in profiles:
            self.layouts = profiles[mapping.items]
        elif not mapping.items:
            own = ([layout for layout in layouts if layout.recognise] for layouts in profiles.values())
            self._recognised = [(layout.tag, layouts) for layouts in own for layout in layouts]
        elif mapping.items != "none":
            raise MappingError(f"items: {mapping.items!r} is not known; there are {', '.join(profiles)}, none")
        for layout in self.layouts:
            _check(layout)
        self.tags = frozenset([*(layout.tag for layout in self.layouts), *(tag for tag, _ in self._recognised)])
        self.replaces_852 = any(layout.tag == "852" for layout in self.layouts)

    def read(self, marc: MarcRecord) -> list[Holding]:
        """The copies of a record."""
        found = self._copies(marc, self.layouts)
        for tag, layouts in () if found else self._recognised:
            if tag in marc.data and (found := self._copies(marc, layouts)):
                break
        return found

    def _copies(self, marc: MarcRecord, layouts: list[ItemFields]) -> list[Holding]:
        found: list[Holding] = []
        for layout in layouts:
            if layout.tag not in marc.data:
                continue
            told = {holding.key for holding in found if holding.key}
            # A mapping that names a layout is believed; else the field must have what gives the layout away.
            needed = "" if layouts is self.layouts else layout.recognise
            copies = [self._holding(field, layout) for field in marc.data[layout.tag] if field.has(needed)]
            # A field of an earlier system often stayed beside the newer one: the first layout knows the copy's state.
            found += [copy for copy in copies if copy.key not in told]
        return found

    def _holding(self, field: MarcField, layout: ItemFields) -> Holding:
        first = {code: tidy(value) for code, value in reversed(field.subfields)}
        values: dict[str, str] = {}
        for target, codes in layout.fields.items():
            if target in _JOINED:
                values[target] = tidy(field.join(codes))
            elif target != "status":
                values[target] = next(_filled(first, codes), "")
        status, availability = self._status(first, layout, values.get("due", ""))
        branch, institution = values.get("branch", ""), values.get("institution", "")
        copies = values.get("copies", "")
        return Holding(
            key=values.get("key", ""),
            institution=self._mapping.institutions.get(institution, institution),
            branch=self._mapping.branches.get(branch, branch),
            location=values.get("location", ""),
            call_number=values.get("call_number", ""),
            copies=int(copies) if copies.isdecimal() and 0 < int(copies) < 100_000 else 1,
            status=status,
            availability=list(availability),
            note=values.get("note", ""),
            url=values.get("url", ""),
        )

    def _status(self, first: dict[str, str], layout: ItemFields, due: str) -> tuple[str, tuple[Availability, ...]]:
        for code, flag in layout.flags.items():
            value = first.get(code)
            if value and value != "0":
                name = flag if isinstance(flag, str) else flag.get(value, "")
                if name:
                    return name.replace("_", " "), _states(name)
        words = list(_filled(first, layout.fields.get("status", "")))
        for word in words:
            own = layout.statuses.get(word.upper())
            found = _states(own) if own else self._statuses.read(word, due)
            if due and all(one.state == "available" for one in found) and (lent := self._statuses.read("", due)):
                return " ".join([word, "due", due]).lstrip("- "), lent  # the word tells of copies that are at home
            if found:
                return word, found
        if due:
            return " ".join([*words[:1], "due", due]), self._statuses.read("", due)
        if layout.otherwise:
            return "", _states(layout.otherwise)
        return (words[0] if words else ""), ()


def _filled(first: dict[str, str], codes: str) -> Iterator[str]:
    """Of the first subfield of each code those that say something, in the order of the codes."""
    return filter(None, map(first.get, codes))


@lru_cache(maxsize=256)
def _states(name: str) -> tuple[Availability, ...]:
    return tuple(Availability(service=service, state=state) for service, state in meaning_of(name, "items"))


@lru_cache(maxsize=1)
def _profiles() -> dict[str, list[ItemFields]]:
    return msgspec.convert(load_yaml("maps/marc_items.yaml"), dict[str, list[ItemFields]])


def _check(layout: ItemFields) -> None:
    unknown = set(layout.fields) - TARGETS
    if unknown:
        raise MappingError(f"items: fields: {', '.join(sorted(unknown))}: there are {', '.join(sorted(TARGETS))}")
    if not (len(layout.tag) == 3 and layout.tag.isalnum()):
        raise MappingError(f"items: tag: {layout.tag!r} is not a MARC tag of three characters")
    names = [*layout.statuses.values(), *([layout.otherwise] if layout.otherwise else [])]
    for flag in layout.flags.values():
        names += [flag] if isinstance(flag, str) else list(flag.values())
    for name in names:
        if name not in meanings():
            meaning_of(name, "items")
