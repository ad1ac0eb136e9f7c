"""The addresses with a suffix: "/works/ID.ris", "/api/search.atom". One route a format and thing, from the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from search_api.dependencies import ContextOf, Language, LiveFacts, Parameters
from search_api.renderers import FORMATS
from search_api.renderers.addresses import PATHS, PREFIXES
from search_api.renderers.base import MOST_SAVED, Format, Subject
from search_api.rendering import respond
from search_api.routes.description import given, number, parameters, query
from search_api.routes.shared import AT, LANG, NEAR, PLACES, SEARCH, SITUATION

router = APIRouter(tags=["formats"])
_PARAMETERS: dict[Subject, tuple[dict[str, Any], ...]] = {
    "work": SITUATION,
    "holdings": SITUATION,
    "institution": (NEAR, AT, LANG),
    "institutions": PLACES,
    "results": SEARCH,
}
_SAVED = query("limit", f"Descriptions in the file; {MOST_SAVED} when missing.", number(1, MOST_SAVED, "integer"))


def _route(subject: Subject, form: Format) -> Callable[..., Response]:
    def read(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
        return respond(request, context, lang, params, subject, form)

    return read


def _described(subject: Subject, form: Format) -> dict[str, Any]:
    """What the description of the API says of a format: the same parameters, and bytes of its media type."""
    own = _PARAMETERS[subject]
    if form.download and subject == "results":
        own = (*(one for one in own if one["name"] != "limit"), _SAVED)
    missing = (404,) if "{id}" in PATHS[subject] else (503,) if subject == "results" else ()
    moved = (308,) if subject in ("work", "holdings") else ()
    return {
        "summary": f"{subject.capitalize()} as {form.suffix}",
        "responses": given(form.type, *missing, *moved),
        "openapi_extra": parameters(*own),
    }


for _form in FORMATS.values():
    for _subject, _path in PATHS.items():
        if getattr(_form, _subject):
            for _prefix in PREFIXES:
                router.add_api_route(
                    f"{_prefix}{_path}.{_form.suffix}",
                    _route(_subject, _form),
                    dependencies=[LiveFacts] if _subject == "holdings" else [],
                    include_in_schema=_prefix == "/api",  # the others are the same beside the pages
                    name=f"{_prefix}{_subject}.{_form.suffix}",
                    **_described(_subject, _form),
                )
