"""Why a hit stands where it does, in the user's words: the one line of a holding, and a reason for each signal.

Nothing is decided here: the words say what the numbers were computed from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

from schemas.answer import Best
from schemas.query import Mode
from search_api.messages import text
from search_api.ranking.opening_hours import SHUT, TOO_FAR, TOO_LATE
from search_api.ranking.rules import Rules

_ROADS = {"walk": "on_foot", "transit": "by_transit", "drive": "by_car"}
_METRES_BELOW_KM = 0.095
_JUST_NOW_H = 0.25
_DAYS_FROM_H = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the best holding beyond its fields in the answer."""

    at: datetime
    """The moment asked for, in the place's zone."""
    arrival: datetime
    moment: datetime
    """What ages count to."""
    mode: Mode
    why: int = 0
    last_entry: datetime | None = None
    stale: str = ""
    """The state that is too old to be shown as such."""
    has_hours: bool = False
    near: bool = False
    open_now: bool = False
    """Whether it is open at the moment asked for, whatever it is at arrival."""


class Reasons:
    """The words of one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def say(self, key: str, **values: object) -> str:
        """A text of the catalogue."""
        return text(self.lang, f"reasons.{key}", **values)

    def line(self, best: Best, facts: Facts) -> str:
        """Where, available or not, open or not, how far."""
        place = best.institution or best.branch or self.say("nowhere")
        if best.institution and best.branch and best.branch.casefold() not in best.institution.casefold():
            place = f"{best.institution}, {best.branch}"
        state = self.state(best, facts)
        if best.service == "digital":
            return self.say("line_digital", place=place, state=state)
        return self.say("line", place=place, way=self._way(best, facts), state=state, open=self.opening(best, facts))

    def _way(self, best: Best, facts: Facts) -> str:
        if best.distance_km is None:
            return ""
        distance = self.distance(best.distance_km)
        if best.travel_min is None:
            return self.say("way_plain", distance=distance)
        return self.say("way", distance=distance, journey=self.journey(best.travel_min, facts.mode))

    def distance(self, km: float) -> str:
        """As in "80 m", "2.3 km"."""
        if km < _METRES_BELOW_KM:
            return self.say("metres", n=round(km * 100) * 10)
        return self.say("kilometres", n=f"{km:.1f}" if km < 10 else f"{km:,.0f}")

    def journey(self, minutes: int, mode: Mode) -> str:
        """As in "6 min on foot"."""
        return self.say(_ROADS[mode], time=self.duration(minutes / 60))

    def duration(self, hours: float) -> str:
        """As in "25 min", "2 h", "3 days"."""
        if hours >= _DAYS_FROM_H:
            return self.say("days", count=int(hours // 24))
        minutes = max(math.floor(hours * 60 + 0.5), 0)
        if minutes < 60:
            return self.say("minutes", count=minutes)
        if minutes >= 180 or minutes % 60 == 0:
            return self.say("hours", count=minutes // 60)
        return self.say("hours_minutes", hours=minutes // 60, minutes=minutes % 60)

    def state(self, best: Best, facts: Facts) -> str:
        """Available or not, as of when; a stale status is told as unknown, with what it was."""
        ago_h = _seconds(best.checked_at, facts.moment) / 3600 if best.checked_at else None
        if facts.stale and ago_h is not None:
            known = self._state_word(facts.stale, best.service)
            return self.say("stale", ago=self.duration(ago_h), state=known)
        words = self._state_word(best.state, best.service)
        if best.state == "expected" and best.due:
            due = _date(best.due)
            if due is not None:
                key = "expected_due" if due >= facts.at.date() else "expected_overdue"
                words = self.say(key, state=words, day=self.day(due, facts.at.date()))
        if best.state == "unknown" or ago_h is None:
            return words
        if ago_h < _JUST_NOW_H:
            return self.say("checked_now", state=words)
        return self.say("checked", state=words, ago=self.duration(ago_h))

    def _state_word(self, state: str, service: str | None) -> str:
        for key in (f"{state}_{service}", f"{state}_any"):
            try:
                return self.say(key)
            except KeyError:
                continue
        raise KeyError(state)

    def opening(self, best: Best, facts: Facts) -> str:
        """Open or not at arrival, and whether that is doubtful."""
        words = self._opening(best, facts)
        return self.say("doubtful_day", open=words) if best.doubtful_day else words

    def _opening(self, best: Best, facts: Facts) -> str:
        if best.service == "digital":
            return self.say("online")
        if facts.why == SHUT:
            return self.say("shut")
        if facts.why == TOO_FAR:
            return self.say("too_far", journey=self.journey(best.travel_min or 0, facts.mode))
        if facts.why == TOO_LATE:
            return self._too_late(best, facts)
        if best.open == "unknown":
            return self.say("hours_uncertain" if facts.has_hours else "hours_unknown")
        if best.open == "open":
            return self._open(best, facts)
        if best.opens_at is None:
            return self.say("closed")
        key = "opens_at_arrival" if facts.open_now else "opens_after"
        return self.say(key, time=self.moment(best.opens_at, facts.at))

    def _open(self, best: Best, facts: Facts) -> str:
        if best.open_until is None:
            return self.say("open_always")
        left = math.floor(_seconds(facts.arrival, best.open_until) / 60)
        if left < 30:
            travelled = _seconds(facts.at, facts.arrival) >= 60
            return self.say("closes_soon" if travelled else "closes_soon_here", count=left)
        return self.say("open_until", time=self.moment(best.open_until, facts.at))

    def _too_late(self, best: Best, facts: Facts) -> str:
        arrival = self.moment(facts.arrival, facts.at)
        opens = self.moment(best.opens_at, facts.at) if best.opens_at else ""
        if facts.last_entry is None:
            return self.say("too_late_plain", arrival=arrival, time=opens) if opens else self.say("closed")
        last = self.moment(facts.last_entry, facts.at)
        if not opens:
            return self.say("too_late_unknown", last=last, arrival=arrival)
        return self.say("too_late", last=last, arrival=arrival, time=opens)

    def moment(self, moment: datetime, asked: datetime) -> str:
        """As in "19:00", "tomorrow 09:00", "Mon 09:00", "3 Dec 09:00", as seen from the moment asked for."""
        clock, days = moment.strftime("%H:%M"), (moment.date() - asked.date()).days
        if days == 0:
            return self.say("today", time=clock)
        if days == 1:
            return self.say("tomorrow", time=clock)
        if 1 < days < 7:
            return self.say("this_week", weekday=self.say(f"weekday_{moment.isoweekday()}"), time=clock)
        return self.say("later", day=self.day(moment.date(), asked.date()), time=clock)

    def day(self, day: date, asked: date) -> str:
        """As in "3 Dec", with the year where it is another."""
        key = "day" if day.year == asked.year else "day_year"
        return self.say(key, day=day.day, month=self.say(f"month_{day.month}"), year=day.year)

    def fading(self, best: Best, facts: Facts, rules: Rules) -> str:
        """The reason of the signal "availability"."""
        state = self.state(best, facts)
        if best.checked_at is None or (best.state == "unknown" and not facts.stale):
            return state
        hours = max(_seconds(best.checked_at, facts.moment) / 3600, 0)
        left = 100 * 2 ** (-hours / rules.availability.half_life_h)
        return self.say("availability_part", state=state, percent=round(left), ago=self.duration(hours))

    def nearness(self, best: Best, facts: Facts, score: float, rules: Rules) -> str:
        """The reason of the signal "distance"."""
        if not facts.near:
            return self.say("distance_none")
        if best.distance_km is None:
            return self.say("distance_unknown")
        scale = rules.modes[facts.mode].scale_km
        mode = self.say(f"mode_{facts.mode}")
        return self.say(
            "distance", km=f"{best.distance_km:.1f}", percent=round(100 * score), mode=mode, scale=f"{scale:g}"
        )


def _seconds(first: datetime, then: datetime) -> float:
    """From one moment to another. Subtracting would count by the clock on the wall where both are of one zone."""
    return then.timestamp() - first.timestamp()


def _date(text_: str) -> date | None:
    try:
        return date.fromisoformat(text_[:10])
    except ValueError:
        return None
