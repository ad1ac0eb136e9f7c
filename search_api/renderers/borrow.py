"""The borrow feed: what can be borrowed where, as search engines take it from libraries (schema.org, JSON-LD DataFeed).

Two kinds of files, never mixed: books, each with the editions that have an ISBN and the libraries that lend them, and
library systems with their branches. Everything has an address of ours as its name, so that it stays the same.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from schemas.bindings import Binding
from schemas.institution import Institution
from schemas.work import Work

Json = dict[str, Any]
_FORMATS: dict[Binding, str] = {
    "hardcover": "https://schema.org/Hardcover",
    "paperback": "https://schema.org/Paperback",
    "ebook": "https://schema.org/EBook",
    "audiobook": "https://schema.org/AudiobookFormat",
}
_PLATFORMS = [f"http://schema.org/{name}Platform" for name in ("DesktopWeb", "IOS", "Android")]
_ORGANIZATION_ROLES = frozenset({"isb", "his", "orm", "spn"})


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """A library system that lends an edition, and where one borrows it there."""

    system: str
    """Id of the institution."""
    address: str
    due: str = ""
    """ISO date from which on it is there again; "" = now, as far as is known."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An edition that can be listed."""

    isbn: str
    binding: Binding
    language: str
    """ISO 639-1."""
    loans: list[Loan]


def head(moment: str) -> bytes:
    """The beginning of a file; entities follow with commas between them, then ``TAIL``."""
    return (
        b'{"@context":"https://schema.org","@type":"DataFeed","dateModified":'
        + msgspec.json.encode(moment)
        + b',"dataFeedElement":[\n'
    )


TAIL = b"\n]}\n"


def book(work: Work, editions: list[Listed], base: str) -> bytes:
    """A work with its editions."""
    address = f"{base}/works/{quote(work.id, safe='')}"
    node: Json = {"@type": "Book", "@id": address, "url": address, "name": work.title}
    makers = [creator for creator in work.creators if creator.role not in _ORGANIZATION_ROLES]
    if makers:
        node["author"] = [{"@type": "Person", "name": creator.name} for creator in makers]
    if work.series:
        node["isPartOf"] = [{"@type": "BookSeries", "name": name} for name in work.series[:3]]
    node["workExample"] = [_edition(edition, address, base) for edition in editions]
    return msgspec.json.encode(node)


def system(owner: Institution, branches: list[Institution], base: str) -> bytes:
    """A library system with its branches; a lone library is a system with one member."""
    node: Json = {
        "@type": "LibrarySystem",
        "@id": _name(owner, base),
        "name": owner.name,
        "url": owner.url or _name(owner, base),
        "member": [_library(place, base) for place in branches or [owner]],
    }
    return msgspec.json.encode(node)


def _edition(edition: Listed, address: str, base: str) -> Json:
    return {
        "@type": "Book",
        "@id": f"{address}#{edition.isbn}",
        "isbn": edition.isbn,
        "bookFormat": _FORMATS[edition.binding],
        "inLanguage": edition.language,
        "url": address,
        "potentialAction": [_action(loan, base) for loan in edition.loans],
    }


def _action(loan: Loan, base: str) -> Json:
    action: Json = {
        "@type": "BorrowAction",
        "lender": {"@type": "LibrarySystem", "@id": f"{base}/institutions/{quote(loan.system, safe='')}#system"},
        "target": {"@type": "EntryPoint", "urlTemplate": loan.address, "actionPlatform": _PLATFORMS},
    }
    return action | ({"availabilityStarts": loan.due} if loan.due else {})


def _name(place: Institution, base: str) -> str:
    return f"{base}/institutions/{quote(place.id, safe='')}#system"


def _library(place: Institution, base: str) -> Json:
    own = f"{base}/institutions/{quote(place.id, safe='')}"
    node: Json = {"@type": "Library", "@id": own, "name": place.name, "url": place.url or own}
    where = {
        "streetAddress": place.address,
        "addressLocality": place.city,
        "addressRegion": place.region,
        "postalCode": place.postcode,
        "addressCountry": place.country,
    }
    known = {name: text for name, text in where.items() if text}
    if known:
        node["location"] = {"@type": "PostalAddress"} | known
    if place.lat is not None and place.lon is not None:
        node["geo"] = {"@type": "GeoCoordinates", "latitude": place.lat, "longitude": place.lon}
    if place.phone:
        node["telephone"] = place.phone
    return node
