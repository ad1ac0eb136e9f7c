"""Answer: the ranked page with reasons, as section "HTTP" of the contract names its fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from schemas.catalogue import State
from schemas.open_states import OpenState


class Signal(msgspec.Struct, kw_only=True):
    """One reason a hit ranks where it does: score 0..1, its weight, and words (shown with ``explain``)."""

    score: float
    weight: float
    reason: str = ""


class Best(msgspec.Struct, kw_only=True):
    """The holding that answers best: where, available or not, open or not, how far. Times carry the place's offset."""

    institution_id: str | None = None
    institution: str = ""
    kind: str = ""
    lat: float | None = None
    lon: float | None = None
    distance_km: float | None = None
    travel_min: int | None = None
    service: str | None = None
    state: State = "unknown"
    checked_at: datetime | None = None
    due: str = ""
    doubtful_day: bool = False
    """Whether it is open, or opens, on a public holiday of which its hours say nothing."""
    open: OpenState = "unknown"
    open_until: datetime | None = None
    opens_at: datetime | None = None
    call_number: str = ""
    branch: str = ""
    location: str = ""
    title: str = ""
    """Of the copy's own record, as are language and year: a work may be there in several."""
    languages: list[str] = msgspec.field(default_factory=list)
    year: int | None = None
    reason: str = ""
    """One line in the user's language: where, state, open or not, how far."""


class Hit(msgspec.Struct, kw_only=True):
    """One work of the page."""

    id: str
    title: str
    creators: list[str]
    year: int | None
    type: str
    languages: list[str]
    isbns: list[str]
    score: float
    signals: dict[str, Signal]
    best: Best | None
    holdings_count: int
    institutions_count: int
    number: int = 0
    part: str = ""
    """Number and name of the volume, where the hit is one of a set."""
    other_titles: list[str] = msgspec.field(default_factory=list)
    publisher: str = ""
    description: str = ""
    thumbnail: str = ""
    unit_id: str = ""
    path: list[str] = msgspec.field(default_factory=list)


class Answer(msgspec.Struct, kw_only=True):
    """A search answer. ``exact``: this page is provably the page of the full ranking."""

    total: int
    total_relation: Literal["exact", "at_least"]
    exact: bool
    query: dict[str, Any]
    """What was understood, with ``warnings``: list[str]."""
    hits: list[Hit]
    facets: dict[str, list[dict[str, Any]]] = msgspec.field(default_factory=dict)
    """Facet name -> [{"value", "count", "label"}]."""
    next: str | None = None
