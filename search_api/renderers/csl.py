"""CSL-JSON: what citation processors (Zotero, Pandoc, citeproc) take; a list of items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.catalogue import Host
from search_api.renderers.base import Described, Frame
from search_api.renderers.json_text import encode
from search_api.renderers.names import makers, person, undated
from search_api.renderers.text import one_line

_TYPES = {
    "book": "book", "serial": "periodical", "article": "article-journal", "manuscript": "manuscript",
    "archive": "collection", "score": "musical_score", "map": "map", "image": "graphic", "audio": "song",
    "video": "motion_picture", "software": "software",
}  # fmt: skip


def write(works: Sequence[Described], frame: Frame) -> bytes:
    """Descriptions as CSL-JSON."""
    return encode([_item(work, frame) for work in works])


def _item(work: Described, frame: Frame) -> dict[str, Any]:
    made, host = makers(work.creators), work.host or Host()
    values: dict[str, Any] = {
        "title": work.title,
        "author": _names(made.authors),
        "editor": _names(made.editors),
        "translator": _names(made.translators),
        "contributor": _names(made.others),
        "container-title": host.title,
        "collection-title": next(iter(work.series), ""),
        "volume": host.volume or work.part,
        "issue": host.issue,
        "page": host.pages,
        "publisher": work.publisher,
        "publisher-place": work.publication_place,
        "issued": _issued(work),
        "ISBN": " ".join(work.isbns),
        "ISSN": " ".join(work.issns or [host.issn]),
        "DOI": next((v.removeprefix("doi:") for v in work.identifiers if v.startswith("doi:")), ""),
        "language": next(iter(work.languages), ""),
        "keyword": ", ".join(work.subjects),
        "abstract": work.description,
        "archive_location": work.unit_id,
        "dimensions": work.extent,
        "URL": frame.citable(work.id),
    }
    about: dict[str, Any] = {"id": work.id, "type": _TYPES.get(work.type, "document")}
    about |= {name: one_line(value) if isinstance(value, str) else value for name, value in values.items() if value}
    return about


def _names(names: Iterable[str]) -> list[dict[str, str]]:
    found = []
    for name in map(one_line, names):
        known = person(name)
        found.append({"family": known.family, "given": known.given} if known else {"literal": undated(name)})
    return found


def _issued(work: Described) -> dict[str, Any] | None:
    if work.year is not None:
        return {"date-parts": [[work.year]]}
    return {"literal": one_line(work.date)} if work.date else None
