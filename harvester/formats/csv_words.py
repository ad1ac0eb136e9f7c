"""The words of headers: which field of ours each means. They stand in ``config/maps/columns.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from config.load import load_yaml
from harvester.formats.text import fold

Words = dict[str, tuple[str, int]]
"""A header's key -> (field, its rank among the field's words)."""


def record_fields() -> dict[str, list[str]]:
    """Fields of the record, with the headers that mean them."""
    return load_yaml("maps/columns.yaml")["record"]  # type: ignore[no-any-return]


def holding_fields() -> dict[str, list[str]]:
    """Fields of a copy, with the headers that mean them."""
    return load_yaml("maps/columns.yaml")["holding"]  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def personal() -> frozenset[str]:
    """Keys of headers under which stands who has a thing, or how to reach them."""
    return frozenset(map(key, load_yaml("maps/columns.yaml")["personal"]))


def recognised(header: Sequence[str]) -> int:
    """How many cells of a row are headers that we know: tells a header from data, and one dialect from another."""
    known = words()
    return sum(key(text) in known for text in header)


@lru_cache(maxsize=1)
def words() -> Words:
    """All headers; a word of both is the record's."""
    return listed(record_fields(), holding_fields())


def listed(*several: dict[str, list[str]]) -> Words:
    """The words of some fields, the first meaning of each."""
    found: Words = {}
    for fields in several:
        for field, own in fields.items():
            for rank, word in enumerate(own):
                found.setdefault(key(str(word)), (field, rank))
    return found


def key(text: str) -> str:
    """A header as it is compared: without case, diacritics, blanks and punctuation."""
    return fold(text).replace(" ", "")
