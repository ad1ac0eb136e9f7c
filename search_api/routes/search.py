"""GET /api/search: the ranked answer. GET /api/suggest: words and titles for what is being typed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from schemas.answer import Answer
from schemas.catalogue import RECORD_TYPES, SERVICES
from schemas.institution import INSTITUTION_KINDS
from schemas.query import FACETS, SORTS
from search_api.dependencies import ContextOf, JsonOnly, Language, MetricsOf, Parameters
from search_api.json_response import json_response
from search_api.routes.description import answers, many, number, one_of, parameters, query
from search_api.routes.examples import ANSWER, SUGGESTIONS
from search_api.routes.shared import AT, LANG, MODE, NEAR
from search_api.search import search
from search_api.suggest import Suggestions, suggest
from search_api.understand import understand

router = APIRouter(tags=["search"], dependencies=[JsonOnly])
_YES = {"type": "boolean"}


@router.get(
    "/api/search",
    summary="What is where, ranked by match, availability, opening and distance",
    responses=answers(Answer, ANSWER, 406, 503),
    openapi_extra=parameters(
        query(
            "q",
            'Words, "a phrase", field:word, ISBN, title; empty = browse.',
            {"type": "string", "maxLength": 500},
            example="pride and prejudice",
        ),
        NEAR,
        AT,
        MODE,
        query("within_km", "Only places so near; needs near.", number(0)),
        query("open", "Only places surely open on arrival.", _YES),
        query("available", "Only copies that can be had now.", _YES),
        query("service", "Only these services; may be repeated.", many(SERVICES)),
        query("kind", "Only these kinds of institutions; may be repeated.", many(INSTITUTION_KINDS)),
        query("type", "Only these types; may be repeated.", many(RECORD_TYPES)),
        query("language", "Only these languages (BCP 47); may be repeated.", many()),
        query("year_from", "First year.", number(kind="integer")),
        query("year_to", "Last year.", number(kind="integer")),
        query("institution", "Only these institutions and their branches; may be repeated.", many()),
        query("sort", "Order; best when missing.", one_of(SORTS)),
        query("limit", "Hits on the page.", number(1, 100, "integer")),
        query("cursor", "`next` of the page before."),
        query("facets", f"Comma-separated: {', '.join(FACETS)}.", example="type,language"),
        query("explain", "With a reason in words for every signal.", _YES),
        LANG,
    ),
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
