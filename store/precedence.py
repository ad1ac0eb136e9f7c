"""Which sources go before others in the merged description: one list, the best first; the same for every process."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from store import notes

_NOTE = "source precedence"


def get(connection: Connection) -> tuple[str, ...]:
    """Ids of sources, the best first; what is not named comes after them."""
    value = notes.get(connection, _NOTE)
    return msgspec.json.decode(value, type=tuple[str, ...]) if value else ()


def put(connection: Connection, sources: Sequence[str]) -> None:
    """Replace the list. The next merge describes every work anew."""
    notes.put(connection, _NOTE, msgspec.json.encode(tuple(sources)) if sources else None)
