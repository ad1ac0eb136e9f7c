"""A page of works with all that is set out of them, read in a few questions to the store."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from schemas.work import Work
from search_api.given import given_works
from store import dated_works, works
from store.database import Connection
from store.dated_works import DatedWork, Origin


class Described(msgspec.Struct, frozen=True):
    """A living work as it is now, and may be given to others."""

    dated: DatedWork
    work: Work
    origins: Sequence[Origin]
    """Its records that are not withheld, by source and identifier."""


def describe(connection: Connection, rows: Sequence[DatedWork]) -> dict[int, Described]:
    """The living ones among some rows, by work number. Left out is also what was withheld since it was dated."""
    living = [dated for dated in rows if not dated.deleted]
    numbers = [dated.work for dated in living]
    found = works.by_numbers(connection, numbers)
    behind = dated_works.origins(connection, numbers)
    found = given_works(connection, found, behind)
    opened = {n: [one for one in origins if not one.source.withheld] for n, origins in behind.items()}
    return {
        dated.work: Described(dated, found[dated.work], opened.get(dated.work, ()))
        for dated in living
        if dated.work in found
    }
