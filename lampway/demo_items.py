"""What there is to hold in the sample city: editions made up of the seed lists' works, and their copies' states.

Everything is drawn from generators seeded with the thing's own name, so two runs on one day give the same catalogues.

ISBNs: 978-69 followed by a running number and the right check digit. The ISBN agency has given the blocks 978-66 to
978-69 to nobody, so no number of the demo is the number of a real book, and each has an ISBN-10.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from config.load import load_yaml
from lampway.demo_seeds import Seed, seeds
from schemas.catalogue import RecordType

_FIRST_WITH_ISBN, _FIRST_WITH_ISBN13, _LAST_YEAR = 1972, 2007, 2025
_MANY = {"en": 3, "de": 2, "fr": 2, "es": 2, "ru": 2}
"""Editions of a work in its own language; one else, and one of a translation (English: two)."""

_ONLY_A_NUMBER = ("Volume ", "第")
"""How volumes begin that have a number but no title of their own."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An edition or a unique thing. ``title`` is in its own script; creators in Latin letters, family name first."""

    key: str
    type: RecordType
    title: str
    language: str = ""
    script: str = ""
    """hans or hant, of Chinese editions."""
    variant: str = ""
    """The title in the other Chinese script."""
    latin: str = ""
    """The title in Latin letters, where it has others."""
    original: str = ""
    part: int = 0
    part_title: str = ""
    creators: tuple[str, ...] = ()
    year: int | None = None
    date: str = ""
    publisher: tuple[str, str] = ("", "")
    latin_publisher: tuple[str, str] = ("", "")
    isbn: str = ""
    edition: int = 1
    subjects: tuple[str, ...] = ()
    extent: str = ""
    kind: str = ""
    """The word the museum or archive has for it."""
    unit_id: str = ""
    path: tuple[str, ...] = ()
    description: str = ""
    location: str = ""
    state: str = ""
    seed: Seed | None = None


def draw(name: str) -> Random:
    """A generator that gives the same numbers for the same name, everywhere and always."""
    return Random(name)  # noqa: S311 - nothing here is secret


def city() -> dict[str, Any]:
    """The lists of ``config/demo/city.yaml``."""
    return load_yaml("demo/city.yaml")  # type: ignore[no-any-return]


def isbn13(number: int) -> str:
    """The sample ISBN with that running number (0 to 9,999,999)."""
    body = f"97869{number:07d}"
    return body + str(-sum(int(digit) * (1, 3)[i % 2] for i, digit in enumerate(body)) % 10)


def isbn10(isbn: str) -> str:
    """The ISBN-10 of an ISBN-13 that begins with 978."""
    body = isbn[3:12]
    check = -sum((10 - i) * int(digit) for i, digit in enumerate(body)) % 11
    return body + ("X" if check == 10 else str(check))


def state_of(key: str, today: date) -> tuple[str, str]:
    """A copy's state (a key of ``states`` in the lists) and, when it is on loan, the ISO date it is due back."""
    rng = draw(f"state|{key}")
    states = city()["states"]
    state = rng.choices(list(states), [row[0] for row in states.values()])[0]
    due = today + timedelta(days=rng.randint(1, 28))
    return state, due.isoformat() if state == "loan" else ""


def items() -> Iterator[Item]:
    """Every edition of every work of the seed lists."""
    number = 100_000
    for seed in seeds():
        for item in _of_seed(seed):
            number += 7  # apart, as an agency's numbers are
            wants = item.type in {"book", "score"} and (item.year or 0) >= _FIRST_WITH_ISBN
            yield msgspec.structs.replace(item, isbn=isbn13(number)) if wants else item


def has_isbn13(item: Item) -> bool:
    """Whether the edition is of the time of 13 digits; an older one was catalogued with ten."""
    return (item.year or 0) >= _FIRST_WITH_ISBN13


def _of_seed(seed: Seed) -> Iterator[Item]:
    if seed.type in {"article", "serial"}:
        yield _item(seed, seed.language, 1, seed.title, year=seed.year)
        return
    own = _MANY.get(seed.language, 1) if seed.type == "book" else 1
    yield from _in_language(seed, seed.language, seed.title, own)
    if seed.type == "book":
        for language, title in seed.forms.items():
            if language not in {"la", "zt"} and language != seed.language:
                yield from _in_language(seed, language, title, 2 if language == "en" else 1)


def _in_language(seed: Seed, language: str, title: str, count: int) -> Iterator[Item]:
    traditional = seed.forms.get("zt", "") if language == "zh" else ""
    for edition in range(1, count + (2 if traditional and seed.type == "book" else 1)):
        hant = bool(traditional) and edition > count
        item = _item(seed, language, edition, traditional if hant else title)
        if language == "zh":
            item = msgspec.structs.replace(
                item, script="hant" if hant else "hans", variant=title if hant else traditional or title
            )
        if not seed.volumes or language != seed.language or edition > 1:
            yield item
            continue
        for part, part_title in enumerate(seed.volumes, 1):
            name = "" if part_title.startswith(_ONLY_A_NUMBER) else part_title
            yield msgspec.structs.replace(item, key=f"{item.key}|{part}", part=part, part_title=name)


def _item(seed: Seed, language: str, edition: int, title: str, year: int | None = None) -> Item:
    key = f"{seed.type}|{seed.title}|{seed.creators[:1]}|{language}|{edition}"
    rng = draw(key)
    year = year or rng.randint(max(seed.year + 1, 1938 if edition == 1 else 1965), max(_LAST_YEAR, seed.year + 1))
    lists = city()["publishers"]
    names = lists.get("zt" if language == "zh" and edition == 2 else language, lists["other"])
    choice = rng.randrange(len(names))
    if seed.type in {"video", "article", "serial"}:
        publisher = latin = ("", "")
    else:
        publisher = tuple(names[choice])
        latin = tuple(lists["la_zh"][choice]) if language == "zh" else publisher
    extent = {"book": f"{rng.randint(96, 780)} p.", "score": f"1 score ({rng.randint(24, 320)} p.)"}.get(seed.type, "")
    return Item(
        key=key,
        type=seed.type,
        title=title,
        language=language,
        latin=seed.forms.get("la", "") if language == seed.language else "",
        original=seed.title if language != seed.language else "",
        creators=seed.creators,
        year=seed.year if seed.type == "video" else year,
        publisher=publisher,
        latin_publisher=latin,
        edition=edition,
        subjects=seed.subjects,
        extent=extent or (f"1 DVD ({rng.randint(74, 180)} min)" if seed.type == "video" else ""),
        seed=seed,
    )
