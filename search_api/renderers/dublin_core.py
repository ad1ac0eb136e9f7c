"""Dublin Core, unqualified: for OAI-PMH (oai_dc), for SRU, and by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.catalogue import Host
from search_api.renderers import xml
from search_api.renderers.base import Described, Frame
from search_api.renderers.names import makers
from search_api.web.addresses import safe_url

DC = "http://purl.org/dc/elements/1.1/"
OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
OAI_DC_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
SRU = "info:srw/schema/1/dc-schema"
_DCMI = {
    "book": "Text", "serial": "Text", "article": "Text", "manuscript": "Text", "archive": "Collection", "score": "Text",
    "map": "Image", "image": "StillImage", "audio": "Sound", "video": "MovingImage", "object": "PhysicalObject",
    "software": "Software",
}  # fmt: skip
"""Our types -> the DCMI type vocabulary."""
_UNTOLD = frozenset({"local", "invalid-isbn", "invalid-issn"})
"""Identifiers that mean nothing outside the catalogue they come from, or nothing at all."""


def empty(root: str = OAI_DC) -> xml.Element:
    """A <dc> to be filled; ``root``: its own namespace, OAI_DC or SRU."""
    if root == OAI_DC:
        return xml.located(f"{{{OAI_DC}}}dc", {"oai_dc": OAI_DC, "dc": DC}, OAI_DC_SCHEMA)
    return xml.root(f"{{{root}}}dc", {"srw_dc": root, "dc": DC})


def say(dc: xml.Element, name: str, value: str) -> None:
    """Add a property to a <dc>, unless it is empty."""
    xml.add(dc, f"{{{DC}}}{name}", value)


def element(work: Described, address: str, root: str = OAI_DC) -> xml.Element:
    """A work as <dc>.

    Args:
        work: the description.
        address: of the work, its first identifier.
        root: as in ``empty``.
    """
    dc = empty(root)
    for name, value in _properties(work, address):
        say(dc, name, value)
    return dc


def write(works: Sequence[Described], frame: Frame) -> bytes:
    """One description as <oai_dc:dc>; several in a <records> element around them."""
    elements = [element(work, frame.work(work.id)) for work in works]
    return xml.document(elements[0] if len(elements) == 1 else xml.around("records", elements))


def _properties(work: Described, address: str) -> Iterator[tuple[str, str]]:
    yield "title", ". ".join(part for part in (work.title, work.part) if part)
    for title in work.other_titles:
        yield "title", title
    made = makers(work.creators)
    for name in made.authors:
        yield "creator", name
    for name in (*made.editors, *made.translators, *made.others):
        yield "contributor", name
    yield "publisher", work.publisher
    yield "date", work.date or (str(work.year) if work.year is not None else "")
    if work.type in _DCMI:
        yield "type", work.type
        yield "type", _DCMI[work.type]
    for language in work.languages:
        yield "language", language
    yield "identifier", address
    yield from (("identifier", text) for text in _identifiers(work))
    for subject in work.subjects:
        yield "subject", subject
    yield "description", work.description
    yield "format", work.extent
    yield "source", _citation(work.host) if work.host else ""
    for title in (*work.series, *work.path):
        yield "relation", title
    for link in work.links:
        yield "relation", safe_url(link.url)


def _identifiers(work: Described) -> Iterator[str]:
    yield from (f"urn:ISBN:{isbn}" for isbn in work.isbns)
    yield from (f"urn:ISSN:{issn}" for issn in work.issns)
    yield work.unit_id
    for text in work.identifiers:
        scheme, _, value = text.partition(":")
        if scheme == "doi":
            yield f"https://doi.org/{value}"
        elif value and scheme not in _UNTOLD:
            yield text


def _citation(host: Host) -> str:
    """Where an article stands, in one line."""
    named = (("vol.", host.volume), ("no.", host.issue), ("pp.", host.pages), ("ISSN", host.issn))
    parts = [host.title, *(f"{label} {value}" for label, value in named if value)]
    return ", ".join(part for part in parts if part)
