"""What is shown of a work and of an institution: typed, judged for one place and moment, the same for every format."""

from __future__ import annotations

from datetime import datetime

import msgspec

from schemas.answer import Best, Signal
from schemas.catalogue import Availability, Host, Link
from schemas.institution import HoursException, InstitutionKind
from schemas.open_states import OpenState


class CreatorView(msgspec.Struct, kw_only=True, frozen=True):
    """A person or body; ``role`` is a MARC relator code."""

    name: str
    role: str = ""


class EditionView(msgspec.Struct, kw_only=True):
    """One edition of a work."""

    id: str
    year: int | None = None
    languages: list[str] = msgspec.field(default_factory=list)
    isbns: list[str] = msgspec.field(default_factory=list)
    publisher: str = ""
    edition: str = ""
    holdings_count: int = 0
    records: list[RecordRef] = msgspec.field(default_factory=list)


class RecordRef(msgspec.Struct, kw_only=True, frozen=True):
    """A record behind an edition: the source and its own identifier."""

    source: str
    record: str


class AddressView(msgspec.Struct, kw_only=True, frozen=True):
    """Where an institution is, as far as the registry says so."""

    street: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2."""


class HoldingView(msgspec.Struct, kw_only=True):
    """One holding, judged as the search judges it."""

    best: Best
    """Place, state of the best service, open or not on arrival, distance, reason."""
    score: float
    """Sum of weight * score of its signals (without the text)."""
    signals: dict[str, Signal]
    services: list[Availability]
    """The state of every service that is known, with age and how it is known."""
    edition: str
    source: str
    record: str
    key: str = ""
    address: AddressView | None = None
    """Of the institution; None where the registry does not know it."""
    copies: int = 1
    status: str = ""
    """The source's own words."""
    note: str = ""
    url: str = ""


class WorkView(msgspec.Struct, kw_only=True):
    """A work with everything that is shown of it; ``holdings`` best first."""

    id: str
    number: int
    title: str
    other_titles: list[str]
    part: str
    creators: list[CreatorView]
    publisher: str
    publication_place: str
    year: int | None
    date: str
    type: str
    languages: list[str]
    isbns: list[str]
    issns: list[str]
    identifiers: list[str]
    subjects: list[str]
    series: list[str]
    extent: str
    description: str
    links: list[Link]
    thumbnail: str
    host: Host | None
    unit_id: str
    path: list[str]
    editions: list[EditionView]
    holdings: list[HoldingView]
    holdings_count: int
    institutions_count: int
    withheld: bool = False
    """Some of its records are shown here only: the formats that are given away say less."""
    warnings: list[str] = msgspec.field(default_factory=list)


class Moved(msgspec.Struct, frozen=True):
    """The work became part of another."""

    id: str


class SpanView(msgspec.Struct, kw_only=True, frozen=True):
    """A stretch of one day, with the place's offset."""

    start: datetime
    end: datetime
    state: OpenState
    comment: str = ""


class DayView(msgspec.Struct, kw_only=True, frozen=True):
    """A day of the place; no spans = closed all day."""

    date: str
    spans: list[SpanView]
    exceptional: bool = False


class OpenTimes(msgspec.Struct, frozen=True):
    """Open from one time of a day to another, HH:MM; to an earlier one = past midnight; 00:00-23:59 = all day."""

    opens: str
    closes: str


class RegularHours(msgspec.Struct, kw_only=True, frozen=True):
    """What holds on some days of the week (0 = Monday); no times = closed."""

    days: list[int]
    times: list[OpenTimes]


class SpecialHours(msgspec.Struct, kw_only=True, frozen=True):
    """What holds instead from one date to another, both included; no times = closed."""

    first: str
    last: str
    times: list[OpenTimes]


class Timetable(msgspec.Struct, kw_only=True, frozen=True):
    """Opening hours from one date to another, by rule and exception. Days in neither are not known."""

    first: str
    last: str
    regular: list[RegularHours]
    special: list[SpecialHours]


class ServicePointView(msgspec.Struct, kw_only=True, frozen=True):
    """A service with hours of its own, and whether it is open at the moment asked about."""

    name: str
    hours: str
    open: OpenState
    note: str = ""


class InstitutionRef(msgspec.Struct, kw_only=True, frozen=True):
    """An institution by name."""

    id: str
    name: str


class Freshness(msgspec.Struct, kw_only=True, frozen=True):
    """How old what we know from one source is."""

    source: str
    protocol: str
    records: int
    status: str = ""
    """Of the last harvest: complete, incomplete, failed, waiting, running; "" = never harvested."""
    harvested_at: str = ""
    complete_at: str = ""
    """When a harvest was last complete."""


class InstitutionEntry(msgspec.Struct, kw_only=True):
    """An institution in a list: where, and open or not at the moment asked about."""

    id: str
    name: str
    kind: InstitutionKind
    lat: float | None
    lon: float | None
    address: str
    city: str
    country: str
    distance_km: float | None
    open: OpenState
    open_until: datetime | None
    opens_at: datetime | None
    doubtful_day: bool = False
    """Whether it is open, or opens, on a public holiday of which its hours say nothing."""
    closed_for_good: bool = False
    parent: str = ""


class InstitutionView(InstitutionEntry, kw_only=True):
    """An institution with everything that is shown of it."""

    isil: str
    postcode: str
    region: str
    timezone: str
    opening_hours: str
    hours_notes: list[str]
    """What the hours depend on and is not known; or why they could not be read."""
    week: list[DayView]
    timetable: Timetable | None
    """The coming months in short; None = the hours are not known, or it is closed for good."""
    exceptions: list[HoursException]
    service_points: list[ServicePointView]
    services: list[str]
    url: str
    phone: str
    email: str
    description: str
    checked_on: str
    owner: InstitutionRef | None
    branches: list[InstitutionRef]
    sources: list[Freshness]
    warnings: list[str] = msgspec.field(default_factory=list)


class InstitutionList(msgspec.Struct, kw_only=True):
    """A page of institutions: nearest first with ``near``, else by name."""

    total: int
    institutions: list[InstitutionEntry]
    next: str | None
    warnings: list[str] = msgspec.field(default_factory=list)


class HoldingList(msgspec.Struct, kw_only=True):
    """A page of the holdings of a work."""

    id: str
    title: str
    total: int
    holdings: list[HoldingView]
    next: str | None
    warnings: list[str] = msgspec.field(default_factory=list)
