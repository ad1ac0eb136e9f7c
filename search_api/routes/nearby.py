"""GET /api/nearby: the best places for one thing, known by its number or its title: for pages that embed the answer."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from search_api.dependencies import ContextOf, JsonOnly, Language, Parameters
from search_api.json_response import json_response
from search_api.nearby import Nearby, nearby, nearby_each
from search_api.parameters import asked, one, whole_number
from search_api.routes.description import answers, number, parameters, query
from search_api.routes.examples import NEARBY
from search_api.routes.shared import SITUATION
from search_api.typed_numbers import KINDS, each_number

router = APIRouter(tags=["search"], dependencies=[JsonOnly])
_OWN = ("isbn", "issn", "title", "creator", "limit")


@router.get(
    "/api/nearby",
    summary="Where is this book?",
    responses=answers(Nearby, NEARBY, 406, 503),
    openapi_extra=parameters(
        query(
            "isbn",
            "ISBN-10 or ISBN-13, with or without hyphens; several with commas between them, or repeated.",
            example="978-0-14-143951-8",
        ),
        query("issn", "ISSN; several as ISBNs."),
        query("title", "Title, where there is no number."),
        query("creator", "Who made it; makes a title sure."),
        *SITUATION,
        query("limit", "Places.", number(1, 100, "integer")),
    ),
)
def read_nearby(context: ContextOf, lang: Language, params: Parameters) -> Response:
    """The best place of each institution that has it. Nothing that matches is an answer too: `matched` is false.

    Of several numbers the first is answered, and in `others` the rest, one answer each.
    """
    question = asked(context, params, lang, _OWN)
    limit = whole_number(params, "limit", 3, 1, 100)
    for kind in KINDS:
        if numbers := each_number(kind, params.get(kind, ())):
            return json_response(nearby_each(context, question, kind, numbers, limit))
    title, creator = one(params, "title"), one(params, "creator")
    return json_response(nearby(context, question, isbn="", issn="", title=title, creator=creator, limit=limit))
