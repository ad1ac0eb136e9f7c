"""/works/{id}/why: why the records of a work are together, for everybody; and where an operator decides about it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from schemas.decisions import DECISION_KINDS, LEVELS, Decision, DecisionKind, Level, RecordRef, UndecidableError
from schemas.work import Work
from search_api.accounts.actor import Actor
from search_api.accounts.guard import Public, actor_or_nobody, require
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.merges import Merges, Noted, explain_work
from search_api.views import Moved
from search_api.web.error_pages import missing_page
from search_api.web.forms import Form, Sent, see_other
from search_api.web.rendering import Page
from search_api.web.why_view import why_view
from store import records, works
from store.database import Connection

router = APIRouter(include_in_schema=False)
Decider = Annotated[Actor, Depends(require("platform:decide"))]


@router.get("/works/{id_}/why", dependencies=[Public])
def why_page(request: Request, id_: str) -> Response:
    """The explanation; whoever may decide finds the forms on it."""
    return _page(request, id_, actor_or_nobody(request), Form())


@router.post("/works/{id_}/why")
def decide(request: Request, id_: str, actor: Decider, form: Sent) -> Response:
    """Join the chosen records with another work, split them off, or keep them apart."""
    context, say = context_of(request), Page(request).say
    with context.database.connect() as connection:
        decision, problem = _decision(connection, form, actor)
    if problem:
        form.wrong["decide"] = say(f"merging.{problem}")
        return _page(request, id_, actor, form)
    try:
        _merges(request).decide(decision, _noted(actor, "merges.decide", id_))
    except UndecidableError as error:
        form.wrong["decide"] = str(error)
        return _page(request, id_, actor, form)
    context.refresh()
    return _done(request, id_)


@router.post("/works/{id_}/why/undo")
def undo(request: Request, id_: str, actor: Decider, form: Sent) -> Response:
    """Let a decision count no more."""
    try:
        number = int(form["decision"])
        _merges(request).undo(number, _author(actor), _noted(actor, "merges.undo", id_))
    except (UndecidableError, ValueError) as error:
        form.wrong["decide"] = str(error)
        return _page(request, id_, actor, form)
    context_of(request).refresh()
    return _done(request, id_)


def _page(request: Request, id_: str, actor: Actor | None, form: Form) -> Response:
    page, context = Page(request), context_of(request)
    merges: Merges | None = request.app.state.merges
    found = explain_work(context, merges, id_, page.lang) if merges else None
    if found is None:
        return missing_page(request, "work")
    if isinstance(found, Moved):
        return RedirectResponse(page.to.page(f"/works/{found.id}/why"), status_code=308)
    return page.render(
        "why.html",
        status=400 if form.wrong else 200,
        form=form,
        may_decide=actor is not None and actor.may("platform:decide"),
        here=page.to.page(f"/works/{found.work}/why"),
        undo_at=page.to.page(f"/works/{found.work}/why/undo"),
        done="done" in request.query_params,
        levels=LEVELS,
        **why_view(found, page.say, page.to),
    )


def _decision(connection: Connection, form: Form, actor: Actor) -> tuple[Decision, str]:
    """What the form asks for, and what is wrong with it: a key of ``merging.yaml``."""
    kind: DecisionKind = next((kind for kind in DECISION_KINDS if kind == form["kind"]), "split")
    level: Level = next((level for level in LEVELS if level == form["level"]), "edition")
    chosen = [_ref(text) for name, text in form.fields.items() if name.startswith("record-")]
    problem = "" if chosen else "why_choose"
    if kind == "join":
        other = _one_of(connection, form["with"])
        chosen += [other] if other else []
        problem = problem or ("" if other else "why_unknown")
    return Decision(kind=kind, level=level, records=chosen, author=_author(actor), reason=form["reason"]), problem


def _ref(text: str) -> RecordRef:
    try:
        return msgspec.json.decode(text, type=RecordRef)
    except msgspec.DecodeError:
        raise ApiError("invalid-body", "Choose records with the boxes of the page.") from None


def _one_of(connection: Connection, name: str) -> RecordRef | None:
    """A record of the work that somebody names by its id or the address of its page."""
    id_ = name.partition("/works/")[2] if "/works/" in name else name
    work = works.get(connection, id_.partition("?")[0].partition("/")[0])
    work = works.get(connection, work) if isinstance(work, str) else work
    if not isinstance(work, Work):
        return None
    found = records.by_ids(connection, work.editions[0].record_ids[:1])
    return next((RecordRef(source=record.source, record=record.record) for record in found.values()), None)


def _author(actor: Actor) -> str:
    """As others will read it: never a mail address."""
    return actor.account.name or "operator"


def _noted(actor: Actor, action: str, id_: str) -> Noted:
    def noted(connection: Connection, decision: Decision) -> None:
        actor.did(connection, action, f"work:{id_[:200]}", decision=str(decision.id), reason=decision.reason)

    return noted


def _done(request: Request, id_: str) -> Response:
    address = Page(request).to.page(f"/works/{id_}/why", [("done", "1")])
    return see_other(address)


def _merges(request: Request) -> Merges:
    merges: Merges | None = request.app.state.merges
    if merges is None:
        raise ApiError("not-found", "This service was started without merging.")
    return merges
