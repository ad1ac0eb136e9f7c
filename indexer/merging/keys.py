"""What merging looks at in a record, and the keys that bring records together which may be the same.

Keys are hashes: millions fit. Every two records that could be one have one in common: a strong identifier, the main
title, one half of it (a slip of the pen spoils only the other), or what it sounds like in Latin letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from indexer.analysis import title_key, title_keys
from indexer.merging.extents import UNKNOWN, Extent, extent_of
from indexer.merging.names import Name, first_creator, names_of
from indexer.merging.numbers import edition_number, number_of, numbers_in, part_key, volumes_in
from indexer.merging.rules import RULES as NUMBERS
from indexer.merging.sounds import script_of, sound
from indexer.merging.titles import MAX_OTHER_TITLES, Title, titles_of
from schemas.catalogue import CatalogueRecord, Host

RULES = "6"
"""Version of all that decides who merges with whom: another one lets the next update merge every record anew."""

STRONG_SCHEMES = frozenset(("doi", "oclc", "lccn", "nbn", "ismn"))
"""Identifiers that name one publication; ISBN always, ISSN only of the serial itself."""

MAX_IDENTIFIERS = 40
"""A record with more lists a whole series or a set; its identifiers prove nothing."""

MAX_KEYED_FORMS = 3
SHORTEST_SOUND = 5
SHORTEST_KEYED = 6
_ENDS = 4
_BEHIND_FIRST = re.compile(r"[.(]")
_PAGES = re.compile(r"\d+")
_FIRM = frozenset((
    "and", "co", "company", "inc", "ltd", "press", "verlag", "publishers", "publishing", "publications", "books",
    "of", "the", "university", "house", "pub", "verl", "group", "media", "editions", "editorial", "izd",
    "izdatelstvo", "und", "sohn", "sons", "printed", "by", "for",
))  # fmt: skip
"""Words that many publishers have in their names."""
_KINDS = {"other": ""}
_COMPANIONS = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, NUMBERS.companions), key=len, reverse=True))})\b")
_UNSPACED = {"CJK", "THAI", "LAO", "KHMER", "MYANMAR"}
_SPOKEN = frozenset((
    "ar", "fa", "ur", "he", "yi", "ru", "uk", "be", "bg", "sr", "mk", "el", "hy", "ka", "zh", "ja", "ko", "hi", "ne",
    "bn", "ta", "te", "th", "am",
))  # fmt: skip
"""Languages whose titles are often given in Latin letters only."""


Place = tuple[str, str, str, tuple[str, ...]]
"""An article's volume, issue and first page, and the words of its journal."""
NOWHERE: Place = ("", "", "", ())


class Features(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What merging knows of one record. Unique things (a museum's object, an archive's unit) have no keys at all."""

    kind: str
    """"" = the source does not tell."""
    part: str
    languages: tuple[str, ...]
    forms: tuple[Title, ...]
    """The title, and its forms in other scripts."""
    titles: tuple[str, ...]
    """Title keys, for the comparison of records that share an identifier; empty where there is none to share."""
    translated: bool = False
    """Its uniform title is in another script: translators' titles and names vary."""
    identifiers: tuple[int, ...]
    edition: int
    """Key of title, creator, year, kind and part; 0 = none."""
    work: int
    """Key of the work; 0 = none."""
    uniform: int = 0
    """Key of the work by its uniform title: that of translations is the original's; 0 = none."""
    loose: tuple[int, ...] = ()
    """Keys that bring together what may be the same by its description."""
    volume: tuple[str, ...] = ()
    """Numbers of the title and the part; the part stands last, so that records with different parts never agree."""
    companions: tuple[str, ...] = ()
    creators: tuple[Name, ...] = ()
    isbns: tuple[int, ...] = ()
    year: int | None = None
    edition_number: str = ""
    publisher: tuple[str, ...] = ()
    extent: Extent = UNKNOWN
    host: Place = NOWHERE

    @property
    def keys(self) -> tuple[int, ...]:
        """All keys."""
        return (*self.identifiers, *(key for key in (self.edition, self.work, self.uniform) if key), *self.loose)


NONE = Features(kind="", part="", languages=(), forms=(), titles=(), identifiers=(), edition=0, work=0)


def features_of(record: CatalogueRecord) -> Features:
    """What merging looks at in a record."""
    if record.unique or _is_unpublished_picture(record):
        return NONE
    kind = _KINDS.get(record.type, record.type)
    part = part_key(record.part)
    title, creator = title_key(record.title), first_creator(record.creators)
    names = names_of(record.creators)
    forms = titles_of(record.title, record.other_titles, names)
    identifiers = tuple(hash_of(name) for name in _strong(record))
    extent = extent_of(record)
    same_work = (title, creator, kind or "book", part) if title and creator else None
    return Features(
        kind=kind,
        part=part,
        languages=tuple(sorted(set(record.languages))),
        forms=forms,
        titles=_titles(record) if identifiers else (),
        translated=bool(forms and record.uniform_title)
        and script_of(title_key(record.uniform_title)) != script_of(forms[0].whole),
        identifiers=identifiers,
        edition=hash_of("edition", *same_work, str(record.year)) if same_work and record.year is not None else 0,
        work=hash_of("work", *same_work) if same_work else 0,
        uniform=_uniform(record, creator, kind, part),
        loose=tuple(dict.fromkeys(_loose(forms, creator, record))),
        volume=_volume(forms, part),
        companions=tuple(sorted({found for form in forms[:1] for found in _COMPANIONS.findall(form.whole)})),
        creators=names,
        isbns=tuple(hash_of(isbn) for isbn in record.isbns) if record.type != "serial" else (),
        year=record.year,
        edition_number=edition_number(record.edition),
        publisher=_telling(record.publisher),
        extent=extent,
        host=_host(record.host),
    )


def _is_unpublished_picture(record: CatalogueRecord) -> bool:
    """Photographs of one street by one hand in one year are many; posters and prints have a publisher."""
    return record.type == "image" and not record.publisher and not any(_strong(record))


def _uniform(record: CatalogueRecord, creator: str, kind: str, part: str) -> int:
    """Collective titles ("Works", "Poems. Selections", "Laws, etc.") name no work."""
    title = title_key(record.uniform_title)
    collective = title_key(_BEHIND_FIRST.split(record.uniform_title)[0]).removesuffix(" etc")
    if not title or not creator or collective in NUMBERS.generic_titles:
        return 0
    return hash_of("work", title, creator, kind or "book", part)


def _loose(forms: tuple[Title, ...], creator: str, record: CatalogueRecord) -> Iterable[int]:
    for form in forms[:MAX_KEYED_FORMS]:
        main = form.main.replace(" ", "")
        if form.main not in NUMBERS.generic_titles:
            yield hash_of("title", main)
        elif creator:
            yield hash_of("title", main, creator)
        if form.said != form.main:
            yield hash_of("title", form.said.replace(" ", ""))
        year = "" if record.year is None else str(record.year)
        beside = year if record.type == "article" else creator or year  # of articles any author stands first
        if beside and len(main) >= SHORTEST_KEYED and record.type != "serial":
            head, tail = _halves(form.main)
            yield hash_of("head", head, beside)
            yield hash_of("tail", tail, beside)
        if script_of(form.main) != "LATIN" or not _SPOKEN.isdisjoint(record.languages):
            heard = sound(form.main)
            if len(heard) >= SHORTEST_SOUND:
                yield hash_of("sound", heard)


def _halves(key: str) -> tuple[str, str]:
    """The first and the second half of the words; of a single one its first and last letters."""
    words = key.split()
    if len(words) == 1:
        return key[:_ENDS], key[-_ENDS:]
    middle = len(words) // 2
    return "".join(words[:middle]), "".join(words[middle:])


def _volume(forms: tuple[Title, ...], part: str) -> tuple[str, ...]:
    numbers: tuple[str, ...] = ()
    if forms:
        romanised = any(script_of(form.main) in _UNSPACED for form in forms)
        numbers = numbers_in(forms[0].main, romanised) + tuple(n for rest in forms[0].rest for n in _of_volume(rest))
    return (*(n for n in numbers if n != part), *((part,) if part else ()))


def _of_volume(rest: str) -> tuple[str, ...]:
    return (number_of(rest),) if rest.isdecimal() and len(rest) < 4 else volumes_in(rest)


def _host(host: Host | None) -> Place:
    if host is None:
        return NOWHERE
    page = _PAGES.search(host.pages)
    return title_key(host.volume), title_key(host.issue), page.group() if page else "", _telling(host.title)


def _telling(name: str) -> tuple[str, ...]:
    """Words of a publisher's or journal's name that not many have; tuples, for a set takes three times the memory."""
    return tuple(sorted(set(title_key(name).split()) - _FIRM)) if name else ()


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
    texts = [record.title, *record.other_titles[:MAX_OTHER_TITLES], record.uniform_title]
    return tuple(dict.fromkeys(key for text in texts for key in title_keys(text)))
