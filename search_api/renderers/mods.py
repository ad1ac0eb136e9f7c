"""MODS 3.7: what reference managers and libraries' systems take most from."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.identifiers import language_code
from search_api.renderers import xml
from search_api.renderers.base import Described, Frame
from search_api.renderers.names import person

MODS = "http://www.loc.gov/mods/v3"
VERSION = "3.7"
_RESOURCES = {
    "archive": "mixed material", "score": "notated music", "map": "cartographic", "image": "still image",
    "audio": "sound recording", "video": "moving image", "object": "three dimensional object",
    "software": "software, multimedia",
}  # fmt: skip
_ISSUANCE = {"book": "monographic", "serial": "serial", "score": "monographic", "map": "monographic"}


def element(work: Described, address: str) -> xml.Element:
    """A work as <mods>.

    Args:
        work: the description.
        address: of the work's page.
    """
    mods = xml.root(f"{{{MODS}}}mods", {None: MODS}, version=VERSION)
    _titles(mods, work)
    _names(mods, work)
    resource = _RESOURCES.get(work.type, "" if work.type == "other" else "text")
    xml.add(mods, "typeOfResource", resource, manuscript="yes" if work.type == "manuscript" else "")
    if work.type != "other":
        xml.add(mods, "genre", work.type)
    _origin(mods, work)
    for tag in work.languages:
        xml.add(xml.branch(mods, "language"), "languageTerm", language_code(tag), type="code", authority="iso639-2b")
    if work.extent:
        xml.add(xml.branch(mods, "physicalDescription"), "extent", work.extent)
    xml.add(mods, "abstract", work.description)
    for subject in work.subjects:
        xml.add(xml.branch(mods, "subject"), "topic", subject)
    _related(mods, work)
    _identifiers(mods, work, address)
    return mods


def write(works: Sequence[Described], frame: Frame) -> bytes:
    """One description as <mods>, several as <modsCollection>."""
    elements = [element(work, frame.work(work.id)) for work in works]
    alone = len(elements) == 1
    return xml.document(elements[0] if alone else xml.around(f"{{{MODS}}}modsCollection", elements, {None: MODS}))


def _titles(mods: xml.Element, work: Described) -> None:
    info = xml.branch(mods, "titleInfo")
    xml.add(info, "title", work.title or "[no title]")
    xml.add(info, "partNumber", work.part)
    for title in work.other_titles:
        xml.add(xml.branch(mods, "titleInfo", type="alternative"), "title", title)


def _names(mods: xml.Element, work: Described) -> None:
    for one in work.creators:
        name = xml.branch(mods, "name", type="personal" if person(one.name) else "")
        xml.add(name, "namePart", one.name)
        if one.role:
            xml.add(xml.branch(name, "role"), "roleTerm", one.role, type="code", authority="marcrelator")


def _origin(mods: xml.Element, work: Described) -> None:
    origin = xml.branch(mods, "originInfo")
    if work.publication_place:
        xml.add(xml.branch(origin, "place"), "placeTerm", work.publication_place, type="text")
    xml.add(origin, "publisher", work.publisher)
    year = str(work.year) if work.year is not None else ""
    if work.date != year:
        xml.add(origin, "dateIssued", work.date)
    coded = "w3cdtf" if work.year is not None and 1000 <= work.year <= 9999 else ""
    xml.add(origin, "dateIssued", year, encoding=coded, keyDate="yes")
    xml.add(origin, "issuance", _ISSUANCE.get(work.type, ""))
    xml.prune(mods, origin)


def _related(mods: xml.Element, work: Described) -> None:
    for title in work.series:
        xml.add(xml.branch(xml.branch(mods, "relatedItem", type="series"), "titleInfo"), "title", title)
    for title in work.path[-1:]:
        xml.add(xml.branch(xml.branch(mods, "relatedItem", type="host"), "titleInfo"), "title", title)
    if work.host is None:
        return
    host = xml.branch(mods, "relatedItem", type="host")
    if work.host.title:
        xml.add(xml.branch(host, "titleInfo"), "title", work.host.title)
    xml.add(host, "identifier", work.host.issn, type="issn")
    part = xml.branch(host, "part")
    for kind, value in (("volume", work.host.volume), ("issue", work.host.issue)):
        if value:
            xml.add(xml.branch(part, "detail", type=kind), "number", value)
    if work.host.pages:
        start, dash, end = work.host.pages.partition("-")
        extent = xml.branch(part, "extent", unit="pages")
        xml.add(extent, "start", start)
        xml.add(extent, "end", end if dash else "")
    xml.prune(host, part)
    xml.prune(mods, host)


def _identifiers(mods: xml.Element, work: Described, address: str) -> None:
    for number in work.isbns:
        xml.add(mods, "identifier", number, type="isbn")
    for number in work.issns:
        xml.add(mods, "identifier", number, type="issn")
    for text in work.identifiers:
        scheme, _, value = text.partition(":")
        wrong = scheme.startswith("invalid-")
        xml.add(mods, "identifier", value, type=scheme.removeprefix("invalid-"), invalid="yes" if wrong else "")
    xml.add(mods, "identifier", work.unit_id, type="local")
    location = xml.branch(mods, "location")
    for link in work.links:
        xml.add(location, "url", link.url, displayLabel=link.label)
    xml.add(location, "url", address, displayLabel="Lampway")
    xml.add(xml.branch(mods, "recordInfo"), "recordIdentifier", work.id, source="Lampway")
