"""Evidence without a shared identifier: whether two records with nearly the same description are the same edition.

Only a near miss counts: one slip in the title, a subtitle or a creator that one of them lacks, a year that is one off.
The more they differ, the more else has to agree; a contradiction decides against.
"""

from __future__ import annotations

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from indexer.merging.evidence import volume_of
from indexer.merging.keys import Features

MAX_SLIPS = 2
"""Letters that may differ in a title of SLIP_LENGTH letters or more: one letter, or two changed places and one more."""

SLIP_LENGTH = 12
TELLING_LENGTH = 15
"""A title this long, without its subtitle, is rarely that of two books by one author in one year."""

SAME_SUBTITLES = 95.0
_COMPANIONS = frozenset((
    "workbook", "solutions", "answers", "teacher", "teachers", "student", "students", "study", "guide", "companion",
    "index", "supplement", "atlas", "exercises", "abridged", "selections", "loesungen", "losungen", "arbeitsbuch",
    "lehrerband", "register", "cahier", "corrige",
))  # fmt: skip
"""Words of a subtitle that make another book of it."""


def near(one: Features, other: Features) -> bool:
    """Whether two records that share a loose key are the same edition; when unsure they are not."""
    if one.kind != other.kind or one.part != other.part:
        return False
    if one.isbns and other.isbns and not set(one.isbns) & set(other.isbns):
        return False
    if one.edition_number and other.edition_number and one.edition_number != other.edition_number:
        return False
    needed = _doubt_of_years(one, other) + _doubt_of_creators(one, other)
    printed = _agree(one.publisher, other.publisher), _agree(one.extent, other.extent)
    if False in printed or printed.count(True) < needed:
        return False
    return printed.count(True) >= needed + _doubt_of_titles(one, other) and volume_of(one) == volume_of(other)


def _agree(one: frozenset[str], other: frozenset[str]) -> bool | None:
    """None where one of them does not tell."""
    return None if not one or not other else bool(one & other)


def _doubt_of_titles(one: Features, other: Features) -> int:
    """How many other things have to agree: 0 for the same title, up to 9 for different ones."""
    return min((_doubt(a, b) for a in one.forms for b in other.forms), default=9)


def _doubt(one: tuple[str, str], other: tuple[str, str]) -> int:
    (whole, short), (whole_other, short_other) = one, other
    if whole == whole_other or _slip(whole, whole_other):
        return 0
    if short != short_other or (set(whole.split()) ^ set(whole_other.split())) & _COMPANIONS:
        return 9
    if short in (whole, whole_other):
        return 0 if len(short) >= TELLING_LENGTH else 1
    return 1 if fuzz.ratio(whole, whole_other) >= SAME_SUBTITLES else 9


def _slip(one: str, other: str) -> bool:
    """Whether two titles differ by a slip of the pen: a few letters of one long word."""
    if min(len(one), len(other)) < SLIP_LENGTH or abs(len(one) - len(other)) > MAX_SLIPS:
        return False
    words, others = one.split(), other.split()
    different = [(a, b) for a, b in zip(words, others, strict=False) if a != b]
    if len(words) != len(others) or len(different) != 1:
        return False
    [(word, slipped)] = different
    if min(len(word), len(slipped)) < 5 or word[0] != slipped[0]:
        return False
    return int(OSA.distance(word, slipped, score_cutoff=MAX_SLIPS)) <= MAX_SLIPS


def _doubt_of_creators(one: Features, other: Features) -> int:
    if set(one.creators) & set(other.creators):
        return 0
    if one.creators and other.creators:
        return 9
    return 1 if one.creators or other.creators else 2


def _doubt_of_years(one: Features, other: Features) -> int:
    if one.year is not None and one.year == other.year:
        return 0
    if one.year is None or other.year is None or abs(one.year - other.year) == 1:
        return 2
    return 9
