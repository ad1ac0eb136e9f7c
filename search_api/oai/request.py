"""A request of a harvester that was understood, with what its answer is made from."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from search_api.oai.identity import Identity
from search_api.registry import Registry
from store.database import Connection


class Request(msgspec.Struct, frozen=True):
    """What a verb is asked."""

    connection: Connection
    """One snapshot of the store."""
    moment: str
    """Before which nothing is missing from it."""
    registry: Registry
    identity: Identity
    verb: str
    arguments: Mapping[str, str]
