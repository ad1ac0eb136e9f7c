"""/i/{institution}/sources/{id}/leave: what an institution takes out again: a copy, single records, the whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from search_api import export
from search_api.accounts import leaving, tenancy
from search_api.accounts.actor import Actor
from search_api.accounts.guard import institution_of, require
from search_api.accounts.tenancy import OwnSource
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.web.forms import Form, Sent, see_other
from search_api.web.rendering import Page
from store import erasing, registrations, sources, taken_down
from store.database import Connection

router = APIRouter(prefix="/i/{institution}/sources/{id}", include_in_schema=False)
SourceKeeper = Annotated[Actor, Depends(require("sources:manage"))]
EXPORTS = {"records": export.living_records, "raw": export.sent_records}
"""Name of a download -> what is in it."""
_SHOWN = 100


@router.get("/leave")
def leave_page(request: Request, actor: SourceKeeper, id: str) -> Response:  # noqa: A002
    """What would disappear, downloads of it, and the way out."""
    return _page(request, id, Form())


@router.get("/export/{name}.jsonl")
def download(request: Request, actor: SourceKeeper, id: str, name: str) -> Response:  # noqa: A002
    """All living records of the source as JSON Lines: as they were understood, or as they were sent."""
    context = context_of(request)
    if name not in EXPORTS:
        raise ApiError("not-found", f"Nothing is at {request.url.path}.")
    with context.database.connect() as connection:
        _own(connection, request, id)
        number = sources.number_of(connection, id) or 0
    headers = {"Content-Disposition": f'attachment; filename="{name}.jsonl"', "Cache-Control": "no-store"}
    lines = EXPORTS[name](context.database, number, id)
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


@router.post("/take-down")
def take_down(request: Request, actor: SourceKeeper, id: str, form: Sent) -> Response:  # noqa: A002
    """Erase one record by its identifier, for good."""
    page, place = Page(request), institution_of(request)
    record, reason = form["record"], form["reason"][:500]
    with context_of(request).database.begin() as connection:
        own = _own(connection, request, id)
        number = sources.number_of(connection, id) or 0
        if not reason:
            form.wrong["reason"] = page.say("area.reason_needed")
        elif not record or not erasing.take_down(connection, number, own.source.id, record):
            form.wrong["record"] = page.say("leaving.no_record")
        else:
            told = {"record": record[:500], "reason": reason}
            actor.did(connection, "record.take_down", f"source:{id}", institution=place.id, **told)
    if form.wrong:
        return _page(request, id, form)
    to = page.to.page(f"/i/{place.id}/sources/{id}/leave", [("done", "take-down")])
    return see_other(to)


def _page(request: Request, id_: str, form: Form) -> Response:
    page, context, place = Page(request), context_of(request), institution_of(request)
    with context.database.connect() as connection:
        own = _own(connection, request, id_)
        number = sources.number_of(connection, id_) or 0
        shown = leaving.preview(connection, context.columns(), own.source)
        gone = taken_down.all_of(connection, number)
        registration = registrations.of_source(connection, id_)
    return page.render(
        "area/leave.html", status=422 if form.wrong else 200, private=True, form=form, place=place, source=own.source,
        preview=shown, gone=gone[:_SHOWN], gone_count=len(gone), registration=registration,
        done=request.query_params.get("done", ""), rest_days=context.settings.rest_days,
    )  # fmt: skip


def _own(connection: Connection, request: Request, id_: str) -> OwnSource:
    ids = tenancy.own_ids(institution_of(request), context_of(request).registry().institutions)
    return tenancy.source_of(connection, ids, id_)
