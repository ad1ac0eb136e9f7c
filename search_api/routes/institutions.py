"""GET /api/institutions and /api/institutions/{id}: the registry, with what is open."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from search_api.best_holding import zone_of
from search_api.dependencies import ContextOf, JsonOnly, Language, Parameters
from search_api.errors import ApiError
from search_api.institutions import LIST_PARAMETERS, institution_view, institutions_asked_for, version_of
from search_api.json_response import json_response
from search_api.parameters import asked
from search_api.routes.description import answers, parameters
from search_api.routes.examples import INSTITUTION, INSTITUTIONS
from search_api.routes.shared import AT, LANG, NEAR, PLACES
from search_api.views import InstitutionList, InstitutionView

router = APIRouter(tags=["institutions"], dependencies=[JsonOnly])


@router.get(
    "/api/institutions",
    summary="Institutions: nearest first with near, else by name",
    responses=answers(InstitutionList, INSTITUTIONS, 406),
    openapi_extra=parameters(*PLACES),
)
def read_institutions(context: ContextOf, lang: Language, params: Parameters) -> Response:
    """All that pass the filters, each with whether it is open at the moment asked about."""
    question = asked(context, params, lang, LIST_PARAMETERS)
    page = institutions_asked_for(context, question, params, usual=50)
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
