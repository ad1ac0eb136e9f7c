"""The holding that answers best, for each work of a page: from the columns, with the record's own words for it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from schemas.answer import Best, Signal
from schemas.catalogue import SERVICES, STATES, Availability, CatalogueRecord, Holding
from schemas.geo import geodesic_km
from schemas.hours import of_institution
from schemas.hours_clock import timezone_of
from schemas.institution import Institution
from schemas.open_states import CLOSED, OPEN, OPEN_STATES
from schemas.query import SearchRequest
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.opening_hours import states_at
from search_api.ranking.reasons import Facts, Reasons
from search_api.ranking.rules import Rules
from store import availability, records
from store.availability import Fact
from store.column_view import View
from store.database import Connection
from store.holdings import effective, seen_at
from store.institutions import fold
from store.packed_state import EPOCH, QUARTER_S, checked_at


class BestHoldings:
    """The best holdings of some works, by their position on the page."""

    def __init__(
        self,
        connection: Connection,
        request: SearchRequest,
        numbers: NDArray[np.int64],
        view: View,
        measure: Measure,
        reasons: Reasons,
        *,
        every: bool = False,
    ) -> None:
        """``every``: read the records of all holdings, not only of the best, so that each can be told."""
        self._request, self._reasons = request, reasons
        self._here = measure.situation
        rows, counts = view.rows_of(numbers)
        self._words, self._institution = view.state(rows), view.institution(rows)
        self._record, self._ordinal = view.record(rows), view.ordinal(rows)
        self._ends = np.cumsum(counts)
        self._value = measure.at(view, numbers, rows, counts)
        self._worth = measure.in_best_order().at(view, numbers, rows, counts)
        self._chosen = self._choose(counts)
        self._moment = datetime.fromtimestamp(self._here.moment_s, UTC)
        self._judged = measure.judge(self._words, self._institution)
        self._checked = checked_at(self._words)
        told = range(len(self._words)) if every else [row for row in self._chosen if row is not None]
        ids = sorted({int(self._record[row]) for row in told})
        self._records = records.by_ids(connection, ids)
        self._seen = seen_at(connection, ids)
        self._facts = availability.of_records(connection, ids)
        self._told_rows: dict[int, tuple[Best, Facts]] = {}

    def counts(self, position: int) -> tuple[int, int]:
        """How many holdings a work has, at how many institutions that the registry knows."""
        start = int(self._ends[position - 1]) if position else 0
        part = slice(start, int(self._ends[position]))
        holdings = set(zip(self._record[part].tolist(), self._ordinal[part].tolist(), strict=True))
        return len(holdings), len(set(self._institution[part].tolist()) - {0})

    def signals(self, position: int, rules: Rules) -> dict[str, Signal]:
        """The signals that come from the holding."""
        row = self._chosen[position]
        return {} if row is None else self.signals_of(row, rules)

    def signals_of(self, row: int, rules: Rules) -> dict[str, Signal]:
        """The signals of one holding, by its row."""
        weights = rules.weights
        judged, (best, facts) = self._judged, self._told(row)
        near, says = float(judged.near[row]), self._reasons
        signals = {
            "availability": Signal(score=float(judged.availability[row]), weight=weights.availability),
            "open": Signal(score=float(judged.open[row]), weight=weights.open),
            "distance": Signal(score=near, weight=weights.distance),
        }
        if self._request.explain:
            signals["availability"].reason = says.fading(best, facts, rules)
            signals["open"].reason = says.opening(best, facts)
            signals["distance"].reason = says.nearness(best, facts, near, rules)
        return signals

    def best(self, position: int) -> Best | None:
        """The holding, with its one line."""
        row = self._chosen[position]
        return None if row is None else self._told(row)[0]

    def each(self) -> list[tuple[int, float]]:
        """The best row of every holding of all the works with its value; -inf where it does not pass the filters."""
        value = self._value
        best: dict[tuple[int, int], int] = {}
        for row, key in enumerate(zip(self._record.tolist(), self._ordinal.tolist(), strict=True)):
            if key not in best or value[row] > value[best[key]]:
                best[key] = row
        return [(row, float(value[row])) for row in best.values()]

    def told(self, row: int) -> tuple[Best, int, int, list[Availability]]:
        """One holding by its row: judged, its record and its ordinal there, and its states as the store has them."""
        return self._told(row)[0], int(self._record[row]), int(self._ordinal[row]), self._holding(row)[1]

    def _choose(self, counts: NDArray[np.int64]) -> list[int | None]:
        """The best row of each work; None where none passes the filters."""
        km = np.nan_to_num(self._here.km[self._institution], nan=np.inf)
        work = np.repeat(np.arange(len(counts)), counts)
        order = np.lexsort((km, -self._worth, -self._value, work))  # every work's rows stay together, the best first
        firsts = (self._ends - counts).tolist()
        return [
            int(order[first]) if count and self._value[order[first]] > OUT else None
            for first, count in zip(firsts, counts.tolist(), strict=True)
        ]

    def _told(self, row: int) -> tuple[Best, Facts]:
        if row not in self._told_rows:
            self._told_rows[row] = self._tell(row)
        return self._told_rows[row]

    def _tell(self, row: int) -> tuple[Best, Facts]:
        number, judged, here = int(self._institution[row]), self._judged, self._here
        institution = here.registry.by_number.get(number)
        holding, known = self._holding(row)
        zone = zone_of(institution) if institution else ZoneInfo("UTC")
        opening, digital = here.opening, bool(judged.digital[row])
        shown, code = STATES[int(judged.shown[row]) - 1], STATES[int(judged.code[row]) - 1]
        service = SERVICES[int(judged.service[row])] if int(judged.service[row]) >= 0 else None
        said = next((a for a in known if a.service == service and a.state == code), None)
        km = self._kilometres(institution)
        best = Best(
            institution_id=institution.id if institution else None,
            institution=institution.name if institution else holding.institution,
            kind=institution.kind if institution else "",
            lat=institution.lat if institution else None,
            lon=institution.lon if institution else None,
            distance_km=km,
            travel_min=None if km is None else round(float(here.journey_s[number]) / 60),
            service=service,
            state=shown,
            checked_at=self._checked_at(row, said, zone),
            due=said.due if said else "",
            open="open" if digital else OPEN_STATES[int(opening.state[number])],
            open_until=None if digital else _moment(int(opening.until[number]), zone),
            opens_at=None if digital else _moment(int(opening.opens[number]), zone),
            call_number=holding.call_number,
            branch=_other_name(holding.branch, institution),
            location=holding.location,
        )
        if record := self._records.get(int(self._record[row])):
            best.title, best.languages, best.year = record.title, record.languages, record.year
        at = _in_zone(self._request.at, zone)
        facts = Facts(
            at=at,
            arrival=_moment(int(here.arrival[number]), zone) or at,
            moment=self._moment,
            mode=self._request.mode,
            why=0 if digital else int(opening.why[number]),
            last_entry=_moment(int(opening.last_entry[number]), zone),
            stale=code if code != shown else "",
            has_hours=bool(institution and institution.opening_hours),
            near=self._request.near is not None,
            open_now=int(opening.state[number]) == CLOSED and self._is_open_now(number),
        )
        day = best.opens_at or (facts.arrival if best.open == "open" and not digital else None)
        hours = of_institution(institution) if institution and day else None
        best.doubtful_day = bool(hours and day and hours.silent_on_holiday(day))
        best.reason = self._reasons.line(best, facts)
        return best, facts

    def _holding(self, row: int) -> tuple[Holding, list[Availability]]:
        """The holding in its record's words and its states; empty where the record is newer than the columns."""
        id_, ordinal = int(self._record[row]), int(self._ordinal[row])
        record: CatalogueRecord | None = self._records.get(id_)
        if record is None:
            return Holding(), []
        holding = record.holdings[ordinal] if 0 <= ordinal < len(record.holdings) else Holding()
        facts: list[Fact] = self._facts.get(id_, [])
        seen = self._seen.get(id_, datetime.fromtimestamp(EPOCH, UTC))
        number = int(self._institution[row])
        institution = self._here.registry.by_number.get(number)
        return holding, effective(holding, seen, number, facts, institution.services if institution else ())

    def _checked_at(self, row: int, said: Availability | None, zone: ZoneInfo) -> datetime | None:
        """To the second, where the store still says the same as the columns; else to the quarter hour."""
        packed = int(self._checked[row])
        if said and said.checked_at and abs(said.checked_at.timestamp() - packed) <= QUARTER_S:
            return said.checked_at.astimezone(zone)
        return _moment(packed, zone)

    def _kilometres(self, institution: Institution | None) -> float | None:
        near = self._request.near
        if near is None or institution is None or institution.lat is None or institution.lon is None:
            return None
        return _geodesic_km(near.lat, near.lon, institution.lat, institution.lon)

    def _is_open_now(self, number: int) -> bool:
        asked = np.array([int(self._request.at.timestamp())])
        return int(states_at(self._here.hours, np.array([number]), asked)[0][0]) == OPEN


@lru_cache(maxsize=20_000)
def _geodesic_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    return round(geodesic_km(lat1, lon1, lat2, lon2), 3)


def _other_name(branch: str, institution: Institution | None) -> str:
    """The branch in the source's words; "" where it is a name or code of the institution itself."""
    if institution is None or not branch:
        return branch
    names = (institution.id, institution.name, institution.isil, *institution.aliases)
    return "" if branch in names or _folded(branch) in map(_folded, names) else branch


_folded = lru_cache(maxsize=20_000)(fold)


@lru_cache(maxsize=100_000)
def _zone(name: str, lat: float | None, lon: float | None) -> ZoneInfo:
    for candidate in (name, timezone_of(lat, lon) if lat is not None and lon is not None else ""):
        if candidate:
            try:
                return ZoneInfo(candidate)
            except (ZoneInfoNotFoundError, ValueError):
                continue
    return ZoneInfo("UTC")


def zone_of(institution: Institution) -> ZoneInfo:
    """The place's own time zone: that of its hours, else the registry's, else by its position, else UTC."""
    hours = of_institution(institution)
    return hours.clock.zone if hours else _zone(institution.timezone, institution.lat, institution.lon)


def _moment(epoch: int, zone: ZoneInfo) -> datetime | None:
    if epoch <= 0:
        return None
    try:
        return datetime.fromtimestamp(epoch, zone)
    except (OverflowError, ValueError):
        return datetime.fromtimestamp(epoch, UTC)


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment in a zone; at the ends of the calendar, where that is another year 0 or 10000, in UTC."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)
