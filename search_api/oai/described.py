"""A page of works with all that is set out of them, read in a few questions to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from schemas.work import Work
from store import dated_works, works
from store.database import Connection
from store.dated_works import DatedWork, Origin


class Described(msgspec.Struct, frozen=True):
    """A living work as it is now."""

    dated: DatedWork
    work: Work
    origins: Sequence[Origin]
    """Its records, by source and identifier."""


def describe(connection: Connection, rows: Sequence[DatedWork]) -> dict[int, Described]:
    """The living ones among some rows, by work number."""
    living = [dated for dated in rows if not dated.deleted]
    numbers = [dated.work for dated in living]
    found = works.by_numbers(connection, numbers)
    behind: Mapping[int, Sequence[Origin]] = dated_works.origins(connection, numbers)
    return {
        dated.work: Described(dated, found[dated.work], behind.get(dated.work, ()))
        for dated in living
        if dated.work in found
    }
