"""Damage as real sources do it: each function makes of a record what another library's catalogue might say of it."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

import msgspec

from schemas.catalogue import CatalogueRecord, Creator

Damage = Callable[[CatalogueRecord, random.Random], CatalogueRecord]
_SUBTITLE = re.compile(r"\s*[:;=/]\s|\s[–—-]\s|\s\(")


def _titled(record: CatalogueRecord, title: str) -> CatalogueRecord:
    return msgspec.structs.replace(record, title=title or record.title)


def _named(record: CatalogueRecord, change: Callable[[str], str]) -> CatalogueRecord:
    creators = [msgspec.structs.replace(c, name=change(c.name)) for c in record.creators]
    return msgspec.structs.replace(record, creators=creators)


def _inverted(name: str) -> str:
    family, comma, given = name.partition(", ")
    if comma:
        return f"{given.split(',')[0].strip(' .')} {family}"
    *first, last = name.split()
    return f"{last}, {' '.join(first)}" if first else name


def _initials(name: str) -> str:
    family, comma, given = name.partition(", ")
    if comma:
        return f"{family}, {' '.join(word[0] + '.' for word in given.split() if word[0].isalpha())}"
    *first, last = name.split()
    return " ".join([*(word[0] + "." for word in first), last])


def _typo(record: CatalogueRecord, rng: random.Random) -> CatalogueRecord:
    places = [i for i in range(1, len(record.title) - 1) if record.title[i : i + 2].isalpha()]
    if len(places) < 8:
        return record
    at, title = rng.choice(places), record.title
    return _titled(record, title[:at] + title[at + 1] + title[at] + title[at + 2 :])


def _slip(record: CatalogueRecord, rng: random.Random) -> CatalogueRecord:
    """A letter lost, doubled or replaced in a word of six letters or more."""
    places = [
        at
        for at, end in ((m.start(), m.end()) for m in re.finditer(r"[^\W\d_]{6,}", record.title))
        for at in range(at + 1, end - 1)
    ]
    if not places:
        return record
    at, title = rng.choice(places), record.title
    middle = rng.choice(("", title[at] * 2, rng.choice("aeinrst")))
    return _titled(record, title[:at] + middle + title[at + 1 :])


def _romanised_only(record: CatalogueRecord, rng: random.Random) -> CatalogueRecord:
    if not record.title.isascii() and _plain(record.title).encode("ascii", "ignore").strip() == b"":
        return record
    return msgspec.structs.replace(record, other_titles=[t for t in record.other_titles if _latin(t)])


def _original_only(record: CatalogueRecord, rng: random.Random) -> CatalogueRecord:
    return msgspec.structs.replace(_original_script(record, rng), other_titles=[])


def _latin(text: str) -> bool:
    return "LATIN" in unicodedata.name(next((c for c in text if c.isalpha()), "a"), "")


def _pages_otherwise(record: CatalogueRecord, rng: random.Random) -> CatalogueRecord:
    return msgspec.structs.replace(
        record, extent=re.sub(r"\d{3}", lambda m: str(int(m[0]) + rng.randint(-2, 2)), record.extent, count=1)
    )


def _two(record: CatalogueRecord, rng: random.Random) -> CatalogueRecord:
    for name in rng.sample(sorted(set(DAMAGES) - {"none", "two of these"}), 2):
        record = DAMAGES[name](record, rng)
    return record


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _original_script(record: CatalogueRecord, rng: random.Random) -> CatalogueRecord:
    other = next((t for t in record.other_titles if not _latin(t)), "") if _latin(record.title) else ""
    if not other:
        return record
    return msgspec.structs.replace(record, title=other, other_titles=[record.title])


DAMAGES: dict[str, Damage] = {
    "none": lambda r, rng: r,
    "subtitle lost": lambda r, rng: _titled(r, _SUBTITLE.split(r.title, maxsplit=1)[0]),
    "subtitle added": lambda r, rng: _titled(r, f"{r.title} : an illustrated account"),
    "responsibility in the title": lambda r, rng: _titled(
        r, f"{r.title} / {r.creators[0].name}." if r.creators else ""
    ),
    "series in the title": lambda r, rng: _titled(r, f"{r.title} (Library of the World)"),
    "ISBD punctuation, capitals": lambda r, rng: _titled(r, r.title.upper() + " /"),
    "accents lost": lambda r, rng: _named(_titled(r, _plain(r.title)), _plain),
    "two letters swapped": _typo,
    "letter wrong": _slip,
    "colon lost": lambda r, rng: _titled(r, re.sub(r"\s*[:;]\s", " ", r.title)),
    "article lost": lambda r, rng: _titled(r, re.sub(r"^(The|A|An|Der|Die|Das|Le|La|Les)\s+", "", r.title)),
    "original script first": _original_script,
    "original script only": _original_only,
    "romanised only": _romanised_only,
    "name inverted": lambda r, rng: _named(r, _inverted),
    "initials": lambda r, rng: _named(r, _initials),
    "given name lost": lambda r, rng: _named(
        r, lambda name: name.partition(",")[0] if "," in name else name.split()[-1]
    ),
    "dates behind the name": lambda r, rng: _named(r, lambda name: f"{name}, 1892-1973"),
    "creator lost": lambda r, rng: msgspec.structs.replace(r, creators=[]),
    "second creator first": lambda r, rng: msgspec.structs.replace(r, creators=r.creators[::-1]),
    "year one off": lambda r, rng: msgspec.structs.replace(r, year=r.year + 1 if r.year else None),
    "year lost": lambda r, rng: msgspec.structs.replace(r, year=None, date=""),
    "publisher lost": lambda r, rng: msgspec.structs.replace(r, publisher="", publication_place=""),
    "pages counted otherwise": _pages_otherwise,
    "language lost": lambda r, rng: msgspec.structs.replace(r, languages=[]),
    "two of these": _two,
    "type lost": lambda r, rng: msgspec.structs.replace(r, type="other"),
}


def without_identifiers(record: CatalogueRecord) -> CatalogueRecord:
    """The same from a library that writes down no identifier."""
    return msgspec.structs.replace(record, isbns=[], issns=[], identifiers=[])


def hard_negatives(record: CatalogueRecord) -> dict[str, CatalogueRecord]:
    """Things that look like a record's and are others, by kind; identifiers are not shared unless the kind says so.

    Only where a reader could tell them apart: the next volume has a number that its title does not have already, and
    another author's needs that the record has one.
    """
    bare, year = without_identifiers(record), record.year or 1990
    change = msgspec.structs.replace
    title = record.title.split(" / ")[0]
    volume = "88" if "88" not in f"{record.part} {record.title}" else "77"
    found = {
        "next volume": change(bare, part=volume),
        "next volume, set's ISBN": change(record, part=volume),
        "next volume, in words": change(bare, title=f"{title}, volume eleven"),
        "new edition": change(bare, year=year + 7, edition="2nd edition"),
        "another title of a series, its ISBN": change(
            record, title="Wholly other matters of the sea", other_titles=[], uniform_title=""
        ),
        "next number in the title": change(bare, title=f"{title} 2"),
        "workbook": change(bare, title=f"{title} : workbook"),
        "sequel of the author": change(bare, title=f"{title} and the return of the stranger"),
    }
    if record.year and record.type != "serial":
        found["reprint of another house"] = change(bare, year=year + 12, publisher="Other House")
    if record.type != "other":
        found["film of the book"] = change(bare, type="video" if record.type != "video" else "audio")
    if record.creators:
        other = [Creator("Quillfeather, Zebedee")]
        found["another author's"] = change(bare, creators=other, publisher="Other House")
    if record.languages:
        found["translation"] = change(bare, languages=["fi" if record.languages[0] != "fi" else "sv"])
    if re.search(r"^\D*\d+ (?:p|pages|S)\b", record.extent):
        found["electronic version"] = change(bare, extent="1 online resource")
    if re.search(r"\w{4,} ?: \w+ \w+ \w{4,}", record.title):
        main = re.split(r" ?: ", record.title, maxsplit=1)[0]
        found["another book of the main title"] = change(bare, title=f"{main} : ruins of the northern shore")
    return found
