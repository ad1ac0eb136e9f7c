"""A week of opening hours, day by day, as a sign at the door would say it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from schemas.institution import HoursException
from search_api.views import DayView, SpanView
from search_api.web.wording import Wording

_SMALL_HOURS = 6
"""What began the evening before and ends by this hour is told with that evening."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day: its name, its times in words, and what is special about it."""

    name: str
    date: str
    times: list[str]
    note: str
    today: bool
    special: bool


def week(days: Sequence[DayView], exceptions: Sequence[HoursException], today: date, say: Wording) -> list[Day]:
    """The days of a week in words."""
    told = []
    for number, view in enumerate(days):
        before = days[number - 1].spans if number else []
        after = days[number + 1].spans if number + 1 < len(days) else []
        told.append(_day(view, before, after, exceptions, today, say))
    return told


def _day(
    view: DayView,
    before: Sequence[SpanView],
    after: Sequence[SpanView],
    exceptions: Sequence[HoursException],
    today: date,
    say: Wording,
) -> Day:
    day = date.fromisoformat(view.date)
    notes = [e.note for e in exceptions if e.first <= view.date <= (e.last or e.first) and e.note]
    notes += [span.comment for span in view.spans if span.comment]
    return Day(
        name=say.weekday(day),
        date=say.day(day, today),
        times=_times(view, before, after, say),
        note=say("list_semicolon").join(dict.fromkeys(notes))
        or (say("institution_exception") if view.exceptional else ""),
        today=day == today,
        special=view.exceptional,
    )


def _times(view: DayView, before: Sequence[SpanView], after: Sequence[SpanView], say: Wording) -> list[str]:
    told = []
    for span in view.spans:
        from_midnight, to_midnight = _starts_at_midnight(span), _ends_at_midnight(span)
        if span.state != "open":
            continue
        if from_midnight and to_midnight:
            return [say("all_day")]
        if _only_small_hours(span) and any(map(_runs_over, before)):
            continue
        end = "24:00" if to_midnight else f"{span.end:%H:%M}"
        if to_midnight and after and _only_small_hours(after[0]):
            end = f"{after[0].end:%H:%M}"
        told.append(f"{span.start:%H:%M}–{end}")
    unknown = any(span.state == "unknown" for span in view.spans)
    return told or [say("unknown_day" if unknown else "closed_all_day")]


def _starts_at_midnight(span: SpanView) -> bool:
    return span.state == "open" and (span.start.hour, span.start.minute) == (0, 0)


def _ends_at_midnight(span: SpanView) -> bool:
    return span.end.date() - span.start.date() >= timedelta(days=1)


def _only_small_hours(span: SpanView) -> bool:
    return _starts_at_midnight(span) and not _ends_at_midnight(span) and span.end.hour < _SMALL_HOURS


def _runs_over(span: SpanView) -> bool:
    return span.state == "open" and _ends_at_midnight(span)
