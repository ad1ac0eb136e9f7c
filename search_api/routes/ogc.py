"""GET /ogc …: OGC API Features and Records. By these standards a parameter that is not known is an error."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from schemas.catalogue import RECORD_TYPES
from schemas.institution import INSTITUTION_KINDS
from schemas.query import SearchRequest
from search_api import ogc_query
from search_api.context import Context
from search_api.dependencies import ContextOf, Language, Parameters
from search_api.errors import ApiError
from search_api.institutions import Box, institution_view, institutions_page
from search_api.parameters import asked, one, several, whole_number
from search_api.problems import BadParameterError
from search_api.renderers import ogc
from search_api.renderers.base import Frame
from search_api.renderers.ogc import Json
from search_api.rendering import address_of, frame_of
from search_api.routes.description import given, many, number, one_of, parameters, query
from search_api.routes.shared import AT, LANG, NEAR
from search_api.views import Moved

router = APIRouter(tags=["maps"])
_F = query("f", "Format; there is only this one.", one_of(("json",)))
_EVERYWHERE = (_F, LANG)
_PAGE = (
    query(
        "limit", "Items on the page; with more than the most there are fewer.", number(1, kind="integer"), example=10
    ),
    query("offset", "Items to pass over.", number(0, kind="integer"), example=0),
    query("ids", "Only these, separated by commas."),
    query("q", "Words.", {"type": "string", "maxLength": 500}, example="library"),
    query("bbox", "west,south,east,north; west > east crosses the antimeridian.", example="-2,54.5,-1,55.5"),
    query("datetime", "A time or an interval, of years, days or moments.", example="1800/.."),
)
_PARAMETERS = {
    "institutions": (
        *_PAGE,
        query("externalIds", "Codes, separated by commas: isil:CODE."),
        query("kind", "Only these kinds; may be repeated.", many(INSTITUTION_KINDS)),
        NEAR,
        AT,
    ),
    "works": (
        *_PAGE,
        query("externalIds", "isbn:NUMBER, issn:NUMBER, doi:NAME, records of sources; separated by commas."),
        query("type", "Only these types; may be repeated.", many(RECORD_TYPES)),
    ),
}
_MOST = {"institutions": 1000, "works": 100}
_USUAL = {"institutions": 100, "works": 20}
_DEEPEST = 10_000_000
Params = dict[str, list[str]]
Parameter = tuple[dict[str, Any], ...]
Name = Annotated[str, Path(json_schema_extra={"enum": list(ogc.COLLECTIONS)})]


def _described(summary: str, media_type: str, *problems: int, own: Parameter = ()) -> dict[str, Any]:
    """What the description of the API says of a route."""
    return {
        "summary": summary,
        "responses": given(media_type, *problems),
        "openapi_extra": parameters(*own, *_EVERYWHERE),
    }


@router.get("/ogc/", include_in_schema=False)
@router.get("/ogc", **_described("OGC API: where a client begins", ogc.JSON, 503))
def read_landing(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """Where a client begins."""
    return _json(ogc.landing(_frame(request, context, lang, params)), lang)


@router.get("/ogc/conformance", **_described("OGC API: what is kept of the standards", ogc.JSON, 503))
def read_conformance(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """What of the standards is kept."""
    _frame(request, context, lang, params)
    return _json(ogc.conformance(), lang)


@router.get("/ogc/collections", **_described("OGC API: both collections", ogc.JSON, 503))
def read_collections(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """Both collections."""
    return _json(ogc.collections(_extent(context), _frame(request, context, lang, params)), lang)


@router.get("/ogc/collections/{name}", **_described("OGC API: one collection", ogc.JSON, 404, 503))
def read_collection(name: Name, request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """One collection."""
    return _json(ogc.collection(_known(name), _extent(context), _frame(request, context, lang, params)), lang)


def read_institutions(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """Institutions as features, by name or nearest first."""
    frame, limit, offset = _page(request, context, lang, params, "institutions")
    ogc_query.years(one(params, "datetime"))  # none of them has a time, so that every time is that of all
    question = asked(context, {key: params[key] for key in ("near", "at") if key in params}, lang)
    page = institutions_page(
        context,
        at=question.at,
        kinds=several(params, "kind", INSTITUTION_KINDS),
        q=one(params, "q"),
        near=question.near,
        box=ogc_query.bbox(params),
        ids=ogc_query.institution_ids(context, params),
        offset=offset,
        limit=limit,
    )
    features = [ogc.institution(entry, frame) for entry in page.institutions]
    frame = _going_on(request, frame, params, offset + limit, page.total)
    return _json(ogc.items(features, page.total, frame), lang, ogc.GEOJSON)


def read_works(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """Works as records, as the search page orders them."""
    frame, limit, offset = _page(request, context, lang, params, "works")
    years = ogc_query.years(one(params, "datetime"))
    found, matched, reach = ogc_query.works(context, params, lang, years, limit=limit, offset=offset)
    frame = _going_on(request, frame, params, offset + limit, reach)
    return _json(ogc.items([ogc.record(*each, frame) for each in found], matched, frame), lang, ogc.GEOJSON)


def read_institution(
    id: str,  # noqa: A002
    request: Request,
    context: ContextOf,
    lang: Language,
    params: Parameters,
) -> Response:
    """One institution."""
    frame = _frame(request, context, lang, params)
    entry = institution_view(context, id, at=frame.moment)
    if entry is None:
        raise ApiError("not-found", f"No institution {id[:200]!r}.")
    return _json(ogc.institution(entry, frame), lang, ogc.GEOJSON)


def read_work(id: str, request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:  # noqa: A002
    """One work; 308 where it became part of another."""
    frame = _frame(request, context, lang, params)
    found = ogc_query.work(context, id)
    if isinstance(found, Moved):
        address = f"{frame.base}/ogc/collections/works/items/{quote(found.id, safe='')}"
        return Response(status_code=308, headers={"Location": address})
    if found is None:
        raise ApiError("not-found", f"No work {id[:200]!r}.")
    return _json(ogc.record(*found, frame), lang, ogc.GEOJSON)


for _name, _items, _item in (
    ("institutions", read_institutions, read_institution),
    ("works", read_works, read_work),
):
    _described_items = _described(f"OGC API: {_name}", ogc.GEOJSON, 503, own=_PARAMETERS[_name])
    router.add_api_route(f"/ogc/collections/{_name}/items", _items, **_described_items)
    _described_item = _described(f"OGC API: one of the {_name}", ogc.GEOJSON, 308, 404, 503)
    router.add_api_route(f"/ogc/collections/{_name}/items/{{id}}", _item, **_described_item)


def _page(request: Request, context: Context, lang: str, params: Params, name: str) -> tuple[Frame, int, int]:
    """The frame, the length and the beginning of the page asked for."""
    frame = _frame(request, context, lang, params, _PARAMETERS[name])
    limit = min(whole_number(params, "limit", _USUAL[name], 1, _DEEPEST), _MOST[name])  # more is no error, but less
    return frame, limit, whole_number(params, "offset", 0, 0, _DEEPEST)


def _going_on(request: Request, frame: Frame, params: Params, offset: int, reach: int) -> Frame:
    """The frame with the address of the next page, where there is one."""
    if offset >= reach:
        return frame
    kept = [(name, value) for name, values in params.items() if name != "offset" for value in values]
    address = f"{frame.base}{request.url.path}?{urlencode([*kept, ('offset', str(offset))])}"
    return msgspec.structs.replace(frame, next=address)


def _frame(request: Request, context: Context, lang: str, params: Params, own: Parameter = ()) -> Frame:
    known = [each["name"] for each in (*own, *_EVERYWHERE)]
    for name in params:
        if name not in known:
            does = f"there are: {', '.join(known)}"
            raise BadParameterError(name[:40], f"is not a parameter of this address; {does}")
    if (form := one(params, "f")) not in ("", "json"):
        raise BadParameterError("f", f"{form[:40]!r} is not given here, only json")
    address_of(context)
    return frame_of(request, context, SearchRequest(at=context.clock().replace(second=0, microsecond=0), lang=lang))


def _known(name: str) -> str:
    if name not in ogc.COLLECTIONS:
        raise ApiError("not-found", f"No collection {name[:200]!r}; there are: {', '.join(ogc.COLLECTIONS)}.")
    return name


def _extent(context: Context) -> Box | None:
    """The box around all institutions whose place is known."""
    places = [
        (row.lon, row.lat) for row in context.registry().institutions if row.lon is not None and row.lat is not None
    ]
    if not places:
        return None
    east_west, north_south = zip(*places, strict=True)
    return min(east_west), min(north_south), max(east_west), max(north_south)


def _json(value: Json, lang: str, media_type: str = ogc.JSON) -> Response:
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language", "Content-Language": lang}
    return Response(msgspec.json.encode(value), media_type=media_type, headers=headers)
