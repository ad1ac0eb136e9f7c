"""Parameters that many routes take, described once."""

from __future__ import annotations

from schemas.catalogue import SERVICES
from schemas.query import MODES
from search_api.messages import LANGUAGES
from search_api.routes.description import many, one_of, query

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
