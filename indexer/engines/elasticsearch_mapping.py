"""The Elasticsearch engine's index: its settings and fields as data, and documents in its form.

Nothing here needs a plug-in or a module of the server. Texts are kept nowhere (``_source`` is off): hits are shown from
the store, and a new generation is built from it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from indexer.analysis import SENTINEL
from schemas.document import KEYWORD_FIELDS, TEXT_FIELDS, Document

NUMBER = "number"
WORDS = "words"
"""Each word of title and creator once, for completion; initials complete nothing."""
FACETS = ("type", "language", "decade", "institution")
WINDOW = 200_000
"""Hits that one request may ask for; more are asked for page by page."""
_PAGE_OF_TERMS = 200_000

_TEXT = {"type": "text", "analyzer": "whitespace", "index_options": "positions"}
_COUNTED = {"type": "keyword"}
_EXACT = {"type": "keyword", "doc_values": False}
_SORTED = {"type": "keyword", "index": False}

FIELDS: dict[str, dict[str, Any]] = {
    NUMBER: {"type": "long"},
    **dict.fromkeys(TEXT_FIELDS, _TEXT),
    **{name: _COUNTED if name in FACETS else _EXACT for name in KEYWORD_FIELDS},
    "institution": {"type": "integer"},
    "year": {"type": "integer"},
    "years": {"type": "integer"},
    "decade": {"type": "integer"},
    "sort_title": _SORTED,
    WORDS: _SORTED,
}


def mapping(meta: dict[str, Any]) -> dict[str, Any]:
    """The fields; anything else is refused. ``meta`` says what this generation is."""
    return {"dynamic": "strict", "_source": {"enabled": False}, "_meta": meta, "properties": FIELDS}


def building(shards: int) -> dict[str, Any]:
    """Settings while a generation is filled: no copies, no refreshes, and a log that is not synced each time."""
    return {
        "number_of_shards": shards,
        "number_of_replicas": 0,
        "refresh_interval": "-1",
        "translog.durability": "async",
        "max_result_window": WINDOW,
        "max_terms_count": _PAGE_OF_TERMS,
        "similarity.default": {"type": "BM25", "k1": 1.2, "b": 0.75},
    }


def serving(replicas: int) -> dict[str, Any]:
    """Settings of a finished generation. Refreshes stay off: every write makes itself visible."""
    return {"auto_expand_replicas": f"0-{replicas}" if replicas else "false", "translog.durability": "request"}


def source(document: Document) -> bytes:
    """A document as JSON.

    Raises:
        TypeError, ValueError, UnicodeEncodeError: a value does not fit its field.
    """
    values: dict[str, Any] = {name: " ".join(getattr(document, name)) for name in TEXT_FIELDS}
    for name in KEYWORD_FIELDS:
        if value := getattr(document, name):
            values[name] = value
    values[NUMBER] = document.number
    if document.institution:
        values["institution"] = document.institution
    if document.year is not None:
        values["year"] = document.year
    if years := document.years or ([] if document.year is None else [document.year]):
        values["years"] = years
        values["decade"] = sorted({own // 10 * 10 for own in years})
    if document.sort_title:
        values["sort_title"] = document.sort_title
    words = {word for word in (*document.title, *document.creator) if len(word) > 1 or not word.isascii()}
    words.discard(SENTINEL)
    if words:
        values[WORDS] = list(words)
    return msgspec.json.encode(values)
