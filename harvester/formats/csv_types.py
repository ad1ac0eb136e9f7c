"""The type of what a CSV catalogue lists: from its words, else from the columns that it has."""

from __future__ import annotations

from collections.abc import Sequence, Set

from harvester.formats.csv_words import key
from harvester.formats.text import fold
from harvester.formats.types import best_type
from schemas.catalogue import RecordType

PUBLISHED = frozenset({"isbn", "publisher", "edition"})
"""Of books; with them a number in an inventory is a copy's."""
_BOOK_COLUMNS = frozenset({"isbn", "publisher", "edition", "creator", "series", "publication_place"})
_OF_THINGS = frozenset(
    map(
        key,
        ["material", "materials", "technique", "material technique", "medium and materials", "on display", "on view",
         "Material/Technik", "Technik", "Objektart", "technique", "matériau", "matière", "técnica", "tecnica",
         "materia e tecnica", "materiaal", "techniek", "材质", "材質", "质地", "質地", "материал", "техника"],
    )
)  # fmt: skip
"""Headers of what a thing is made of, or whether it is shown."""

_CARRIERS = frozenset(["print", "printed", "imprime", "gedruckt", "impreso", "stampa", "papier", "paper", "online"])
"""Words by which lists part paper from screens: a journal in "Print" is no picture."""


def read_type(words: list[str], level: str) -> RecordType | None:
    """The type that the type column says, or the level of an archival description; None = not understood."""
    found = best_type([word for word in words if fold(word) not in _CARRIERS])
    if level and (found is None or found in {"other", "serial"}):
        return "archive"  # "series" and "item" are levels there
    return found


def default_type(columns: Set[str], header: Sequence[str] = ()) -> RecordType:
    """The type when no column says it, by the fields that a table has and the words of its header."""
    if "level" in columns or ("unit_id" in columns and "path" in columns):
        return "archive"
    if "unit_id" in columns and not columns & PUBLISHED:
        return "object"
    if "journal" in columns or ({"volume", "pages"} <= columns and {"issue", "doi"} & columns):
        return "article"
    if "issn" in columns and "isbn" not in columns:
        return "serial"
    if not columns & PUBLISHED and not _OF_THINGS.isdisjoint(map(key, header)):
        return "object"
    return "book" if columns & _BOOK_COLUMNS else "other"
