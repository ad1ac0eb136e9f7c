"""One JSON object as rows of a table: a column for each inner field, by its path; a row for each copy.

An object that says of what sort it is ({"type": "bf:Isbn", "value": ...}, {"label": "Title", "value": ...}) is a step
of the path ("identifiedBy.Isbn"), names of people become one text, and names that stand as keys become values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harvester.formats.csv_paths import is_copies, is_one_of, meaning, says_what_it_is, sort_of

DEPTH = 8
_LISTS = frozenset({
    "creator", "contributor", "subject", "language", "isbn", "issn", "doi", "other_id", "other_title", "url", "series",
})  # fmt: skip
"""Fields that take several values, parted by "|"."""
_PARTED = {"description": "\n", "note": "\n", "type": "; ", "path": " > "}
_ASIDE = "further"
"""The last step of columns that nothing is read from."""
_Columns = dict[str, list[str]]


def rows(value: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """One row, or one for each copy. Of several values of a field that has one, the others stand in a column aside."""
    copies = next((name for name, inner in value.items() if objects(inner) and is_copies(name, inner[0])), None)
    own: _Columns = {}
    for name, inner in value.items():
        if name != copies:
            _flatten(inner, name, own, 1)
    for copy in value[copies] if copies else [{}]:
        row = {name: list(texts) for name, texts in own.items()}
        for name, inner in copy.items():
            _flatten(inner, f"{copies}.{name}", row, 2)
        cells: dict[str, str] = {}
        for name, texts in row.items():
            if len(texts) == 1:
                cells[name] = texts[0]
            else:
                cells.update(_cells(name, list(dict.fromkeys(texts))))
        yield cells


def _cells(name: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    known = meaning(name) if len(texts) > 1 else None
    if known is None or known.field in _LISTS:
        yield name, "|".join(texts)
    elif known.field in _PARTED:
        yield name, _PARTED[known.field].join(texts)
    else:
        yield name, texts[0]
        yield f"{name}.{'other title' if known.field == 'title' else _ASIDE}", "|".join(texts[1:])


def objects(value: Any) -> bool:
    """Whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and all(isinstance(inner, dict) for inner in value)


def _flatten(value: Any, path: str, into: _Columns, depth: int) -> None:
    if isinstance(value, str):
        if value:
            into.setdefault(path, []).append(value)
    elif isinstance(value, dict):
        if depth < DEPTH:
            _flatten_object(value, path, into, depth)
    elif isinstance(value, list):
        for inner in value:
            _flatten(inner, path, into, depth)
    elif text := _text(value):
        into.setdefault(path, []).append(text)


def _flatten_object(value: dict[str, Any], path: str, into: _Columns, depth: int) -> None:
    sort = said_by = ""
    telling = [key for key in value if says_what_it_is(key)]
    if telling:
        if person := _name_of_person(value, telling):
            into.setdefault(path, []).append(person)
        sort, said_by = _sort(value, telling, path)
    inside = f"{path}:{sort}" if sort else path
    for key, inner in value.items():
        if sort and key == said_by:
            _flatten(inner, f"{path}.{key}", into, depth + 1)
        elif sort and is_one_of(key, "values"):
            _flatten(inner, inside, into, depth + 1)
        elif ", " in key:  # {"Austen, Jane": {"role": ["author"]}}
            into.setdefault(inside, []).append(key)
            _flatten(inner, inside, into, depth + 1)
        else:
            _flatten(inner, f"{inside}.{key}", into, depth + 1)


def _name_of_person(value: dict[str, Any], keys: list[str]) -> str:
    """Family and given name as one text; "" where there are not both."""
    family = next((value[key] for key in keys if is_one_of(key, "family")), "")
    given = next((value[key] for key in keys if is_one_of(key, "given")), "")
    both = isinstance(family, str) and isinstance(given, str) and family.strip() and given.strip()
    return f"{family.strip()}, {given.strip()}" if both else ""


def _sort(value: dict[str, Any], keys: list[str], path: str) -> tuple[str, str]:
    """What an object says that it is, and the key that says so."""
    if len(value) > 1:
        for key in keys:
            if sort := sort_of(path, value, key, _first_text(value[key])):
                return sort, key
    return "", ""


def _first_text(value: Any) -> str:
    """The text in a value that may be one in several languages, or an object with a name."""
    for _ in range(DEPTH):
        if isinstance(value, str):
            return value
        if isinstance(value, dict):
            named = [inner for key, inner in value.items() if is_one_of(key, "labels") or is_one_of(key, "values")]
            value = named or list(value.values())
        if not value or not isinstance(value, list):
            return ""
        value = value[0]
    return ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
