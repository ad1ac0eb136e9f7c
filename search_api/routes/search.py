"""GET /api/search: the ranked answer. GET /api/suggest: words and titles for what is being typed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from schemas.answer import Answer
from search_api.dependencies import ContextOf, JsonOnly, Language, MetricsOf, Parameters
from search_api.json_response import json_response
from search_api.routes.description import answers, number, parameters, query
from search_api.routes.examples import ANSWER, SUGGESTIONS
from search_api.routes.shared import LANG, SEARCH
from search_api.search import search
from search_api.suggest import Suggestions, suggest
from search_api.understand import understand

router = APIRouter(tags=["search"], dependencies=[JsonOnly])


@router.get(
    "/api/search",
    summary="What is where, ranked by match, availability, opening and distance",
    responses=answers(Answer, ANSWER, 406, 503),
    openapi_extra=parameters(*SEARCH),
)
def read_search(context: ContextOf, metrics: MetricsOf, lang: Language, params: Parameters) -> Response:
    """Every hit with the copy that answers best and the signals that made its score. `exact`: provably right."""
    with metrics.stage("understand"):
        request = understand(context, params, lang)
    with metrics.stage("search"):
        answer = search(context, request)
    metrics.search(answer.exact)
    with metrics.stage("encode"):
        return json_response(answer)


@router.get(
    "/api/suggest",
    summary="Words and titles for what is being typed",
    responses=answers(Suggestions, SUGGESTIONS, 406, 503),
    openapi_extra=parameters(
        query("q", "The beginning of a search.", {"type": "string", "maxLength": 500}, example="pride and pr"),
        query("limit", "Of each kind.", number(1, 20, "integer")),
        LANG,
    ),
)
def read_suggestions(context: ContextOf, params: Parameters) -> Response:
    """Words that go on with the last one typed, and titles of works that match."""
    return json_response(suggest(context, params))
