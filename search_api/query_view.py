"""What was understood, as the answer says it back."""

from __future__ import annotations

from typing import Any

from schemas.query import SearchRequest

_ALWAYS = ("q", "at", "mode", "sort", "limit", "lang")
_IF_SET = (
    "within_km", "open", "available", "service", "kind", "type", "language", "year_from", "year_to", "institution",
)  # fmt: skip


def query_view(request: SearchRequest, *, identifier: str, match: str, warnings: list[str]) -> dict[str, Any]:
    """The request in words of the API: filters only where they are set."""
    found: dict[str, Any] = {name: getattr(request, name) for name in _ALWAYS}
    found |= {name: value for name in _IF_SET if (value := getattr(request, name)) not in (None, False, ())}
    if request.near is not None:
        found["near"] = {"lat": request.near.lat, "lon": request.near.lon, "name": request.near_name}
        if request.near_source:
            found["near"]["source"] = request.near_source
    if identifier:
        found["identifier"] = identifier
    if match == "any":
        found["match"] = "any"
    return found | {"warnings": [*request.warnings, *warnings]}
