"""A page of works with all that is set out of them, read in a few questions to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from schemas.work import Work
from store import oai_items, works
from store.oai_items import Item, Origin


class Described(msgspec.Struct, frozen=True):
    """A living work as it is now."""

    item: Item
    work: Work
    origins: Sequence[Origin]
    """Its records, by source and identifier."""


def describe(connection: Connection, items: Sequence[Item]) -> dict[int, Described]:
    """The living ones among some items, by work number."""
    living = [item for item in items if not item.deleted]
    numbers = [item.work for item in living]
    found = works.by_numbers(connection, numbers)
    behind: Mapping[int, Sequence[Origin]] = oai_items.origins(connection, numbers)
    return {
        item.work: Described(item, found[item.work], behind.get(item.work, ())) for item in living if item.work in found
    }
