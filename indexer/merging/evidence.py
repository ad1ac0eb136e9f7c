"""Evidence for and against: whether two records that share an identifier can be the same edition."""

from __future__ import annotations

import re

from rapidfuzz import fuzz

from indexer.merging.keys import ROMAN, Features, number_of

ALIKE = 85.0
"""Likeness (0..100, of characters) from which two titles may be one title in two spellings."""

_NUMBER = re.compile(
    rf"\d+|(?<!^){ROMAN.pattern}|[一二三四五六七八九十百]+(?=[卷册辑集部]|$)|[上中下](?=[卷册辑集部]|$)"
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_YEAR = re.compile(r"1[4-9]\d\d|20\d\d")


def volume_of(record: Features) -> tuple[str, ...]:
    """Numbers of the title and the part: records that differ here are different volumes and never the same.

    The part stands last, so that two records with different parts never have the same volume, not even by way of a
    third that has its number in the title.
    """
    title = record.titles[0] if record.titles else ""
    found = _NUMBER.findall(title)
    if any(_CJK.search(text) for text in record.titles):
        found = [n for n in found if not ROMAN.fullmatch(n)]  # "Xi you ji" begins with a syllable, not with eleven
    numbers = (number_of(n) for n in found if not _YEAR.fullmatch(n))
    return (*(n for n in numbers if n != record.part), *((record.part,) if record.part else ()))


def languages_contradict(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Both are known and have nothing in common."""
    return bool(one and other and not set(one) & set(other))


def titles_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether any two of the titles may be the same one; a missing title contradicts nothing."""
    return not one or not other or any(_agree(a, b) for a in one for b in other)


def _agree(a: str, b: str) -> bool:
    if a == b or a.startswith(b + " ") or b.startswith(a + " "):
        return True
    if a.isascii() != b.isascii() and not set(a.split()) & set(b.split()):
        return True  # different scripts (a romanised title beside the original) cannot be compared
    return fuzz.ratio(a, b) >= ALIKE
