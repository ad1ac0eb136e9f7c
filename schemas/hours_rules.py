"""The rules of an OSM opening_hours expression, taken apart where the library deviates from the specification.

The library validates and prints an expression in one canonical form; this module reads that form into rules and writes
rules back. What it mends, each measured and tested:

- a rule of nothing but a comment (``"by appointment"``) means unknown, not open;
- ``||`` applies wherever the rules before it say closed, also on days that they cover;
- hours past midnight last although the next day has a rule of its own;
- ``PH Mo-Fr`` means holidays *and* Monday to Friday;
- ``Mo, We 10:00-12:00`` means both days, not all of Monday and Wednesday morning;
- ``18:00+`` says when it opens and not when it closes: unknown, not open until midnight;
- public holidays become dates, because the library knows neither regions nor movable holidays everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

_WEEKDAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_WEEKDAYS = rf"{_WEEKDAY}(?:-{_WEEKDAY})?(?:,{_WEEKDAY}(?:-{_WEEKDAY})?)*"
_QUOTED = re.compile(r'("[^"]*")')
_EXPLICIT, _BOTH = "\x01", "\x02"
"""Marks carried through the library inside a comment: "open" was written out; the holidays are limited to weekdays."""

_PLAIN_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂「」", '"') | dict.fromkeys(map(chr, range(32)), " "))
_PLAIN = str.maketrans(
    dict.fromkeys("–—―‐‑‒−－~～〜", "-")
    | dict.fromkeys("\u00a0\u2000\u2002\u2003\u2007\u2009\u200a\u202f\u3000", " ")
    | {"：": ":", "；": ";", "，": ",", "、": ",", "｜": "|", "＋": "+", "（": "(", "）": ")"}
    | {chr(ord("０") + digit): str(digit) for digit in range(10)}
)

_RULE = re.compile(
    r"""^(?P<selectors>.*?)
        (?:(?:^|(?<=\s)|(?<=^))(?P<times>(?:\(|\d\d:\d\d|sunrise|sunset|dawn|dusk)[^"A-Z]*?))?
        (?:(?:^|\s)(?P<state>open|closed|unknown))?
        (?:(?:^|\s)"(?P<comment>[^"]*)")?$""",
    re.VERBOSE,
)
_ITEM = rf"(?:{_WEEKDAY}(?:-{_WEEKDAY})?(?:\[[^\]]*\])?|[PS]H)(?:\s[+-]?\d+\sdays?)?"
_DAYS = re.compile(rf"(?:^|(?<=\s)){_ITEM}(?:,{_ITEM})*$")
_HOLIDAY = re.compile(r"^PH(?:\s(?P<shift>[+-]?\d+)\sdays?)?$")
_HOLIDAY_WEEKDAYS = re.compile(
    rf"\b(?P<holiday>[PS]H(?:\s*[+-]\s*\d+\s*days?)?)\s+(?P<days>{_WEEKDAYS})"
    rf"(?P<more>(?:\s*,\s*PH\s+{_WEEKDAYS})*)(?![\w\[])",
    re.IGNORECASE,
)
_HOLIDAY_WORD = re.compile(r"\b[ps]h\b", re.IGNORECASE)
_RULE_END = re.compile(r"(\|\||;)")
_ADDED_RULE = re.compile(r"(?<=[\dfdn+])\s*,\s*(?=[A-Za-z])")
_OPEN_END = re.compile(r"^\d\d:\d\d\+$")
_SPAN = re.compile(r"^(\d\d):(\d\d)-(\d\d):(\d\d)$")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY_MIN = 24 * 60


class HoursError(ValueError):
    """Hours that cannot be read: what is wrong, and the first character (from 0) that was not understood."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message, self.position = str(message), position
        self.said = message
        """The message as it was given; pages say it in their language."""


class Rule(NamedTuple):
    """One rule: on which days (""= all), at which times ("" = all day), which state."""

    operator: str
    """";" overrides the matching days, "," adds, "||" fills what is closed."""
    selectors: str
    times: str
    state: str
    comment: str
    weekdays: str = ""
    """Weekdays to which the public holidays of the selectors are limited."""

    def __str__(self) -> str:
        parts = [self.selectors or "24/7" if not self.times else self.selectors, self.times]
        parts += ["" if self.state == "open" else self.state, f'"{self.comment}"' if self.comment else ""]
        return " ".join(part for part in parts if part)


def normalised(expression: str) -> str:
    """The expression with typographic dashes, colons, commas, blanks and quotes made plain, character for character."""
    pieces = _QUOTED.split(expression.translate(_PLAIN_QUOTES))
    pieces[::2] = [_HOLIDAY_WORD.sub(lambda word: word[0].upper(), piece.translate(_PLAIN)) for piece in pieces[::2]]
    return "".join(pieces).rstrip(" ;,")


def marked(expression: str) -> str:
    """The expression with what the library's canonical form would lose, written into comments."""
    rules = [""]
    for place, piece in enumerate(_QUOTED.split(expression)):
        if place % 2:
            explicit = re.search(r"\bopen\s*$", rules[-1], re.IGNORECASE)
            rules[-1] += f'"{_EXPLICIT}{piece[1:]}' if explicit else piece
        else:
            head, *tail = _RULE_END.split(piece)
            rules[-1] += head
            rules += tail
    return "".join(_mark_holiday_weekdays(rule) for rule in rules)


def _mark_holiday_weekdays(rule: str) -> str:
    text, *comments = _QUOTED.split(rule)
    found = _HOLIDAY_WEEKDAYS.search(text)
    if found is None:
        return rule
    days = ",".join(re.findall(_WEEKDAYS, found["days"] + found["more"], re.IGNORECASE))
    mark = f"{_BOTH}{days}{_BOTH}"
    head, rest = text[: found.start()] + found["holiday"], text[found.end() :]
    added = _ADDED_RULE.search(rest)
    if added:
        return f'{head}{rest[: added.start()]} "{mark}"{rest[added.start() :]}{"".join(comments)}'
    if comments:
        return f'{head}{rest}"{mark}{comments[0][1:]}{"".join(comments[1:])}'
    return f'{head}{rest.rstrip()} "{mark}"'


def read(canonical: str) -> list[Rule]:
    """The rules of an expression in the library's canonical form."""
    rules: list[Rule] = []
    operator, text = ";", ""
    # The library prints "PH +2 days" without the sign, and would not read it again.
    canonical = re.sub(r"\b([PS]H) (?=\d+ days)", r"\1 +", canonical)
    for place, piece in enumerate(_QUOTED.split(canonical)):
        if place % 2:
            text += piece
            continue
        head, *tail = re.split(r"(; | \|\| |, )", piece)
        text += head
        for mark, body in zip(tail[::2], tail[1::2], strict=True):
            rules.append(_rule(operator, text))
            operator, text = mark.strip(), body
    rules.append(_rule(operator, text))
    return _ends_told(_days_joined(rules))


def _days_joined(rules: Sequence[Rule]) -> list[Rule]:
    """The rules; one that is nothing but days takes the times of the rule after the comma ("Mo, We 10:00-12:00")."""
    joined: list[Rule] = []
    for rule in reversed(rules):
        after = joined[-1] if joined else None
        bare = rule.selectors and rule[2:] == ("", "open", "", "")
        if not (after and bare and after.operator == ","):
            joined.append(rule)
            continue
        weekdays = _DAYS.search(after.selectors)
        has_days = _DAYS.search(rule.selectors)
        if not after.selectors or (has_days and weekdays and not weekdays.start()):
            days = ",".join(filter(None, (rule.selectors, after.selectors)))
            joined[-1] = after._replace(operator=rule.operator, selectors=days)
        else:
            days = f"{rule.selectors} {weekdays[0]}" if weekdays and not has_days else rule.selectors
            joined[-1] = after._replace(operator="," if rule.operator == "," else ";")
            joined.append(after._replace(operator=rule.operator, selectors=days))
    return joined[::-1]


def _ends_told(rules: Sequence[Rule]) -> list[Rule]:
    """The rules, times without an end as rules of their own: open from then on, closing time unknown."""
    told: list[Rule] = []
    for rule in rules:
        spans = rule.times.split(",")
        open_ended = [span for span in spans if _OPEN_END.match(span)] if rule.state == "open" else []
        if not open_ended:
            told.append(rule)
            continue
        others = ",".join(span for span in spans if span not in open_ended)
        if others:
            told.append(rule._replace(times=others))
        times = ",".join(f"{span[:-1]}-24:00" for span in open_ended)
        comment = rule.comment or "closing time not given"
        told.append(
            rule._replace(operator="," if others else rule.operator, times=times, state="unknown", comment=comment)
        )
    return told


def _rule(operator: str, text: str) -> Rule:
    found = _RULE.match(text.strip())
    if found is None:
        raise ValueError(text)
    comment, weekdays = found["comment"] or "", ""
    if comment.startswith(_BOTH):
        _, weekdays, comment = comment.split(_BOTH, 2)
    selectors = (found["selectors"] or "").strip()
    explicit = comment.startswith(_EXPLICIT)
    comment = comment.removeprefix(_EXPLICIT)
    only_comment = bool(comment) and not (explicit or found["times"] or found["state"])
    return Rule(
        operator,
        "" if selectors == "24/7" else selectors,
        (found["times"] or "").strip(),
        found["state"] or ("unknown" if only_comment else "open"),
        comment,
        weekdays,
    )


def write(rules: Sequence[Rule]) -> str:
    """The rules as one expression, in their order."""
    text = "".join(f"{rule.operator} {rule}" for rule in rules)
    return text.removeprefix(rules[0].operator).strip() if rules else "closed"


def dates_selector(days: Iterable[date]) -> str:
    """A selector of single days."""
    return ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day}" for day in sorted(days))


def dates_range(first: date, last: date) -> str:
    """A selector of the days from first to last, both included."""
    ends = [f"{day.year} {_MONTHS[day.month - 1]} {day.day}" for day in (first, last)]
    return ends[0] if first == last else "-".join(ends)


class Days(NamedTuple):
    """The day selectors of a rule, with the public holidays taken out."""

    before: str
    """Years, months, weeks that limit the rule."""
    items: list[str]
    """Weekdays, school holidays."""
    shifts: list[int]
    """For every "PH": the days it is moved by ("PH -1 day" = the eve of a holiday)."""


def days_of(rule: Rule) -> Days:
    """The rule's day selectors taken apart."""
    found = _DAYS.search(rule.selectors)
    if found is None:
        return Days(rule.selectors, [], [])
    items, shifts = [], []
    for item in re.split(r",(?![^\[\]]*+\])", found[0]):
        holiday = _HOLIDAY.match(item)
        if holiday:
            shifts.append(int(holiday["shift"] or 0))
        else:
            items.append(item)
    return Days(rule.selectors[: found.start()].strip(), items, shifts)


def groups(rules: Sequence[Rule]) -> list[list[Rule]]:
    """The rules split at ``||``: a later group speaks where all before it are closed.

    A rule that follows a fallback overrides (";") or adds to (",") everything before it, so it goes into every group.
    """
    split: list[list[Rule]] = [[]]
    for rule in rules:
        if rule.operator == "||" and split != [[]]:
            split.append([rule._replace(operator=";")])
        else:
            for group in split:
                group.append(rule)
    return split


def until_midnight(rules: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """The rules with hours cut at midnight, and the rules of what was cut off, as times of the day after.

    The second list is empty when nothing lasts past midnight.
    """
    day: list[Rule] = []
    after: list[Rule] = []
    spills = False
    for rule in rules:
        spans = [_split(span) for span in rule.times.split(",")] if rule.times else []
        late = ",".join(rest for _, rest in spans if rest)
        spills |= bool(late)
        day.append(rule._replace(times=",".join(span for span, _ in spans)))
        if late:
            after.append(rule._replace(times=late))
        elif not rule.times or (rule.operator == ";" and rule.state != "closed"):
            # It takes the day over, so nothing that an earlier rule says of this day's night stays.
            after.append(rule._replace(times="", state="closed", comment=""))
    return day, after if spills else []


def _split(span: str) -> tuple[str, str]:
    """A span of times until midnight, and the rest as times of the next day ("" = none)."""
    found = _SPAN.match(span)
    if found is None:
        return span, ""
    hour, minute, end_hour, end_minute = map(int, found.groups())
    first, last = hour * 60 + minute, end_hour * 60 + end_minute
    if first >= _DAY_MIN:
        return span, ""
    last += _DAY_MIN if last <= first else 0
    if last <= _DAY_MIN:
        return span, ""
    rest = min(last - _DAY_MIN, _DAY_MIN)
    return f"{found[1]}:{found[2]}-24:00", f"00:00-{rest // 60:02d}:{rest % 60:02d}"
