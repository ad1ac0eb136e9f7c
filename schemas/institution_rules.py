"""Checks the values of an institution one by one; what is wrong is told with the way to mend it."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from email.utils import parseaddr
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import msgspec

from schemas.catalogue import SERVICES
from schemas.geo import parse_point
from schemas.hours import HoursError, OpeningHours
from schemas.hours_clock import clock_of, timezone_of
from schemas.hours_holidays import country_of_zone
from schemas.hours_text import from_text
from schemas.identifiers import country_code
from schemas.institution import HoursException, ServicePoint
from schemas.said import say

_NUMBER = re.compile(r"^[+-]?\d{1,3}(?:[.,]\d+)?$")
_DATED = re.compile(r"^(\d{4}-\d\d-\d\d)(?:\s*+(?:/|\.\.|to|bis|–)\s*+(\d{4}-\d\d-\d\d))?+(?:\s*+:)?\s++(.+)$")
_MAIL = re.compile(r"^[^@\s]+@[^@\s.]++\.[^@\s]+$")
MOST_ID = 200


class ValueProblemError(Exception):
    """A value cannot be used."""

    def __init__(self, field: str, value: object, reason: str, fix: str) -> None:
        super().__init__(f"{field}: {value!r}: {reason}")
        self.field, self.value, self.reason, self.fix = field, str(value)[:200], reason, fix


def read_id(text: str) -> str:
    """An id: not blank, no slash, no control characters."""
    if not text.strip():
        raise ValueProblemError("id", text, "is blank", "give each institution an id of its own, e.g. its ISIL")
    if "/" in text or "\\" in text or any(not c.isprintable() for c in text):
        raise ValueProblemError("id", text, "holds a slash or a control character", "use letters, digits, - _ . :")
    if len(text) > MOST_ID:
        raise ValueProblemError("id", text, f"is longer than {MOST_ID} characters", "use a shorter one")
    return text.strip()


def read_position(lat: str, lon: str, point: str) -> tuple[float, float] | None:
    """Latitude and longitude, WGS 84 degrees; None when not given (or 0, 0: nobody lives there)."""
    if not lat and not lon and point:
        found = parse_point(point)
        if found is None:
            raise ValueProblemError("point", point, "is no position", "write latitude, longitude: 54.97,-1.61")
        return found.lat, found.lon
    if not lat and not lon:
        return None
    if not lat or not lon:
        missing = "lon" if lat else "lat"
        raise ValueProblemError(missing, "", "is missing, though the other coordinate is there", "give both or none")
    north, east = _degrees("lat", lat), _degrees("lon", lon)
    if abs(north) > 90 and abs(east) <= 90:
        reason = "is not between -90 and 90: latitude and longitude may be swapped"
        raise ValueProblemError("lat", lat, reason, f"use WGS 84 degrees; if swapped: lat={lon}, lon={lat}")
    if abs(north) > 90:
        raise ValueProblemError("lat", lat, "is not between -90 and 90", "use WGS 84 degrees, not a national grid")
    if abs(east) > 180:
        raise ValueProblemError("lon", lon, "is not between -180 and 180", "use WGS 84 degrees, not a national grid")
    return None if north == 0 == east else (north, east)


def check_not_swapped(lat: float, lon: float, country: str) -> None:
    """Refuse a position that lies in another country, but in the right one when turned round."""
    if not country or abs(lon) > 90 or country_of_zone(timezone_of(lat, lon)) == country:
        return
    if country_of_zone(timezone_of(lon, lat)) == country:
        raise ValueProblemError(
            "lat", lat, f"with lon {lon} lies outside {country}, but inside when swapped", f"lat={lon}, lon={lat}"
        )


def read_country(text: str) -> str:
    """ISO 3166-1 alpha-2."""
    code = country_code(text) if text else ""
    if code is None:
        raise ValueProblemError(
            "country", text, "is no country that we know", "use its two letters (ISO 3166-1), e.g. GB"
        )
    return code


def read_timezone(text: str) -> str:
    """IANA name."""
    if text:
        try:
            clock_of(text)
        except KeyError:
            raise ValueProblemError(
                "timezone", text, "is no time zone", "use an IANA name, e.g. Europe/London"
            ) from None
    return text


def read_url(text: str) -> str:
    """Http or https; a bare host name gets https."""
    if not text:
        return ""
    url = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and " " not in url
    except ValueError:
        good = False
    if not good:
        raise ValueProblemError("url", text, "is no web address", "write https://host/path, or leave it empty")
    return url


def read_email(text: str) -> str:
    """A mail address."""
    text = parseaddr(text.removeprefix("mailto:").strip())[1] if "<" in text else text.removeprefix("mailto:").strip()
    if text and not _MAIL.match(text):
        raise ValueProblemError("email", text, "is no mail address", "write name@host, or leave it empty")
    return text


def read_services(value: Any) -> list[str]:
    """A subset of the services."""
    words = value if isinstance(value, list) else re.split(r"[,;|\s]+", str(value or ""))
    found = [str(word).strip() for word in words if str(word).strip()]
    for word in found:
        if word not in SERVICES:
            raise ValueProblemError("services", word, "is no service", f"use {', '.join(SERVICES)}")
    return found


def read_hours(text: str, timezone: str, exceptions: list[HoursException]) -> tuple[str, list[str]]:
    """An expression in the grammar of OSM, and notes: the text itself, or what prose was understood to mean."""
    if not text:
        return "", []
    try:
        OpeningHours.parse(text, timezone=timezone or "UTC", exceptions=tuple(exceptions))
    except HoursError as error:
        try:
            understood = from_text(text)
        except HoursError as other:
            # Which of the two it was meant to be shows in how far the grammar got.
            cause = error if (error.position or 0) > 4 else other
            reason = cause.said
            if cause.position is not None:
                reason = say("{what} (character {n})", what=reason, n=cause.position + 1)
            raise ValueProblemError(
                "opening_hours", text, reason, "write it as in OSM: Mo-Fr 09:00-17:00; Sa 10:00-14:00"
            ) from None
        return understood.expression, [f"hours {text!r} understood as {understood.expression!r}", *understood.notes]
    return text, []


def read_exceptions(value: Any) -> list[HoursException]:
    """Dated exceptions: a list of objects, or "2026-12-24 09:00-12:00; 2026-12-25 off"."""
    if isinstance(value, str):
        value = value.strip()
        if value.startswith("["):
            value = _from_json("exceptions", value)
        else:
            value = [_exception(part.strip()) for part in value.split(";") if part.strip()]
    found = cast("list[HoursException]", _converted("exceptions", value or [], list[HoursException]))
    for exception in found:
        try:
            OpeningHours.parse("24/7", timezone="UTC", exceptions=(exception,))
        except HoursError as error:
            shown = f"{exception.first} {exception.hours}"
            raise ValueProblemError("exceptions", shown, error.said, "write 2026-12-24 09:00-12:00, or off") from None
    return found


def read_service_points(value: Any) -> list[ServicePoint]:
    """Service points with hours of their own: a list of objects, or the same as JSON in a cell."""
    if isinstance(value, str):
        value = _from_json("service_points", value) if value.strip() else []
    return cast("list[ServicePoint]", _converted("service_points", value or [], list[ServicePoint]))


def read_live(value: Any) -> dict[str, str]:
    """How its system may be asked: an object of texts, or the same as JSON in a cell."""
    if isinstance(value, str):
        value = _from_json("live", value) if value.strip() else {}
    return cast("dict[str, str]", _converted("live", value or {}, dict[str, str]))


def read_date(text: str) -> str:
    """ISO date."""
    if text:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValueProblemError("checked_on", text, "is no date", "write it as 2026-01-31") from None
    return text


def read_truth(text: str) -> bool:
    """Whether a cell says yes; a year or date of closing does, too."""
    return text.strip().lower() not in {"", "0", "no", "n", "false", "f", "nein", "non", "na", "n/a", "9999", "否"}


def read_aliases(value: Any) -> list[str]:
    """Other names and codes."""
    words = value if isinstance(value, list) else re.split(r"[;|]", str(value or ""))
    return list(dict.fromkeys(str(word).strip() for word in words if str(word).strip()))


def _degrees(field: Literal["lat", "lon"], text: str) -> float:
    try:
        number = float(text.replace(",", ".") if _NUMBER.match(text) else text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueProblemError(field, text, "is no number of degrees", "write decimal degrees: 54.97, not 54°58'N")
    return number


def _exception(text: str) -> HoursException:
    match = _DATED.match(text)
    if not match:
        raise ValueProblemError(
            "exceptions", text, "is no dated exception", "write 2026-12-24 09:00-12:00; 2026-12-25 off"
        )
    return HoursException(first=match[1], last=match[2] or "", hours=match[3].strip())


def _from_json(field: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueProblemError(field, text, f"is no JSON: {error}", "write a list of objects") from None


def _converted(field: str, value: Any, type_: Any) -> Any:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise ValueProblemError(field, value, str(error), "write a list of objects with these keys") from None
