"""The one place that says which rows are an institution's own: what is not, is not there."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from schemas.catalogue import Source
from schemas.institution import Institution
from search_api.errors import ApiError
from store import api_keys, harvest_runs, sources
from store.api_keys import ApiKey
from store.database import Connection
from store.harvest_runs import RunReport


class OwnSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source of an institution, with how it stands."""

    source: Source
    last: RunReport | None
    waits_on_run: int
    """The run whose removals wait for a decision; 0 = none."""


def own_ids(place: Institution, everybody: Sequence[Institution]) -> set[str]:
    """The institution and its branches."""
    return {place.id, *(other.id for other in everybody if other.parent == place.id)}


def sources_of(connection: Connection, ids: set[str]) -> list[OwnSource]:
    """Their sources."""
    return [_standing(connection, source) for source in sources.all_sources(connection) if source.institution in ids]


def source_of(connection: Connection, ids: set[str], id_: str) -> OwnSource:
    """One of their sources.

    Raises:
        ApiError: 404, whether it is nobody's or another's.
    """
    source = sources.get(connection, id_)
    if source is None or source.institution not in ids:
        raise ApiError("not-found", "There is no such source here.")
    return _standing(connection, source)


def keys_of(connection: Connection, ids: set[str]) -> list[ApiKey]:
    """Their keys that are valid."""
    return [key for key in api_keys.all_keys(connection) if key.institution in ids and key.valid]


def key_of(connection: Connection, ids: set[str], id_: str) -> ApiKey:
    """One of their keys.

    Raises:
        ApiError: 404, whether it is nobody's or another's.
    """
    found = next((key for key in keys_of(connection, ids) if key.id == id_), None)
    if found is None:
        raise ApiError("not-found", "There is no such key here.")
    return found


def _standing(connection: Connection, source: Source) -> OwnSource:
    state = sources.state(connection, source.id)
    last = harvest_runs.report(connection, source.id)
    return OwnSource(source=source, last=last, waits_on_run=state.waits_on_run)
