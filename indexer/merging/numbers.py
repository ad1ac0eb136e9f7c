"""Numbers of volumes, parts and editions, in digits, Roman and Chinese numerals and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indexer.analysis import title_key
from indexer.merging.rules import RULES

_ROMAN = r"\b(?:ii|iii|iv|vi|vii|viii|ix|xi|xii|xiii|xiv|xv|xvi|xvii|xviii|xix|xx)\b"
_CHINESE = r"[一二三四五六七八九十百]+"
_VALUES = {"i": 1, "v": 5, "x": 10}
_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", 1)}
_BESIDE = re.compile("suppl|index|regist|atlas|beiheft|beilage|anhang|append")
_PART_NUMBER = re.compile(rf"\d+|{_ROMAN}|{_CHINESE}|^[上中下]")
_NUMBER = re.compile(rf"\d+|(?<!^){_ROMAN}|{_CHINESE}(?=[卷册辑集部]|$)|[上中下](?=[卷册辑集部]|$)")
_ROMANISED = re.compile(_ROMAN)
_YEAR = re.compile(r"1[4-9]\d\d|20\d\d")
_WORDS = {word: str(number) for number, words in RULES.numbers_in_words.items() for word in words}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))


VOLUME = _any_of(RULES.volume_words)
_LEVEL, _IN_WORDS = _any_of(RULES.level_words), _any_of(_WORDS)
_VOLUMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{VOLUME}) (\d+|{_ROMAN}|[ivx]|{_IN_WORDS})\b",
        rf"\b({_IN_WORDS}|\d+)(?:st|nd|rd|th|e|er|eme)? (?:{VOLUME})\b",
        rf"\b(?:{_LEVEL}) (\d+)\b",
        rf"\b(\d+)(?:st|nd|rd|th|e|er|eme)? (?:{_LEVEL})\b",
    )
)
_CJK_VOLUME = re.compile(rf"第?({_CHINESE}|\d+)[卷册辑集部季]|[上中下](?:[卷册辑集部]|$)")
_AFTER_A_MARK, _AFTER_A_BLANK = _any_of(RULES.volume_words - RULES.naming_words), _any_of(RULES.clear_volume_words)
_COUNTED = r"\d{1,3}|[ivx]{1,5}"
_BEHIND = re.compile(
    rf"(?:\s*[,.;:(\[（]\s*(?:{_AFTER_A_MARK})|\s+(?:{_AFTER_A_BLANK}))"
    rf"(?![^\W\d_])\.?\s*({_COUNTED}|{_IN_WORDS})\s*[)\]）]?(?=\s*$|\s*[.,:;/=(])",
    re.I,
)
"""A volume's number behind a title or between its parts: ", Bd. 2", " Part One :", "(vol. 3)"."""
_BARE_BEHIND = re.compile(
    r"(?<=[^\W\d_]{4})(?:\.\s+(\d{1,2}|[IVX]{1,4})(?:,\s+(?=[^\W\d_])|\.?\s*$)|\s*[(（](\d{1,2})[)）]\s*$)"
)
"""A number without a word: ". 1, La formation", ". II", "(2)"."""
_CJK_BEHIND = re.compile(
    rf"[\s,，.．:：(（]*(?<![全共])第?([上中下]|{_CHINESE}|\d+)[卷巻册冊辑輯集部][)）]?\s*(?=$|[:：.．/（(])"
    r"|\s*[(（]\s*([上中下]|[一二三四五六七八九十]+)\s*[)）]\s*$"
)
_CJK_MARK = re.compile("[卷巻册冊辑輯集部上中下（]|[^\\W\\d_]\\d|[(]\\s*[一二三四五六七八九十]")
_TELLING = frozenset((
    *map(str, range(100)), *(f"{n:02}" for n in range(10)),
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii",
    *(RULES.volume_words - RULES.naming_words), *_WORDS,
))  # fmt: skip
_OF_HOW_MANY = re.compile(
    rf"(?:(?<=\s)|(?<=[(.]))(?:в|in|en|em)\s+(?:\d{{1,3}}|{_IN_WORDS}|двух|трех|трёх|четырех|четырёх|пяти|шести)[\s-]*"
    r"(?:томах|тт?|книгах|кн|частях|ч|bänden|bde?|teilen|vols?|volumes|tomes|tomos|parts)\b\.?", re.I
)  # fmt: skip
"""How many volumes the set has, "в 6 т.", "in 3 Bänden", which is no number of one."""
_ANY_ORDINAL = re.compile(rf"\b(?:(\d{{1,3}})|({_IN_WORDS}))\b|第?({_CHINESE})[版次]")


def part_key(part: str) -> str:
    """A part's numbers, whatever stands around them ("Bd. 2", "vol. II, Theory" = "2"); else its folded name.

    All of them: "Bd. 2, T. 1" and "Bd. 2, T. 2" are two parts; and "Suppl. 2" is not "2".
    """
    folded = title_key(part)
    if not folded or _BESIDE.search(folded):
        return folded
    numbers = _PART_NUMBER.findall(folded)
    if not numbers and folded.split()[-1:] and folded.split()[-1] in _VALUES:
        numbers = [folded.split()[-1]]
    return "-".join(number_of(number) for number in numbers or volumes_in(folded)) or folded


def number_of(text: str) -> str:
    """A number in one form: no leading zeros; Roman numerals up to xx, words and Chinese numerals to 99 as digits."""
    if text.isdecimal():
        return str(int(text))
    if text[:1] in "一二三四五六七八九十" and len(text) < 4:
        return _chinese(text)
    if not text.strip("ivx"):
        values = [_VALUES[letter] for letter in text]
        return str(sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True)))
    return _WORDS.get(text, text)


def _chinese(text: str) -> str:
    tens, ten, ones = text.rpartition("十")
    if not {*tens, *ones} <= set(_DIGITS) or len(tens) > 1 or len(ones) > 1:
        return text
    return str((_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0))


def without_volumes(text: str, words: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """A title as it is written without the numbers of volumes behind it or its parts, and these numbers.

    Args:
        text: as the source wrote it.
        words: of its key; most titles have none that could be of a volume.
    """
    if _TELLING.isdisjoint(words) and not _CJK_MARK.search(text):
        return text, ()
    found: list[str] = []

    def note(match: re.Match[str]) -> str:
        before = match.string[: match.start()]
        if before.count("(") > before.count(")"):
            return match[0]  # of the series that is named there
        found.append(number_of(next(group for group in match.groups() if group).lower()))
        return " : "

    bare = _OF_HOW_MANY.sub("", text)
    for pattern in (_BEHIND, _BARE_BEHIND) if text.isascii() else (_BEHIND, _BARE_BEHIND, _CJK_BEHIND):
        bare = pattern.sub(note, bare)
    if title_key(bare.partition(" : ")[0]):
        return bare, tuple(found)
    return text, ()  # nothing but the number is left of it, "Band 2"


def numbers_in(key: str, romanised: bool = False) -> tuple[str, ...]:
    """All numbers of a title's key, but years.

    Args:
        key: a title key.
        romanised: it is Chinese or the like in Latin letters: "Xi you ji" begins with a syllable, not with eleven.
    """
    found = [(m.start(), m.group()) for m in _NUMBER.finditer(key)]
    if romanised:
        found = [(at, text) for at, text in found if not _ROMANISED.fullmatch(text)]
    found = [(at, text) for at, text in found if not _YEAR.fullmatch(text)]
    taken = {at for at, _ in found}
    found += [(at, text) for at, text in _volumes(key) if at not in taken]
    return tuple(number_of(text) for _, text in sorted(found))


def volumes_in(key: str) -> tuple[str, ...]:
    """Only the numbers that are said to be of a volume, part, level ..."""
    return tuple(number_of(text) for _, text in sorted(set(_volumes(key))))


def _volumes(key: str) -> list[tuple[int, str]]:
    found = [(m.start(1), m[1]) for pattern in _VOLUMES for m in pattern.finditer(key)]
    return (
        found
        if key.isascii()
        else found + [(m.start(m.lastindex or 0), m[1] or m[0][0]) for m in _CJK_VOLUME.finditer(key)]
    )


def edition_number(text: str) -> str:
    """The number of an edition statement ("2nd rev. ed.", "Zweite Auflage", "第三版"), or empty."""
    found = _ANY_ORDINAL.search(re.sub(r"(?<=\d)(?:st|nd|rd|th|e|er|eme|a|o)\b", "", title_key(text))) if text else None
    return number_of(next(group for group in found.groups() if group)) if found else ""
