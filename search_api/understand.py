"""Understands the parameters of a search: text from outside becomes a typed request, or a clear refusal."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np

from schemas.catalogue import RECORD_TYPES, SERVICES
from schemas.geo import haversine_km, parse_point
from schemas.identifiers import language_tag
from schemas.institution import INSTITUTION_KINDS
from schemas.normal_form import normal_form
from schemas.query import FACETS, MODES, SORTS, Point, SearchRequest
from search_api import cursor
from search_api.best_holding import zone_of
from search_api.context import Context
from search_api.geocoder import Geocoder, PlaceServiceError
from search_api.messages import text as text_of
from search_api.problems import BadParameterError
from search_api.registry import Registry

MOST_HITS, LONGEST_Q, MOST_VALUES = 100, 500, 50
_FIRST_YEAR, _LAST_YEAR = -9999, 9999
_HALF_EARTH_KM = 20_038
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_NAMES = (
    "q", "near", "at", "mode", "within_km", "open", "available", "service", "kind", "type", "language", "year_from",
    "year_to", "institution", "sort", "limit", "cursor", "facets", "explain",
)  # fmt: skip
_ELSEWHERE = ("lang",)
"""Read before this: the language of the texts."""


def understand(
    context: Context, params: Mapping[str, Sequence[str]], lang: str, zone: ZoneInfo | None = None
) -> SearchRequest:
    """The request that parameters mean. Empty values count as not given.

    Args:
        context: for the registry (places, institutions) and the clock.
        params: every parameter with all its values, in order; several values may also be joined by commas.
        lang: language of the reasons.
        zone: in which a time without one is meant; when missing, see ``zone_meant``.

    Raises:
        BadParameterError: names the parameter that cannot be used, and says what would do.
    """
    given = _Given(params, lang)
    registry = context.registry()
    near, near_name, near_source = _near(given, registry, context.geocoder)
    token = given.one("cursor")
    institutions = _institutions(given, registry)
    at, at_zone = (
        (cursor.read(token, lang).at, "")
        if token and not given.one("at")
        else _at(given, lambda: zone or zone_meant(near, institutions, registry), context.clock)
    )
    sort = given.choice("sort", SORTS, "best")
    if sort == "near" and near is None:
        given.warnings.append(given.say("sort_needs_near"))
        sort = "best"
    within = given.number("within_km", 0, _HALF_EARTH_KM)
    if within is not None and near is None:
        raise given.bad("within_km", "within_needs_near")
    year_from, year_to = _years(given)
    limit = given.whole("limit", 1, MOST_HITS)
    return SearchRequest(
        q=_q(given),
        near=near,
        near_name=near_name,
        near_source=near_source,
        near_attribution=context.settings.geocoder_attribution if near_source else "",
        at=at,
        at_zone=at_zone,
        mode=cast("Any", given.choice("mode", MODES, "walk")),
        within_km=within,
        open=given.flag("open"),
        available=given.flag("available"),
        service=cast("Any", given.choices("service", SERVICES)),
        kind=given.choices("kind", INSTITUTION_KINDS),
        type=given.choices("type", RECORD_TYPES),
        language=tuple(dict.fromkeys(_language(text, given) for text in given.many("language"))),
        year_from=year_from,
        year_to=year_to,
        institution=institutions,
        sort=cast("Any", sort),
        limit=20 if limit is None else limit,
        cursor=token,
        facets=given.choices("facets", FACETS),
        explain=given.flag("explain"),
        lang=lang,
        warnings=tuple(given.warnings),
    )


class _Given:
    """The parameters as text, cleaned of what no text has: NUL, other controls, halves of surrogate pairs."""

    def __init__(self, params: Mapping[str, Sequence[str]], lang: str) -> None:
        self.lang = lang
        self._values = {
            name: [text for value in values if (text := clean(value).strip())] for name, values in params.items()
        }
        self.warnings = [
            self.say("unknown_parameter", name=_quoted(name))
            for name in params
            if name not in _NAMES and name not in _ELSEWHERE
        ]

    def say(self, key: str, **values: object) -> str:
        return text_of(self.lang, f"search.{key}", **values)

    def bad(self, name: str, key: str, **values: object) -> BadParameterError:
        return BadParameterError(name, self.say(key, **values))

    def one(self, name: str) -> str:
        values = self._values.get(name, [])
        if len(set(values)) > 1:
            warning = self.say("repeated", name=name, count=len(values))
            if warning not in self.warnings:
                self.warnings.append(warning)
        return values[0] if values else ""

    def many(self, name: str) -> tuple[str, ...]:
        parts = (part.strip() for value in self._values.get(name, []) for part in value.split(","))
        found = tuple(dict.fromkeys(part for part in parts if part))
        if len(found) > MOST_VALUES:
            raise self.bad(name, "too_many_values", count=len(found), most=MOST_VALUES)
        return found

    def choice(self, name: str, known: Sequence[str], default: str) -> str:
        value = self.one(name).lower()
        if value and value not in known:
            raise self.bad(name, "none_of", value=_quoted(value), known=", ".join(known))
        return value or default

    def choices(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        values = tuple(dict.fromkeys(value.lower() for value in self.many(name)))
        for value in values:
            if value not in known:
                raise self.bad(name, "none_of", value=_quoted(value), known=", ".join(known))
        return values

    def flag(self, name: str) -> bool:
        value = self.one(name).lower()
        if value and value not in _TRUE + _FALSE:
            raise self.bad(name, "not_boolean", value=_quoted(value))
        return value in _TRUE

    def number(self, name: str, low: float, high: float) -> float | None:
        text = self.one(name)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise self.bad(name, "not_number", value=_quoted(text)) from None
        if not (math.isfinite(value) and low < value <= high):
            raise self.bad(name, "not_in_range", value=_quoted(text), low=f"{low:g}", high=f"{high:g}")
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        text = self.one(name)
        if not text:
            return None
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
            raise self.bad(name, "not_whole", value=_quoted(text))
        value = int(text)
        if not low <= value <= high:
            raise self.bad(name, "not_between", value=value, low=low, high=high)
        return value


def clean(text: str) -> str:
    """Text without what no text has: control characters become blanks, halves of surrogate pairs vanish."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text.encode("utf-8", "ignore").decode("utf-8"))


def length_of(text: str) -> int:
    """The length of a question in characters; those that stand for a whole sentence ("ﷺ") count as what they say."""
    written_out = len(normal_form("NFKC", text))
    return written_out if written_out > 2 * len(text) else len(text)


def _q(given: _Given) -> str:
    text = given.one("q")
    if (count := length_of(text)) > LONGEST_Q:
        raise given.bad("q", "q_too_long", count=count, most=LONGEST_Q)
    return text


def _institutions(given: _Given, registry: Registry) -> tuple[str, ...]:
    institutions = given.many("institution")
    for id_ in institutions:
        if id_ not in registry.by_id:
            raise given.bad("institution", "institution_unknown", value=_quoted(id_))
    return institutions


def _years(given: _Given) -> tuple[int | None, int | None]:
    first, last = (given.whole(name, _FIRST_YEAR, _LAST_YEAR) for name in ("year_from", "year_to"))
    if first is not None and last is not None and first > last:
        raise given.bad("year_from", "years_swapped", low=first, high=last)
    return first, last


def _near(given: _Given, registry: Registry, geocoder: Geocoder | None) -> tuple[Point | None, str, str]:
    """Position, name and source; what looks like a position never leaves for the place service, a postcode does."""
    text = given.one("near")
    if not text:
        return None, "", ""
    point = parse_point(text)
    if point is not None:
        return point, "", ""
    found = registry.find_place(text)
    if found is not None:
        return *found, ""
    numbers = re.fullmatch(r"[-+\d.,;\s°NSEWO]+", text, re.IGNORECASE) and re.search(r"\d", text)
    if geocoder is not None and (text.isdigit() or not numbers):
        try:
            found = geocoder.find(text, given.lang)
        except PlaceServiceError:
            raise given.bad("near", "near_no_answer", value=_quoted(text)) from None
        if found is not None:
            return *found, "geocoder"
    if numbers and (geocoder is None or not text.isdigit()):
        raise given.bad("near", "near_no_position", value=_quoted(text))
    if names := registry.names_like(text):
        raise given.bad("near", "near_perhaps", value=_quoted(text), names=", ".join(names))
    raise given.bad("near", "near_no_place", value=_quoted(text))


def _at(given: _Given, zone: Callable[[], ZoneInfo], clock: Callable[[], datetime]) -> tuple[datetime, str]:
    """The moment, and the name of the zone in which it was meant where it came without one."""
    text = given.one("at")
    if not text or text.lower() == "now":
        return clock().replace(second=0, microsecond=0), ""
    text = re.sub(r"([T ]\d\d(?::?\d\d){0,2}(?:\.\d+)?) (\d\d(?::?\d\d){0,2})$", r"\1+\2", text)  # "+" comes as a blank
    if re.fullmatch(r"\d{9,}", text):  # seconds since 1970, of which the first eight digits would pass as a day
        raise given.bad("at", "at_no_time", value=_quoted(text))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        given.warnings.append(given.say("at_no_hour"))
        meant = zone()
        return datetime.combine(day, time(12), meant), meant.key
    name = ""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            meant = zone()
            at, name = at.replace(tzinfo=meant), meant.key
        at.astimezone(UTC)  # the ends of the calendar may lie outside it there, and all that follows counts in UTC
    except (ValueError, OverflowError):
        raise given.bad("at", "at_no_time", value=_quoted(text)) from None
    return at, name


def zone_meant(near: Point | None, institutions: Sequence[str], registry: Registry) -> ZoneInfo:
    """The zone in which a time without one is meant.

    That of the institution nearest to the position, else of the first one asked for, else the one most share.
    """
    if near is not None:
        km = haversine_km(near.lat, near.lon, registry.lat, registry.lon)
        if np.isfinite(km).any():
            return zone_of(registry.by_number[int(np.nanargmin(km))])
    return zone_of(registry.by_id[institutions[0]]) if institutions else _shared_zone(registry)


@lru_cache(maxsize=2)
def _shared_zone(registry: Registry) -> ZoneInfo:
    """The zone of most institutions that are not shut for good; of equals, by its name."""
    rows = [row for row in registry.institutions if not row.closed] or registry.institutions
    counted = Counter(zone_of(row).key for row in rows)
    return ZoneInfo(min(counted, key=lambda name: (-counted[name], name))) if counted else ZoneInfo("UTC")


def _language(text: str, given: _Given) -> str:
    if text.lower() in ("und", "mul", "zxx", "mis"):
        return text.lower()
    tag = language_tag(text)
    if tag is None:
        raise given.bad("language", "language_unknown", value=_quoted(text))
    return tag


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
