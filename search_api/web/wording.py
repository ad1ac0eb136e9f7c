"""Words, numbers, times and distances in the language of the page."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, cast

import langcodes
from langcodes.tag_parser import LanguageTagError

from search_api.messages import catalogue, text

_FAR_DAYS = 7
_OSM_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_OSM_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EVERY = re.compile(r"^(\d{1,2}) (\d{1,2}|\*) \* \* \*$")
_OSM_WORDS = ("PH", "SH", "off", "closed")
_OSM = re.compile(rf"(?<!\w)(?:{'|'.join((*_OSM_DAYS, *_OSM_MONTHS, *_OSM_WORDS))})(?!\w)")


class Times(NamedTuple):
    """The two moments that times are told against, both time zone aware."""

    asked: datetime
    """The moment the search is about."""
    now: datetime

    @property
    def later(self) -> datetime:
        """The moment to which the age of a status counts."""
        return max(self)


class Wording:
    """The texts of one language, and the ways to say values in it."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """A text of ``pages.yaml``, or of another area by its full key ("accounts.login").

        ``n`` is grouped, and chooses between one and many unless ``count`` does.
        """
        if isinstance(values.get("n"), int):
            values.setdefault("count", values["n"])
            values["n"] = self.number(cast("int", values["n"]))
        return text(self.lang, _full(key), **values)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return _full(key) in catalogue(self.lang) or _full(key) in catalogue("en")

    def either(self, *keys: str, **values: object) -> str:
        """The first of several texts that exists: special wording first, the general one last."""
        return next(self(key, **values) for key in keys if self.has(key))

    def named(self, group: str, value: str) -> str:
        """The name of a value of a closed list ("type", "book"), or the value itself when the list is not ours."""
        return self(f"{group}_{value}") if self.has(f"{group}_{value}") else value

    def number(self, value: int) -> str:
        """An integer with its thousands grouped."""
        return f"{value:,}"

    def language(self, tag: str) -> str:
        """The name of a language by its BCP 47 tag."""
        return _language_name(tag, self.lang)

    def distance(self, km: float) -> str:
        """Metres to the next ten below one kilometre, then kilometres with as many digits as help."""
        if km < 0.995:
            return self("metres", n=max(10, round(km * 100) * 10))
        return self("km", n=f"{km:.1f}" if km < 9.95 else self.number(round(km)))

    def duration(self, minutes: int) -> str:
        """Minutes as minutes, hours or days."""
        if minutes < 60:
            return self("minutes", n=minutes)
        if minutes < 24 * 60:
            hours, rest = divmod(minutes, 60)
            return self("hours_minutes", h=hours, m=rest) if rest else self("hours_only", h=hours)
        return self("days_only", n=round(minutes / 1440))

    def clock(self, moment: datetime, times: Times) -> str:
        """A local time: the hour alone on the day asked about, else with its day. It carries the place's offset."""
        time = moment.strftime("%H:%M")
        if moment.date() == times.asked.astimezone(moment.tzinfo).date():
            return time
        today = times.now.astimezone(moment.tzinfo).date()
        return self("clock_on", day=self.near_day(moment.date(), today), time=time)

    def near_day(self, day: date, today: date) -> str:
        """A day said as people say it: today, tomorrow, a weekday within a week, else the date."""
        days = (day - today).days
        if days in (0, 1):
            return self("day_today") if days == 0 else self("day_tomorrow")
        return self._list("weekdays")[day.weekday()] if 0 < days < _FAR_DAYS else self.day(day, today)

    def day(self, day: date, today: date | None = None) -> str:
        """A date; the year only where it is not the present one."""
        month = self._list("months")[day.month - 1]
        key = "date_short" if today and day.year == today.year else "date_long"
        return self(key, d=day.day, month=month, y=day.year)

    def weekday(self, day: date) -> str:
        """The long name of a day of the week."""
        return self._list("weekdays_long")[day.weekday()]

    def hours(self, osm: str) -> str:
        """Opening hours as they stand in the registry, with days, words and dashes as people write them."""
        said = dict(zip(_OSM_DAYS, self._list("weekdays"), strict=True))
        said |= {
            name: self("osm_month", month=month) for name, month in zip(_OSM_MONTHS, self._list("months"), strict=True)
        }
        said |= {word: self(f"osm_{word.lower()}") for word in _OSM_WORDS}
        pieces = osm.split('"')  # every second one is a comment, in somebody's own words
        for n in range(0, len(pieces), 2):
            told = _OSM.sub(lambda found: said[found[0]], pieces[n]).replace("-", "–")
            pieces[n] = re.sub("; *", self("list_semicolon"), re.sub(", *", self("list_comma"), told))
        return '"'.join(pieces)

    def schedule(self, cron: str) -> str:
        """When a source is harvested: the two usual schedules in words, others as the cron expression that they are."""
        found = _EVERY.match(cron)
        if found is None:
            return cron
        minute, hour = int(found[1]), found[2]
        return self("every_hour", m=minute) if hour == "*" else self("every_day", time=f"{int(hour):02d}:{minute:02d}")

    def ago(self, moment: datetime, now: datetime) -> str:
        """How long ago something was known."""
        age = now - moment
        if age < timedelta(minutes=1):
            return self("ago_now")
        if age < timedelta(hours=1):
            return self("ago_minutes", n=int(age.total_seconds() // 60))
        if age < timedelta(days=1):
            return self("ago_hours", n=int(age.total_seconds() // 3600))
        if age < timedelta(days=_FAR_DAYS):
            return self("ago_days", n=age.days)
        return self("ago_on", day=self.day(moment.date(), now.date()))

    def due(self, iso: str, today: date) -> str:
        """The day a copy is due, from an ISO date; other text as the source has it. ``today``: at its place."""
        day = _day(iso)
        return self.near_day(day, today) if day else iso

    def is_past(self, iso: str, today: date) -> bool:
        """Whether a day on which a copy was due is over."""
        day = _day(iso)
        return day is not None and day < today

    def _list(self, key: str) -> list[str]:
        return cast("list[str]", catalogue(self.lang)[f"pages.{key}"])


def _full(key: str) -> str:
    return key if "." in key else f"pages.{key}"


def _day(iso: str) -> date | None:
    try:
        return date.fromisoformat(iso.partition("T")[0])
    except ValueError:
        return None


@lru_cache(maxsize=2000)
def _language_name(tag: str, lang: str) -> str:
    try:
        return langcodes.Language.get(tag).display_name(lang)
    except LanguageTagError:
        return tag
