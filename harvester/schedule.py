"""When sources are harvested by themselves: cron, jitter, hours of the day, and what a cut-off run is owed.

Nothing is kept in memory: what is due follows from the runs in the store, so that several workers agree and a worker
that was away for a week owes one run and not seven. APScheduler computes the moments; it lives only here.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from schemas.catalogue import Source
from schemas.hours_clock import timezone_of
from schemas.institution import Institution
from store.source_runs import SourceRuns

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MACROS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
_WINDOW = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_ADVICE = '"0 3 * * *" is daily at 3, "30 2 * * sun" is Sundays at half past 2'


class ScheduleError(ValueError):
    """A schedule or a window that cannot be used; the message says how to write one."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """When one source may and shall run."""

    cron: str = ""
    full_cron: str = ""
    window: str = ""
    zone: str = "UTC"
    jitter: float = 0
    """Seconds over which sources with the same cron are spread."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """The next run of a source."""

    at: datetime
    full: bool
    why: Literal["schedule", "resume", "cut off", "asked"]


def check_cron(expression: str) -> str:
    """The expression, tidied.

    Raises:
        ScheduleError: not a cron expression of five fields, or one whose moment never comes.
    """
    tidy = " ".join(expression.split())
    try:
        trigger = _trigger(tidy)
    except ValueError as error:
        raise ScheduleError(f"the schedule {expression!r} is no cron expression: {error}; {_ADVICE}") from None
    if trigger.get_next_fire_time(None, datetime(2024, 1, 1, tzinfo=UTC)) is None:
        raise ScheduleError(f"the moment of the schedule {expression!r} never comes; {_ADVICE}")
    return tidy


def check_window(window: str) -> str:
    """The window, tidied ("20:00-06:00"; "" = always).

    Raises:
        ScheduleError: no span of the day.
    """
    if window.strip():
        _span(window.strip())
    return window.strip()


@lru_cache(maxsize=100_000)
def next_after(cron: str, moment: datetime, zone: str) -> datetime | None:
    """The first moment of a cron expression after another (both UTC).

    It is reckoned by what clocks on the wall show: a day of 23 hours costs no run, and one of 25 has each time once. A
    time that the wall leaves out is as much later as the clock is set forward.
    """
    place = ZoneInfo(zone)
    wall = moment.astimezone(place).replace(tzinfo=UTC, fold=0)
    # In a zone of its own APScheduler 3 adds days of 24 hours, and passes over the night after a short day.
    shown: datetime | None = _trigger(cron).get_next_fire_time(None, wall + timedelta(seconds=1))
    if shown is None:
        return None
    first, second = (shown.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first > moment else second


def is_open(window: str, moment: datetime, zone: str) -> bool:
    """Whether a moment lies in a window of the day."""
    if not window:
        return True
    first, last = _span(window)
    clock = moment.astimezone(ZoneInfo(zone)).time()
    return first <= clock < last if first < last else clock >= first or clock < last


def opening(window: str, moment: datetime, zone: str) -> datetime:
    """The moment itself where the window is open then, else when it opens next (UTC)."""
    if is_open(window, moment, zone):
        return moment
    first, _ = _span(window)
    local = moment.astimezone(ZoneInfo(zone))
    start = datetime.combine(local.date(), first, ZoneInfo(zone))
    if start <= local:
        start = datetime.combine(local.date() + timedelta(days=1), first, ZoneInfo(zone))
    return start.astimezone(UTC)


def zone_of(institution: Institution | None, default: str) -> str:
    """The time zone in which a source's hours are meant: its institution's, else the operator's."""
    if institution is None:
        return default
    if institution.timezone:
        return institution.timezone
    if institution.lat is not None and institution.lon is not None:
        return timezone_of(institution.lat, institution.lon)
    return default


def next_run(source: Source, plan: Plan, runs: SourceRuns, now: datetime) -> Due | None:
    """The next run of a source; it is due when its moment is not after ``now``. None = only by hand.

    A run that was cut off goes on at once, as does one that a person asks for; one that waited too long for its source
    when it said it would; and what the schedule missed is made up for by one run.
    """
    if source.paused:
        return None
    # A moment asked for before the schedule was set, or before a run that has begun since, is not owed.
    since = max(moment(runs.added_at), moment(source.scheduled_at), moment(runs.started_at))
    since_full = max(moment(runs.added_at), moment(source.scheduled_at), moment(runs.full_started_at))
    spread = _spread(source.id, plan.jitter)
    found: list[Due] = []
    if runs.cut_off:
        found.append(Due(at=moment(runs.started_at), full=False, why="cut off"))
    if is_asked_for(source, runs):
        found.append(Due(at=moment(source.wanted_at), full=False, why="asked"))
    if runs.resume_at:
        found.append(Due(at=moment(runs.resume_at), full=False, why="resume"))
    for cron, last, full in ((plan.cron, since, False), (plan.full_cron, since_full, True)):
        at = next_after(cron, last, plan.zone) if cron else None
        if at:
            found.append(Due(at=at + spread, full=full, why="schedule"))
    if not found:
        return None
    first = min(found, key=lambda due: due.at)
    at = opening(plan.window, max(first.at, now), plan.zone)
    full = any(due.full and due.at <= at for due in found)
    return Due(at=first.at if at == now else at, full=full, why=first.why)


def is_asked_for(source: Source, runs: SourceRuns) -> bool:
    """Whether a person has asked for a run that has not begun yet."""
    return bool(source.wanted_at) and moment(source.wanted_at) > moment(runs.started_at)


def moment(text: str) -> datetime:
    """A time of the store; "" = before all others."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=10_000)
def _trigger(cron: str) -> BaseTrigger:
    """Cron's meaning, where APScheduler's differs: weekdays count from Sunday, and day and weekday are either-or."""
    fields = _MACROS.get(cron.lower(), cron).lower().split()
    if len(fields) != 5:
        raise ValueError("it needs five fields (minute, hour, day, month, weekday)")
    minute, hour, day, month, weekday = fields
    names = {"minute": minute, "hour": hour, "month": month, "timezone": UTC}
    weekday = _named(weekday)
    if not day.startswith("*") and not weekday.startswith("*"):
        return OrTrigger([CronTrigger(day=day, **names), CronTrigger(day_of_week=weekday, **names)])
    return CronTrigger(day=day, day_of_week=weekday, **names)


def _named(weekday: str) -> str:
    """A weekday field with names instead of cron's numbers, ranges spelt out (fri-mon is one in cron)."""
    if weekday == "*":
        return weekday
    days: list[str] = []
    for part in weekday.split(","):
        span, _, step = part.partition("/")
        first, dash, last = ("0", "-", "6") if span == "*" else span.partition("-")
        begin, end = _weekday(first), _weekday(last) if dash else _weekday(first)
        if step and not (step.isdigit() and int(step)):
            raise ValueError(f"{step!r} is no step of weekdays")
        if step and not dash:
            end = 6
        if dash and last == "7":
            end = 7 if begin else 0
        count = end - begin if end >= begin else end - begin + 7
        days += [_WEEKDAYS[(begin + i) % 7] for i in range(0, count + 1, int(step or 1))]
    return ",".join(dict.fromkeys(days))


def _weekday(text: str) -> int:
    if text.isdigit() and int(text) <= 7:
        return int(text) % 7
    if text not in _WEEKDAYS:
        raise ValueError(f"{text!r} is no weekday (0 to 7 or sun to sat)")
    return _WEEKDAYS.index(text)


def _span(window: str) -> tuple[time, time]:
    match = _WINDOW.fullmatch(window)
    try:
        if match is None:
            raise ValueError(window)
        numbers = [int(group) for group in match.groups()]
        first, last = time(numbers[0], numbers[1]), time(numbers[2] % 24 if numbers[3] == 0 else numbers[2], numbers[3])
    except ValueError:
        raise ScheduleError(f'{window!r} is no span of the day; write it like "20:00-06:00"') from None
    if first == last:
        raise ScheduleError(f"the window {window!r} is empty; leave it out to harvest at any hour")
    return first, last


def _spread(id_: str, jitter: float) -> timedelta:
    """A source's own share of the jitter, the same in every worker."""
    part = int.from_bytes(hashlib.blake2b(id_.encode(), digest_size=4).digest(), "big") / 2**32
    return timedelta(seconds=int(part * jitter))
