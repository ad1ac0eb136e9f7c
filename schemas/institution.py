"""Institution: who owns, and the door one walks through."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

InstitutionKind = Literal["library", "museum", "archive", "other"]
INSTITUTION_KINDS: tuple[str, ...] = get_args(InstitutionKind)


class HoursException(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A dated exception that wins over the weekly hours ("2026-12-24": "09:00-12:00", "2026-12-25": "off")."""

    first: str
    """ISO date."""
    last: str = ""
    """ISO date, inclusive; empty = the same day."""
    hours: str = "off"
    """Times of an OSM rule without days ("10:00-14:00"), or "off"."""
    note: str = ""


class ServicePoint(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A service with hours of its own: reading room, desk, self-service, last entry."""

    name: str
    """reading_room, desk, self_service, last_entry, or the institution's own word."""
    hours: str = ""
    """OSM opening_hours; for last_entry: "-00:30" = minutes before closing."""
    note: str = ""


class Institution(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A library, museum or archive with its place. A branch names its owner in ``parent``.

    ``number`` is the dense integer the index and the columns use; the store gives it and never changes it.
    Coordinates are WGS 84 degrees; None when unknown.
    """

    id: str
    name: str
    kind: InstitutionKind = "other"
    number: int = 0
    parent: str = ""
    isil: str = ""
    lat: float | None = None
    lon: float | None = None
    address: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    """ISO 3166-2 code or name of the region, for regional holidays."""
    country: str = ""
    """ISO 3166-1 alpha-2, upper case."""
    timezone: str = ""
    """IANA name; derived from the coordinates when the registry has none."""
    opening_hours: str = ""
    """OSM opening_hours grammar; empty = unknown."""
    exceptions: list[HoursException] = msgspec.field(default_factory=list)
    service_points: list[ServicePoint] = msgspec.field(default_factory=list)
    services: list[str] = msgspec.field(default_factory=list)
    """What it offers at all: a subset of SERVICES; empty = not said."""
    aliases: list[str] = msgspec.field(default_factory=list)
    """Other names and codes by which catalogues mean it (branch code, sigel)."""
    url: str = ""
    phone: str = ""
    email: str = ""
    description: str = ""
    checked_on: str = ""
    """ISO date on which a person last checked this entry."""
    live: dict[str, str] = msgspec.field(default_factory=dict)
    """How its system may be asked for its copies: "adapter" (daia, koha), "url" ...; empty = it may not."""
    closed: bool = False
    """Shut for good: kept so that links live, never ranked as open."""
    hidden: bool = False
    """It has withdrawn all that it had here: kept for its people and its return, shown to no visitor."""
