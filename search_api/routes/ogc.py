"""GET /ogc …: OGC API Features and Records. By these standards a parameter that is not known is an error."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

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
from search_api.views import Moved

router = APIRouter(include_in_schema=False)
_EVERYWHERE = ("f", "lang")
_ITEMS = {
    "institutions": ("limit", "offset", "bbox", "q", "ids", "externalIds", "datetime", "kind", "near", "at"),
    "works": ("limit", "offset", "bbox", "q", "ids", "externalIds", "datetime", "type"),
}
_MOST = {"institutions": 1000, "works": 100}
_USUAL = {"institutions": 100, "works": 20}
_DEEPEST = 10_000_000
Params = dict[str, list[str]]


@router.get("/ogc")
@router.get("/ogc/")
def read_landing(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """Where a client begins."""
    return _json(ogc.landing(_frame(request, context, lang, params)), lang)


@router.get("/ogc/conformance")
def read_conformance(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """What of the standards is kept."""
    _frame(request, context, lang, params)
    return _json(ogc.conformance(), lang)


@router.get("/ogc/collections")
def read_collections(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """Both collections."""
    return _json(ogc.collections(_extent(context), _frame(request, context, lang, params)), lang)


@router.get("/ogc/collections/{name}")
def read_collection(
    name: str, request: Request, context: ContextOf, lang: Language, params: Parameters
) -> Response:  # fmt: skip
    """One collection."""
    return _json(ogc.collection(_known(name), _extent(context), _frame(request, context, lang, params)), lang)


@router.get("/ogc/collections/{name}/items")
def read_items(name: str, request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """A page of a collection."""
    frame = _frame(request, context, lang, params, _ITEMS[_known(name)])
    limit = min(whole_number(params, "limit", _USUAL[name], 1, _DEEPEST), _MOST[name])  # more is no error, but less
    offset = whole_number(params, "offset", 0, 0, _DEEPEST)
    years = ogc_query.years(one(params, "datetime"))
    if name == "works":
        found, matched, reach = ogc_query.works(context, params, lang, years, limit=limit, offset=offset)
        features = [ogc.record(work, changed, frame) for work, changed in found]
    else:
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
        features, matched = [ogc.institution(entry, frame) for entry in page.institutions], page.total
        reach = matched
    if offset + limit < reach:
        frame = msgspec.structs.replace(frame, next=_page(request, frame, params, offset + limit))
    return _json(ogc.items(features, matched, frame), lang, ogc.GEOJSON)


@router.get("/ogc/collections/{name}/items/{id}")
def read_item(
    name: str,
    id: str,  # noqa: A002
    request: Request,
    context: ContextOf,
    lang: Language,
    params: Parameters,
) -> Response:
    """One institution or work."""
    frame = _frame(request, context, lang, params)
    if _known(name) == "institutions":
        entry = institution_view(context, id, at=frame.moment)
        if entry is None:
            raise ApiError("not-found", f"No institution {id[:200]!r}.")
        return _json(ogc.institution(entry, frame), lang, ogc.GEOJSON)
    found = ogc_query.work(context, id)
    if isinstance(found, Moved):
        address = f"{frame.base}/ogc/collections/works/items/{quote(found.id, safe='')}"
        return Response(status_code=308, headers={"Location": address})
    if found is None:
        raise ApiError("not-found", f"No work {id[:200]!r}.")
    return _json(ogc.record(*found, frame), lang, ogc.GEOJSON)


def _frame(request: Request, context: Context, lang: str, params: Params, known: tuple[str, ...] = ()) -> Frame:
    for name in params:
        if name not in (*known, *_EVERYWHERE):
            does = f"there are: {', '.join((*known, *_EVERYWHERE))}"
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


def _page(request: Request, frame: Frame, params: Params, offset: int) -> str:
    kept = [(name, value) for name, values in params.items() if name != "offset" for value in values]
    return f"{frame.base}{request.url.path}?{urlencode([*kept, ('offset', str(offset))])}"


def _json(value: Json, lang: str, media_type: str = ogc.JSON) -> Response:
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language", "Content-Language": lang}
    return Response(msgspec.json.encode(value), media_type=media_type, headers=headers)
