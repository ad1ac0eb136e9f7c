"""Institutions in the words of schema.org."""

from __future__ import annotations

from typing import Any

from schemas.answer import Best
from search_api.places import place_name
from search_api.renderers.base import Frame
from search_api.views import AddressView

Json = dict[str, Any]
_TYPES: dict[str, str | list[str]] = {
    "library": "Library",
    "archive": "ArchiveOrganization",
    "museum": ["Museum", "LocalBusiness"],  # a Museum alone is a place and no body, and has no telephone or hours
}


def place_type(kind: str, *, addressed: bool) -> Json:
    """The type of a kind of institution. Businesses must have an address: without one it is a plain place."""
    if addressed:
        return {"@type": _TYPES.get(kind, "LocalBusiness")}
    own = _TYPES.get(kind)
    return {"@type": "Place"} | ({"additionalType": f"https://schema.org/{_first(own)}"} if own else {})


def postal_address(street: str, city: str, postcode: str, region: str, country: str) -> Json | None:
    """An address; None where nothing is known of it."""
    parts = {
        "streetAddress": street,
        "addressLocality": city,
        "postalCode": postcode,
        "addressRegion": region,
        "addressCountry": country,
    }
    known = {name: value for name, value in parts.items() if value}
    return {"@type": "PostalAddress"} | known if street or city else None


def place(best: Best, address: AddressView | None, frame: Frame) -> Json | None:
    """The place of a copy; None where not even its name is known."""
    name = place_name(best)
    if not name:
        return None
    found = address or AddressView()
    where = postal_address(found.street, found.city, found.postcode, found.region, found.country)
    node: Json = place_type(best.kind, addressed=bool(where)) | {"name": name}
    if best.institution_id:
        # Branches that only the source names share their owner's page, so that its address names none of them.
        own = frame.institution(best.institution_id)
        node |= {"@id": own} if name == best.institution else {"url": own}
    if where:
        node["address"] = where
    if best.lat is not None and best.lon is not None:
        node["geo"] = {"@type": "GeoCoordinates", "latitude": best.lat, "longitude": best.lon}
    return node


def _first(types: str | list[str]) -> str:
    return types if isinstance(types, str) else types[0]
