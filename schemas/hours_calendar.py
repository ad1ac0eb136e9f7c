"""What a weekly rule cannot know of a year: public holidays, make-up working days, dated exceptions; all as rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from schemas.hours_holidays import Holidays, holidays_of
from schemas.hours_layers import Evaluator, Layers, Stretch
from schemas.hours_rules import (
    HoursError,
    Rule,
    dates_range,
    dates_selector,
    days_of,
    groups,
    until_midnight,
    write,
)
from schemas.institution import HoursException
from schemas.open_states import CLOSED, UNKNOWN
from schemas.said import say

_DAY = timedelta(days=1)


class Compiler(Protocol):
    """What the evaluating library does for us."""

    def compile(self, text: str) -> Evaluator:
        """An evaluator of one expression."""
        ...

    def covered(self, selector: str, days: Iterable[date]) -> set[date]:
        """Of these days, those that a selector ("Jan-Mar", "Mo-Fr") covers."""
        ...


class Exceptional(NamedTuple):
    """A dated exception, read."""

    first: date
    last: date
    rules: tuple[Rule, ...]

    def touches(self, year: int) -> bool:
        """Whether it reaches into the year or the days around it."""
        return self.first <= date(year + 1, 1, 2) and self.last >= date(year - 1, 12, 30)

    def as_rules(self) -> list[Rule]:
        """Its rules with its days."""
        return [rule._replace(selectors=dates_range(self.first, self.last)) for rule in self.rules]


def exceptional(exception: HoursException, rules: Sequence[Rule]) -> Exceptional:
    """A dated exception with the rules of its hours.

    Raises:
        HoursError: Its dates cannot be understood, or its hours name days.
    """
    try:
        first = date.fromisoformat(exception.first)
        last = date.fromisoformat(exception.last) if exception.last else first
    except ValueError:
        raise HoursError(
            say(
                "exception {first!r} to {last!r}: dates are written 2026-12-24",
                first=exception.first,
                last=exception.last,
            )
        ) from None
    if last < first:
        raise HoursError(
            say("exception {first} to {last}: it ends before it begins", first=exception.first, last=exception.last)
        )
    if any(rule.selectors for rule in rules):
        raise HoursError(
            say(
                "exception {first}: {hours!r} names days; times alone, or off, are meant",
                first=exception.first,
                hours=exception.hours,
            )
        )
    rules = [rule._replace(operator=",", comment=rule.comment or exception.note) for rule in rules]
    return Exceptional(first, last, (rules[0]._replace(operator=";"), *rules[1:]))


class Years:
    """The rules of one place, completed for each calendar year and compiled when first asked for."""

    def __init__(
        self, rules: Sequence[Rule], exceptions: Sequence[Exceptional], country: str, region: str, compiler: Compiler
    ) -> None:
        self._groups, self._exceptions, self._compiler = groups(rules), exceptions, compiler
        self._country, self._region = country, region
        self.holidays = any(days_of(rule).shifts for rule in rules)
        self.differ = self.holidays or bool(exceptions)
        """Whether every year has rules of its own."""
        self._always = not any(rule.selectors or rule.times for rule in rules)
        self._layers: dict[int, Layers] = {}

    def silent_on_holiday(self, day: date) -> bool:
        """Whether a day is a public holiday of which neither a rule nor an exception says anything."""
        if self.holidays or self._always or any(known.first <= day <= known.last for known in self._exceptions):
            return False
        return day in holidays_of(self._country, self._region, day.year).days

    def layers(self, year: int) -> Layers:
        """What evaluates the days of a year."""
        year = year if self.differ else 0
        layers = self._layers.get(year)
        if layers is None:
            layers = self._layers[year] = self._build(year)
        return layers

    def _build(self, year: int) -> Layers:
        special = [rule for known in self._exceptions if known.touches(year) for rule in known.as_rules()]
        if not self.holidays:
            return self._compile([group + special for group in self._groups])
        holidays = holidays_around(self._country, self._region, year)
        dated = [with_holidays(group, holidays.days, self._compiler) for group in self._groups]
        made_up = make_up_days(holidays.workdays, holidays.days, self._compile(dated)) if holidays.workdays else []
        return self._compile([group + made_up + special for group in dated])

    def _compile(self, rules: list[list[Rule]]) -> Layers:
        layers: list[tuple[Evaluator, Evaluator | None]] = []
        for group in rules:
            day, night = until_midnight(group)
            layers.append((self._compiler.compile(write(day)), self._compiler.compile(write(night)) if night else None))
        return Layers(layers)


def holidays_around(country: str, region: str, year: int) -> Holidays:
    """A year's holidays, with those of the weeks before and after, for "the day after a holiday" at new year."""
    before, this, after = (holidays_of(country, region, near) for near in (year - 1, year, year + 1))
    days = {day for day in before.days if day.month == 12} | this.days | {day for day in after.days if day.month == 1}
    return Holidays(frozenset(days), this.workdays, this.note)


def with_holidays(rules: Sequence[Rule], days: frozenset[date], compiler: Compiler) -> list[Rule]:
    """The rules with every "PH" replaced by the dates it means."""
    dated: list[Rule] = []
    for rule in rules:
        selectors = days_of(rule)
        if not selectors.shifts:
            dated.append(rule)
            continue
        dates = {day + shift * _DAY for day in days for shift in selectors.shifts}
        for limit in filter(None, (rule.weekdays, selectors.before)):
            dates = compiler.covered(limit, dates)
        if selectors.items:
            dated.append(rule._replace(selectors=f"{selectors.before} {','.join(selectors.items)}".strip()))
        if dates:
            dated.append(rule._replace(selectors=dates_selector(dates)))
    return dated


def make_up_days(workdays: Iterable[date], holidays: frozenset[date], base: Layers) -> list[Rule]:
    """Rules for days of the weekend on which people work (调休) and which the hours would leave closed.

    A Saturday takes the hours of a Friday, a Sunday those of a Monday: of the nearest one that is an ordinary day.
    """
    rules: list[Rule] = []
    workdays = frozenset(workdays)
    for day in sorted(workdays):
        if any(state != CLOSED for _, _, state, _ in _day(base, day)):
            continue
        working = day + (_DAY if day.weekday() == 6 else -_DAY)
        weeks = [working + timedelta(weeks=sign * away) for away in range(5) for sign in (1, -1)]
        model = next((near for near in weeks if near not in holidays and near not in workdays), None)
        if model is None:
            continue
        for start, end, state, comment in _day(base, model):
            if state != CLOSED:
                times = f"{start:%H:%M}-{end:%H:%M}" if end.date() == model else f"{start:%H:%M}-24:00"
                word = "unknown" if state == UNKNOWN else "open"
                operator = "," if rules and rules[-1].selectors == dates_selector([day]) else ";"
                rules.append(Rule(operator, dates_selector([day]), times, word, comment))
    return rules


def _day(base: Layers, day: date) -> list[Stretch]:
    midnight = datetime(day.year, day.month, day.day)
    return list(base.between(midnight, midnight + _DAY))
