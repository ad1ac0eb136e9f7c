"""Prose about opening hours ("Mon-Fri 9am-5pm, Sat 10-4; closed Sundays") read into a week of times."""

from __future__ import annotations

from typing import Literal

from schemas.hours_rules import HoursError
from schemas.hours_week import HOLIDAYS, MONTHS, Value, Week, clock, day_list
from schemas.hours_words import Kind, Token, tokens
from schemas.said import say

_HALF, _DAY = 12 * 60, 24 * 60
_SKIPPED: frozenset[Kind] = frozenset({"to", "and", "noise"})
_VALUES: frozenset[Kind] = frozenset({"time", "closed", "appointment", "always"})


class _Clause:
    """What is known half-way through a clause."""

    def __init__(self, days: set[int] | None, values_first: bool, begin: int, lasting: str) -> None:
        self.days, self.values_first, self.begin, self.lasting = days, values_first, begin, lasting
        self.waiting: Value | None = None
        """Hours whose days are still to come."""
        self.excepted = False
        """The days named are those on which it is closed."""


class Reader:
    """Reads one text into a week, token by token."""

    def __init__(self, text: str, week: Week, language: str = "") -> None:
        self._tokens, self._week = tokens(text, language), week
        self._at, self._season = 0, ""
        hours = [token for token in self._tokens if token.kind == "time"]
        self._24_hours = any(not token.plain and not token.half for token in hours)
        week.words += len(self._tokens)

    def read(self, days: set[int] | None = None) -> None:
        """The whole text; ``days`` for one that is about these days.

        Raises:
            HoursError: A time has no end, or is none; school holidays or dates are meant.
        """
        while self._at < len(self._tokens):
            days = self._clause(days)
        if days is not None and self._pending:
            self._unsaid(days)

    def _clause(self, days: set[int] | None) -> set[int] | None:
        """Read up to the next full stop; the days still without hours are given on to the next clause."""
        self._pending = days is not None
        clause = _Clause(days, self._values_first(), self._at, self._season)
        while (token := self._peek()) is not None:
            if token.kind == "end":
                self._at += 1
                break
            self._step(token, clause)
        self._season = clause.lasting
        if clause.excepted and self._pending and clause.days:
            self._week.put(clause.days, Value(), self._season)
            self._pending = False
        following = self._peek()
        if self._pending and clause.days and following is not None and following.kind not in _VALUES:
            self._unsaid(clause.days)
            return None
        return clause.days if self._pending else None

    def _step(self, token: Token, clause: _Clause) -> None:
        if token.kind in ("days", "holidays"):
            self._take_days(clause)
        elif token.kind == "months" or self._is_date():
            self._take_dates(clause)
        elif self._last_entry():
            pass  # it was passed over
        elif token.kind in _VALUES:
            self._take_value(token, clause)
        elif token.kind == "except":
            self._at += 1
            if self._pending and clause.days and self._day_follows():
                clause.days = clause.days - self._days()
            else:
                clause.excepted = True
        elif token.kind == "school":
            raise HoursError(
                say("{word!r}: school holidays cannot be told in opening hours", word=token.text), token.start
            )
        else:
            if token.kind == "other":
                self._week.ignored.append(token.text)
            self._at += 1

    def _take_days(self, clause: _Clause) -> None:
        named = self._days()
        if clause.waiting is not None:
            self._week.put(named, clause.waiting, self._season)
            clause.days, self._pending, clause.waiting = named, False, None
        else:
            clause.days = clause.days | named if clause.days and self._pending else named
            self._pending = True

    def _take_dates(self, clause: _Clause) -> None:
        lasts = all(before.kind in _SKIPPED for before in self._tokens[clause.begin : self._at])
        self._season, single = self._dates()
        if lasts and not single:
            clause.lasting = self._season
        if clause.waiting is not None:
            self._week.put(set(range(7)), clause.waiting, self._season)
            clause.waiting = None

    def _take_value(self, token: Token, clause: _Clause) -> None:
        value, days = self._value(), clause.days
        if value.comment and not self._pending and days is not None and not clause.values_first:
            self._week.fallback = value.comment
        elif (clause.values_first or token.kind == "closed") and not self._pending and self._day_follows():
            clause.waiting = value
        elif token.kind == "closed" and not self._pending and days is not None:
            raise HoursError(say("{word!r}: on which days?", word=token.text), token.start)
        else:
            self._week.put(days if days is not None else self._every_day(token), value, self._season)
            self._pending = False

    def _unsaid(self, days: set[int]) -> None:
        self._week.assumed.append(f"no hours are given for {day_list(sorted(days))}")
        self._pending = False

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _skip(self) -> Token | None:
        """The next token that is no mere link."""
        while (token := self._peek()) is not None and token.kind in _SKIPPED:
            self._at += 1
        return token

    def _last_entry(self) -> bool:
        """Pass over "last entry 16:30" and "16:30停止入馆", which are no opening hours."""
        pair = self._tokens[self._at : self._at + 2]
        kinds = [token.kind for token in pair]
        if kinds not in (["last", "time"], ["time", "last"]):
            return False
        self._week.assumed.append(f"last entry is a service point of its own: {pair[kinds.index('time')].text.strip()}")
        self._at += 2
        return True

    def _values_first(self) -> bool:
        """Whether the clause says the hours before the days ("9-5 Monday to Friday")."""
        kinds = []
        for token in self._tokens[self._at :]:
            if token.kind == "end":
                break
            kinds.append(token.kind)
        first = next((kind for kind in kinds if kind in _VALUES or kind in ("days", "holidays")), None)
        return first in _VALUES and ("days" in kinds or "holidays" in kinds)

    def _day_follows(self) -> bool:
        for place in range(self._at, len(self._tokens)):
            if self._tokens[place].kind not in _SKIPPED:
                return self._tokens[place].kind in ("days", "holidays", "months") or self._is_date(place)
        return False

    def _every_day(self, value: Token) -> set[int]:
        """All days, for a value that names none, when no word that may name one was passed over."""
        strange = next((token for token in self._tokens if token.kind == "other"), None)
        times = any(token.kind == "time" for token in self._tokens)
        if self._season:
            return set(range(7))
        if value.kind == "closed" and times and (strange or self._week.seasons):
            raise HoursError(say("{word!r}: on which days?", word=value.text), value.start)
        if value.kind == "time" and strange:
            raise HoursError(say("{word!r} is not understood, and no day is named", word=strange.text), strange.start)
        self._week.assumed.append("no day is named: every day")
        return set(range(7))

    def _days(self) -> set[int]:
        """Days, ranges of days and lists of them."""
        found: set[int] = set()
        while (token := self._peek()) is not None and token.kind in ("days", "holidays"):
            self._at += 1
            found |= {HOLIDAYS} if token.kind == "holidays" else set(token.days)
            back, link = self._at, self._peek()
            following = self._skip()
            if following is None or following.kind not in ("days", "holidays"):
                if following is not None and following.kind == "other" and link is not None and link.kind == "to":
                    raise HoursError(say("{word!r} is not understood as a day", word=following.text), following.start)
                self._at = back
                break
            if link is not None and link.kind == "to" and len(token.days) == len(following.days) == 1:
                first, last = token.days[0], following.days[0]
                found |= {day % 7 for day in range(first, last + (7 if last < first else 0) + 1)}
        return found

    def _is_date(self, place: int | None = None) -> bool:
        """Whether a day of a month stands here: "1st", or a number before the name of a month."""
        place = self._at if place is None else place
        token, following = [*self._tokens[place : place + 2], None, None][:2]
        if token is None or token.kind == "ordinal":
            return token is not None
        return _day_number(token) is not None and following is not None and following.kind == "months"

    def _dates(self) -> tuple[str, bool]:
        """A season or a date ("Apr-Sep", "Dec 24"), and whether it is a single date."""
        first = self._date()
        back, link = self._at, self._peek()
        following = self._skip()
        if link is not None and following is not None and (following.kind == "months" or self._is_date()):
            return f"{first}{'-' if link.kind == 'to' else ','}{self._date()}", False
        self._at = back
        return first, " " in first

    def _date(self) -> str:
        token = self._tokens[self._at]
        self._at += 1
        following = self._peek()
        if token.kind != "months":
            if following is None or following.kind != "months":
                raise HoursError(say("{word!r} is not understood", word=token.text.strip()), token.start)
            self._at += 1
            return f"{MONTHS[following.days[0] - 1]} {_day_number(token):02d}"
        month = MONTHS[token.days[0] - 1]
        day = _day_number(following)
        if following is None or day is None:
            return month
        after = self._tokens[self._at + 1 : self._at + 3]
        if len(after) == 2 and after[0].kind == "to" and after[1].kind != "months" and not self._is_date(self._at + 2):
            raise HoursError(
                say("{word!r}: a day of the month or a time?", word=following.text.strip()), following.start
            )
        self._at += 1
        return f"{month} {day:02d}"

    def _value(self) -> Value:
        token = self._tokens[self._at]
        if token.kind == "time":
            return self._spans()
        self._at += 1
        if token.kind == "always":
            return Value(((0, _DAY),))
        return Value(comment="by appointment") if token.kind == "appointment" else Value()

    def _spans(self) -> Value:
        spans: list[tuple[int, int]] = []
        while (first := self._peek()) is not None and first.kind == "time":
            self._at += 1
            link = self._peek()
            last = self._skip()
            if link is None or link.kind not in ("to", "noise") or last is None or last.kind != "time":
                raise HoursError(
                    say("{word!r} has no end: say from when to when", word=first.text.strip()), first.start
                )
            self._at += 1
            spans.append(self._span(first, last, spans[-1][1] if spans else 0))
            back = self._at
            following = self._skip()
            if following is None or following.kind != "time":
                self._at = back
        return Value(tuple(spans))

    def _span(self, first: Token, last: Token, earlier: int) -> tuple[int, int]:
        """Minutes of a span; halves of the day that are not written are told from the other end."""
        for token in (first, last):
            if token.minutes > _DAY or (token is first and token.minutes == _DAY and not token.text[0].isalpha()):
                raise HoursError(say("there is no time {word!r}", word=token.text.strip()), token.start)
        start, end = _written(first, first.half) % _DAY, _written(last, last.half)
        guessed: Literal["", "am", "pm"] = ""
        if last.half and first.plain:
            start = _written(first, last.half)
            start = start if start < end else _written(first, "am")
        elif (
            not first.half
            and first.plain
            and (start < earlier or (last.plain and start < 6 * 60 and not self._24_hours))
        ):
            start, guessed = _written(first, "pm"), "pm"
        if not last.half and last.plain and end <= start < _written(last, "pm"):
            end = _written(last, "pm")
            guessed = guessed or ("" if first.half else "pm")
        if guessed:
            self._week.assumed.append(f"{first.text.strip()}-{last.text.strip()} is {clock(start)}-{clock(end)}")
        return start, end or _DAY


def _day_number(token: Token | None) -> int | None:
    """The day of a month that a token may be."""
    if token is None or not (token.kind == "ordinal" or (token.kind == "time" and token.text.strip().isdigit())):
        return None
    day = token.minutes if token.kind == "ordinal" else token.minutes // 60
    return day if 1 <= day <= 31 else None


def _written(token: Token, half: str) -> int:
    if not half:
        return token.minutes
    return token.minutes % _HALF + (_HALF if half == "pm" else 0)
