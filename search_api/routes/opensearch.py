"""OpenSearch: the descriptions, suggestions, and results for the parameters that its clients fill in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from search_api import cursor
from search_api.dependencies import ContextOf, Language, Parameters
from search_api.parameters import one, whole_number
from search_api.problems import BadParameterError
from search_api.renderers import atom, opensearch
from search_api.rendering import address_of, frame_of, results_of
from search_api.suggest import suggest
from search_api.understand import MOST_HITS, understand

router = APIRouter(include_in_schema=False)
_DEEPEST = 10_000
_A_DAY = "public, max-age=86400"
_THEIRS = {"near": "lat", "within_km": "radius", "limit": "count"}
"""Our parameter -> the one by which the client gave it."""


@router.get("/opensearch.xml")
def read_description(context: ContextOf, lang: Language) -> Response:
    """How to search here."""
    return _described(opensearch.description(address_of(context), lang), lang)


@router.get("/opensearch-geo.xml")
def read_geo_description(context: ContextOf, lang: Language) -> Response:
    """How to search here from a position."""
    return _described(opensearch.description(address_of(context), lang, geo=True), lang)


@router.get("/opensearch/suggestions")
def read_suggestions(context: ContextOf, lang: Language, params: Parameters) -> Response:
    """How what is being typed may go on."""
    found = suggest(context, params)
    body = opensearch.suggestions(found, address_of(context), lang)
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return Response(body, media_type=opensearch.SUGGESTIONS_TYPE, headers=headers)


@router.get("/opensearch/results")
def read_results(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """A search as Atom; ``cursor``, from the link to the next page, goes before ``startIndex``."""
    start = whole_number(params, "startIndex", 1, 1, _DEEPEST)
    try:
        question = understand(context, _ours(params), lang)
    except BadParameterError as error:
        raise BadParameterError(_THEIRS.get(error.parameter, error.parameter), error.message) from None
    if not question.cursor:
        question = cursor.beyond(question, start - 1, context.clock())
    found = results_of(context, question)
    body = atom.results(found, frame_of(request, context, question, next_page=found.answer.next or ""))
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language", "Content-Language": lang}
    return Response(body, media_type=atom.MEDIA_TYPE, headers=headers)


def _ours(params: dict[str, list[str]]) -> dict[str, list[str]]:
    """The parameters of a search of ours. Parameters that the client left empty are not given."""
    count = whole_number(params, "count", 20, 1, 1_000_000)
    ours = {"q": one(params, "q"), "limit": str(min(count, MOST_HITS)), "cursor": (params.get("cursor") or [""])[-1]}
    lat, lon, radius = one(params, "lat"), one(params, "lon"), one(params, "radius")
    ours["near"] = f"{lat},{lon}" if lat or lon else one(params, "name")
    if radius:
        try:
            ours["within_km"] = str(float(radius) / 1000)
        except ValueError:
            raise BadParameterError("radius", f"{radius[:40]!r} is not a number of metres") from None
    return {name: [value] for name, value in ours.items() if value}


def _described(body: bytes, lang: str) -> Response:
    headers = {"Cache-Control": _A_DAY, "Vary": "Accept-Language", "Content-Language": lang}
    return Response(body, media_type=opensearch.DESCRIPTION_TYPE, headers=headers)
