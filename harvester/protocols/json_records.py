"""Where the records of a JSON document are: the list that it is, or the one that it holds, however deep."""

from __future__ import annotations

from typing import Any

from harvester.formats.csv_paths import is_one_of, meaning
from harvester.protocols.json_flatten import DEPTH, objects, rows

_LISTS = frozenset({
    "records", "data", "items", "results", "result", "docs", "documents", "hits", "instances", "objects", "features",
    "response", "rows", "list", "entries", "works", "artworks", "books", "titles", "collection", "graph", "@graph",
    "message", "manifests", "members", "artobjects", "resources", "editions", "biblios", "bibs", "content", "member",
})  # fmt: skip
"""Keys under which a document holds its records."""
_TELLING = frozenset({"title", "isbn", "unit_id", "uniform_title"})


def listed(document: Any) -> list[Any]:
    """The records of a document; the one record that it is, where it holds no list of them."""
    for _ in range(DEPTH):
        if isinstance(document, list):
            return document
        inner = _inner(document) if isinstance(document, dict) else None
        if inner is None:
            return [document]
        document = inner
    return [document]


def _inner(document: dict[str, Any]) -> Any:
    """What to look into for the records; None where the document is one itself."""
    named = {name: value for name, value in document.items() if name.lower() in _LISTS}
    reached = {name: found for name, value in document.items() if (found := _reached(value, DEPTH))}
    own = {name: value for name, value in document.items() if name not in named and not (
        name in reached and isinstance(value, dict)
    )}  # fmt: skip
    if _by_key(document):
        return [{"id": name, **value} for name, value in document.items()]
    # A feed has a title, too; but a record with copies has them under one of these names.
    found = [one for name, lists in reached.items() if name in named or not _describes(own) for one in lists]
    if found:
        return max(found, key=len)
    if _describes(own):
        return None
    lists = [value for value in (named or document).values() if objects(value)]
    return max(lists, key=len) if lists and (named or len(document) == 1) else None


def _reached(value: Any, depth: int) -> list[list[Any]]:
    """Lists of things in a value and in the objects of it."""
    if objects(value):
        return [value] if _describes(value[0]) and not _is_page(value[0]) else []
    if not isinstance(value, dict) or not depth:
        return []
    return [found for inner in value.values() for found in _reached(inner, depth - 1)]


def _describes(value: dict[str, Any]) -> bool:
    """Whether an object has what a thing is found by."""
    columns = next(rows(value), {})
    return any(found.field in _TELLING for name in columns if (found := meaning(name)))


def _by_key(document: dict[str, Any]) -> bool:
    """Whether the document is records by their numbers."""
    values = list(document.values())
    known = any(meaning(name) or name.lower() in _LISTS for name in document)
    return len(values) > 1 and not known and all(isinstance(value, dict) and _describes(value) for value in values)


def _is_page(value: dict[str, Any]) -> bool:
    """Whether an object is a page of a thing (IIIF), not a thing."""
    return any(is_one_of(str(value.get(name, "")).rpartition(":")[2], "pages") for name in ("type", "@type"))
