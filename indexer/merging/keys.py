"""What merging looks at in a record, and the keys that bring records together which may be the same.

Three kinds of keys: a strong identifier (compared further, see ``evidence``); the whole of what makes an edition
(title, creator, year, type, part); the same without the year, which makes a work. Keys are hashes: millions fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from indexer.analysis import title_key, title_keys
from indexer.analysis_folding import fold
from schemas.catalogue import CatalogueRecord, Creator

RULES = "2"
"""Version of all that decides who merges with whom: another one lets the next update merge every record anew."""

STRONG_SCHEMES = frozenset(("doi", "oclc", "lccn", "nbn", "ismn"))
"""Identifiers that name one publication; ISBN always, ISSN only of the serial itself."""

MAX_IDENTIFIERS = 40
"""A record with more lists a whole series or a set; its identifiers prove nothing."""

_CONTRIBUTORS = frozenset(("trl", "edt", "ill", "com", "win", "wpr", "aui", "nrt", "pbl", "prt", "ctb", "fmo", "dnr"))
MAX_CREATORS = 10
MAX_LOOSE_FORMS = 3
_PAGES = re.compile(r"\d{2,}")
_SERIES_BEHIND = re.compile(r"\s*\([^()]*\)\s*$")
_FIRM = frozenset((
    "and", "co", "company", "inc", "ltd", "press", "verlag", "publishers", "publishing", "publications", "books", "of",
    "the", "university",
))  # fmt: skip
"""Words that many publishers have in their names."""
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}
_KINDS = {"other": "book"}
"""Sources that do not tell the type mostly hold books."""


class Features(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What merging knows of one record. Unique things (a museum's object, an archive's unit) have no keys at all."""

    kind: str
    part: str
    languages: tuple[str, ...]
    titles: tuple[str, ...]
    """Title keys, for the comparison of records that share an identifier; empty where there is none to share."""
    identifiers: tuple[int, ...]
    edition: int
    """Key of the edition; 0 = none."""
    work: int
    """Key of the work; 0 = none."""
    loose: tuple[int, ...] = ()
    """Keys that bring together what is nearly the same, to be compared (see ``near``)."""
    forms: tuple[tuple[str, str], ...] = ()
    """Of the title and its other forms: the whole key, and the key without what looks like a subtitle or a series."""
    creators: tuple[str, ...] = ()
    isbns: tuple[int, ...] = ()
    year: int | None = None
    edition_number: str = ""
    publisher: frozenset[str] = frozenset()
    extent: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[int, ...]:
        """All keys."""
        return (*self.identifiers, *(key for key in (self.edition, self.work) if key), *self.loose)


NONE = Features(kind="", part="", languages=(), titles=(), identifiers=(), edition=0, work=0)


def features_of(record: CatalogueRecord) -> Features:
    """What merging looks at in a record."""
    if record.unique:
        return NONE
    kind = _KINDS.get(record.type, record.type)
    part = part_key(record.part)
    title, creator = title_key(record.title), creator_key(record.creators)
    numbers = tuple(hash_of(name) for name in _strong(record))
    same_work = (title, creator, kind, part) if title and creator else None
    return Features(
        kind=kind,
        part=part,
        languages=tuple(sorted(set(record.languages))),
        titles=_titles(record),
        identifiers=numbers,
        edition=hash_of("edition", *same_work, str(record.year)) if same_work and record.year is not None else 0,
        work=hash_of("work", *same_work) if same_work else 0,
        loose=_loose(record, kind, part),
        forms=_forms(record),
        creators=tuple(dict.fromkeys(surname_key(c.name) for c in record.creators[:MAX_CREATORS])),
        isbns=tuple(hash_of(isbn) for isbn in record.isbns),
        year=record.year,
        edition_number=_edition_number(record.edition),
        publisher=frozenset(title_key(record.publisher).split()) - _FIRM,
        extent=frozenset(_PAGES.findall(record.extent)),
    )


def _loose(record: CatalogueRecord, kind: str, part: str) -> tuple[int, ...]:
    """Family name, year and the title's first letters; title and year; family name and title."""
    if kind == "serial":
        return ()
    found: list[int] = []
    name = creator_key(record.creators)
    for _, short in _forms(record)[:MAX_LOOSE_FORMS]:
        if name and record.year is not None:
            found.append(hash_of("near", name, short[:4], str(record.year), kind, part))
        if record.year is not None:
            found.append(hash_of("title", short, str(record.year), kind, part))
        if name:
            found.append(hash_of("creator", name, short, kind, part))
    return tuple(dict.fromkeys(found))


def _forms(record: CatalogueRecord) -> tuple[tuple[str, str], ...]:
    """The title, and its forms in another script: variant titles of the same script are often the mere beginning."""
    found = []
    plain = fold(record.title).isascii()
    for text in (record.title, *(other for other in record.other_titles[:4] if fold(other).isascii() != plain)):
        keys = title_keys(text)
        bare = title_keys(_SERIES_BEHIND.sub("", text)) or keys
        if keys:
            found.append((keys[0], bare[-1]))
    return tuple(dict.fromkeys(found))


def _edition_number(text: str) -> str:
    folded = title_key(text)
    return next(iter(re.findall(r"\d+", folded)), _ORDINALS.get(folded.split(" ")[0], ""))


def hash_of(*parts: str) -> int:
    """Signed 64-bit hash of a key's parts, the same in every process; never 0."""
    value = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(value, "big", signed=True) or 1


def _strong(record: CatalogueRecord) -> Iterable[str]:
    names = {f"isbn:{isbn}" for isbn in record.isbns}
    if record.type == "serial":
        names.update(f"issn:{issn}" for issn in record.issns)
    for identifier in record.identifiers:
        scheme, _, value = identifier.partition(":")
        if value and scheme in STRONG_SCHEMES:
            names.add(f"{scheme}:{value.strip().casefold()}")
    return sorted(names) if len(names) <= MAX_IDENTIFIERS else ()


def _titles(record: CatalogueRecord) -> tuple[str, ...]:
    texts = [record.title, *record.other_titles[:4], record.uniform_title]
    return tuple(dict.fromkeys(key for text in texts for key in title_keys(text)))


ROMAN = re.compile(r"\b(?:ii|iii|iv|vi|vii|viii|ix|xi|xii|xiii|xiv|xv|xvi|xvii|xviii|xix|xx)\b")
_VALUES = {"i": 1, "v": 5, "x": 10}
_BESIDE = re.compile("suppl|index|regist|atlas|beiheft|beilage|anhang|append")
_PART_NUMBER = re.compile(rf"\d+|{ROMAN.pattern}|[一二三四五六七八九十百]+|^[上中下]")


def part_key(part: str) -> str:
    """A part's numbers, whatever stands around them ("Bd. 2", "vol. II, Theory" = "2"); else its folded name.

    All of them: "Bd. 2, T. 1" and "Bd. 2, T. 2" are two parts; and "Suppl. 2" is not "2".
    """
    folded = title_key(part)
    if _BESIDE.search(folded):
        return folded
    numbers = _PART_NUMBER.findall(folded)
    if not numbers and folded.split()[-1:] and folded.split()[-1] in _VALUES:
        numbers = [folded.split()[-1]]
    return "-".join(number_of(number) for number in numbers) or folded


def number_of(text: str) -> str:
    """A number in one form: without leading zeros, Roman numerals up to xx as digits, Chinese ones as they are."""
    if text.isdecimal():
        return str(int(text))
    if not text.strip("ivx"):
        values = [_VALUES[letter] for letter in text]
        return str(sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True)))
    return text


def creator_key(creators: list[Creator]) -> str:
    """The family name of the first creator, folded; contributors such as translators count only when alone."""
    if not creators:
        return ""
    name = next((c.name for c in creators if c.role not in _CONTRIBUTORS), creators[0].name)
    return surname_key(name)


def surname_key(name: str) -> str:
    """The last word of the family name, of "Gogh, Vincent van", "van Gogh, V." and "Vincent van Gogh" alike.

    In scripts without blanks the whole name.
    """
    family = re.sub(r"\(.*?\)|\[.*?\]", " ", name).partition(",")[0]
    words = title_key(family).split()
    told = [word for word in words if len(word) > 1 and not word.isdigit() and word not in ("jr", "sr", "dr")]
    return (told or words or [""])[-1]
