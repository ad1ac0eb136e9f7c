"""/operator/records: the operator takes down a single record, found by its work or by its identifier."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from schemas.work import Work
from search_api.accounts.actor import Actor
from search_api.accounts.guard import require
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.web.forms import Form, Sent, see_other
from search_api.web.rendering import Page
from store import dated_works, erasing, raw_records, sources, works
from store.database import Connection

router = APIRouter(prefix="/operator/records", include_in_schema=False)
Watcher = Annotated[Actor, Depends(require("platform:read"))]
Decider = Annotated[Actor, Depends(require("platform:decide"))]


class _Found(msgspec.Struct, frozen=True):
    """A record that can be taken down."""

    source: str
    record: str


@router.get("")
def records_page(request: Request, actor: Watcher) -> Response:
    """The records of a work, or those of an identifier."""
    return _page(request, Form(), request.query_params.get("work", ""))


@router.post("")
def take_down(request: Request, actor: Decider, form: Sent) -> Response:
    """Erase one for good."""
    context, page = context_of(request), Page(request)
    if not form["reason"]:
        form.wrong["reason"] = page.say("area.reason_needed")
        return _page(request, form, form["work"])
    with context.database.begin() as connection:
        source, number = sources.get(connection, form["source"]), sources.number_of(connection, form["source"])
        if source is None or not erasing.take_down(connection, number or 0, source.id, form["record"]):
            raise ApiError("not-found", "There is no such record.")
        told = {"record": form["record"][:500], "reason": form["reason"][:500]}
        actor.did(connection, "record.take_down", f"source:{source.id}", institution=source.institution, **told)
    to = page.to.page("/operator/records", [("work", form["work"]), ("done", "1")])
    return see_other(to)


def _page(request: Request, form: Form, asked: str) -> Response:
    with context_of(request).database.connect() as connection:
        found = _find(connection, asked.strip()[:2000])
    done = request.query_params.get("done", "")
    status = 422 if form.wrong else 200
    return Page(request).render(
        "area/records.html", status=status, private=True, form=form, asked=asked, found=found, done=done
    )


def _find(connection: Connection, asked: str) -> list[_Found]:
    if not asked or "\0" in asked:
        return []
    found = works.get(connection, urlsplit(asked).path.rpartition("/")[2] if "/works/" in asked else asked)
    if isinstance(found, str):
        found = works.get(connection, found)
    if isinstance(found, Work):
        behind = dated_works.origins(connection, [found.number]).get(found.number, [])
        return [_Found(origin.source.id, origin.record) for origin in behind]
    known = sources.numbers(connection)
    rows = raw_records.find(connection, list(known), [asked])
    return [_Found(known[number].id, asked) for number, _ in rows.get(asked, [])]
