"""GET /api/institutions and /api/institutions/{id}: the registry, with what is open."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from schemas.institution import INSTITUTION_KINDS
from search_api.best_holding import zone_of
from search_api.dependencies import ContextOf, JsonOnly, Language, Parameters
from search_api.errors import ApiError
from search_api.institutions import institution_view, institutions_page, version_of
from search_api.json_response import json_response
from search_api.parameters import asked, box, one, several, whole_number
from search_api.routes.description import answers, parameters
from search_api.routes.examples import INSTITUTION, INSTITUTIONS
from search_api.routes.shared import AT, LANG, NEAR, PLACES
from search_api.views import InstitutionList, InstitutionView

router = APIRouter(tags=["institutions"], dependencies=[JsonOnly])
_OWN = ("kind", "q", "bbox", "limit", "cursor")
_DEEPEST = 10_000_000


@router.get(
    "/api/institutions",
    summary="Institutions: nearest first with near, else by name",
    responses=answers(InstitutionList, INSTITUTIONS, 406),
    openapi_extra=parameters(*PLACES),
)
def read_institutions(context: ContextOf, lang: Language, params: Parameters) -> Response:
    """All that pass the filters, each with whether it is open at the moment asked about."""
    question = asked(context, params, lang, _OWN)
    page = institutions_page(
        context,
        at=question.at,
        kinds=several(params, "kind", INSTITUTION_KINDS),
        q=one(params, "q"),
        near=question.near,
        box=box(params),
        offset=whole_number(params, "cursor", 0, 0, _DEEPEST),
        limit=whole_number(params, "limit", 50, 1, 1000),
    )
    page.warnings = list(question.warnings)
    return json_response(page)


@router.get(
    "/api/institutions/{id}",
    summary="One institution: its week, services, branches, and how old what we know is",
    responses=answers(InstitutionView, INSTITUTION, 404, 406),
    openapi_extra=parameters(NEAR, AT, LANG),
)
def read_institution(id: str, context: ContextOf, lang: Language, params: Parameters) -> Response:  # noqa: A002
    """`week` has the days of the week of `at`, in the place's own time; so is an `at` without an offset."""
    place = context.registry().by_id.get(id)
    question = asked(context, params, lang, zone=zone_of(place) if place else None)
    view = institution_view(context, id, at=question.at, near=question.near)
    if view is None or place is None:
        raise ApiError("not-found", f"No institution {id[:200]!r}.")
    view.warnings = list(question.warnings)
    return json_response(view, version=version_of(place))
