"""Dates in the words of catalogues: the year a thing was made, the day a copy is due."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

from harvester.formats.date_words import century_year, era_year, western_numbers

LATEST_YEAR = 2100
_LONGEST = 500
"""Characters in which a date is looked for: some patterns take time squared, and what was read is remembered."""
_YEAR = re.compile(r"(?<!\d)(?<!\d\.)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_BCE = re.compile(
    r"(?i)(\d{1,2}[ .,\u202f]\d{3}(?!\d)|\d{1,5})(?:\s*[-–/]\s*\d{1,5})?\s*"
    r"(?:b\.?\s?c\.?(?:e\.?)?(?![a-z])|v\.?\s?chr|av\.?\s?j\.?-?c|a\.?\s?c\.?(?![a-z])|до н)"
)
_BEFORE = re.compile(r"(?:公元)?前\s*(\d{1,4})年?")
_HAN = re.compile("[\u4e00-\u9fff〇]")
_BUDDHIST = 543
"""Years that Thai books count more: 2512 is 1969."""
_THAI = re.compile(r"(?:พ\.?\s?ศ\.?|B\.?E\.)\s*(2[2-6]\d\d)(?!\d)")
_HIJRI = re.compile(r"(?<!\d)(1[0-4]\d\d)\s*(?:a\.?\s?h\.?(?![a-z])|h\.?(?![a-z])|هـ|ه(?!\w))", re.IGNORECASE)
"""Years of the Islamic calendar, shorter than ours by eleven days: 1401 began in November 1980."""
_ALONE = re.compile(r"^\s*(-?\d{1,4})(?:\.0+)?\s*$")
_OPEN = re.compile(r"(?<!\d)(\d{3})[-u?_‒–](?!\d)|(?<!\d)(\d{2})(?:--|uu|\?\?|__)(?!\d)")
_SHORT = re.compile(
    r"(?i)(?:a\.?\s?d\.?|c(?:a|irca)?\.?)\s*(\d{3})(?!\d)|(?<!\d)(\d{3})\s*(?:a\.?d\.?|c\.?e\.?)(?![a-z])"
)
_ROMAN = re.compile(r"\b(M{1,2}(?:D?C{0,4}|C[MD])(?:L?X{0,4}|X[CL])(?:V?I{0,4}|I[XV]))\b")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_SUPPLIED = re.compile(
    r"(?i)^\s*\d{4}\s*(?:h\.?|a\.?\s?h\.?|هـ)?\s*\[(?:i\.?\s?e\.?,?\s*)?(1[0-9]{3}|20[0-9]{2})(?!\d)"
)
"""Another calendar's or a wrong year, with ours in brackets: "1401 [1981]", "1987 [i.e. 1978]"."""
_COMPACT_DAY = re.compile(r"^\s*(1[0-9]{3}|20[0-9]{2})(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])?\s*$")
_MONTH = re.compile(r"^\s*(?:0?[1-9]|1[0-2])\.\s?(1[0-9]{3}|20[0-9]{2})\s*$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_ISO = re.compile(r"(?<!\d)(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(20\d{2})(0[1-9]|1[0-2])([0-3]\d)(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})[-/.]\s?(\d{1,2})[-/.]\s?(\d{4}|\d{2})(?!\d)")
_WORDS = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er)?\.?[\s-]+(?:de\s+)?([^\W\d]{3,})\.?,?[\s-]+(?:de\s+)?(\d{4})(?!\d)"
)
_WORDS_US = re.compile(r"([^\W\d]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_MONTH_NAMES = """
jan januar janv janvier ene enero gen gennaio januari янв января
feb februar fevr fevrier febrero febbraio februari фев февраля
mar marz maerz mrz mars marzo maart мар марта
apr april avr avril abr abril aprile апр апреля
may mai mayo mag maggio mei мая май
jun june juni juin junio giu giugno июн июня
jul july juli juil juillet julio lug luglio июл июля
aug august aout ago agosto augustus авг августа
sep sept september septembre septiembre set settembre сен сентября
oct october okt oktober octobre octubre ott ottobre окт октября
nov november novembre noviembre ноя ноября
dec december dez dezember decembre dic diciembre dicembre дек декабря
"""
_MONTHS = {
    name: number for number, names in enumerate(_MONTH_NAMES.strip().splitlines(), start=1) for name in names.split()
}


def year_of(text: str) -> int | None:
    """The year (of a span: the first) in a date written for people, or None.

    Understands ISO dates, "[ca. 1920]", "c1999", "1955-58", "187-?", "18th century" (1701), "500 BC" (-500), reigns and
    eras, "1401 [1981]", roman numerals, and numbers spoilt by a spreadsheet ("2008.0").
    """
    return _year_of(text[:_LONGEST])


@lru_cache(maxsize=65536)
def _year_of(text: str) -> int | None:
    text = _western(text)
    alone = _ALONE.match(text)
    if alone:
        year = int(alone[1])
        year -= _BUDDHIST if LATEST_YEAR < year <= LATEST_YEAR + _BUDDHIST else 0
        return year if year and year <= LATEST_YEAR else None
    if not any(c.isdigit() for c in text):
        return era_year(text) or century_year(text) or _roman(text)
    if match := _THAI.search(text):
        return int(match[1]) - _BUDDHIST
    if match := _HIJRI.search(text):
        ours = next((year for year in _YEAR.findall(text) if year != match[1]), "")
        return int(ours) if ours else round(int(match[1]) * 0.970224 + 621.577)
    for pattern in (_BCE, _BEFORE):
        match = pattern.search(text)
        if match:
            return -int(re.sub(r"\D", "", match[1]))
    match = (_SUPPLIED.search(text) if "[" in text else None) or _YEAR.search(text) or _COMPACT_DAY.match(text)
    if match:
        return int(match[1])
    match = _NUMBERS.search(text) or _MONTH.match(text)
    if match and len(match[match.re.groups]) == 4:
        return int(match[match.re.groups])
    era = era_year(text)
    if era is not None and era <= LATEST_YEAR:
        return era
    match = _OPEN.search(text)
    if match:
        return int(match[1]) * 10 if match[1] else int(match[2]) * 100
    if century := century_year(text):
        return century
    match = _SHORT.search(text)
    if match:
        return int(match[1] or match[2])
    return _roman(text)


def day_of(text: str) -> str:
    """A date as it is shown: of a moment ("2015-08-01T00:00:00Z") only the day."""
    return text[:10] if len(text) > len("2015-08-01") and _MOMENT.match(text) else text


def iso_date(text: str, *, month_first: bool = False) -> str:
    """The first whole date in a text as ISO date, "" when there is none.

    Args:
        text: "2026-01-05", "05.01.2026", "due 5 Jan 2026", "20260105", "2026年1月5日".
        month_first: "1/5/2026" is the fifth of January. A number over 12 decides by itself.
    """
    return _iso_date(text[:_LONGEST], month_first)


@lru_cache(maxsize=16384)
def _iso_date(text: str, month_first: bool) -> str:
    text = _western(text)
    match = _ISO.search(text) or _COMPACT.search(text)
    if match:
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    match = _NUMBERS.search(text)
    if match:
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        year += 2000 if year < 100 else 0
        day, month = (second, first) if (month_first or second > 12) and first <= 12 else (first, second)
        return _iso(year, month, day)
    match = _WORDS.search(text)
    if match:
        return _iso(int(match[3]), _month(match[2]), int(match[1]))
    match = _WORDS_US.search(text)
    return _iso(int(match[3]), _month(match[1]), int(match[2])) if match else ""


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _month(name: str) -> int:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return _MONTHS.get(plain) or _MONTHS.get(plain[:3], 0)


def _western(text: str) -> str:
    # Arabic-Indic, Devanagari, full-width ... digits are decimals too.
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else c for c in text)
    return western_numbers(text) if _HAN.search(text) else text


def _roman(text: str) -> int | None:
    match = _ROMAN.search(text)
    if not match or len(match[1]) < 4:
        return None
    values = [_ROMAN_VALUES[c] for c in match[1]]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
