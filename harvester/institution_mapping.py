"""Which column of a table of institutions is what: by a mapping file, else by its name in any common spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import msgspec

from config.load import load_yaml
from harvester.formats.base import MappingError
from harvester.formats.mapping import Names
from harvester.formats.text import fold
from schemas.institution import Institution, InstitutionKind
from schemas.institution_rules import ValueProblemError

FIELDS = (*(name for name in Institution.__struct_fields__ if name != "number"), "point")


class InstitutionMapping(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mapping file. All keys are optional."""

    columns: dict[str, Names] = {}
    """Field of ours -> column, or several whose values are joined ("address": ["Address 1", "Address 2"])."""
    constants: dict[str, Any] = {}
    """Field of ours -> the value of every institution that has none of its own."""
    values: dict[str, dict[str, str]] = {}
    """Field of ours -> (value in the file -> value meant)."""
    id: Names = ""
    """Column(s) from which the id is made, as a slug, where the file has no ids."""
    hours: dict[str, str] = {}
    """Day of the week -> column with the times of that day."""
    service_hours: dict[str, dict[str, str]] = {}
    """Name of a service point (self_service, reading_room ...) -> day of the week -> column."""
    keep: dict[str, list[str]] = {}
    """Column -> values; other rows are left out, and counted."""
    leave_out: dict[str, list[str]] = {}
    """Column -> values whose rows are left out, and counted."""
    ignore: list[str] = []
    """Columns that must not be recognised by themselves."""
    header: list[str] = []
    """Names of the columns of a file that has none."""


class Columns(msgspec.Struct, kw_only=True):
    """What was found for one file."""

    fields: dict[str, list[str]]
    """Field of ours -> names of columns: those of the mapping together, of recognised ones the first that is filled."""
    mapped: frozenset[str]
    """Fields whose columns the mapping names."""
    hours: dict[str, str]
    service_hours: dict[str, dict[str, str]]
    unused: list[str]


def institution_mapping(data: AnyMapping[str, Any] | None) -> InstitutionMapping:
    """Check a mapping as it came out of its file.

    Raises:
        MappingError: names the key, and what is allowed there.
    """
    if not data:
        return InstitutionMapping()
    try:
        mapping = msgspec.convert(_texts(data), InstitutionMapping)
    except msgspec.ValidationError as error:
        known = ", ".join(InstitutionMapping.__struct_fields__)
        raise MappingError(
            f"{str(error).replace('Object contains unknown field', 'unknown key')}; keys are {known}"
        ) from None
    for key, named in (("columns", mapping.columns), ("constants", mapping.constants), ("values", mapping.values)):
        for field in named:
            if field not in FIELDS:
                raise MappingError(f"{key}: {field!r} is no field; there are {', '.join(FIELDS)}")
    days = _weekdays()
    for name, table in (("hours", mapping.hours), *mapping.service_hours.items()):
        for day in table:
            if fold(day) not in days:
                raise MappingError(f"{name}: {day!r} is no day of the week")
    return mapping


def find_columns(names: Sequence[str], mapping: InstitutionMapping) -> Columns:
    """Find the columns of a file.

    Raises:
        MappingError: the mapping names a column that the file does not have.
    """
    fields = {field: _existing(wanted, names, f"columns: {field}") for field, wanted in mapping.columns.items()}
    days = _weekdays()
    hours = {days[fold(day)]: _existing(column, names, f"hours: {day}")[0] for day, column in mapping.hours.items()}
    service_hours = {
        point: {days[fold(day)]: _existing(column, names, f"{point}: {day}")[0] for day, column in table.items()}
        for point, table in mapping.service_hours.items()
    }
    taken = {name for columns in fields.values() for name in columns} | set(hours.values())
    taken |= {name for table in service_hours.values() for name in table.values()}
    ignored = {fold(name) for name in mapping.ignore}
    words = _words()
    ranked: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        if name in taken or fold(name) in ignored:
            continue
        known = words.get(_key(name))
        if known and known[0] not in fields:
            ranked.setdefault(known[0], []).append((known[1], name))
            continue
        day, unstaffed = _weekday_column(name)
        if day and unstaffed and "self_service" not in mapping.service_hours:
            service_hours.setdefault("self_service", {})[day] = name
            taken.add(name)
        elif day and not unstaffed and not mapping.hours:
            hours.setdefault(day, name)
            taken.add(name)
    mapped = frozenset(fields)
    for field, found in ranked.items():
        fields[field] = [name for _, name in sorted(found)]
        taken.update(fields[field])
    if len(hours) < 5 and not mapping.hours:
        hours = {}  # "Mo" alone may be anything
    return Columns(
        mapped=mapped,
        fields=fields,
        hours=hours,
        service_hours=service_hours,
        unused=[name for name in names if name not in taken],
    )


def kind_of(text: str) -> str | None:
    """The kind that a word means, or the name of an institution gives away; None = not understood."""
    kinds = _kinds()
    folded = fold(text)
    if folded in kinds:
        return kinds[folded]
    for word in reversed(folded.split()):
        if word in kinds:
            return kinds[word]
    return next((kind for word, kind in kinds.items() if len(word) > 2 and not word.isascii() and word in folded), None)


def read_kind(text: str, name: str) -> InstitutionKind:
    """The kind, from its column or else from the name."""
    found = kind_of(text) if text else kind_of(name) or "other"
    if not found:
        raise ValueProblemError(
            "kind", text, "is no kind", "use library, museum, archive or other, or map it with `values`"
        )
    return cast("InstitutionKind", found)


def _existing(wanted: Names, names: Sequence[str], where: str) -> list[str]:
    found: list[str] = []
    for one in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(one, int) and 1 <= one <= len(names):
            found.append(names[one - 1])
            continue
        same = [name for name in names if name.strip().casefold() == str(one).strip().casefold()]
        if not same:
            raise MappingError(f"{where}: there is no column {one!r}; the columns are {', '.join(names[:60])}")
        found.append(same[0])
    return found


def _weekday_column(name: str) -> tuple[str, bool]:
    """(day, whether the hours are unstaffed ones) of a column like "Monday_Staffed_hours"; ("", False) for others."""
    folded = fold(name)
    maps = load_yaml("maps/institution_columns.yaml")
    unstaffed = {fold(word) for word in maps["unstaffed_words"]}
    staffed = {fold(word) for word in maps["weekday_words"]} | {""}
    for day, full in _weekdays().items():
        if day in folded.split() or (not day.isascii() and folded.startswith(day)):
            rest = " ".join(re.sub(rf"(?<!\w){re.escape(day)}(?!\w)", " ", folded, count=1).split())
            if rest in unstaffed:
                return full, True
            if rest in staffed:
                return full, False
    return "", False


@lru_cache(maxsize=1)
def _weekdays() -> dict[str, str]:
    weekdays = load_yaml("maps/institution_columns.yaml")["weekdays"]
    return {fold(word): day for day, words in weekdays.items() for word in words}


@lru_cache(maxsize=1)
def _words() -> dict[str, tuple[str, int]]:
    columns = load_yaml("maps/institution_columns.yaml")["columns"]
    return {_key(str(word)): (field, rank) for field, words in columns.items() for rank, word in enumerate(words)} | {
        _key(field): (field, -1) for field in FIELDS
    }


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    kinds = load_yaml("maps/institution_columns.yaml")["kinds"]
    return {fold(word): kind for kind, words in kinds.items() for word in words}


def _key(text: str) -> str:
    return fold(text).replace(" ", "")


def _texts(value: Any) -> Any:
    if isinstance(value, AnyMapping):
        return {str(key): _texts(inner) for key, inner in value.items()}
    return value
