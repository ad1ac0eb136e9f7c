"""What is asked: SearchRequest (the user's), EngineQuery (engine-neutral)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import msgspec

from schemas.catalogue import Service

Sort = Literal["best", "near", "soon", "newest", "oldest", "title"]
SORTS: tuple[str, ...] = get_args(Sort)
Mode = Literal["walk", "transit", "drive"]
MODES: tuple[str, ...] = get_args(Mode)
FACETS: tuple[str, ...] = ("type", "language", "decade", "institution", "kind")


class Point(msgspec.Struct, frozen=True):
    """WGS 84 degrees."""

    lat: float
    lon: float


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A search as understood: every parameter of ``GET /api/search``, typed. ``at`` is always time zone aware."""

    q: str = ""
    literal: bool = False
    """Nothing but what has all words: for programs, which do not read that a second try was made."""
    near: Point | None = None
    near_name: str = ""
    near_source: str = ""
    """Who knew the position: "geocoder" = the place service; empty = the asker or the registry."""
    near_attribution: str = ""
    """Whom the place service's terms want to be named."""
    at: datetime
    at_zone: str = ""
    """IANA name of the zone in which ``at`` was meant; empty = it came with its own, or is now."""
    mode: Mode = "walk"
    within_km: float | None = None
    open: bool = False
    available: bool = False
    service: tuple[Service, ...] = ()
    kind: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    institution: tuple[str, ...] = ()
    sort: Sort = "best"
    limit: int = 20
    cursor: str = ""
    facets: tuple[str, ...] = ()
    explain: bool = False
    lang: str = "en"
    """Language of the reasons: a key of the message catalogues."""
    warnings: tuple[str, ...] = ()


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """One word (or phrase, or CJK run) of the query: the tokens must all match, in the same field.

    ``field`` None = any text field, scored as the best of them (dis_max, see ``indexer.engines.base``).
    """

    tokens: tuple[str, ...]
    field: str | None = None
    phrase: bool = False
    prefix: bool = False
    """The last token may be the beginning of a word (suggestions)."""


class Terms(msgspec.Struct, frozen=True, tag=True):
    """The document has at least one of the values in this keyword or integer field."""

    field: str
    values: tuple[str | int, ...]


class Range(msgspec.Struct, frozen=True, tag=True):
    """The document's integer field lies in [low, high]; None = open end."""

    field: str
    low: int | None = None
    high: int | None = None


class EngineQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is asked. No clauses = browse: every document that passes the filters, score 0.

    ``match`` says how many of the clauses must match: "all", or with "any" at least ``least`` of them (the second try
    when all find nothing). Filters never change a score. Hashable, so that answers can be cached by it.
    """

    clauses: tuple[Clause, ...] = ()
    match: Literal["all", "any"] = "all"
    least: int = 1
    filters: tuple[Terms | Range, ...] = ()
