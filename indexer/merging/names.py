"""Names of creators as they are compared: family name and the rest, in whatever order and script they are written."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from indexer.analysis import title_key
from indexer.merging.sounds import script_of, sound
from schemas.catalogue import Creator

MAX_CREATORS = 10
_CONTRIBUTORS = frozenset(("trl", "edt", "ill", "com", "win", "wpr", "aui", "nrt", "pbl", "prt", "ctb", "fmo", "dnr"))
_LONG_NAME = 5
_SOUNDS_ALIKE = 80.0
_SHORT_SOUND = 3
_FOREIGN = 4
_APART = re.compile(r"\(.*?\)|\[.*?\]|\d+")
_HAN = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_UNSPACED = re.compile(rf"[{_HAN}·・\s,，-]*[{_HAN}][{_HAN}·・\s,，-]*")
_DID = re.compile(
    rf"(?<=[{_HAN}]{{2}})\s*(?:等)?(?:编著|編著|主编|主編|译注|校注|选编|著|譯|译|編|编|撰|訳)$|\s+(?:作|绘|画|文|注)$"
)
"""What somebody did, behind a name in Chinese characters: "金庸著", "陀思妥耶夫斯基 著"."""

Name = tuple[str, tuple[str, ...]]
"""Key of the family name, and the other words, sorted."""


def first_creator(creators: list[Creator]) -> str:
    """Key of the family name of the first creator; contributors such as translators count only when alone."""
    if not creators:
        return ""
    name = next((c.name for c in creators if c.role not in _CONTRIBUTORS), creators[0].name)
    return surname_key(name)


@lru_cache(maxsize=65_536)
def surname_key(name: str) -> str:
    """The last word of the family name, of "Gogh, Vincent van", "van Gogh, V." and "Vincent van Gogh" alike.

    In scripts without blanks the whole name, of "村上, 春樹" and "村上春樹" alike.
    """
    if not name.isascii() and (whole := _unspaced(name)):
        return whole
    family = _APART.sub(" ", name).partition(",")[0]
    words = title_key(family).split()
    told = [word for word in words if len(word) > 1 and not word.isdigit() and word not in ("jr", "sr", "dr")]
    return (told or words or [""])[-1]


def _unspaced(name: str) -> str:
    """The key of a name in Chinese characters or the like; empty for others."""
    bare = _APART.sub("", name).strip(" ,，.-")
    return title_key(re.sub(r"[\s,，]", "", _DID.sub("", bare))) if _UNSPACED.fullmatch(bare) else ""


@lru_cache(maxsize=65_536)
def name_of(name: str) -> Name:
    """A name as it is compared."""
    surname = surname_key(name)
    if not name.isascii() and _unspaced(name):
        return surname, ()
    return surname, tuple(sorted(set(title_key(_APART.sub(" ", name)).split()) - {surname}))


def names_of(creators: list[Creator]) -> tuple[Name, ...]:
    """The names of a record's creators."""
    return tuple(dict.fromkeys(found for c in creators[:MAX_CREATORS] if (found := name_of(c.name))[0]))


def likeness(one: Name, other: Name) -> str:
    """Whether two names can be one person's or body's.

    One of: same, short (one leaves out the given name), alike, namesake, other-script, different.
    """
    (surname, given), (surname_other, given_other) = one, other
    if surname != surname_other and surname.isascii() != surname_other.isascii():
        return _across_scripts(one, other)
    if given and {surname, *given} == {surname_other, *given_other}:
        return "same"  # the order of the name lost its comma
    if surname != surname_other and not _slip(surname, surname_other):
        return "other-script" if _rendered(surname) or _rendered(surname_other) else "different"
    if given and given_other and not _fit(given, given_other):
        return "namesake" if surname == surname_other else "different"
    if surname != surname_other:
        return "alike"
    return "short" if bool(given) != bool(given_other) else "same"


def _rendered(surname: str) -> bool:
    """A foreign name in Chinese characters, which every translator writes in others: own names are shorter."""
    return len(surname) >= _FOREIGN and script_of(surname) == "CJK"


def _across_scripts(one: Name, other: Name) -> str:
    """By what the words sound like: where the family name stands is not known in every script."""
    heard, heard_other = _heard(one), _heard(other)
    if any(_sound_alike(a, b) for a in heard for b in heard_other):
        return "alike"
    mute = any(script_of(surname) == "CJK" for surname, _ in (one, other))
    return "other-script" if mute or not heard or not heard_other else "different"


def _sound_alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) > _SHORT_SOUND and fuzz.ratio(one, other) >= _SOUNDS_ALIKE)


def _heard(name: Name) -> set[str]:
    surname, given = name
    words = {sound(surname), sound("".join((surname, *given)))}
    return {word for word in words | {sound(word) for word in given} if len(word) >= _SHORT_SOUND}


def _fit(given: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether given names can be one person's: those that only one of them has begin alike, if both have some.

    So "Smith, John A." and "Smith, John B." are two, and so are the botanical and the zoological society of France.
    """
    own = {word[0] for word in given if word not in other}
    theirs = {word[0] for word in other if word not in given}
    return not own or not theirs or bool(own & theirs)


def _slip(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _LONG_NAME:
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1 or sound(one) == sound(other) != ""
