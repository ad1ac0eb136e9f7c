"""The type of what a CSV catalogue lists: from its words, else from the columns that it has."""

from __future__ import annotations

from collections.abc import Set

from harvester.formats.text import fold
from harvester.formats.types import best_type
from schemas.catalogue import RecordType

_BOOK_COLUMNS = frozenset({"isbn", "publisher", "edition", "creator", "series", "publication_place"})

_CARRIERS = frozenset(["print", "printed", "imprime", "gedruckt", "impreso", "stampa", "papier", "paper", "online"])
"""Words by which lists part paper from screens: a journal in "Print" is no picture."""


def read_type(words: list[str], level: str) -> RecordType | None:
    """The type that the type column says, or the level of an archival description; None = not understood."""
    found = best_type([word for word in words if fold(word) not in _CARRIERS])
    if level and (found is None or found in {"other", "serial"}):
        return "archive"  # "series" and "item" are levels there
    return found


def default_type(columns: Set[str]) -> RecordType:
    """The type when no column says it."""
    if "level" in columns or ("unit_id" in columns and "path" in columns):
        return "archive"
    if "unit_id" in columns and "isbn" not in columns:
        return "object"
    if "journal" in columns or ({"volume", "pages"} <= columns and {"issue", "doi"} & columns):
        return "article"
    if "issn" in columns and "isbn" not in columns:
        return "serial"
    return "book" if columns & _BOOK_COLUMNS else "other"
