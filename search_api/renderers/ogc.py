"""OGC API: Features 1.0 and Records 1.0, for geographic tools and catalogues of catalogues. Two collections.

``institutions`` are features with a place; ``works`` are records without one: a work is wherever it is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from search_api.messages import text
from search_api.renderers import geojson
from search_api.renderers.base import Described, Frame
from search_api.renderers.text import one_line
from search_api.views import InstitutionEntry

JSON, GEOJSON, HTML = "application/json", geojson.MEDIA_TYPE, "text/html"
RECORD_CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    RECORD_CORE,
    "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core-query-parameters",
    "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/json",
)
_WGS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
COLLECTIONS = {"institutions": "feature", "works": "record"}
"""Id -> what its items are."""
Json = dict[str, Any]
Box = tuple[float, float, float, float]


def landing(frame: Frame) -> Json:
    """Where a client begins."""
    return {
        "title": "Lampway",
        "description": text(frame.lang, "ogc.about"),
        "links": [
            _link("self", f"{_home(frame)}", JSON),
            _link("service-desc", f"{frame.base}/api/openapi.json", "application/vnd.oai.openapi+json;version=3.1"),
            _link("service-doc", f"{frame.base}/api/docs", HTML),
            _link("conformance", f"{_home(frame)}/conformance", JSON),
            _link("data", f"{_home(frame)}/collections", JSON),
        ],
    }


def conformance() -> Json:
    """What of the standards is kept."""
    return {"conformsTo": list(CONFORMANCE)}


def collections(extent: Box | None, frame: Frame) -> Json:
    """Both collections."""
    return {
        "links": [_link("self", f"{_home(frame)}/collections", JSON)],
        "collections": [collection(name, extent, frame) for name in COLLECTIONS],
    }


def collection(name: str, extent: Box | None, frame: Frame) -> Json:
    """One collection. ``extent``: the box around all institutions, where any has a place."""
    address = f"{_home(frame)}/collections/{name}"
    found: Json = {
        "id": name,
        "title": text(frame.lang, f"ogc.{name}"),
        "description": text(frame.lang, f"ogc.{name}_about"),
        "itemType": COLLECTIONS[name],
        "crs": [_WGS84],
        "links": [_link("self", address, JSON), _link("items", f"{address}/items", GEOJSON)],
    }
    if name == "works":
        found["conformsTo"] = [RECORD_CORE]
    if extent:
        found["extent"] = {"spatial": {"bbox": [list(extent)], "crs": _WGS84}}
    return found


def items(features: Sequence[Json], matched: int, frame: Frame) -> Json:
    """A page of a collection; ``frame.next`` leads to the next one."""
    links = [_link("self", frame.address, GEOJSON)]
    if frame.next:
        links.append(_link("next", frame.next, GEOJSON))
    return {
        "type": "FeatureCollection",
        "features": list(features),
        "numberMatched": matched,
        "numberReturned": len(features),
        "links": links,
    }


def institution(entry: InstitutionEntry, frame: Frame) -> Json:
    """An institution as an item."""
    feature = geojson.institution(entry, frame)
    return feature | {"links": _links("institutions", entry.id, frame.institution(entry.id), frame)}


def record(work: Described, updated: str, frame: Frame) -> Json:
    """A work as a record; ``updated``: when what is said of it last changed, "" = not known."""
    page = frame.work(work.id)
    where = f"{frame.base}/api/works/{quote(work.id, safe='')}/holdings.geojson"
    properties = {
        "type": work.type,
        "title": ". ".join(part for part in (work.title, work.part) if part) or work.id,
        "description": work.description,
        "keywords": list(work.subjects),
        "resourceLanguages": [{"code": tag} for tag in work.languages],
        "externalIds": list(_external(work)),
        "contacts": [
            {"name": one_line(creator.name), "roles": [creator.role or "creator"]}
            for creator in work.creators
            if one_line(creator.name)
        ],
        "updated": updated,
    }
    links = _links("works", work.id, page, frame)
    links.append(_link("related", where, GEOJSON) | {"title": text(frame.lang, "ogc.where")})
    return {
        "type": "Feature",
        "id": work.id,
        "conformsTo": [RECORD_CORE],
        "time": _years(work.year),
        "geometry": None,
        "properties": {name: value for name, value in properties.items() if value},
        "links": links,
    }


def _external(work: Described) -> Iterable[Json]:
    for scheme, values in (("isbn", work.isbns), ("issn", work.issns)):
        yield from ({"scheme": scheme, "value": value} for value in values)
    for identifier in work.identifiers:
        scheme, _, value = identifier.partition(":")
        if value and not scheme.startswith("invalid-"):
            yield {"scheme": scheme, "value": value}


def _years(year: int | None) -> Json | None:
    """The year of publication; the calendar of the standard knows the years 1 to 9999."""
    return {"interval": [f"{year:04d}-01-01", f"{year:04d}-12-31"]} if year and 1 <= year <= 9999 else None


def _links(name: str, id_: str, page: str, frame: Frame) -> list[Json]:
    address = f"{_home(frame)}/collections/{name}"
    return [
        _link("self", f"{address}/items/{quote(id_, safe='')}", GEOJSON),
        _link("alternate", page, HTML),
        _link("collection", address, JSON),
    ]


def _home(frame: Frame) -> str:
    return f"{frame.base}/ogc"


def _link(rel: str, address: str, media_type: str) -> Json:
    return {"rel": rel, "href": address, "type": media_type}
