"""A work as unqualified Dublin Core (oai_dc), which every harvester understands."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.catalogue import Host
from schemas.work import Work
from search_api.oai.identity import Identity
from search_api.oai.xml import Element, add_in, root
from search_api.web.addresses import safe_url

OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
OAI_DC_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
DC = "http://purl.org/dc/elements/1.1/"

_MAKERS = frozenset(
    {"", "art", "arc", "aut", "cmp", "cre", "dir", "drt", "fmk", "inv", "lbt", "lyr", "pht", "prg", "scl"}
)
"""MARC relator codes of those who made the thing; the others contributed."""
_DCMI = {
    "book": "Text", "serial": "Text", "article": "Text", "manuscript": "Text", "archive": "Collection", "score": "Text",
    "map": "Image", "image": "StillImage", "audio": "Sound", "video": "MovingImage", "object": "PhysicalObject",
    "software": "Software",
}  # fmt: skip
"""Our types -> the DCMI type vocabulary."""
_UNTOLD = frozenset({"local", "invalid-isbn", "invalid-issn"})
"""Identifiers that mean nothing outside the catalogue they come from, or nothing at all."""


def empty_dc() -> Element:
    """An <oai_dc:dc> to be filled."""
    return root("dc", "oai_dc", OAI_DC, OAI_DC_SCHEMA, {"dc": DC})


def dublin_core(work: Work, identity: Identity) -> Element:
    """The <oai_dc:dc> of a work."""
    element = empty_dc()
    for name, value in _statements(work, identity):
        add_in(element, DC, name, value)
    return element


def _statements(work: Work, identity: Identity) -> Iterator[tuple[str, str]]:
    yield "title", ". ".join(part for part in (work.title, work.part) if part)
    for title in work.other_titles:
        yield "title", title
    for creator in work.creators:
        yield "creator" if creator.role in _MAKERS else "contributor", creator.name
    for subject in work.subjects:
        yield "subject", subject
    if work.description:
        yield "description", work.description
    if work.publisher:
        yield "publisher", work.publisher
    if work.date or work.year is not None:
        yield "date", work.date or str(work.year)
    if work.type in _DCMI:
        yield "type", work.type
        yield "type", _DCMI[work.type]
    if work.extent:
        yield "format", work.extent
    yield "identifier", identity.page(work.id)
    yield from (("identifier", text) for text in _identifiers(work))
    if work.host:
        yield "source", citation(work.host)
    for language in work.languages:
        yield "language", language
    for text in (*work.series, *work.path, *(link.url for link in work.links if safe_url(link.url))):
        yield "relation", text


def _identifiers(work: Work) -> Iterator[str]:
    yield from (f"urn:isbn:{isbn}" for isbn in work.isbns)
    yield from (f"urn:issn:{issn}" for issn in work.issns)
    if work.unit_id:
        yield work.unit_id
    for text in work.identifiers:
        scheme, _, value = text.partition(":")
        if scheme == "doi":
            yield f"https://doi.org/{value}"
        elif value and scheme not in _UNTOLD:
            yield text


def citation(host: Host) -> str:
    """Where an article stands, in one line."""
    parts = [host.title]
    parts += [f"{label} {value}" for label, value in (("vol.", host.volume), ("no.", host.issue)) if value]
    parts += [f"pp. {host.pages}"] if host.pages else []
    parts += [f"ISSN {host.issn}"] if host.issn else []
    return ", ".join(part for part in parts if part)
