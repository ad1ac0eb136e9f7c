"""schema.org as JSON-LD: what search engines read of a work, an institution, the home page.

A work is never a Product: search engines hold products to the rules of shops. What is not known is left out.
"""

from __future__ import annotations

from typing import Any

from schemas.identifiers import isbn13
from search_api.messages import text
from search_api.renderers import schema_hours
from search_api.renderers.base import Frame
from search_api.renderers.json_text import encode
from search_api.renderers.names import makers, person, undated
from search_api.renderers.schema_offers import offers
from search_api.renderers.schema_places import place_type, postal_address
from search_api.views import EditionView, InstitutionView, WorkView
from search_api.web.addresses import safe_url

MEDIA_TYPE = "application/ld+json"
Json = dict[str, Any]
_TYPES = {
    "book": "Book", "serial": "Periodical", "article": "Article", "manuscript": "Manuscript",
    "archive": "ArchiveComponent", "score": "SheetMusic", "map": "Map",
}  # fmt: skip
# The types for pictures, films and programs ask for prices, thumbnails or ratings that a catalogue has not.
_MOST_EDITIONS = 20


def work_page(work: WorkView, frame: Frame) -> Json:
    """What a work's page says."""
    return _graph(work_node(work, frame), _crumbs(frame, [(work.title, frame.work(work.id))]))


def institution_page(place: InstitutionView, frame: Frame) -> Json:
    """What an institution's page says."""
    steps = [(text(frame.lang, "pages.institutions_title"), f"{frame.base}/institutions")]
    if place.owner:
        steps.append((place.owner.name, frame.institution(place.owner.id)))
    return _graph(institution_node(place, frame), _crumbs(frame, [*steps, (place.name, frame.institution(place.id))]))


def home_page(frame: Frame) -> Json:
    """What the home page says: the name of the site. A search box in results is offered by nobody any more."""
    about = {"description": text(frame.lang, "pages.home_lead"), "inLanguage": frame.lang}
    site = {"@type": "WebSite", "@id": f"{frame.base}/", "url": f"{frame.base}/", "name": "Lampway"}
    return _graph(site | about)


def work(view: WorkView, frame: Frame) -> bytes:
    """A work as a document."""
    return encode(work_page(view, frame))


def institution(view: InstitutionView, frame: Frame) -> bytes:
    """An institution as a document."""
    return encode(institution_page(view, frame))


def work_node(work: WorkView, frame: Frame) -> Json:
    """A work with its editions and, as offers, its holdings."""
    address, made = frame.work(work.id), makers(work.creators)
    type_ = _TYPES.get(work.type, "CreativeWork")
    node: Json = {"@type": type_, "@id": address, "url": address, "name": work.title, "mainEntityOfPage": address}
    node |= {
        "alternateName": [*work.other_titles, *([work.part] if work.part else [])],
        "author": [_agent(name) for name in made.authors],
        "editor": [_agent(name) for name in made.editors],
        "translator": [_agent(name) for name in made.translators],
        "contributor": [_agent(name) for name in made.others],
        "publisher": _organization(work.publisher),
        "datePublished": _year(work.year),
        "inLanguage": work.languages,
        "description": work.description,
        "keywords": work.subjects,
        "image": safe_url(work.thumbnail),
        "genre": work.type if type_ == "CreativeWork" and work.type != "other" else "",
        "isbn": work.isbns if type_ == "Book" and len(work.editions) < 2 else [],
        "issn": work.issns if type_ == "Periodical" else [],
        "identifier": [_property(value) for value in work.identifiers] + ([work.unit_id] if work.unit_id else []),
        "isPartOf": _part_of(work, type_),
        "pagination": work.host.pages if work.host and type_ == "Article" else "",
        "workExample": [_edition(edition, type_) for edition in work.editions[:_MOST_EDITIONS]],
        "offers": offers(work, frame),
    }
    if type_ == "ArchiveComponent":
        node["holdingArchive"] = _archives(work, frame)
    return _said(node)


def institution_node(place: InstitutionView, frame: Frame) -> Json:
    """An institution with address, position and hours."""
    address = frame.institution(place.id)
    where = postal_address(place.address, place.city, place.postcode, place.region, place.country)
    node: Json = {"@id": address, "name": place.name, "mainEntityOfPage": address}
    node |= place_type(place.kind, addressed=bool(where))
    known = place.lat is not None and place.lon is not None
    node |= {
        "url": safe_url(place.url) or address,
        "description": place.description,
        "address": where,
        "geo": {"@type": "GeoCoordinates", "latitude": place.lat, "longitude": place.lon} if known else None,
        "telephone": place.phone,
        "identifier": _property(f"isil:{place.isil}") if place.isil else None,
    }
    if where:  # what follows is for places with a door and for bodies, and not every Place is one
        node["email"] = place.email
        node["parentOrganization"] = _body(place.owner.id, place.owner.name, frame) if place.owner else None
        node["subOrganization"] = [_body(branch.id, branch.name, frame) for branch in place.branches]
    return _said(node) | (schema_hours.properties(place.timetable) if place.timetable else {})


def _graph(*nodes: Json) -> Json:
    return {"@context": "https://schema.org", "@graph": list(nodes)}


def _said(node: Json) -> Json:
    return {name: value for name, value in node.items() if value not in (None, "", [])}


def _crumbs(frame: Frame, steps: list[tuple[str, str]]) -> Json:
    every = [("Lampway", f"{frame.base}/"), *steps]
    items = [
        {"@type": "ListItem", "position": number, "name": name or address, "item": address}
        for number, (name, address) in enumerate(every, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _agent(name: str) -> Json | str:
    """A person where the name is written as persons' are; of others nobody knows whether it is one."""
    known = person(name)
    if known is None:
        return undated(name)
    return {"@type": "Person", "name": undated(name), "givenName": known.given, "familyName": known.family}


def _organization(name: str) -> Json | None:
    return {"@type": "Organization", "name": name} if name else None


def _body(id_: str, name: str, frame: Frame) -> Json:
    return {"@type": "Organization", "@id": frame.institution(id_), "name": name}


def _property(identifier: str) -> Json:
    scheme, _, value = identifier.partition(":")
    return {"@type": "PropertyValue", "propertyID": scheme, "value": value}


def _year(year: int | None) -> str:
    return f"{year:04d}" if year is not None and 0 < year < 10_000 else ""


def _edition(edition: EditionView, type_: str) -> Json:
    node: Json = {
        "@type": type_,
        "datePublished": _year(edition.year),
        "inLanguage": edition.languages,
        "publisher": _organization(edition.publisher),
    }
    if type_ == "Book":
        node |= {"isbn": [n for n in edition.isbns if isbn13(n)], "bookEdition": edition.edition}
    return _said(node)


def _part_of(work: WorkView, type_: str) -> list[Json]:
    series = "BookSeries" if type_ == "Book" else "CreativeWorkSeries"
    found: list[Json] = [{"@type": series, "name": title} for title in work.series]
    if work.path:
        found.append(
            {"@type": "ArchiveComponent" if type_ == "ArchiveComponent" else "Collection", "name": work.path[-1]}
        )
    if work.host and work.host.title:
        node = _said({"@type": "Periodical", "name": work.host.title, "issn": work.host.issn})
        if work.host.volume:
            node = {"@type": "PublicationVolume", "volumeNumber": work.host.volume, "isPartOf": node}
        if work.host.issue:
            node = {"@type": "PublicationIssue", "issueNumber": work.host.issue, "isPartOf": node}
        found.append(node)
    return found


def _archives(work: WorkView, frame: Frame) -> list[Json]:
    named = {h.best.institution_id: h.best for h in work.holdings if h.best.institution_id and h.best.kind == "archive"}
    return [
        {"@type": "ArchiveOrganization", "@id": frame.institution(id_), "name": best.institution}
        for id_, best in named.items()
        if id_
    ]
