"""Opening hours: is a place open at a moment, and when does that change? OSM opening_hours, in the place's own time.

The only home of opening-hours-py. The library reads and evaluates; what it does differently from the specification is
mended in ``hours_rules`` (measured list there), the wall clock in ``hours_clock``, holidays in ``hours_holidays``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import opening_hours as library

from schemas.hours_calendar import Years, exceptional
from schemas.hours_clock import Clock, clock_of, naive, seconds, timezone_of
from schemas.hours_holidays import country_of_zone, holidays_of, zone_of_country
from schemas.hours_layers import Stretch
from schemas.hours_rules import HoursError, Rule, marked, normalised, read
from schemas.institution import HoursException, Institution
from schemas.open_states import CLOSED, OPEN, OPEN_STATES, UNKNOWN, OpenState
from schemas.said import say

__all__ = ["MAX_LENGTH", "HoursError", "OpeningHours", "Span", "Status", "of_institution", "parse_for", "problem_of"]

MAX_LENGTH = 2000
"""Characters of an expression; OSM itself allows 255."""
MAX_RULES, MAX_FALLBACKS = 120, 8
HORIZON_DAYS = 1500
"""How far the next change is looked for: past the next 29 February. Without a bound rules like "Mo-Su" take seconds."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
_MAX_STEPS = 1000
_MAX_SPAN_DAYS, _DAY_S = 3700, 86_400
_ParserError: type[Exception] = library.ParserError  # type: ignore[attr-defined]  # missing in its stubs
_CODES = {library.State.CLOSED: CLOSED, library.State.OPEN: OPEN, library.State.UNKNOWN: UNKNOWN}
_SUN = re.compile(r"\b(sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)


class Status(NamedTuple):
    """What holds at a moment. ``next_change`` (with the place's UTC offset) is when the state becomes another one."""

    state: OpenState
    next_change: datetime | None
    """None: no change is known within the horizon."""
    comment: str = ""


class Span(NamedTuple):
    """A stretch of time in which state and comment stay the same; [start, end), with the place's offsets."""

    start: datetime
    end: datetime
    state: OpenState
    comment: str = ""


class _Evaluator:
    """One expression of the library, in naive local time; sun events need the zone and the position."""

    def __init__(self, text: str, zone: ZoneInfo, point: tuple[float, float] | None) -> None:
        # A country is never given: holidays are already dates, and the library would guess one from the position.
        self._hours = library.OpeningHours(
            text, zone if point else None, None, point, auto_country=False, max_interval_days=HORIZON_DAYS
        )

    def state(self, local: datetime) -> tuple[int, str]:
        state, comment = self._hours.state(local)
        return _CODES[state], comment

    def next_change(self, local: datetime) -> datetime | None:
        found = self._hours.next_change(local)
        return found if found is None or found.tzinfo is None else found.replace(tzinfo=None)

    def between(self, first: datetime, last: datetime) -> Iterator[Stretch]:
        for start, end, state, comment in self._hours.intervals(first, last):
            if start.tzinfo is not None:
                start, end = start.replace(tzinfo=None), end.replace(tzinfo=None)
            if start < last and first < end:
                yield max(start, first), min(end, last), _CODES[state], comment


class _Compiler(NamedTuple):
    """Builds evaluators for one place."""

    zone: ZoneInfo
    point: tuple[float, float] | None

    def compile(self, text: str) -> _Evaluator:
        return _Evaluator(text, self.zone, self.point)

    def covered(self, selector: str, days: Iterable[date]) -> set[date]:
        hours = library.OpeningHours(selector)
        return {day for day in days if hours.is_open(datetime.combine(day, time(12)))}


class OpeningHours:
    """The hours of one place. Build it with ``parse`` or ``of_institution``; safe to keep and to share."""

    NO_ZONE = "no time zone: give the zone, or latitude and longitude"

    def __init__(self, years: Years, clock: Clock, country: str, region: str, notes: tuple[str, ...]) -> None:
        self._years, self.clock, self.country, self.region, self._notes = years, clock, country, region, notes

    @staticmethod
    def parse(
        expression: str,
        *,
        timezone: str = "",
        country: str = "",
        region: str = "",
        lat: float | None = None,
        lon: float | None = None,
        exceptions: Sequence[HoursException] = (),
    ) -> OpeningHours:
        """Read an expression for a place.

        Args:
            expression: OSM opening_hours, at most MAX_LENGTH characters; typographic dashes and quotes are accepted.
            timezone: IANA name; when empty it follows from the position, else from a country whose clocks agree.
            country: ISO 3166-1 alpha-2 for public holidays; when empty it follows from the time zone.
            region: ISO 3166-2 code or name, for regional holidays.
            lat: Latitude, WGS 84 degrees; with ``lon`` gives sunrise and sunset, and the time zone.
            lon: Longitude.
            exceptions: Dated exceptions; they win over everything in the expression.

        Raises:
            HoursError: The expression, an exception or the time zone cannot be understood.
        """
        point = None
        if lat is not None and lon is not None:
            if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
                raise HoursError(f"there is no position {lat}, {lon}: latitude is -90 to 90, longitude -180 to 180")
            point = (lat, lon)
        zone = timezone or (timezone_of(*point) if point else zone_of_country(country))
        if not zone:
            raise HoursError(OpeningHours.NO_ZONE)
        country = country.upper() or country_of_zone(zone)
        return _parse(expression, zone, country, region, tuple(exceptions), point if _SUN.search(expression) else None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What these hours depend on and is not known, in words: holidays without a country, school holidays."""
        if not self._years.holidays:
            return self._notes
        note = holidays_of(self.country, self.region, datetime.now(self.clock.zone).year).note
        return (*self._notes, note) if note else self._notes

    def at(self, moment: datetime) -> Status:
        """The state at a moment (time zone aware), and when it becomes another.

        Raises:
            ValueError: The moment has no time zone.
        """
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone: 2026-11-24T10:00+00:00")
        if not FIRST_YEAR < moment.year < LAST_YEAR:
            return Status("unknown", None, f"only the years {FIRST_YEAR} to {LAST_YEAR} are known")
        epoch = math.floor(moment.timestamp())
        state, comment = self._state(epoch)
        change = self._next_change(epoch, state)
        return Status(OPEN_STATES[state], None if change is None else self.clock.moment(change), comment)

    def silent_on_holiday(self, moment: datetime) -> bool:
        """Whether a moment lies on a public holiday of which these hours say nothing: they may not be kept then."""
        return self._years.silent_on_holiday(moment.astimezone(self.clock.zone).date())

    def next_change(self, epoch: int) -> int | None:
        """``at(...).next_change`` in seconds since 1970 UTC."""
        return self._next_change(epoch, self._state(epoch)[0])

    def spans(self, first: datetime, last: datetime) -> list[Span]:
        """All stretches between two aware moments, ten years apart at most: open, closed and unknown, no gaps."""
        if first.tzinfo is None or last.tzinfo is None:
            raise ValueError("both ends need a time zone")
        return [
            Span(self.clock.moment(start), self.clock.moment(end), OPEN_STATES[state], comment)
            for start, end, state, comment in self.stretches(math.floor(first.timestamp()), math.ceil(last.timestamp()))
        ]

    def stretches(self, first: int, last: int) -> list[tuple[int, int, int, str]]:
        """``spans`` in seconds since 1970 UTC: (start, end, state, comment); state 0 closed, 1 open, 2 unknown."""
        if last - first > _MAX_SPAN_DAYS * _DAY_S:
            raise ValueError(f"at most {_MAX_SPAN_DAYS} days at a time")
        found: list[tuple[int, int, int, str]] = []
        for start, end, offset in self.clock.pieces(first, last):
            for local, until, state, comment in self._local(naive(start + offset), naive(end + offset)):
                since = seconds(local) - offset
                if found and found[-1][2:] == (state, comment):
                    since = found.pop()[0]
                found.append((since, seconds(until) - offset, state, comment))
        return found

    def _state(self, epoch: int) -> tuple[int, str]:
        local = naive(epoch + self.clock.offset(epoch))
        return self._years.layers(local.year).at(local)

    def _local(self, first: datetime, last: datetime) -> Iterator[Stretch]:
        while first < last:
            until = min(last, datetime(first.year + 1, 1, 1)) if self._years.differ else last
            yield from self._years.layers(first.year).between(first, until)
            first = until

    def _next_change(self, epoch: int, state: int) -> int | None:
        """The first instant after ``epoch`` with another state, walking from stop to stop.

        Stops are the changes of the rules, new year, and a change of the clock that is so near that the clock may show
        again a time before ``epoch``.
        """
        end = epoch + HORIZON_DAYS * _DAY_S
        changes: Iterator[datetime] | None = None
        for _ in range(_MAX_STEPS):
            offset, turn = self.clock.piece(epoch)
            local = naive(epoch + offset)
            changes = changes or self._years.layers(local.year).changes(local)
            found = next(changes, None)
            if self._years.differ and (found is None or found.year > local.year):
                found, changes = datetime(local.year + 1, 1, 1), None
            stop = end if found is None else self.clock.instant(found, epoch + 1)
            if turn is not None and turn < min(stop, epoch + _DAY_S):
                epoch, changes = turn, None
            else:
                epoch = stop
            if epoch >= end:
                return None
            if self._state(epoch)[0] != state:
                return epoch
        return None


@lru_cache(maxsize=20_000)
def _parse(
    expression: str,
    timezone: str,
    country: str,
    region: str,
    exceptions: tuple[HoursException, ...],
    point: tuple[float, float] | None,
) -> OpeningHours:
    try:
        clock = clock_of(timezone)
    except KeyError:
        raise HoursError(f"there is no time zone {timezone!r}; an example is Europe/London") from None
    rules = _read(expression)
    dated = [exceptional(exception, _read(exception.hours)) for exception in exceptions]
    years = Years(rules, dated, country, region, _Compiler(clock.zone, point))
    school = any(re.search(r"\bSH\b", rule.selectors) for rule in rules)
    notes = ("school holidays are not known: SH never applies",) if school else ()
    try:
        # Rules that the library reads as they stand it may still refuse as we write them: better now than when asked.
        years.layers(datetime.now(clock.zone).year)
    except _ParserError:
        raise HoursError(
            say("each part is understood, but not the whole; separate its rules with a semicolon")
        ) from None
    return OpeningHours(years, clock, country, region, notes)


@lru_cache(maxsize=20_000)
def _read(expression: str) -> tuple[Rule, ...]:
    """The rules of an expression.

    Raises:
        HoursError: It is empty, too long or cannot be read.
    """
    if len(expression) > MAX_LENGTH:
        raise HoursError(say("longer than {n} characters", n=MAX_LENGTH), MAX_LENGTH)
    text = normalised(expression)
    if not text.strip():
        raise HoursError(say("no opening hours: the text is empty"), 0)
    try:
        rules = read(str(library.OpeningHours(marked(text))))
    except _ParserError as error:
        raise _unreadable(text, str(error)) from None
    if len(rules) > MAX_RULES:
        raise HoursError(say("more than {n} rules", n=MAX_RULES), len(text))
    if sum(rule.operator == "||" for rule in rules) > MAX_FALLBACKS:
        raise HoursError(say("more than {n} alternatives (||)", n=MAX_FALLBACKS), len(text))
    return tuple(rules)


def _unreadable(text: str, reason: str) -> HoursError:
    """The library's complaint about the text as it was written, without our marks."""
    try:
        library.OpeningHours(text)
    except _ParserError as error:
        reason = str(error)
    found = re.search(r"-->\s*\d+:(\d+)", reason)
    position = min(int(found[1]) - 1, len(text)) if found else 0
    rest = text[position : position + 30]
    words = say("not understood from character {n} on: {word!r}", n=position + 1, word=rest)
    return HoursError(words if rest else say("it ends too early"), position)


def of_institution(institution: Institution) -> OpeningHours | None:
    """The hours of a place, with its exceptions; one that is shut for good is always closed.

    None = unknown: it has no hours, or they cannot be read (``problem_of`` says why), or nobody knows its time zone.
    """
    if institution.closed:
        return OpeningHours.parse("off", timezone="UTC")
    if not institution.opening_hours.strip():
        return None
    try:
        return parse_for(institution, institution.opening_hours)
    except HoursError:
        return None


def parse_for(institution: Institution, expression: str) -> OpeningHours:
    """An expression with the place, the country and the exceptions of an institution.

    Raises:
        HoursError: It cannot be understood.
    """
    return OpeningHours.parse(
        expression,
        timezone=institution.timezone,
        country=institution.country,
        region=institution.region,
        lat=institution.lat,
        lon=institution.lon,
        exceptions=tuple(institution.exceptions),
    )


def problem_of(institution: Institution) -> HoursError | None:
    """Why the hours of an institution cannot be read; None when they can, or when it has none."""
    if institution.closed or not institution.opening_hours.strip():
        return None
    try:
        parse_for(institution, institution.opening_hours)
    except HoursError as error:
        return error
    return None
