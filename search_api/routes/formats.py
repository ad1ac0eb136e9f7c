"""The addresses with a suffix: "/works/ID.ris", "/api/search.atom". One route a format and thing, from the registry."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from search_api.dependencies import ContextOf, Language, LiveFacts, Parameters
from search_api.renderers import FORMATS
from search_api.renderers.addresses import PATHS, PREFIXES
from search_api.renderers.base import Format, Subject
from search_api.rendering import respond

router = APIRouter(include_in_schema=False)


def _route(subject: Subject, form: Format) -> Callable[..., Response]:
    def read(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
        return respond(request, context, lang, params, subject, form)

    read.__doc__ = f"{subject} as {form.suffix}."
    return read


for _form in FORMATS.values():
    for _subject, _path in PATHS.items():
        if getattr(_form, _subject):
            for _prefix in PREFIXES:
                router.add_api_route(
                    f"{_prefix}{_path}.{_form.suffix}",
                    _route(_subject, _form),
                    dependencies=[LiveFacts] if _subject == "holdings" else [],
                )
