"""Institutions as they are shown: one with its week and what we know from whom, or a page of many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

import msgspec
import numpy as np

from schemas.geo import geodesic_km, haversine_km
from schemas.hours import FIRST_YEAR, LAST_YEAR, HoursError, OpeningHours, Span, of_institution, parse_for, problem_of
from schemas.hours_services import LAST_ENTRY, last_entry
from schemas.institution import INSTITUTION_KINDS, Institution, ServicePoint
from schemas.open_states import OpenState
from schemas.query import Point, SearchRequest
from search_api.context import Context
from search_api.json_response import digest_of
from search_api.parameters import Params, box, one, several, whole_number
from search_api.timetable import timetable
from search_api.views import (
    DayView,
    Freshness,
    InstitutionEntry,
    InstitutionList,
    InstitutionRef,
    InstitutionView,
    ServicePointView,
    SpanView,
    Timetable,
)
from store import harvest_runs, records, sources
from store.database import Database
from store.institutions import fold

_DAY = timedelta(days=1)
_DEEPEST = 10_000_000
LIST_PARAMETERS = ("kind", "q", "bbox", "limit", "cursor")
"""Parameters of a list of institutions besides from where and when it is asked for."""
Box = tuple[float, float, float, float]
"""west, south, east, north in degrees; west > east crosses the antimeridian."""


def institution_view(context: Context, id_: str, *, at: datetime, near: Point | None = None) -> InstitutionView | None:
    """One institution at a moment; None when there is none with this id."""
    registry = context.registry()
    place = registry.by_id.get(id_)
    if place is None or place.hidden:
        return None
    hours = of_institution(place)
    problem = problem_of(place)
    owner = registry.by_id.get(place.parent)
    family = {place.id, place.parent} - {""}
    entry = _entry(place, hours, at, near)
    return InstitutionView(
        **{name: getattr(entry, name) for name in entry.__struct_fields__},
        isil=place.isil,
        postcode=place.postcode,
        region=place.region,
        timezone=str(hours.clock.zone) if hours and not place.closed else place.timezone,
        opening_hours=place.opening_hours,
        hours_notes=[str(problem)] if problem else list(hours.notes) if hours else [],
        week=_week(hours, place, at) if hours else [],
        timetable=_timetable(hours, at) if hours and not place.closed else None,
        exceptions=place.exceptions,
        service_points=[_point(place, point, entry, at) for point in place.service_points],
        services=place.services,
        url=place.url,
        phone=place.phone,
        email=place.email,
        description=place.description,
        checked_on=place.checked_on,
        owner=InstitutionRef(id=owner.id, name=owner.name) if owner else None,
        branches=[InstitutionRef(id=row.id, name=row.name) for row in registry.institutions if row.parent == place.id],
        sources=freshness(context.database, family),
    )


def version_of(place: Institution) -> str:
    """Changes when the entry in the registry does, and not with the hour."""
    return digest_of(msgspec.json.encode(place))


def institutions_page(
    context: Context,
    *,
    at: datetime,
    kinds: Sequence[str] = (),
    q: str = "",
    near: Point | None = None,
    box: Box | None = None,
    ids: Collection[str] | None = None,
    offset: int = 0,
    limit: int = 50,
) -> InstitutionList:
    """A page of the institutions that pass all filters. ``ids``: only these."""
    words = fold(q).split()
    found = [
        row
        for row in context.registry().institutions
        if (not kinds or row.kind in kinds)
        and all(word in fold(" ".join((row.name, row.city, row.isil, row.id, *row.aliases))) for word in words)
        and (box is None or inside(row, box))
        and (ids is None or row.id in ids)
    ]
    found.sort(key=lambda row: (fold(row.name), row.id))
    if near and found:
        places = np.array([[_nan(row.lat), _nan(row.lon)] for row in found])
        distances = haversine_km(near.lat, near.lon, places[:, 0], places[:, 1])
        found = [found[index] for index in np.argsort(distances, kind="stable")]  # unknown places (NaN) come last
    shown = found[offset : offset + limit]
    more = offset + limit < len(found)
    return InstitutionList(
        total=len(found),
        institutions=[_entry(row, of_institution(row), at, near) for row in shown],
        next=str(offset + limit) if more else None,
    )


def institutions_asked_for(context: Context, question: SearchRequest, params: Params, *, usual: int) -> InstitutionList:
    """The page that the parameters ask for; ``usual``: institutions of a page where they do not say.

    Raises:
        BadParameterError: a parameter cannot be used.
    """
    return institutions_page(
        context,
        at=question.at,
        kinds=several(params, "kind", INSTITUTION_KINDS),
        q=one(params, "q"),
        near=question.near,
        box=box(params),
        offset=whole_number(params, "cursor", 0, 0, _DEEPEST),
        limit=whole_number(params, "limit", usual, 1, 1000),
    )


def freshness(database: Database, institutions: set[str]) -> list[Freshness]:
    """How old what the sources of some institutions said is."""
    with database.connect() as connection:
        own = [source for source in sources.all_sources(connection) if source.institution in institutions]
        counts = records.count_by_source(connection) if own else {}
        found = []
        for source in own:
            run = harvest_runs.report(connection, source.id) if not source.id.isdigit() else None
            found.append(
                Freshness(
                    source=source.id,
                    protocol=source.protocol,
                    records=counts.get(source.id, 0),
                    status=run.status if run else "",
                    harvested_at=(run.finished_at or run.started_at) if run else "",
                    complete_at=sources.state(connection, source.id).last_complete_at,
                )
            )
    return found


def _entry(place: Institution, hours: OpeningHours | None, at: datetime, near: Point | None) -> InstitutionEntry:
    state, until, opens = _opening(hours, at)
    day = opens or (at if state == "open" else None)
    known = near is not None and place.lat is not None and place.lon is not None
    return InstitutionEntry(
        id=place.id,
        name=place.name,
        kind=place.kind,
        lat=place.lat,
        lon=place.lon,
        address=place.address,
        city=place.city,
        country=place.country,
        distance_km=round(geodesic_km(near.lat, near.lon, place.lat, place.lon), 3) if known else None,  # type: ignore[union-attr,arg-type]
        open=state,
        open_until=until,
        opens_at=opens,
        doubtful_day=bool(hours and day and hours.silent_on_holiday(day)),
        closed_for_good=place.closed,
        parent=place.parent,
    )


def _opening(hours: OpeningHours | None, at: datetime) -> tuple[OpenState, datetime | None, datetime | None]:
    if hours is None:
        return "unknown", None, None
    status = hours.at(at)
    if status.state == "closed" and status.next_change and hours.at(status.next_change).state == "open":
        return "closed", None, status.next_change
    return status.state, status.next_change if status.state == "open" else None, None


def _week(hours: OpeningHours, place: Institution, at: datetime) -> list[DayView]:
    """Monday to Sunday of the week of ``at``, in the place's own days; none in years whose calendar is not known."""
    if not FIRST_YEAR < at.year < LAST_YEAR:
        return []
    zone = hours.clock.zone
    today = at.astimezone(zone).date()
    monday = today - today.weekday() * _DAY
    spans = hours.spans(_midnight(monday, zone), _midnight(monday + 7 * _DAY, zone))
    return [_day(monday + n * _DAY, spans, place) for n in range(7)]


def _timetable(hours: OpeningHours, at: datetime) -> Timetable | None:
    return timetable(hours, at) if FIRST_YEAR < at.year < LAST_YEAR - 1 else None


def _day(day: date, spans: Sequence[Span], place: Institution) -> DayView:
    zone = spans[0].start.tzinfo if spans else None
    start, end = _midnight(day, zone), _midnight(day + _DAY, zone)
    return DayView(
        date=day.isoformat(),
        spans=[
            SpanView(start=max(s.start, start), end=min(s.end, end), state=s.state, comment=s.comment)
            for s in spans
            if s.state != "closed" and s.start < end and s.end > start
        ],
        exceptional=any(e.first <= day.isoformat() <= (e.last or e.first) for e in place.exceptions),
    )


def _point(place: Institution, point: ServicePoint, doors: InstitutionEntry, at: datetime) -> ServicePointView:
    is_last_entry = point.name == LAST_ENTRY
    state = _let_in(place, doors, at) if is_last_entry else _state(place, point.hours, at)
    return ServicePointView(name=point.name, hours=point.hours, open=state, note=point.note)


def _let_in(place: Institution, doors: InstitutionEntry, at: datetime) -> OpenState:
    """Whether one is let in, at a moment at which the doors are as they are."""
    last = last_entry(place)
    if doors.open != "open":
        return doors.open
    if last.hours:
        return _state(place, last.hours, at)
    late = doors.open_until and at > doors.open_until - timedelta(seconds=last.before_closing_s)
    return "closed" if late else "open"


def _state(place: Institution, hours: str, at: datetime) -> OpenState:
    try:
        return parse_for(place, hours).at(at).state if hours else "unknown"
    except HoursError:
        return "unknown"


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    return datetime.combine(day, time.min, zone)


def inside(place: Institution, box: Box) -> bool:
    """Whether an institution is known to lie in a box."""
    if place.lat is None or place.lon is None:
        return False
    west, south, east, north = box
    across = west <= place.lon <= east if west <= east else place.lon >= west or place.lon <= east
    return south <= place.lat <= north and across


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
