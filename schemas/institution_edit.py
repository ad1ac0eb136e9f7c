"""Changes single fields of an institution by the rules of the import; every wrong field is told, none stands half."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import msgspec

from schemas import institution_rules as rules
from schemas.hours import HoursError, parse_for
from schemas.hours_clock import timezone_of
from schemas.hours_services import problems_of
from schemas.institution import INSTITUTION_KINDS, Institution
from schemas.institution_rules import ValueProblemError

MOST_TEXT = 10_000
"""Characters of a text."""
_TOGETHER = ("lat", "lon", "opening_hours")
"""Fields that are judged with others."""
_BEAR_ON_HOURS = frozenset({"timezone", "country", "region", "exceptions", "lat", "lon"})


class Edit(msgspec.Struct):
    """What a change comes to."""

    institution: Institution
    """As it would be; only to be kept when there are no problems."""
    problems: list[ValueProblemError]
    notes: list[str]


def change(old: Institution, given: Mapping[str, Any]) -> Edit:
    """Apply new values to an institution.

    Args:
        old: as it is; not altered.
        given: field -> value, as text or (lists, numbers) as JSON has it; "" or None empties a field. All fields but
            ``id`` and ``number``. Whether a parent exists is for the caller to say, who has the registry.

    Returns:
        The institution with all values that can be used, what is wrong with the others, and what was assumed.
    """
    edit = Edit(msgspec.structs.replace(old), [], [])
    for field, value in given.items():
        if field not in _TOGETHER:
            _try(edit, partial(_set, edit.institution, field, value))
    if "lat" in given or "lon" in given:
        _try(edit, lambda: _move(edit.institution, old, given))
    if "opening_hours" in given:
        _try(edit, lambda: _hours(edit, _text("opening_hours", given["opening_hours"])))
    elif edit.institution.opening_hours and given.keys() & _BEAR_ON_HOURS:
        _try(edit, lambda: _still_readable(edit.institution))
    hours_fit = not {problem.field for problem in edit.problems} & {"service_points", *_BEAR_ON_HOURS}
    if "service_points" in given and hours_fit:
        for problem in problems_of(edit.institution):
            edit.problems.append(ValueProblemError("service_points", "", str(problem), "write hours as in OSM"))
    return edit


def _try(edit: Edit, step: Callable[[], object]) -> None:
    try:
        step()
    except ValueProblemError as problem:
        edit.problems.append(problem)


def _set(place: Institution, field: str, value: Any) -> None:
    setattr(place, field, _READERS[field](field, value))


def _move(place: Institution, old: Institution, given: Mapping[str, Any]) -> None:
    lat, lon = ("" if (value := given.get(axis, getattr(old, axis))) is None else str(value) for axis in ("lat", "lon"))
    position = rules.read_position(lat, lon, "")
    if position:
        rules.check_not_swapped(*position, place.country)
    place.lat, place.lon = position or (None, None)
    known = old.lat is not None and old.lon is not None
    derived = known and old.timezone == timezone_of(cast("float", old.lat), cast("float", old.lon))
    if position and "timezone" not in given and (derived or not old.timezone):
        place.timezone = timezone_of(*position)


def _hours(edit: Edit, text: str) -> None:
    place = edit.institution
    place.opening_hours, notes = rules.read_hours(text, place.timezone, place.exceptions)
    edit.notes += notes


def _still_readable(place: Institution) -> None:
    if not place.timezone and place.lat is None:
        return  # they could not be judged before, either
    try:
        parse_for(place, place.opening_hours)
    except HoursError as error:
        raise ValueProblemError("opening_hours", place.opening_hours, error.said, "give opening_hours, too") from None


def _text(field: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueProblemError(field, value, "is no text", "write it as a text")
    text = value.strip()
    if len(text) > MOST_TEXT:
        raise ValueProblemError(field, text, f"is longer than {MOST_TEXT:,} characters", "use a shorter one")
    if any(not c.isprintable() and c != "\n" for c in text):
        raise ValueProblemError(field, text, "holds a control character", "use letters, digits and blanks")
    return text


def _named(field: str, value: Any) -> str:
    text = _text(field, value)
    if not text:
        raise ValueProblemError(field, text, "is blank", "give each institution its name")
    return text


def _kind(field: str, value: Any) -> str:
    if value not in INSTITUTION_KINDS:
        raise ValueProblemError(field, value, "is no kind", f"use {', '.join(INSTITUTION_KINDS)}")
    return str(value)


def _words(field: str, value: Any) -> list[str]:
    words = value.replace(",", ";").replace("|", ";").split(";") if isinstance(value, str) else value or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueProblemError(field, value, "is no list of texts", "write a list of texts")
    return list(dict.fromkeys(text for word in words if (text := _text(field, word))))


def _read(reader: Callable[[str], Any]) -> Callable[[str, Any], Any]:
    return lambda field, value: reader(_text(field, value))


def _list_of(reader: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    def read(field: str, value: Any) -> Any:
        if value is not None and not isinstance(value, str | list | dict):
            raise ValueProblemError(field, value, "is no list", "write a list of objects")
        return reader(value or "")

    return read


def _truth(field: str, value: Any) -> bool:
    return value if isinstance(value, bool) else rules.read_truth(_text(field, value))


_READERS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("parent", "isil", "address", "city", "postcode", "region", "phone", "description"), _text),
    "name": _named,
    "kind": _kind,
    "country": _read(rules.read_country),
    "timezone": _read(rules.read_timezone),
    "url": _read(rules.read_url),
    "email": _read(rules.read_email),
    "checked_on": _read(rules.read_date),
    "exceptions": _list_of(rules.read_exceptions),
    "service_points": _list_of(rules.read_service_points),
    "live": _list_of(rules.read_live),
    "services": lambda field, value: rules.read_services(_words(field, value)),
    "aliases": _words,
    "closed": _truth,
}
FIELDS = tuple(name for name in Institution.__struct_fields__ if name in _READERS or name in _TOGETHER)
"""What can be changed."""
