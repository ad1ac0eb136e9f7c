"""Which institutions can hold a passing copy: as a filter for the engine, and whether that filter decides alone."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

from schemas.query import EngineQuery, Terms
from search_api.ranking.combine import Measure
from store.column_view import View

MOST_PLACES = 50_000
"""Institutions of one filter; Elasticsearch takes 65,536 values."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where passing copies can be."""

    places: tuple[int, ...] | None
    """Institution numbers; None = anywhere, or more than a filter takes."""
    decides: bool
    """Whether every copy there passes, so that the engine's counts are right."""


def scope_of(measure: Measure, view: View) -> Scope:
    """The scope of a measure."""
    allowed, decides = measure.may_hold(view)
    if allowed.all():
        return Scope(None, decides)
    places = np.flatnonzero(allowed)
    if allowed[0] or len(places) > MOST_PLACES:  # 0: copies to be read online that are at no place of the index
        return Scope(None, decides=False)
    return Scope(tuple(places.tolist()), decides)


def at_places(query: EngineQuery, places: tuple[int, ...] | None) -> EngineQuery:
    """A query for works that have a copy at one of these institutions; None = anywhere."""
    if places is None:
        return query
    return msgspec.structs.replace(query, filters=(*query.filters, Terms("institution", places)))
