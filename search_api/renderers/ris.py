"""RIS: the tagged lines that every reference manager reads. Lines end in CRLF, ``TY`` stands first, ``ER`` last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from schemas.catalogue import Host
from search_api.renderers.base import Described, Frame
from search_api.renderers.names import makers, undated
from search_api.renderers.text import one_line

_TYPES = {
    "book": "BOOK", "serial": "JOUR", "article": "JOUR", "manuscript": "MANSCPT", "archive": "UNPB", "score": "MUSIC",
    "map": "MAP", "image": "ART", "audio": "SOUND", "video": "VIDEO", "object": "ART", "software": "COMP",
}  # fmt: skip
_SERIAL = "SER"


def write(works: Sequence[Described], frame: Frame) -> bytes:
    """Descriptions as RIS, one after the other with an empty line between."""
    return "\r\n".join("".join(f"{line}\r\n" for line in _lines(work, frame)) for work in works).encode()


def _lines(work: Described, frame: Frame) -> Iterator[str]:
    host = work.host or Host()
    type_ = _SERIAL if work.type == "serial" else _TYPES.get(work.type, "GEN")
    yield f"TY  - {type_}"
    for tag, values in _fields(work, host, frame):
        for value in values:
            if text := one_line(value):
                yield f"{tag}  - {text}"
    yield "ER  - "


def _fields(work: Described, host: Host, frame: Frame) -> Iterator[tuple[str, Iterable[str]]]:
    made = makers(work.creators)
    yield "ID", [work.id]
    yield "TI", [work.title]
    yield "AU", map(undated, made.authors)
    yield "ED", map(undated, made.editors)
    yield "A4", map(undated, [*made.translators, *made.others])
    yield "T2", [host.title or next(iter(work.series), "")]
    yield "VL", [host.volume or work.part]
    yield "IS", [host.issue]
    start, _, end = host.pages.partition("-")
    yield "SP", [start]
    yield "EP", [end]
    yield "PB", [work.publisher]
    yield "CY", [work.publication_place]
    yield "PY", [str(work.year) if work.year is not None else ""]
    yield "SN", [*work.isbns, *(work.issns or [host.issn])]
    yield "DO", [value.removeprefix("doi:") for value in work.identifiers if value.startswith("doi:")]
    yield "LA", work.languages
    yield "KW", work.subjects
    yield "CN", [work.unit_id]
    yield "AB", [work.description]
    yield "UR", [frame.citable(work.id)]
