"""GET /unapi: how reference managers fetch the item of a page in the richest format they know (version 1)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from schemas.query import SearchRequest
from search_api.context import Context
from search_api.dependencies import ContextOf, Language, Parameters
from search_api.errors import ApiError
from search_api.lookup import works_meant
from search_api.parameters import one
from search_api.renderers import FORMATS, xml
from search_api.rendering import frame_of, with_marc
from search_api.views import Moved, WorkView
from search_api.works import work_view

router = APIRouter(include_in_schema=False)
NAMES = {"mods": "mods", "marcxml": "marcxml", "ris": "ris", "bibtex": "bibtex", "oai_dc": "dc"}
"""Names that reference managers know -> our formats."""


@router.get("/unapi")
def read_unapi(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """All formats; those of one ``id`` (300); one ``id`` in one ``format``. 404: no such item; 406: no such format."""
    id_, name = one(params, "id"), one(params, "format")
    if not id_:
        return Response(_formats(""), media_type="application/xml", headers=_told(lang))
    view = _work(context, id_, lang)
    if not name:
        return Response(_formats(id_), status_code=300, media_type="application/xml", headers=_told(lang))
    if name not in NAMES:
        raise ApiError("not-acceptable", f"No format {name[:40]!r} here; there are: {', '.join(NAMES)}.")
    form = FORMATS[NAMES[name]]
    assert form.work  # noqa: S101 - all of NAMES are of works
    question = SearchRequest(at=context.clock(), lang=lang)
    frame = frame_of(request, context, question)
    if form.wants_marc:
        frame = with_marc(frame, context, [view])
    return Response(form.work(view, frame), media_type=form.media_type, headers=_told(lang))


def _work(context: Context, id_: str, lang: str) -> WorkView:
    meant = [one.work for one in works_meant(context, [id_]).get(id_, [])]
    for work in [*meant[:1], id_]:
        found = work_view(context, work, at=context.clock(), lang=lang, for_others=True)
        if isinstance(found, Moved):
            found = work_view(context, found.id, at=context.clock(), lang=lang, for_others=True)
        if isinstance(found, WorkView):
            return found
    raise ApiError("not-found", f"No item {id_[:200]!r}.")


def _told(lang: str) -> dict[str, str]:
    return {"Cache-Control": "no-cache", "Vary": "Accept-Language", "Content-Language": lang}


def _formats(id_: str) -> bytes:
    formats = xml.root("formats", {}, id=id_)
    for name, own in NAMES.items():
        xml.branch(formats, "format", name=name, type=FORMATS[own].type)
    return xml.document(formats)
