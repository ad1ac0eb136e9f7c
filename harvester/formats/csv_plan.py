"""Which column of a CSV catalogue is what: by the mapping, else by the header in any spelling or common language.

The words are those of ``csv_words``; what an inner field means, ``csv_paths`` says. A plan is made once per header and
holds positions only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from harvester.formats.base import MappingError
from harvester.formats.csv_paths import Meaning, is_alternative, is_inner, is_wrapped, meaning
from harvester.formats.csv_words import holding_fields, key, record_fields, words
from harvester.formats.mapping import Mapping, Names
from schemas.said import say

_SEVERAL = frozenset({"isbn", "issn", "subject", "contributor", "other_id", "title"})
"""Fields that are read from every header that means them: "ISBN-10" beside "ISBN-13", an object's name for a title."""
_FALLBACK = _SEVERAL - {"title"} | {"creator", "date", "publisher", "publication_place", "language", "extent", "type"}
"""The same of inner fields, which differ from record to record: what the first one does not say, another may."""
_ATTRIBUTES = frozenset(
    {
        "type",
        "language",
        "date",
        "publication_place",
        "id",
        "edition",
        "level",
        "rights",
        "extent",
        "key",
        "holding_url",
    }
)
"""Fields that many things have: inside of something that is not known they are the record's where its title is, too."""
_TELLING = frozenset({"title", "barcode", "branch", "location", "call_number", "status", "due"})
_PLACES = frozenset({"city", "county", "country", "findspot"})
"""Headers beside which "State" is a part of a country."""
_SHOWN = 60
"""Characters of a header in a message: where the file is no table, one may be as long as a line."""
_TOO_SHORT = frozenset({"type", "no"})
"""What is left of "Geography Type" is no type of ours, and of "Item No" no issue of a journal."""
_RUNNING = frozenset(map(key, ["序号", "序號", "lfd nr", "nr", "番号", "번호", "номер", "numer", "numéro", "número"]))
"""Headers of what may be no more than the row's number, which another row has in the next delivery."""
_FIRST_WORD = re.compile(r"^[^\W\d_]+[\s_.\-:/]+")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Positions of the columns, from 0."""

    width: int
    columns: dict[str, tuple[int, ...]]
    """Field of ours -> positions."""
    id: tuple[int, ...]
    """Columns of the record's identifier; empty = the row number."""
    group: tuple[int, ...]
    """Columns whose equal values make rows one record; empty = each row is one."""
    unused: tuple[str, ...]
    """Headers of which nothing is read."""


def make_plan(header: Sequence[str], mapping: Mapping) -> Plan:
    """Find the columns.

    Raises:
        MappingError: the mapping names a field that we do not have or a column that the file does not have, or no
            column holds anything by which a thing could be found.
    """
    names = [text.strip().lstrip("\ufeff") for text in header]
    record, holding = record_fields(), holding_fields()
    columns: dict[str, tuple[int, ...]] = {}
    for field, wanted in mapping.columns.items():
        if field not in record and field not in holding:
            raise MappingError(f"columns: {field!r} is no field; there are {', '.join([*record, *holding])}")
        columns[field] = _positions(wanted, names, f"columns: {field}")
    _recognise(names, mapping, columns)
    _other_meanings(names, mapping, columns)
    _reference_code(names, columns)
    if "unit_id" not in columns and "title" not in mapping.columns and "title" in columns:
        columns["title"] = columns["title"][:1]  # only things of museums and archives go by the name of their kind
    id_ = _id(names, mapping, columns)
    group = _positions(mapping.group_by, names, "group_by") if mapping.group_by else id_
    if id_ and not set(group) <= set(id_):
        raise MappingError(
            "group_by: has columns that are not in id, so that several records would share one identifier: "
            "name them in id, too"
        )
    if not ({"title", "isbn", "issn", "doi", "description", "unit_id", "uniform_title"} & columns.keys()) and (
        "title" not in mapping.constants
    ):
        shown = ", ".join(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…" for name in names[:30])
        raise MappingError(
            say("no column is recognised as title, ISBN, ISSN, DOI or description; there are {names}: name them in a "
                "mapping file (columns: {{title: ...}})", names=shown)
        )  # fmt: skip
    used = {position for positions in (*columns.values(), id_, group) for position in positions}
    return Plan(
        width=len(names),
        columns=columns,
        id=id_,
        group=group,
        unused=tuple(name for position, name in enumerate(names) if position not in used),
    )


def _positions(wanted: Names, names: list[str], where: str) -> tuple[int, ...]:
    found: list[int] = []
    for one in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(one, int):
            if not 1 <= one <= len(names):
                raise MappingError(f"{where}: column {one}: the file has {len(names)} columns, counted from 1")
            found.append(one - 1)
            continue
        same = [i for i, name in enumerate(names) if name == one.strip()]
        same = same or [i for i, name in enumerate(names) if name.casefold() == one.strip().casefold()]
        if not same:
            raise MappingError(f"{where}: there is no column {one!r}; the columns are {', '.join(names[:60])}")
        found += same
    return tuple(found)


def _recognise(names: list[str], mapping: Mapping, columns: dict[str, tuple[int, ...]]) -> None:
    taken = {position for positions in columns.values() for position in positions}
    ignored = {name.strip().casefold() for name in mapping.ignore}
    given = frozenset(columns)
    for read in (_whole, meaning, _shortened):
        meanings = [
            None if position in taken or name.casefold() in ignored else read(name)
            for position, name in enumerate(names)
        ]
        records = {"", *(known.envelope for known in meanings if known and known.field in _TELLING)}
        meanings = [
            known if known and (known.field not in _ATTRIBUTES or known.envelope in records) else None
            for known in meanings
        ]
        best: dict[str, tuple[tuple[int, int], int]] = {}
        for position, known in enumerate(meanings):
            if known and known.field not in columns and (known.field not in best or known.rank < best[known.field][0]):
                best[known.field] = known.rank, position
        columns |= {field: (position,) for field, (_, position) in best.items()}
        taken |= {position for _, position in best.values()}
        if read is _shortened:
            return
        for position, known in sorted(enumerate(meanings), key=lambda one: one[1].rank if one[1] else (0, 0)):
            if known and position not in taken and known.field in (_SEVERAL if read is _whole else _FALLBACK) - given:
                if is_alternative(names[position], [names[other] for other in columns[known.field]]):
                    continue
                columns[known.field] += (position,)
                taken.add(position)


def _other_meanings(names: list[str], mapping: Mapping, columns: dict[str, tuple[int, ...]]) -> None:
    """Words that mean something else in such a table."""
    if (
        "issue" in columns
        and not {"journal", "volume", "pages", "issn"} & columns.keys()
        and (key(names[columns["issue"][0]]) == "no" and "issue" not in mapping.columns)
    ):
        del columns["issue"]  # of the list, not of a journal
    if "title" not in columns and "journal" in columns and not {"pages", "doi"} & columns.keys():
        columns["title"] = columns.pop("journal")  # a list of journals
    if "status" in columns.keys() - mapping.columns.keys():
        state = [key(names[position]) for position in columns["status"]] == ["state"]
        if state and not _PLACES.isdisjoint(map(key, names)):
            del columns["status"]  # of a country


def _reference_code(names: list[str], columns: dict[str, tuple[int, ...]]) -> None:
    """The number by which a unit or a specimen is asked for, in a table that has identifiers of its own."""
    code = "identifier" if "level" in columns else "catalognumber" if "scientificname" in map(key, names) else ""
    if code:
        taken = {position for positions in columns.values() for position in positions}
        codes = [position for position, name in enumerate(names) if key(name) == code and position not in taken]
        if codes:
            columns["unit_id"] = (*codes[:1], *columns.get("unit_id", ()))


def _whole(name: str) -> Meaning | None:
    """What a header means as it stands; one of an inner field ("_source.title") has more to it."""
    known = None if is_wrapped(name) else words().get(key(name))
    return Meaning(known[0], (0, known[1])) if known else None


def _shortened(name: str) -> Meaning | None:
    """What a header means without its first word ("Book title")."""
    short = key(_FIRST_WORD.sub("", name))
    known = None if is_inner(name) or short in _TOO_SHORT else words().get(short)
    return Meaning(known[0], (0, known[1])) if known else None


def _id(names: list[str], mapping: Mapping, columns: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    if mapping.id == "row":
        return ()
    if mapping.id:
        return _positions(mapping.id, names, "id")
    if mapping.group_by:
        return _positions(mapping.group_by, names, "group_by")
    # A file of copies without a number of the title has each copy as its own record; merging brings them together.
    for field in ("id", "unit_id", "key"):
        if field in columns and not (
            field == "id" and {"unit_id", "key"} & columns.keys() and key(names[columns[field][0]]) in _RUNNING
        ):
            return columns[field]
    return ()
