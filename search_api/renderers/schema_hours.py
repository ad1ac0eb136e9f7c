"""Opening hours in the words of schema.org. Dated exceptions stand in both forms: search engines read either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from search_api.views import OpenTimes, Timetable

Json = dict[str, Any]
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOSED = OpenTimes("00:00", "00:00")


def properties(table: Timetable) -> Json:
    """``openingHoursSpecification`` and ``specialOpeningHoursSpecification``, each where there is something to say."""
    regular = [
        _times(one, {"dayOfWeek": [f"https://schema.org/{_DAYS[day]}" for day in rule.days]})
        for rule in table.regular
        for one in _or_closed(rule.times)
    ]
    special = [
        _times(one, {"validFrom": rule.first, "validThrough": rule.last})
        for rule in table.special
        for one in _or_closed(rule.times)
    ]
    found = {"openingHoursSpecification": regular + special, "specialOpeningHoursSpecification": special}
    return {name: value for name, value in found.items() if value}


def _or_closed(times: Sequence[OpenTimes]) -> Iterator[OpenTimes]:
    yield from times or [_CLOSED]


def _times(times: OpenTimes, when: Json) -> Json:
    return {"@type": "OpeningHoursSpecification", "opens": times.opens, "closes": times.closes} | when
