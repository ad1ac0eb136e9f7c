"""A week of opening hours by season and day, as texts of people give it, written in the OSM grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas.hours_words import WEEK

HOLIDAYS = 7
"""Stands after the weekdays 0..6."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Value(NamedTuple):
    """What holds on a day: spans of minutes since midnight; none and no comment = closed; a comment alone = unknown."""

    spans: tuple[tuple[int, int], ...] = ()
    comment: str = ""

    def __str__(self) -> str:
        if self.comment:
            return f'unknown "{self.comment}"'
        return ",".join(f"{clock(start)}-{clock(end)}" for start, end in self.spans) or "off"


def clock(minutes: int) -> str:
    """Minutes since midnight as "09:30"; after midnight as "26:00"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class Week:
    """Values by season ("" = all year) and day, with what was assumed and what was passed over."""

    def __init__(self) -> None:
        self.seasons: dict[str, dict[int, Value]] = {}
        self.assumed: list[str] = []
        self.ignored: list[str] = []
        self.fallback = ""
        self.words = 0

    def put(self, days: set[int], value: Value, season: str = "") -> None:
        """Set the value of days; more times of a day are added, unless they overlap those it has."""
        table = self.seasons.setdefault(season, {})
        for day in sorted(days):
            before = table.get(day)
            if before is not None and before.spans and value.spans:
                if any(start < end_before and start_before < end for start, end in value.spans
                       for start_before, end_before in before.spans):  # fmt: skip
                    self.assumed.append(f"{_name(day)} is named twice: the later hours count")
                else:
                    table[day] = Value(tuple(sorted({*before.spans, *value.spans})))
                    continue
            table[day] = value

    def expression(self) -> str:
        """The week in the OSM grammar; days that are not named are closed."""
        seasons = sorted(self.seasons.items(), key=lambda item: bool(item[0]))
        rules = [rule for season, table in seasons for rule in _rules(season, table, "" in self.seasons)]
        text = "24/7" if rules == ["Mo-Su 00:00-24:00"] else "; ".join(rules) or ("off" if self.seasons else "")
        return f'{text} || unknown "{self.fallback}"' if self.fallback and text else text

    def confidence(self) -> float:
        """How much of the text was understood without guessing, 0..1."""
        passed_over = len(self.ignored) / self.words if self.words else 0.0
        guesses = len(set(self.assumed)) + len(set(self.ignored))
        return round(max(0.1, 1 - passed_over - 0.1 * guesses), 2)


def _name(day: int) -> str:
    return "PH" if day == HOLIDAYS else WEEK[day]


def _rules(season: str, table: dict[int, Value], over_others: bool) -> list[str]:
    """The rules of one season; a closed day is worth a rule only where the rest of the year may say otherwise."""
    by_value: dict[Value, list[int]] = {}
    for day in sorted(table):
        by_value.setdefault(table[day], []).append(day)
    holiday = by_value.pop(table[HOLIDAYS], []) if HOLIDAYS in table else []
    if holiday and holiday != [HOLIDAYS] and str(table[HOLIDAYS]) != "off":
        by_value[table[HOLIDAYS]] = holiday
        holiday = []
    closed_too = bool(season) and over_others
    weekly = [
        f"{season} {day_list(days)} {value}".strip()
        for value, days in by_value.items()
        if closed_too or str(value) != "off"
    ]
    if holiday:
        weekly.append(f"{season} PH {table[HOLIDAYS]}".strip())
    return weekly or ([f"{season} off"] if season else [])


def day_list(days: Sequence[int]) -> str:
    """Days as OSM lists them: "Mo-Fr", "Mo,We", "Mo-Fr,PH"."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1 and day != HOLIDAYS:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = [(_name(run[0]), _name(run[-1]), len(run)) for run in runs]
    return ",".join(
        first if size == 1 else f"{first}-{last}" if size > 2 else f"{first},{last}" for first, last, size in names
    )
