"""GeoJSON (RFC 7946): the places of a work, and institutions, as maps and geographic tools read them.

Properties are flat, and the same in every Feature, because tools make columns of them. A place whose position is not
known has the geometry null.
"""

from __future__ import annotations

from typing import Any

import msgspec

from search_api.places import by_place, place_name
from search_api.renderers.base import Frame
from search_api.views import HoldingView, InstitutionEntry, InstitutionList, WorkView
from search_api.web.addresses import safe_url

MEDIA_TYPE = "application/geo+json"
Json = dict[str, Any]
_DIGITS = 6
"""Of a coordinate: a tenth of a metre (RFC 7946, 11.2)."""


def holdings(work: WorkView, frame: Frame) -> bytes:
    """The places that hold a work, one Feature each, the best for the asker first."""
    features = [_place(number, group, frame) for number, group in enumerate(by_place(work.holdings), 1)]
    about = {"work": frame.work(work.id), "title": work.title, "warnings": work.warnings}
    return msgspec.json.encode({"type": "FeatureCollection", "features": features} | about)


def institutions(page: InstitutionList, frame: Frame) -> bytes:
    """A page of institutions, one Feature each, in their order."""
    features = [institution(entry, frame) for entry in page.institutions]
    found: Json = {
        "type": "FeatureCollection",
        "features": features,
        "numberMatched": page.total,
        "numberReturned": len(features),
        "warnings": page.warnings,
    }
    if frame.next:
        found["links"] = [{"rel": "next", "href": frame.next, "type": MEDIA_TYPE}]
    return msgspec.json.encode(found)


def institution(entry: InstitutionEntry, frame: Frame) -> Json:
    """One institution as a Feature."""
    properties = {
        "name": entry.name,
        "kind": entry.kind,
        "address": entry.address or None,
        "city": entry.city or None,
        "country": entry.country or None,
        "open": entry.open,
        "open_until": entry.open_until,
        "opens_at": entry.opens_at,
        "distance_km": entry.distance_km,
        "closed_for_good": entry.closed_for_good,
        "parent": entry.parent or None,
        "url": frame.institution(entry.id),
    }
    return _feature(entry.id, entry.lat, entry.lon, properties)


def _place(number: int, copies: list[HoldingView], frame: Frame) -> Json:
    """A place with what its best copy says. Its institution is no id: branches that only the source names share it."""
    best = copies[0].best
    properties = {
        "name": place_name(best),
        "kind": best.kind or None,
        "institution": best.institution_id,
        "state": best.state,
        "service": best.service,
        "due": best.due or None,
        "checked_at": best.checked_at,
        "open": best.open,
        "open_until": best.open_until,
        "opens_at": best.opens_at,
        "distance_km": best.distance_km,
        "travel_min": best.travel_min,
        "call_number": best.call_number or None,
        "location": best.location or None,
        "copies": sum(holding.copies for holding in copies),
        "url": frame.institution(best.institution_id) if best.institution_id else None,
        "catalogue_url": safe_url(copies[0].url) or None,
    }
    return _feature(number, best.lat, best.lon, properties)


def _feature(id_: str | int, lat: float | None, lon: float | None, properties: Json) -> Json:
    known = lat is not None and lon is not None
    point = {"type": "Point", "coordinates": [round(lon or 0.0, _DIGITS), round(lat or 0.0, _DIGITS)]}
    return {"type": "Feature", "id": id_, "geometry": point if known else None, "properties": properties}
