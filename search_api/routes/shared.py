"""Parameters that many routes take, described once."""

from __future__ import annotations

from schemas.catalogue import RECORD_TYPES, SERVICES
from schemas.institution import INSTITUTION_KINDS
from schemas.query import FACETS, MODES, SORTS
from search_api.messages import LANGUAGES
from search_api.routes.description import many, number, one_of, query

NEAR = query("near", "Where you are: latitude,longitude, or the name of a town or institution.", example="54.97,-1.61")
AT = query(
    "at",
    "When you set out, ISO 8601 (without a zone: the time at that place); now when missing.",
    {"type": "string", "format": "date-time"},
    example="2026-11-23T10:00:00Z",
)
MODE = query("mode", "How you travel; walk when missing.", one_of(MODES))
SERVICE = query("service", "Only these services; may be repeated.", many(SERVICES))
LANG = query("lang", "Language of reasons and messages; Accept-Language when missing.", one_of(LANGUAGES))
SITUATION = (NEAR, AT, MODE, SERVICE, LANG)
_YES = {"type": "boolean"}
SEARCH = (
    query(
        "q",
        'Words, "a phrase", field:word, ISBN, title; empty = browse.',
        {"type": "string", "maxLength": 500},
        example="pride and prejudice",
    ),
    NEAR,
    AT,
    MODE,
    query("within_km", "Only places so near; needs near.", number(0)),
    query("open", "Only places surely open on arrival.", _YES),
    query("available", "Only copies that can be had now.", _YES),
    query("service", "Only these services; may be repeated.", many(SERVICES)),
    query("kind", "Only these kinds of institutions; may be repeated.", many(INSTITUTION_KINDS)),
    query("type", "Only these types; may be repeated.", many(RECORD_TYPES)),
    query("language", "Only these languages (BCP 47); may be repeated.", many()),
    query("year_from", "First year.", number(kind="integer")),
    query("year_to", "Last year.", number(kind="integer")),
    query("institution", "Only these institutions and their branches; may be repeated.", many()),
    query("sort", "Order; best when missing.", one_of(SORTS)),
    query("limit", "Hits on the page.", number(1, 100, "integer")),
    query("cursor", "`next` of the page before."),
    query("facets", f"Comma-separated: {', '.join(FACETS)}.", example="type,language"),
    query("explain", "With a reason in words for every signal.", _YES),
    LANG,
)
"""Those of a search."""
PLACES = (
    query("kind", "Only these kinds; may be repeated.", many(INSTITUTION_KINDS)),
    query("q", "Words of name, town or code."),
    query("bbox", "west,south,east,north; west > east crosses the antimeridian.", example="-2,54.5,-1,55.5"),
    NEAR,
    AT,
    query("limit", "Institutions on the page.", number(1, 1000, "integer")),
    query("cursor", "`next` of the page before."),
    LANG,
)
"""Those of a list of institutions."""
