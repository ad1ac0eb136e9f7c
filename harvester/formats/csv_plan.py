"""Which column of a CSV catalogue is what: by the mapping, else by the header in any spelling or common language.

The words stand in ``config/maps/columns.yaml``. A plan is made once per header and holds positions only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from config.load import load_yaml
from harvester.formats.base import MappingError
from harvester.formats.mapping import Mapping, Names
from harvester.formats.text import fold

_SEVERAL = frozenset({"isbn", "issn", "subject", "contributor", "other_id"})
_SHOWN = 60
"""Characters of a header in a message: where the file is no table, one may be as long as a line."""
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
        raise MappingError(
            "no column is recognised as title, ISBN, ISSN, DOI or description; there are "
            f"{', '.join(name if len(name) <= _SHOWN else f'{name[:_SHOWN]}…' for name in names[:30])}: "
            "name them in a mapping file (columns: {title: ...})"
        )
    used = {position for positions in (*columns.values(), id_, group) for position in positions}
    return Plan(
        width=len(names),
        columns=columns,
        id=id_,
        group=group,
        unused=tuple(name for position, name in enumerate(names) if position not in used),
    )


def record_fields() -> dict[str, list[str]]:
    """Fields of the record, with the headers that mean them."""
    return load_yaml("maps/columns.yaml")["record"]  # type: ignore[no-any-return]


def holding_fields() -> dict[str, list[str]]:
    """Fields of a copy, with the headers that mean them."""
    return load_yaml("maps/columns.yaml")["holding"]  # type: ignore[no-any-return]


def recognised(header: Sequence[str]) -> int:
    """How many cells of a row are headers that we know: tells a header from data, and one dialect from another."""
    words = _words()
    return sum(_key(text) in words for text in header)


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
    words = _words()
    for shorten in (False, True):
        best: dict[str, tuple[int, int]] = {}
        for position, name in enumerate(names):
            if position in taken or name.casefold() in ignored:
                continue
            text = _shortened(name) if shorten else name
            if shorten and text == name:
                continue
            known = words.get(_key(text))
            if known and known[0] not in columns and (known[0] not in best or known[1] < best[known[0]][0]):
                best[known[0]] = (known[1], position)
        for field, (_, position) in best.items():
            columns[field] = (position,)
            taken.add(position)
        if not shorten:
            _take_all(names, words, columns, taken, ignored)


def _shortened(name: str) -> str:
    """A header without its first word ("Book title"), an inner field of JSON without its path ("bib_data.title")."""
    return name.rpartition(".")[2] if "." in name.strip(".") else _FIRST_WORD.sub("", name)


def _take_all(
    names: list[str],
    words: dict[str, tuple[str, int]],
    columns: dict[str, tuple[int, ...]],
    taken: set[int],
    ignored: set[str],
) -> None:
    """Columns beside the first one of fields that hold several values anyway: "ISBN-10" beside "ISBN-13"."""
    for position, name in enumerate(names):
        known = words.get(_key(name))
        if known and known[0] in _SEVERAL and position not in taken and name.casefold() not in ignored:
            columns[known[0]] += (position,)
            taken.add(position)


def _id(names: list[str], mapping: Mapping, columns: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    if mapping.id == "row":
        return ()
    if mapping.id:
        return _positions(mapping.id, names, "id")
    if mapping.group_by:
        return _positions(mapping.group_by, names, "group_by")
    # A file of copies without a number of the title has each copy as its own record; merging brings them together.
    for field in ("id", "unit_id", "key"):
        if field in columns:
            return columns[field]
    return ()


@lru_cache(maxsize=1)
def _words() -> dict[str, tuple[str, int]]:
    """Folded header -> (field, its rank among the field's words)."""
    words: dict[str, tuple[str, int]] = {}
    for fields in (record_fields(), holding_fields()):
        for field, listed in fields.items():
            for rank, word in enumerate(listed):
                words.setdefault(_key(str(word)), (field, rank))
    return words


def _key(text: str) -> str:
    return fold(text).replace(" ", "")
