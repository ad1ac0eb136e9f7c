"""Counts of values among the matches. A facet does not count under its own filter, so that others can be chosen."""

from __future__ import annotations

from typing import Any

import langcodes
import msgspec
import numpy as np
from langcodes.tag_parser import LanguageTagError

from indexer.engines.base import Snapshot
from schemas.institution import INSTITUTION_KINDS
from schemas.query import EngineQuery, SearchRequest
from search_api.messages import text
from search_api.ranking.combine import Measure
from search_api.ranking.scope import at_places, scope_of
from search_api.registry import Registry
from search_api.retrieve import without
from store.column_view import View

_MOST_VALUES = {"type": 20, "language": 50, "decade": 60, "institution": 100}
_FIELDS = {"type": ("type",), "language": ("language",), "decade": ("decade", "years")}
Facet = list[dict[str, Any]]


def count_facets(
    snapshot: Snapshot, query: EngineQuery, request: SearchRequest, measure: Measure, view: View
) -> dict[str, Facet]:
    """The facets asked for: name -> values with their counts, most frequent first."""
    return {name: _facet(name, snapshot, query, request, measure, view) for name in request.facets}


def _facet(
    name: str, snapshot: Snapshot, query: EngineQuery, request: SearchRequest, measure: Measure, view: View
) -> Facet:
    registry = measure.situation.registry
    if name in _FIELDS:
        counted = snapshot.facet(without(query, *_FIELDS[name]), name, _MOST_VALUES[name])
        return [
            {"value": value, "count": count, "label": _label(name, value, request.lang)} for value, count in counted
        ]
    free = msgspec.structs.replace(request, **{name: ()})
    places = scope_of(Measure(free, measure.situation, measure.rules), view).places
    base = without(query, "institution")
    if name == "kind":
        return _kinds(snapshot, base, registry, places, request.lang)
    allowed = at_places(base, places)
    counted = snapshot.facet(allowed, "institution", _MOST_VALUES["institution"])
    inside = None if places is None else set(places)
    rows = [
        (registry.by_number[int(number)], count)
        for number, count in counted
        if int(number) in registry.by_number and (inside is None or int(number) in inside)
    ]
    return [{"value": row.id, "count": count, "label": row.name} for row, count in rows]


def _kinds(
    snapshot: Snapshot, query: EngineQuery, registry: Registry, places: tuple[int, ...] | None, lang: str
) -> Facet:
    found = []
    for index, kind in enumerate(INSTITUTION_KINDS):
        numbers = np.flatnonzero(registry.kind == index)
        if places is not None:
            numbers = np.intersect1d(numbers, np.array(places, np.int64))
        count = snapshot.count(at_places(query, tuple(numbers.tolist()))) if len(numbers) else 0
        if count:
            found.append({"value": kind, "count": count, "label": text(lang, f"reasons.kind_{kind}")})
    return sorted(found, key=lambda facet: -int(str(facet["count"])))


def _label(name: str, value: str, lang: str) -> str:
    if name == "decade":
        return f"{value}–{int(value) + 9}"
    if name == "type":
        return text(lang, f"reasons.type_{value}")
    try:
        return langcodes.Language.get(value).display_name(lang)
    except (LanguageTagError, LookupError):
        return value
