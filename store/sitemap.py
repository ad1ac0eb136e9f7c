"""Which works there are, cut by their numbers into parts of a fixed size, each with its last change.

A number never changes, so a changed work changes one part, and a part can be asked for at any time: nothing is built,
kept or rewritten. The last change is the one of ``store.dated_works``: of the description, or of who has it; never of
the state of a copy.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from store.tables import dated_works, works

SIZE = 50_000
"""Works of a part: as many addresses as one file may have (sitemaps.org)."""


class Part(msgspec.Struct, frozen=True):
    """A part that has living works."""

    number: int
    changed: str
    """``2026-11-24T10:00:00Z``; "" = not dated yet."""


_LIVING = works.c.data.is_not(None)
_DATE = func.coalesce(dated_works.c.datestamp, "")


def parts(connection: Connection) -> list[Part]:
    """All parts, in order. Reads the number of every work: about half a second for a million."""
    part = works.c.number.op("/")(SIZE).label("part")  # of whole numbers, as both databases divide them
    query = (
        select(part, func.max(_DATE))
        .select_from(works.outerjoin(dated_works, dated_works.c.work == works.c.number))
        .where(_LIVING)
        .group_by(part)
        .order_by(part)
    )
    return [Part(int(number), changed) for number, changed in connection.execute(query)]


def works_of(connection: Connection, part: int) -> list[tuple[str, str]]:
    """The works of a part: id and last change."""
    query = (
        select(works.c.id, _DATE)
        .select_from(works.outerjoin(dated_works, dated_works.c.work == works.c.number))
        .where(works.c.number >= part * SIZE, works.c.number < (part + 1) * SIZE, _LIVING)
        .order_by(works.c.number)
    )
    return [(id_, changed) for id_, changed in connection.execute(query)]
