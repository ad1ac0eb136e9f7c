"""The head of a page, for machines: canonical address, other formats, meta tags, JSON-LD."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from markupsafe import Markup
from starlette.requests import Request

from search_api.context import Context
from search_api.renderers import FORMATS
from search_api.renderers.addresses import Alternate, alternates
from search_api.renderers.base import Frame
from search_api.renderers.json_text import for_script
from search_api.renderers.names import makers, undated
from search_api.views import WorkView
from search_api.web.addresses import safe_url

Meta = tuple[str, str, str]
"""Attribute that names it (name, property), name, content."""
_SAME_FOR_EVERY_PAGE = ("cursor", "limit", "lang")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What ``parts/head.html`` and ``parts/downloads.html`` show."""

    canonical: str = ""
    alternates: list[Alternate] = msgspec.field(default_factory=list)
    metas: list[Meta] = msgspec.field(default_factory=list)
    json_ld: Markup = Markup()
    unapi: str = ""
    """Identifier of the page's one item for unAPI; empty = none."""
    oembed: str = ""
    """Address of the page's oEmbed; empty = none."""

    @property
    def downloads(self) -> list[Alternate]:
        """The formats that people save."""
        return [one for one in self.alternates if FORMATS[one.name].download]


def frame_for(request: Request, context: Context, lang: str, asked_at: datetime | None = None) -> Frame:
    """What stands around the things of a page."""
    now = context.clock()
    base = context.settings.public_url.rstrip("/")
    moment = max(now, asked_at) if asked_at else now
    return Frame(base=base, address=base + quote(request.url.path), moment=moment, lang=lang)


def script(value: dict[str, Any]) -> Markup:
    """JSON-LD for a <script> element."""
    return Markup(for_script(value))  # noqa: S704 - made safe there


def page_head(canonical: str, path: str, value: dict[str, Any] | None = None) -> Head:
    """The head of a page of its own.

    Args:
        canonical: its address for the world.
        path: its path, for the other formats.
        value: its JSON-LD.
    """
    return Head(canonical=canonical, alternates=alternates(quote(path)), json_ld=script(value) if value else Markup())


def list_head(path: str, pairs: list[tuple[str, str]]) -> Head:
    """The head of a page of results: its other formats begin where the list does."""
    query = urlencode([(name, value) for name, value in pairs if value and name not in _SAME_FOR_EVERY_PAGE])
    return Head(alternates=alternates(quote(path), query))


def work_head(work: WorkView, frame: Frame, value: dict[str, Any]) -> Head:
    """The head of a work's page."""
    address = frame.work(work.id)
    plain = page_head(address, f"/works/{work.id}", value)
    metas = [(kind, name, content) for kind, name, content in _metas(work, address) if content]
    oembed = f"{frame.base}/oembed?{urlencode({'url': address, 'format': 'json'})}"
    return msgspec.structs.replace(plain, metas=metas, unapi=address, oembed=oembed)


def _metas(work: WorkView, address: str) -> Iterator[Meta]:
    year = "" if work.year is None else str(work.year)
    yield "name", "description", work.description[:300]
    yield "property", "og:title", work.title
    yield "property", "og:type", "book" if work.type == "book" else "website"
    yield "property", "og:url", address
    yield "property", "og:site_name", "Lampway"
    yield "property", "og:description", work.description[:300]
    yield "property", "og:image", safe_url(work.thumbnail)
    yield "name", "DC.title", work.title
    for creator in work.creators:
        yield "name", "DC.creator", creator.name
    yield "name", "DC.publisher", work.publisher
    yield "name", "DC.date", year
    yield "name", "DC.type", work.type
    for tag in work.languages:
        yield "name", "DC.language", tag
    yield "name", "DC.identifier", address
    for number in work.isbns:
        yield "name", "DC.identifier", f"urn:ISBN:{number}"
    if work.isbns or work.type in ("book", "article"):  # else readers of these tags take anything for an article
        yield from _citation(work, year)


def _citation(work: WorkView, year: str) -> Iterator[Meta]:
    yield "name", "citation_title", work.title
    for name in makers(work.creators).authors:
        yield "name", "citation_author", undated(name)
    yield "name", "citation_publication_date", year
    yield "name", "citation_publisher", work.publisher
    yield "name", "citation_language", next(iter(work.languages), "")
    for number in work.isbns:
        yield "name", "citation_isbn", number
    for value in work.identifiers:
        if value.startswith("doi:"):
            yield "name", "citation_doi", value.removeprefix("doi:")
    if work.host:
        start, _, end = work.host.pages.partition("-")
        yield "name", "citation_journal_title", work.host.title
        yield "name", "citation_issn", work.host.issn
        yield "name", "citation_volume", work.host.volume
        yield "name", "citation_issue", work.host.issue
        yield "name", "citation_firstpage", start
        yield "name", "citation_lastpage", end
