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
from indexer.merging.titles import MAX_OTHER_TITLES, Title, title_of, titles_of
from schemas.catalogue import CatalogueRecord, Host

RULES = "7"
"""Version of all that decides who merges with whom: another one lets the next update merge every record anew."""

STRONG_SCHEMES = frozenset(("doi", "oclc", "lccn", "nbn", "ismn"))
"""Identifiers that name one publication; ISBN always, ISSN only of the serial itself."""

MAX_IDENTIFIERS = 40
"""A record with more lists a whole series or a set; its identifiers prove nothing."""

MAX_KEYED_FORMS = 3
MAX_SERIES = 3
SHORTEST_SOUND = 5
SHORTEST_KEYED = 6
SHORTEST_HEARD = 7
_ENDS = 4
_BEHIND_FIRST = re.compile(r"[.(]")
_DAY = re.compile(r"-?\d{4}-\d\d(?:-\d\d)?")
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
NOT_LATIN = frozenset((
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
    heard: int = 0
    """Key of the work by what its title, or uniform title, sounds like; 0 = Latin letters say it."""
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
    series: tuple[tuple[int, str], ...] = ()
    """Series by the hash of their name, with the number in them."""
    day: str = ""
    """On which an unpublished thing was written: letters between the same people are many."""

    @property
    def works(self) -> tuple[int, ...]:
        """Keys of the work, each once."""
        return tuple({self.work, self.uniform, self.heard} - {0})

    @property
    def keys(self) -> tuple[int, ...]:
        """All keys."""
        return (*self.identifiers, *((self.edition,) if self.edition else ()), *self.works, *self.loose)


NONE = Features(kind="", part="", languages=(), forms=(), titles=(), identifiers=(), edition=0, work=0)


def features_of(record: CatalogueRecord) -> Features:
    """What merging looks at in a record."""
    if record.unique or _is_unpublished_picture(record):
        return NONE
    kind = _KINDS.get(record.type, record.type)
    part = part_key(record.part)
    creator = first_creator(record.creators)
    names = names_of(record.creators)
    forms = titles_of(record.title, record.other_titles, names)
    title = forms[0].named if forms else ""
    uniform = _uniform(record)
    identifiers = tuple(hash_of(name) for name in _strong(record))
    extent = extent_of(record)
    what = kind or "book", part
    same_work = (title, creator, *what) if title and creator else None
    return Features(
        kind=kind,
        part=part,
        languages=tuple(sorted(set(record.languages))),
        forms=forms,
        titles=_titles(record) if identifiers else (),
        translated=bool(forms and record.uniform_title)
        and script_of(title_key(record.uniform_title)) != script_of(forms[0].whole),
        identifiers=identifiers,
        edition=hash_of("edition", forms[0].written, creator, *what, str(record.year))
        if same_work and record.year is not None
        else 0,
        work=hash_of("work", *same_work) if same_work else 0,
        uniform=hash_of("work", uniform, creator, *what) if uniform and (creator or what[0] == "book") else 0,
        heard=_heard(uniform, forms, record, what),
        loose=tuple(dict.fromkeys(_loose(forms, creator, part, record))),
        volume=_volume(forms, part),
        companions=_companions(forms[0]) if forms else (),
        creators=names,
        isbns=tuple(hash_of(isbn) for isbn in record.isbns) if record.type != "serial" else (),
        year=record.year,
        edition_number=edition_number(record.edition),
        publisher=_telling(record.publisher),
        extent=extent,
        host=_host(record.host),
        series=tuple(_series(record.series)) if record.series else (),
        day=_day(record) if not identifiers else "",
    )


def _is_unpublished_picture(record: CatalogueRecord) -> bool:
    """Photographs of one street by one hand in one year are many; posters and prints have a publisher."""
    return record.type == "image" and not record.publisher and not any(_strong(record))


def _uniform(record: CatalogueRecord) -> str:
    """Collective titles ("Works", "Poems. Selections", "Laws, etc.") name no work."""
    collective = title_key(_BEHIND_FIRST.split(record.uniform_title)[0]).removesuffix(" etc")
    form = title_of(record.uniform_title) if collective not in NUMBERS.generic_titles else None
    if form is None:
        return ""
    return form.whole if "(" in record.uniform_title else form.named  # "(London)" tells it from others of the name


def _heard(uniform: str, forms: tuple[Title, ...], record: CatalogueRecord, what: tuple[str, str]) -> int:
    """So that an original and its translations meet whose cataloguers romanised otherwise."""
    title = uniform
    if forms and not title and (script_of(forms[0].main) != "LATIN" or not NOT_LATIN.isdisjoint(record.languages)):
        title = forms[0].named
    heard = sound(title) if title not in NUMBERS.generic_titles and record.creators else ""
    return hash_of("heard", heard, *numbers_in(title), *what) if len(heard) >= SHORTEST_HEARD else 0


def _series(told: list[str]) -> Iterable[tuple[int, str]]:
    for text in told[:MAX_SERIES]:
        name, _, number = text.rpartition(" ; ")
        if name and _PAGES.search(number):
            yield hash_of(title_key(name)), part_key(number)


def _day(record: CatalogueRecord) -> str:
    """Published things have the day of whatever; of what nobody published it is that of writing."""
    if record.publisher or record.host or record.type in ("article", "serial"):
        return ""
    return record.date if _DAY.fullmatch(record.date) else ""


def _loose(forms: tuple[Title, ...], creator: str, part: str, record: CatalogueRecord) -> Iterable[int]:
    parts = part.split("-") if part else []
    for form in forms[:MAX_KEYED_FORMS]:
        main = form.main.replace(" ", "")
        volumes = *(number for number in form.volumes if number not in parts), *parts
        if form.main not in NUMBERS.generic_titles:
            yield hash_of("title", main, *volumes)
        elif creator:
            yield hash_of("title", main, creator, *volumes)
        if form.said != form.main:
            yield hash_of("title", form.said.replace(" ", ""), *parts)
        year = "" if record.year is None else str(record.year)
        beside = year if record.type == "article" else creator or year  # of articles any author stands first
        if beside and len(main) >= SHORTEST_KEYED and record.type != "serial":
            head, tail = _halves(form.main)
            yield hash_of("head", head, beside, *volumes)
            yield hash_of("tail", tail, beside, *volumes)
        if script_of(form.main) != "LATIN" or not NOT_LATIN.isdisjoint(record.languages):
            heard = sound(form.main)
            if len(heard) >= SHORTEST_SOUND:
                yield hash_of("sound", heard, *volumes)


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
        behind = (*forms[0].volumes, *(n for rest in forms[0].rest for n in _of_volume(rest)))
        numbers = numbers_in(forms[0].main, romanised) + behind
    parts = part.split("-") if part else []
    return (*(n for n in numbers if n not in parts), *parts)


def _of_volume(rest: str) -> tuple[str, ...]:
    return (number_of(rest),) if rest.isdecimal() and len(rest) < 4 else volumes_in(rest)


def _companions(form: Title) -> tuple[str, ...]:
    return tuple(sorted({*_COMPANIONS.findall(form.whole), *NUMBERS.selections.intersection(form.rest)}))


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
