"""Public ids of works and editions: named after one of their records, the anchor, and kept as long as it is a member.

So an id survives rebuilds and new members; when two works become one, the older one's id stays.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b

from schemas.catalogue import CatalogueRecord


def code_of(record: CatalogueRecord) -> str:
    """What an id named after a record has in common with it: 16 letters and digits."""
    name = f"{record.source}\0{record.record}".encode("utf-8", "replace")
    return b32encode(blake2b(name, digest_size=10).digest()).decode().lower()


def named_after(code: str) -> str:
    """The id of a work whose anchor is the record with a code."""
    return f"w{code}"


def work_id(codes: Collection[str], before: Mapping[str, int]) -> str:
    """The id of a work.

    Args:
        codes: of its members.
        before: works that members belonged to, or were named after them and went: id -> number. Lower ones are older.
    """
    kept = [(number, id_) for id_, number in before.items() if id_[1:] in codes]
    return min(kept)[1] if kept else named_after(min(codes))


def edition_id(codes: Collection[str], before: Iterable[str]) -> str:
    """The id of an edition, from its members' codes and the editions they belonged to."""
    kept = [id_ for id_ in before if id_[1:] in codes]
    return min(kept) if kept else "e" + min(codes)
