"""Dates in words that count otherwise than in years of ours: centuries and their parts, reigns, eras and dynasties.

The words stand in ``config/maps/dates.yaml``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from config.load import load_yaml
from harvester.formats.text import fold

_BCE = re.compile(r"(?i)\bb\.?\s?c\.?(?:e\.?)?(?![a-z])|v\.?\s?chr|av\.?\s?j\.?-?\s?c|\ba\.?\s?c\.?(?![a-z])|до н|前")
_ARABIC = re.compile(r"(\d{1,2})(?:st|nd|rd|th|e|er|eme|го|й|я|a|o)?")
_ROMAN = re.compile(r"([ivx]{1,6})(?:e|er|eme|го|й|th)?")
_CYRILLIC = str.maketrans("\u0456\u0445", "ix")
"""Small letters that stand for those of roman numbers in Russian and Ukrainian catalogues."""
_BETWEEN = frozenset({"to", "bis", "et", "and", "und", "y", "e", "и", "a", "or", "of", "the"})
_CJK_CENTURY = re.compile(r"(\d{1,2})\s*(?:世紀|世纪|세기)")
_HAN = "〇零○一二三四五六七八九"
_HAN_VALUES = {"〇": 0, "零": 0, "○": 0, **{c: n for n, c in enumerate("一二三四五六七八九", start=1)}}
_HAN_NUMBER = re.compile(rf"([{_HAN}十百廿卅]+)(?=年)")
_HAN_YEAR = re.compile(rf"([一二][{_HAN}]{{3}})(?![{_HAN}十])")


def century_year(text: str) -> int | None:
    """The first year of the century that a text names, or of its part that is named ("2. Hälfte 19. Jh.": 1851)."""
    tokens = [token.translate(_CYRILLIC) if not token.isascii() else token for token in fold(text).split()]
    found = _CJK_CENTURY.search(text)
    number = int(found[1]) if found else _century(tokens)
    before = bool(_BCE.search(text))
    if not number or number > (99 if before else 21):
        return None
    return (-100 * number if before else 100 * number - 99) + _offset(tokens)


def _century(tokens: list[str]) -> int | None:
    words = _words()
    for place, token in enumerate(tokens):
        if token in words["after"]:
            number = None
            for earlier in reversed(tokens[max(0, place - 4) : place]):  # of "17th-18th" the first
                value = _number(earlier)
                if value is None and earlier not in _BETWEEN:
                    break
                number = value or number
            if number:
                return number
        if token in words["before"] and place + 1 < len(tokens):
            value = _number(tokens[place + 1])
            if value and (len(token) > 1 or not tokens[place + 1].isdigit()):
                return value
    return None


def _number(token: str) -> int | None:
    arabic = _ARABIC.fullmatch(token)
    if arabic:
        return int(arabic[1]) or None
    roman = _ROMAN.fullmatch(token)
    if not roman:
        return None
    values = [{"i": 1, "v": 5, "x": 10}[c] for c in roman[1]]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def _offset(tokens: list[str]) -> int:
    """Years from the beginning of a century to that of the part which is named."""
    words = _words()
    for place, token in enumerate(tokens):
        rank = _number(tokens[place - 1]) or words["ordinals"].get(tokens[place - 1]) if place else None
        size = words["parts"].get(token)
        if size and rank and rank <= 4:
            return min(int(size) * (rank - 1), 100 - int(size))
    return next((words["stages"][token] for token in tokens if token in words["stages"]), 0)


def era_year(text: str) -> int | None:
    """The year by a reign ("光緒十年", "Showa 55"), or the first of a reign or dynasty ("清乾隆", "Edo period")."""
    maps = _words()
    found = maps["era"].search(text)
    if found and found[2]:
        return int(maps["eras"][fold(found[1])]) + (int(found[2]) - 1 if found[2] != "元" else 0)
    alone = maps["alone"].search(text)
    if alone:
        return int(maps["eras"][alone[1]])
    named = maps["period"].search(text)
    return int(maps["periods"][fold(named[1] or named[2])]) if named else None


def western_numbers(text: str) -> str:
    """Chinese numbers of years as digits: "民國二十三年" -> "民國23年", "一九八五" -> "1985"."""
    text = _HAN_YEAR.sub(lambda match: "".join(str(_HAN_VALUES[c]) for c in match[1]), text)
    text = _HAN_NUMBER.sub(lambda match: str(_han(match[1])), text)
    return _words()["era_han"].sub(lambda match: match[1] + str(_han(match[2])), text)  # type: ignore[no-any-return]


def _han(number: str) -> int:
    number = number.replace("廿", "二十").replace("卅", "三十")
    if not re.search("[十百]", number):
        return int("".join(str(_HAN_VALUES[c]) for c in number))
    total = value = 0
    for c in number:
        if c in "十百":
            total, value = total + (value or 1) * (10 if c == "十" else 100), 0
        else:
            value = _HAN_VALUES[c]
    return total + value


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    maps = load_yaml("maps/dates.yaml")

    def by_word(listed: dict[int, list[str]]) -> dict[str, int]:
        return {fold(str(word)): number for number, named in listed.items() for word in named}

    def any_of(named: Any) -> str:
        return "|".join(sorted(map(re.escape, map(str, named)), key=len, reverse=True))

    han = [era for era in maps["eras"] if not era.isascii() and era[0] > "\u2e80"]
    reigns = [era for era in han if maps["eras"][era] < 1910 and era not in {"文化"}]
    kinds = any_of(maps["period_words"])
    return {
        "after": {fold(word) for word in maps["centuries"]["after"]},
        "before": {fold(word) for word in maps["centuries"]["before"]},
        "ordinals": by_word(maps["ordinals"]), "parts": by_word(maps["parts"]), "stages": by_word(maps["stages"]),
        "eras": {fold(era): year for era, year in maps["eras"].items()},
        "periods": {fold(word): year for word, year in maps["periods"].items()},
        "era": re.compile(rf"(?i)({any_of(maps['eras'])})\s*(\d{{1,4}}|元(?=年))"),
        "era_han": re.compile(rf"({any_of(han)})([{_HAN}十廿卅]+)"),
        "alone": re.compile(f"({any_of(reigns)})"),
        "period": re.compile(rf"(?i)(?<!\w)({any_of(maps['periods'])})\s*(?:{kinds})|^({any_of(maps['periods'])})$"),
    }  # fmt: skip
