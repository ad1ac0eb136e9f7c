"""BibTeX. LaTeX's own characters are escaped, and names that are not in two parts stand in braces, to be kept whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemas.catalogue import Host
from search_api.renderers.base import Described, Frame
from search_api.renderers.names import makers, person, undated
from search_api.renderers.text import ascii_name, one_line

_TYPES = {"book": "book", "article": "article", "manuscript": "unpublished", "archive": "unpublished"}
_ESCAPES = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "{": r"\{", "}": r"\}",
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
}  # fmt: skip
_PAIRED = str.maketrans(_ESCAPES)
# BibTeX counts braces without regard to backslashes: those that do not pair up must be named.
_NAMED = str.maketrans(_ESCAPES | {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"})
_AND = re.compile(r"\band\b", re.IGNORECASE)


def write(works: Sequence[Described], frame: Frame) -> bytes:
    """Descriptions as BibTeX entries, each with a key of its own."""
    return "\n".join(_entry(work, frame) for work in works).encode()


def _entry(work: Described, frame: Frame) -> str:
    fields = "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(work, frame) if value)
    return f"@{_TYPES.get(work.type, 'misc')}{{{_key(work)},\n{fields}}}\n"


def _key(work: Described) -> str:
    """Name and year, for people, and the work's id, so that no two are the same."""
    first = next((one.name for one in work.creators), work.title)
    known = person(first)
    words = ascii_name(known.family if known else first, "").partition("-")[0].lower()
    return f"{words}{'' if work.year is None else abs(work.year)}-{ascii_name(work.id, 'work')}".lstrip("-")


def _fields(work: Described, frame: Frame) -> Iterator[tuple[str, str]]:
    made, host = makers(work.creators), work.host or Host()
    yield "title", _text(work.title)
    yield "author", _names(made.authors)
    yield "editor", _names(made.editors)
    yield "translator", _names(made.translators)
    yield "journal", _text(host.title)
    yield "volume", _text(host.volume or work.part)
    yield "number", _text(host.issue)
    yield "pages", _text(host.pages).replace("-", "--")
    yield "series", _text(next(iter(work.series), ""))
    yield "publisher", _text(work.publisher)
    yield "address", _text(work.publication_place)
    yield "year", "" if work.year is None else str(work.year)
    yield "isbn", _text(", ".join(work.isbns))
    yield "issn", _text(", ".join(work.issns or [host.issn]))
    yield "doi", _text(next((v.removeprefix("doi:") for v in work.identifiers if v.startswith("doi:")), ""))
    yield "language", _text(", ".join(work.languages))
    yield "keywords", _text(", ".join(work.subjects))
    yield "abstract", _text(work.description)
    yield "note", _text(", ".join((*made.others, work.unit_id)).strip(", "))
    yield "url", one_line(frame.citable(work.id))


def _text(value: str) -> str:
    text = one_line(value)
    return text.translate(_PAIRED if _pairs_up(text) else _NAMED)


def _pairs_up(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


def _names(names: Sequence[str]) -> str:
    return " and ".join(name for name in map(_name, names) if name)


def _name(name: str) -> str:
    known = person(one_line(name))
    if known and not _AND.search(name):
        return f"{_text(known.family)}, {_text(known.given)}"
    whole = _text(undated(name))
    return f"{{{whole}}}" if whole else ""
