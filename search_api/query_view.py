"""What was understood, as the answer says it back."""

from __future__ import annotations

from typing import Any

from schemas.query import SearchRequest
from search_api.messages import text

_ALWAYS = ("q", "at", "mode", "sort", "limit", "lang")
_IF_SET = (
    "within_km", "open", "available", "service", "kind", "type", "language", "year_from", "year_to", "institution",
)  # fmt: skip


def place_credit(request: SearchRequest) -> str:
    """Who found the place asked from, in words, where the terms of the place service want it said; else empty."""
    if not request.near_attribution:
        return ""
    return text(request.lang, "search.place_by", name=request.near_name, attribution=request.near_attribution)


def query_view(request: SearchRequest, *, identifier: str, match: str, warnings: list[str]) -> dict[str, Any]:
    """The request in words of the API: filters only where they are set."""
    found: dict[str, Any] = {name: getattr(request, name) for name in _ALWAYS}
    found |= {name: value for name in _IF_SET if (value := getattr(request, name)) not in (None, False, ())}
    if request.near is not None:
        found["near"] = {"lat": request.near.lat, "lon": request.near.lon, "name": request.near_name}
        if request.near_source:
            found["near"]["source"] = request.near_source
        if request.near_attribution:
            found["near"]["attribution"] = request.near_attribution
    if request.at_zone:
        found["timezone"] = request.at_zone
    if identifier:
        found["identifier"] = identifier
    if match == "any":
        found["match"] = "any"
    return found | {"warnings": [*request.warnings, *warnings]}
