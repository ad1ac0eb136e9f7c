"""Parameters of everything but the search, which are read in ``understand``: place and moment, numbers, boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from schemas.query import SearchRequest
from search_api.context import Context
from search_api.problems import BadParameterError
from search_api.query_view import place_credit
from search_api.understand import length_of, understand

Params = Mapping[str, Sequence[str]]
SITUATION = ("near", "at", "mode", "service", "lang")
_LONGEST_TEXT = 500
_MOST_DIGITS = 12


def asked(
    context: Context, params: Params, lang: str, own: Sequence[str] = (), zone: ZoneInfo | None = None
) -> SearchRequest:
    """From where, when and how somebody asks; parameters that are neither that nor ``own`` become warnings.

    A time without a zone is meant in ``zone``; when missing, see ``understand.zone_meant``.

    Raises:
        BadParameterError: one of them cannot be used.
    """
    request = understand(context, {name: params[name] for name in SITUATION if name in params}, lang, zone)
    unknown = [name for name in params if name not in SITUATION and name not in own]
    warnings = tuple(f"{name[:40]!r} is not a parameter here and was not heeded" for name in unknown)
    if credit := place_credit(request):  # a search names it where it repeats the question; these answers do not
        warnings += (credit,)
    return msgspec.structs.replace(request, warnings=request.warnings + warnings)


def one(params: Params, name: str) -> str:
    """The value of a parameter; of several the last one, "" when missing.

    Raises:
        BadParameterError: it is too long.
    """
    value = (params.get(name) or [""])[-1].strip()
    if (count := length_of(value)) > _LONGEST_TEXT:
        raise BadParameterError(name, f"{count} characters are too many; at most {_LONGEST_TEXT}")
    return value


def whole_number(params: Params, name: str, default: int, low: int, high: int) -> int:
    """A whole number within bounds.

    Raises:
        BadParameterError: it is none.
    """
    value = one(params, name)
    if not value:
        return default
    digits = value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS
    if not digits or not low <= int(value) <= high:
        raise BadParameterError(name, f"{value[:40]!r} is not a whole number from {low} to {high:,}")
    return int(value)


def several(params: Params, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """Values of a closed list, repeated or separated by commas.

    Raises:
        BadParameterError: a value is not in the list.
    """
    values = [part.strip() for value in params.get(name, ()) for part in value.split(",") if part.strip()]
    for value in values:
        if value not in allowed:
            raise BadParameterError(name, f"{value[:40]!r} is not one of {', '.join(allowed)}")
    return tuple(dict.fromkeys(values))


def box(params: Params, name: str = "bbox") -> tuple[float, float, float, float] | None:
    """west,south,east,north in degrees (west > east crosses the antimeridian); None when missing.

    Raises:
        BadParameterError: it is no box on the earth.
    """
    value = one(params, name)
    if not value:
        return None
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        raise BadParameterError(name, f"{value[:60]!r} is not west,south,east,north in degrees") from None
    fits = all(map(math.isfinite, (west, south, east, north)))
    if not fits or not -90 <= south <= north <= 90 or abs(west) > 180 or abs(east) > 180:
        raise BadParameterError(
            name, f"{value[:60]!r}: south and north lie in -90..90 in this order, west and east in ±180"
        )
    return west, south, east, north
