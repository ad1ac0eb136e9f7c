"""/robots.txt and the sitemaps: where robots find every work and institution, and where they find no end."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from search_api.dependencies import ContextOf
from search_api.errors import ApiError
from search_api.lately import Lately
from search_api.renderers.sitemap import MEDIA_TYPE, addresses, index
from search_api.rendering import address_of
from store import institutions, sitemap
from store.database import Database
from store.sitemap import Part

router = APIRouter(include_in_schema=False)
Parts = Lately[list[Part]]
GOOD_FOR_S = 60.0
_AN_HOUR = {"Cache-Control": "public, max-age=3600"}
NOT_FOR_ROBOTS = (
    "/search",
    "/api/",
    "/oai",
    "/daia",
    "/sru",
    "/ogc",
    "/openurl",
    "/opensearch/",
    "/unapi",
    "/embed/",
    "/oembed",
    "/register/",
    "/login",
    "/link/",
    "/account",
    "/i/",
    "/operator",
)
"""Beginnings of addresses with no end of combinations, or with nothing for strangers. Never what pages are made of."""


def parts_of(database: Database) -> Parts:
    """The files of works; to find them the database reads the number of every work."""

    def read() -> list[Part]:
        with database.connect() as connection:
            return sitemap.parts(connection)

    return Lately(read, GOOD_FOR_S)


@router.get("/robots.txt")
def read_robots(context: ContextOf) -> Response:
    """Robots may read works and institutions."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS), "Allow: /"]
    if context.settings.public_url:
        lines += ["", f"Sitemap: {address_of(context)}/sitemap.xml"]
    return PlainTextResponse("\n".join(lines) + "\n", headers=_AN_HOUR)


@router.get("/sitemap.xml")
def read_index(request: Request, context: ContextOf) -> Response:
    """The files there are."""
    base = address_of(context)
    parts: Parts = request.app.state.sitemap
    files = [(f"{base}/sitemaps/institutions.xml", "")]
    files += [(f"{base}/sitemaps/works-{part.number}.xml", part.changed) for part in parts.value()]
    return Response(index(files), media_type=MEDIA_TYPE, headers=_AN_HOUR)


@router.get("/sitemaps/institutions.xml")
def read_institutions(context: ContextOf) -> Response:
    """The institutions, with the day of the last change of their entry."""
    base = address_of(context)
    with context.database.connect() as connection:
        rows = institutions.changed(connection)
    pages = [(f"{base}/institutions/{quote(id_, safe='')}", changed) for id_, changed in rows]
    return Response(addresses([(f"{base}/", ""), *pages]), media_type=MEDIA_TYPE, headers=_AN_HOUR)


@router.get("/sitemaps/works-{part}.xml")
def read_works(part: str, context: ContextOf) -> Response:
    """Some of the works."""
    base = address_of(context)
    if not part.isascii() or not part.isdigit() or len(part) > 9:
        raise ApiError("not-found", "There is no such file; /sitemap.xml lists all.")
    with context.database.connect() as connection:
        rows = sitemap.works_of(connection, int(part))
    if not rows:
        raise ApiError("not-found", "There is no such file; /sitemap.xml lists all.")
    pages = ((f"{base}/works/{quote(id_, safe='')}", changed) for id_, changed in rows)
    return Response(addresses(pages), media_type=MEDIA_TYPE, headers=_AN_HOUR)
