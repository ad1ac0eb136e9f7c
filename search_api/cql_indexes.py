"""The indexes that CQL queries may name, and which of our fields and filters they are."""

from __future__ import annotations

from typing import Literal

from search_api.problems import DiagnosticError

Index = Literal[
    "anywhere", "title", "creator", "subject", "isbn", "issn", "identifier", "year", "type", "language", "all"
]

SETS: dict[str, tuple[str, dict[str, Index]]] = {
    "cql": (
        "info:srw/cql-context-set/1/cql-v1.2",
        {"serverChoice": "anywhere", "anywhere": "anywhere", "keywords": "anywhere", "allRecords": "all"},
    ),
    "dc": (
        "info:srw/cql-context-set/1/dc-v1.1",
        {
            "title": "title",
            "creator": "creator",
            "subject": "subject",
            "date": "year",
            "type": "type",
            "language": "language",
            "identifier": "identifier",
        },
    ),
    "bath": (
        "http://zing.z3950.org/cql/bath/2.0/",
        {
            "any": "anywhere",
            "title": "title",
            "author": "creator",
            "name": "creator",
            "subject": "subject",
            "isbn": "isbn",
            "issn": "issn",
        },
    ),
}
"""Prefix -> the context set's identifier and its indexes."""

_BARE = {name.lower(): index for _, indexes in SETS.values() for name, index in indexes.items()}
_OURS: dict[str, Index] = {"year": "year"}


def index_of(name: str) -> Index:
    """The index of a name, with or without its set.

    Raises:
        DiagnosticError: there is no such set or index.
    """
    prefix, dot, base = name.lower().partition(".")
    if not dot:
        found = (_BARE | _OURS).get(prefix)
    elif prefix in SETS:
        found = {own.lower(): index for own, index in SETS[prefix][1].items()}.get(base)
    else:
        raise DiagnosticError(15, prefix[:100])
    if found is None:
        raise DiagnosticError(16, name[:100])
    return found
