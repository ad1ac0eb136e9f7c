"""Telling the state of a copy by hand: the form of ``/i/{institution}``, for houses whose system cannot push."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from schemas.identifiers import isbn13
from schemas.said import phrase_of
from search_api.accounts.actor import Actor
from search_api.accounts.guard import institution_of, require
from search_api.availability.items import ItemError
from search_api.availability.push import Pusher
from search_api.dependencies import context_of
from search_api.web.forms import Sent
from search_api.web.institution_area import back_to_area, show_area
from search_api.web.rendering import Page
from search_api.web.sentences import told

router = APIRouter(prefix="/i/{institution}", include_in_schema=False)
ShelfKeeper = Annotated[Actor, Depends(require("institution:edit"))]
_TOLD = ("state", "service", "due", "branch", "holding")


@router.post("/availability")
def tell_state(request: Request, actor: ShelfKeeper, form: Sent) -> Response:
    """The state of one copy, or of all copies of a thing at the place; shown to searches at once."""
    context, place, page = context_of(request), institution_of(request), Page(request)
    thing = form["thing"]
    row = {name: form[name] for name in _TOLD} | {"isbn" if isbn13(thing) else "record": thing}
    registry = context.registry()
    pusher = Pusher(context.database, context.engine, registry.resolver, place, registry.by_id.values())
    try:
        pusher.push_one(row, context.clock())
    except ItemError as error:
        form.wrong["thing"] = told(str(error), phrase_of(error.said), page.lang)
        return show_area(request, actor, form)
    with context.database.begin() as connection:
        said = {name: value for name, value in row.items() if value}
        actor.did(connection, "availability.tell", f"institution:{place.id}", institution=place.id, **said)
    context.refresh()
    return back_to_area(request, "shelf")
