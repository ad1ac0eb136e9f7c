"""A title taken apart: main title, subtitles, series in brackets; and how two titles resemble each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import msgspec
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from indexer.analysis import MAX_TITLE_KEY, title_key
from indexer.merging.names import Name
from indexer.merging.numbers import VOLUME, numbers_in, without_volumes
from indexer.merging.rules import RULES
from indexer.merging.sounds import script_of, sound
from indexer.merging.spellings import one_spelling, plain

MAX_OTHER_TITLES = 4
SAME_SUBTITLE = 90.0
"""Likeness (0..100, of characters) from which two subtitles are one in two spellings."""

_MEDIUM = re.compile(
    r"\s*\[(?:electronic|computer|sound|video|motion|microf|text|map|music|cartographic|graphic|kit|manuscript|ressource"
    r"|enregistrement|elektronische|tontr|hörbuch|recurso|electr)[^\]]*\]", re.I
)  # fmt: skip
"""The general material designation of older cataloguing: it is no part of the title."""
_OR = r"\s*[,;]\s+(?:or|oder|ou|o)\b,?\s+"
_PARTED = r"\s*[:：;=]\s+|\s/\s*|\s[–—-]{1,2}\s|\s\|\s|" + _OR
_ALTERNATIVE = re.compile(_OR)
_PARTING = re.compile(_PARTED)
_BRACKETS = re.compile(rf"(?<![^\s,.])(?<![:;=/] )[(（]([^()（）]*)[)）](?=[\s.,/]*$|{_PARTED}|\s*[(（])")
"""Behind a title or a part of it: a series, a place, an edition."""
_VOLUME_BRACKET = re.compile(rf"(?:{VOLUME})[. ]*(?:\d+|[ivx]+)", re.I)
_CONNECTING = frozenset((
    "by", "von", "par", "por", "di", "de", "da", "and", "und", "et", "y", "e", "with", "mit", "avec", "edited",
    "translated", "the",
))  # fmt: skip
_OPPOSITES = [pair for a, b in RULES.opposites for pair in ((a, b), (b, a))]
_EMPTY_ENDS = tuple(f" {a} {key}" for a in ("a", "an", "ein", "eine", "un", "une") for key in RULES.empty_subtitles)
_WORD_LENGTH = 5
_SOUNDS = 5
RESEMBLANCES = ("same", "extended", "slip", "near", "subtitle-different", "different")
"""Best first. slip: one letter; near: two slips, so that it may be the title or another."""


class Title(msgspec.Struct, frozen=True, gc=False):
    """Keys of a title and its parts."""

    whole: str
    main: str
    said: str
    """The main title and what stands behind it, as of somebody who knows no colons; without series and names."""
    written: str
    """The whole without series, names and "a novel", whatever signs stand between its parts."""
    named: str
    """What names the work: neither "or, The modern Prometheus" nor the spelling of a volume's number."""
    rest: tuple[str, ...] = ()
    """Subtitles and what else stands behind the main title, but not who is responsible for it."""
    series: tuple[str, ...] = ()
    """Numbers of a series in brackets: "(The hunger games, #1)"."""
    volumes: tuple[str, ...] = ()
    """Numbers that are said to be of a volume behind the main title: "Handbuch, Bd. 2"."""

    @property
    def numbered(self) -> str:
        """The main title with these numbers."""
        return " ".join((self.main, *self.volumes))


def title_of(text: str, names: Iterable[Name] = ()) -> Title | None:
    """A title taken apart.

    Args:
        text: as the source wrote it.
        names: of the creators: where they stand behind a slash they are no subtitle.
    """
    text = plain(_MEDIUM.sub("", text))
    if len(text) > MAX_TITLE_KEY:  # both ends tell: a whole table of contents, "... and its sequel"
        text = f"{text[: MAX_TITLE_KEY * 2 // 3]} {text[-MAX_TITLE_KEY // 4 :]}"
    whole = one_spelling(title_key(text))
    if not whole:
        return None
    numberless, volumes = without_volumes(text, whole.split())
    if not volumes and not _PARTING.search(text) and not _BRACKETS.search(text):
        named = _telling(whole)
        return Title(whole, whole, whole, named, named)
    bare = _without_brackets(text)
    words = _CONNECTING.union(*((surname, *given) for surname, given in names))
    main, told, named_too = _parted(bare, words)
    said = " ".join((main, *told))
    if volumes:
        bare = _without_brackets(numberless)
        main, told, named_too = _parted(bare, words)
    telling = tuple(key for key in told if key not in RULES.empty_subtitles)
    if named_too or telling != told:
        written = " ".join((main, *telling))
    else:
        written = _telling(whole if bare == text else one_spelling(title_key(bare)))
    named = " ".join((_before_alternative(bare) or written, *volumes))
    series = tuple(number for inside in _bracketed(text) for number in re.findall(r"\d+", inside))
    return Title(whole, main, said, whole if volumes else written, named, told, series, volumes)


def _before_alternative(text: str) -> str:
    """The key of what stands before ", or, The modern Prometheus"; empty where that names no book of itself."""
    first, *others = _ALTERNATIVE.split(text, maxsplit=1)
    key = one_spelling(title_key(first)) if others else ""
    return key if letters_in(key) >= RULES.short_letters and key not in RULES.generic_titles else ""


def _telling(key: str) -> str:
    """A key without "a novel" at its end, where the colon before it was lost; but "The making of a novel"."""
    if not key.endswith(_EMPTY_ENDS):
        return key
    short = key.removesuffix(next(end for end in _EMPTY_ENDS if key.endswith(end)))
    return key if short.endswith((" of", " as", " and", " in")) else short


def _without_brackets(text: str) -> str:
    if "(" not in text and "（" not in text:
        return text
    bare = _BRACKETS.sub(lambda m: f" {m[1]}" if _VOLUME_BRACKET.fullmatch(m[1].strip()) else "", text)
    return bare if title_key(bare) else text


def _parted(bare: str, names: Collection[str]) -> tuple[str, tuple[str, ...], bool]:
    """Keys of the main title and of what stands behind it, but for names; and whether there are names."""
    if not _PARTING.search(bare):
        return one_spelling(title_key(bare)), (), False
    main, *rest = [key for part in _PARTING.split(bare) if (key := title_key(part))]
    told = [key for key in rest if not set(key.split()).issubset(names)]
    return one_spelling(main), tuple(one_spelling(key) for key in told), len(told) < len(rest)


def _bracketed(text: str) -> list[str]:
    return [inside for inside in _BRACKETS.findall(text) if not _VOLUME_BRACKET.fullmatch(inside.strip())]


def titles_of(title: str, others: Iterable[str], names: Iterable[Name]) -> tuple[Title, ...]:
    """The title and its forms in another script: variant titles of the same script are often the mere beginning."""
    found = [title_of(title, names)]
    if found[0]:
        script = script_of(found[0].whole)
        found += [
            title_of(text, names) for text in list(others)[:MAX_OTHER_TITLES] if script_of(title_key(text)) != script
        ]
    return tuple(dict.fromkeys(form for form in found if form))


def letters_in(key: str) -> int:
    """Letters of a key; a Chinese character says as much as three."""
    return len(key) - key.count(" ") if key.isascii() or script_of(key) != "CJK" else 3 * len(key)


def resemblance(one: Title, other: Title) -> str:
    """How two titles of one script resemble each other: one of ``RESEMBLANCES``."""
    if one.whole == other.whole:
        return "same"
    if one.series and other.series and one.series != other.series:
        return "different"
    if one.said.replace(" ", "") == other.said.replace(" ", ""):
        return "same"
    if one.main == other.main:
        return _by_rest(one.rest, other.rest)
    found = slips(one.said, other.said)
    if not found and _by_rest(one.rest, other.rest) in ("same", "extended"):
        found = slips(one.numbered, other.numbered)
    if not found:
        return "different"
    return "slip" if found == 1 else "near"


def _by_rest(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Of titles with one main title, by what stands behind it."""
    if one == other:
        return "same"
    mine = [key for key in one if not any(_same_subtitle(key, theirs) for theirs in other)]
    theirs = [key for key in other if not any(_same_subtitle(key, mine) for mine in one)]
    if any(_begins(a, b) or _begins(b, a) for a in mine for b in theirs):
        return "different"  # "a memoir" and "a memoir and what came of it"
    mine, theirs = ([key for key in keys if key not in RULES.empty_subtitles] for keys in (mine, theirs))
    if not mine or not theirs:
        return "extended" if mine or theirs else "same"
    return "subtitle-different" if _numbers(mine) == _numbers(theirs) else "different"


def _begins(one: str, other: str) -> bool:
    return other.startswith(one + " ")


def _numbers(keys: Iterable[str]) -> list[str]:
    return [number for key in keys for number in numbers_in(key)]


def _same_subtitle(one: str, other: str) -> bool:
    return (
        abs(len(one.split()) - len(other.split())) <= 1
        and fuzz.ratio(one, other) >= SAME_SUBTITLE
        and numbers_in(one) == numbers_in(other)
    )


def slips(one: str, other: str) -> int:
    """Slips of the pen by which two titles differ, 1 or 2; 0 = they differ by more, or not at all.

    A slip: two letters of a word changed places, or one letter of a long word; or another spelling in a script that
    leaves out vowels or marks.
    """
    if min(len(one), len(other)) < RULES.slip_letters:
        return 0
    if not one.isascii() and not other.isascii() and len(sound(one)) >= _SOUNDS and sound(one) == sound(other):
        return 1 if script_of(one) != "CJK" else 0
    words, others = one.split(), other.split()
    if len(words) != len(others) or abs(len(one) - len(other)) > 2:
        return 0
    found = [_slips_of_word(a, b) for a, b in zip(words, others, strict=True) if a != b]
    return sum(found) if found and all(found) and sum(found) <= 2 else 0


def _slips_of_word(one: str, other: str) -> int:
    if any(c.isdigit() for c in one + other):
        return 0
    if any(one.startswith(a) and other == b + one[len(a) :] for a, b in _OPPOSITES):
        return 0
    apart = int(OSA.distance(one, other, score_cutoff=2))
    same_letters = sorted(one) == sorted(other)
    if apart == 1:
        return 1 if same_letters or min(len(one), len(other)) >= _WORD_LENGTH else 0
    return 2 if apart == 2 and (same_letters or min(len(one), len(other)) >= _WORD_LENGTH) else 0
