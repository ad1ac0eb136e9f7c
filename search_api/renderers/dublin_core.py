"""Dublin Core, unqualified: for OAI-PMH (oai_dc), for SRU, and by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from search_api.renderers import xml
from search_api.renderers.base import Described, Frame
from search_api.renderers.names import makers

DC = "http://purl.org/dc/elements/1.1/"
OAI = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SRU = "info:srw/schema/1/dc-schema"
_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def element(work: Described, address: str, root: str = OAI) -> xml.Element:
    """A work as <dc>.

    Args:
        work: the description.
        address: of the work, its first identifier.
        root: namespace of the <dc> element itself, OAI or SRU.
    """
    if root == OAI:
        dc = xml.root(f"{{{OAI}}}dc", {"oai_dc": OAI, "dc": DC, "xsi": _INSTANCE})
        dc.set(f"{{{_INSTANCE}}}schemaLocation", f"{OAI} {_SCHEMA}")
    else:
        dc = xml.root(f"{{{root}}}dc", {"srw_dc": root, "dc": DC})
    for name, value in _properties(work, address):
        xml.add(dc, f"{{{DC}}}{name}", value)
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
    yield "type", work.type
    for language in work.languages:
        yield "language", language
    yield "identifier", address
    for number in work.isbns:
        yield "identifier", f"urn:ISBN:{number}"
    for number in work.issns:
        yield "identifier", f"urn:ISSN:{number}"
    for value in work.identifiers:
        yield "identifier", value
    yield "identifier", work.unit_id
    for subject in work.subjects:
        yield "subject", subject
    yield "description", work.description
    yield "format", work.extent
    for title in (*work.series, work.host.title if work.host else "", *work.path[-1:]):
        yield "relation", title
    for link in work.links:
        yield "relation", link.url
