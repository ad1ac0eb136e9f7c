"""Reads the demo's seed lists (``config/demo/*.txt``): real works as facts, and names of creators in other scripts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

import msgspec

from schemas.catalogue import RecordType

_KINDS: dict[str, RecordType] = {"article": "article", "journal": "serial", "score": "score", "film": "video"}


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One real work. ``forms``: its title by language ("zh" simplified, "zt" traditional, "la" in Latin letters)."""

    type: RecordType
    year: int
    language: str
    creators: tuple[str, ...] = ()
    title: str
    subjects: tuple[str, ...] = ()
    forms: dict[str, str] = msgspec.field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    issn: str = ""


@lru_cache
def seeds() -> tuple[Seed, ...]:
    """Every work of the seed lists."""
    return (*_books(), *_others())


@lru_cache
def names() -> dict[str, dict[str, str]]:
    """Forms of creators' names: name in Latin letters -> language -> form."""
    found: dict[str, dict[str, str]] = {}
    for line in _lines("creators.txt"):
        name, *forms = line.split("|")
        found[name] = dict(form.split("=", 1) for form in forms)
    return found


def name_in(creator: str, language: str) -> str:
    """A creator's name as a catalogue in that language writes it; the Latin form where no other is known."""
    forms = names().get(creator, {})
    return forms.get(language) or (forms.get("zh", creator) if language == "zt" else creator)


def _lines(file: str) -> Iterator[str]:
    text = resources.files("config").joinpath("demo", file).read_text("utf-8")
    yield from (line for line in text.splitlines() if line and not line.startswith("#"))


def _books() -> Iterator[Seed]:
    for line in _lines("books.txt"):
        year, language, creators, title, subjects, more = line.split("|")
        forms = _forms(more)
        yield Seed(
            type="book",
            year=int(year),
            language=language,
            creators=_list(creators),
            title=title,
            subjects=_list(subjects),
            volumes=tuple(v for v in forms.pop("vol", "").split("+") if v),
            forms=forms,
        )


def _others() -> Iterator[Seed]:
    kind = ""
    for line in _lines("other_works.txt"):
        if line.startswith("["):
            kind = line.strip("[]")
            continue
        year, language, *rest = line.split("|")
        seed = Seed(type=_KINDS[kind], year=int(year), language=language, title="")
        if kind == "journal":
            title, subjects, issn = rest
            yield msgspec.structs.replace(seed, title=title, subjects=_list(subjects), issn=issn)
            continue
        creators, title, subjects, *more = rest
        seed = msgspec.structs.replace(seed, creators=_list(creators), title=title, subjects=_list(subjects))
        if kind == "article":
            journal, volume, issue, pages, doi = more
            seed = msgspec.structs.replace(seed, journal=journal, volume=volume, issue=issue, pages=pages, doi=doi)
        elif kind == "film":
            seed = msgspec.structs.replace(seed, forms=_forms(more[0]))
        yield seed


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def _forms(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split("/") if part)
