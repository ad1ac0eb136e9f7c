"""Public holidays and make-up working days of a country and region; which country a time zone lies in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


class Holidays(NamedTuple):
    """The special days of one calendar year."""

    days: frozenset[date]
    """Public holidays, with the days on which they are observed."""
    workdays: frozenset[date]
    """Days of the weekend on which people work to make up for a bridge day (调休)."""
    note: str
    """What is not known about them, in words; empty when all is."""


@lru_cache(maxsize=4096)
def holidays_of(country: str, region: str, year: int) -> Holidays:
    """The holidays of a year.

    Args:
        country: ISO 3166-1 alpha-2; empty = unknown, which has no holidays and says so.
        region: ISO 3166-2 code ("GB-SCT", "SCT") or name ("Scotland", "Bayern"); empty = those of the whole country.
        year: Calendar year.
    """
    # The package takes 0.1 s to import and holds a module per country: only those who need holidays pay for them.
    import holidays

    if not country:
        return Holidays(frozenset(), frozenset(), "public holidays unknown: no country")
    try:
        known = holidays.list_supported_countries()[country.upper()]
    except KeyError:
        return Holidays(frozenset(), frozenset(), f"public holidays of {country!r} are not known")
    subdivision = _subdivision(country.upper(), region, known)
    calendar = holidays.country_holidays(country.upper(), subdiv=subdivision, years=year)
    note = f"region {region!r} of {country} is not known: only national holidays" if region and not subdivision else ""
    workdays: set[date] = set(getattr(calendar, "weekend_workdays", ()))
    days = set(calendar)
    if calendar.country == "CN":
        days |= _whole_holidays(days, workdays)
        if year > max((day.year for day in workdays), default=0):
            note = f"China has not announced its holidays of {year}: expected days, without make-up days"
    return Holidays(frozenset(days), frozenset(day for day in workdays if day.year == year), note)


def _subdivision(country: str, region: str, known: Iterable[str]) -> str | None:
    """The package's code for a region given as code or name."""
    import holidays

    wanted = region.strip().casefold().removeprefix(f"{country.casefold()}-")
    if not wanted:
        return None
    names = {code.casefold(): code for code in known}
    names |= {alias.casefold(): code for alias, code in holidays.country_holidays(country).subdivisions_aliases.items()}
    return names.get(wanted) or names.get(re.sub(r"[\W_]+", " ", wanted).strip())


def _whole_holidays(days: set[date], workdays: set[date]) -> set[date]:
    """The days of the weekend that touch a holiday and are no working days.

    China's State Council announces holidays as runs ("15 to 23 February"); the package leaves out the weekends in them.
    """
    weekend = set()
    for day in days:
        for step in (-_DAY, _DAY):
            near = day + step
            while near.weekday() >= 5 and near not in workdays and near.year == day.year:
                weekend.add(near)
                near += step
    return weekend


@cache
def _zone_countries() -> dict[str, str]:
    """Time zone -> country, from the IANA database; older names ("US/Eastern") have the country of the new one."""
    table: dict[str, str] = {}
    for line in _database("zone.tab").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            table[zone] = country
    for line in _database("tzdata.zi").splitlines():
        if line.startswith("L "):
            _, zone, older = line.split()
            if zone in table:
                table.setdefault(older, table[zone])
    return table


def _database(name: str) -> str:
    return resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")


def country_of_zone(timezone: str) -> str:
    """The country in which a time zone's name lies ("Europe/Oslo" -> "NO"); empty when it names none ("UTC")."""
    return _zone_countries().get(timezone, "")


@cache
def zone_of_country(country: str) -> str:
    """The time zone of a country whose clocks all show the same; empty for the others."""
    lines = (line.split("\t") for line in _database("zone.tab").splitlines() if not line.startswith("#"))
    zones = [line[2] for line in lines if line[0] == country.upper()]
    # Several names may differ only in the past: Germany has two, of which one once kept Swiss time.
    return zones[0] if len({_offsets(zone) for zone in zones}) == 1 else ""


def _offsets(zone: str) -> tuple[timedelta | None, ...]:
    """What its clock was and will be ahead of UTC, month by month."""
    clock = ZoneInfo(zone)
    return tuple(datetime(y, m, 15, tzinfo=clock).utcoffset() for y in range(2015, 2038) for m in range(1, 13))
