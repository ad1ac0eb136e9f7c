"""The institutions as a search needs them: arrays by institution number, hours as a table, names to find them by."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from schemas.geo import haversine_km
from schemas.hours_services import last_entry
from schemas.hours_table import HoursTable
from schemas.institution import INSTITUTION_KINDS, Institution
from schemas.query import Point
from store.institutions import Resolver, fold

DAYS = 14
_RENEW_AFTER = timedelta(days=1)
_SAME_TOWN_KM = 60
_MOST_IN_TOWN = 500
_LONGEST_NAME = 80
_ALIKE = 75
"""Percent of a name's letters that another one shares in their order."""


class Registry:
    """All institutions at one version of the registry. Number 0 stands for "nowhere" and has no place and no hours."""

    def __init__(self, rows: Sequence[Institution], version: str, now: datetime, highest: int = 0) -> None:
        """``highest``: the highest number that copies may name, where its institution was removed."""
        self.version = version
        self.institutions = [row for row in rows if not row.hidden]
        """Those that visitors may come upon; the other attributes know the hidden ones, too."""
        self.by_id = {row.id: row for row in rows}
        self.by_number = {row.number: row for row in rows}
        self.size = max(highest, *self.by_number, 0) + 1
        self.lat, self.lon = np.full(self.size, np.nan), np.full(self.size, np.nan)
        self.kind = np.full(self.size, -1, np.int8)
        """Position in INSTITUTION_KINDS; -1 = no institution has the number."""
        self.shut = np.zeros(self.size, np.bool_)
        self.last_entry_s = np.zeros(self.size, np.int64)
        """Seconds before closing after which nobody is let in."""
        for row in rows:
            if row.lat is not None and row.lon is not None:
                self.lat[row.number], self.lon[row.number] = row.lat, row.lon
            self.kind[row.number] = INSTITUTION_KINDS.index(row.kind)
            self.shut[row.number] = row.closed
            self.last_entry_s[row.number] = last_entry(row).before_closing_s
        self._lock = threading.Lock()
        self._hours = self._build_hours(now)
        self._hours_from = now
        self.entry = _entry_table(rows, now, self.size)
        """Hours in which people are let in, where these are written as times of their own; else None."""

    @cached_property
    def resolver(self) -> Resolver:
        """Finds the institution that a holding means."""
        return Resolver(self.institutions)

    @cached_property
    def by_isil(self) -> dict[str, Institution]:
        """Institutions by their ISIL in lower case."""
        return {row.isil.lower(): row for row in self.institutions if row.isil}

    def hours(self, now: datetime) -> HoursTable:
        """The table of opening hours; renewed in the background when its first day is over."""
        if now - self._hours_from > _RENEW_AFTER and self._lock.acquire(blocking=False):
            threading.Thread(target=self._renew, args=(now,), daemon=True, name="hours table").start()
        return self._hours

    def _renew(self, now: datetime) -> None:
        try:
            self._hours, self.entry = self._build_hours(now), _entry_table(self.institutions, now, self.size)
            self._hours_from = now
        finally:
            self._lock.release()

    def _build_hours(self, now: datetime) -> HoursTable:
        return HoursTable.build(self.institutions, now - timedelta(days=1), DAYS)

    def family(self, ids: Sequence[str]) -> list[int]:
        """Numbers of institutions and of all that name them as their owner, at any depth."""
        found = {self.by_id[id_].number: None for id_ in ids if id_ in self.by_id}
        names = {id_ for id_ in ids if id_ in self.by_id}
        while names:
            branches = [row for row in self.institutions if row.parent in names and row.number not in found]
            found |= {row.number: None for row in branches}
            names = {row.id for row in branches}
        return list(found)

    def find_place(self, name: str) -> tuple[Point, str] | None:
        """Position and name: of a town (the middle of its institutions), an institution by name or id, a postcode."""
        wanted = fold(name)
        if not wanted:
            return None
        if wanted in self._towns:
            return self._towns[wanted]
        rows = [row for row in self.institutions if wanted in (fold(row.name), fold(row.id), *map(fold, row.aliases))]
        if not rows and (found := self._town_called(wanted) or self._postcode(wanted)):
            return found
        rows = rows or [row for row in self.institutions if f" {wanted} " in f" {fold(row.name)} "]
        placed = [row for row in rows if row.lat is not None and row.lon is not None]
        if not placed:
            return None
        first = min(placed, key=lambda row: (row.closed, len(row.name), row.number))
        return Point(lat=first.lat or 0.0, lon=first.lon or 0.0), first.name

    def names_like(self, name: str) -> list[str]:
        """Up to three towns and institutions that may be meant by a name that none has, the likeliest first.

        The beginning of a longer name counts too: Newcatle = Newcastle upon Tyne.
        """
        wanted = fold(name[:_LONGEST_NAME])
        called = {fold(row.name): row.name for row in self.institutions}
        called |= {key: town for key, (_, town) in self._towns.items()}
        alike = ((max(fuzz.ratio(wanted, key), fuzz.ratio(wanted, key[: len(wanted) + 1])), key) for key in called)
        likely = sorted((pair for pair in alike if pair[0] >= _ALIKE), key=lambda pair: (-pair[0], pair[1]))
        return list(dict.fromkeys(called[key] for _, key in likely))[:3]

    def _town_called(self, wanted: str) -> tuple[Point, str] | None:
        """The town whose name begins with these words (Newcastle: Newcastle upon Tyne), that of most institutions."""
        called = [city for city in self._cities if city.startswith(f"{wanted} ") and city in self._towns]
        return self._towns[max(called, key=self._cities.__getitem__)] if called else None

    @cached_property
    def _cities(self) -> Counter[str]:
        return Counter(fold(row.city) for row in self.institutions if row.city)

    def _postcode(self, wanted: str) -> tuple[Point, str] | None:
        """The middle of the institutions with a postcode."""
        bare = wanted.replace(" ", "")
        rows = [row for row in self.institutions if row.postcode and fold(row.postcode).replace(" ", "") == bare]
        placed = [row for row in rows if row.lat is not None and row.lon is not None]
        return (_middle(placed), placed[0].postcode) if placed else None

    @cached_property
    def _towns(self) -> dict[str, tuple[Point, str]]:
        groups: dict[str, list[Institution]] = {}
        for row in self.institutions:
            for name in {row.city, f"{row.city}, {row.country}"} if row.city else ():
                groups.setdefault(fold(name), []).append(row)
        found = {}
        for key, rows in groups.items():
            placed = [row for row in rows if row.lat is not None and row.lon is not None]
            if placed:
                found[key] = _middle(placed), rows[0].city
        return found


def _middle(rows: list[Institution]) -> Point:
    """The middle of the largest group where one name means several towns; right across the antimeridian."""
    rows = rows[:_MOST_IN_TOWN]
    lat = np.array([row.lat for row in rows], dtype=np.float64)
    lon = np.array([row.lon for row in rows], dtype=np.float64)
    near = [haversine_km(float(a), float(b), lat, lon) <= _SAME_TOWN_KM for a, b in zip(lat, lon, strict=True)]
    group = max(near, key=lambda members: int(members.sum()))
    turn = (lon[group] - lon[group][0] + 180) % 360 - 180
    middle = (lon[group][0] + float(turn.mean()) + 180) % 360 - 180
    return Point(lat=round(float(lat[group].mean()), 5), lon=round(float(middle), 5))


def _entry_table(rows: Sequence[Institution], now: datetime, size: int) -> tuple[NDArray[np.bool_], HoursTable] | None:
    timed = [msgspec.structs.replace(row, opening_hours=hours) for row in rows if (hours := last_entry(row).hours)]
    if not timed:
        return None
    has = np.zeros(size, np.bool_)
    has[[row.number for row in timed]] = True
    return has, HoursTable.build(timed, now - timedelta(days=1), DAYS)
