"""/operator: the queue of registrations, what waits for a decision, and the audit of the whole platform."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from schemas import names
from schemas.registration import Registration
from search_api.accounts import registering
from search_api.accounts.actor import Actor
from search_api.accounts.guard import require
from search_api.accounts.mail import Mail
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.web.forms import Form, Sent, see_other
from search_api.web.institution_area_page import audit_view, registrations_by
from search_api.web.rendering import Page
from search_api.web.sentences import told_error
from search_api.web.sick_sources import health_view
from store import accounts, passkeys, registrations, sources
from store.registrations import StepError

router = APIRouter(prefix="/operator", include_in_schema=False)
Watcher = Annotated[Actor, Depends(require("platform:read"))]
Decider = Annotated[Actor, Depends(require("platform:decide"))]


@router.get("")
def operator_page(request: Request, actor: Watcher) -> Response:
    """What waits."""
    return _page(request, actor, Form())


@router.post("/registrations/{id}/{act}")
def decide(request: Request, actor: Decider, id: str, act: str, form: Sent) -> Response:  # noqa: A002
    """approve, refuse (with a reason) or vouch (with a reason: who said so, and how it was checked)."""
    context, say = context_of(request), Page(request).say
    with context.database.connect() as connection:
        found = registrations.get(connection, id)
    if found is None or act not in ("approve", "refuse", "vouch"):
        raise ApiError("not-found", f"Nothing is at {request.url.path}.")
    reason, who = form["reason"][:500], actor.account.email
    if act != "approve" and not reason:
        form.wrong[id] = say("area.reason_needed")
        return _page(request, actor, form)
    try:
        with context.database.begin() as connection:
            if act == "approve":
                registering.approve(connection, found, who)
            elif act == "refuse":
                found.reason = reason
                registrations.step(connection, found, "refused", who, reason=reason)
            else:
                registrations.note_proof(connection, id, "vouched", fits=True, detail=f"{who}: {reason}")
                registering.proven(connection, context.settings, found, "vouched", who)
    except StepError as error:
        form.wrong[id] = told_error(error, say)
        return _page(request, actor, form)
    context.refresh()
    _tell(request, found)
    to = Page(request).to.page("/operator", [("done", act)])
    return see_other(to)


@router.get("/audit")
def audit_page(request: Request, actor: Watcher) -> Response:
    """Everything that was done."""
    with context_of(request).database.connect() as connection:
        shown = audit_view(connection, request.query_params.get("before", ""))
    return Page(request).render("area/audit.html", private=True, place=None, **shown)


def _tell(request: Request, registration: Registration) -> None:
    """Mail the person who registered what became of it."""
    context, mail = context_of(request), request.app.state.mail
    assert isinstance(mail, Mail)  # noqa: S101 - the application has put it there
    with context.database.connect() as connection:
        owner = accounts.get(connection, registration.account)
    kind = {"live": "approved", "refused": "refused"}.get(registration.state, "")
    if owner and kind:
        link = f"{context.settings.public_url.rstrip('/')}/registrations/{registration.id}"
        mail.send(
            owner.email, owner.lang, kind,
            endpoint=registration.proposal.location, reason=registration.reason, link=link,
        )  # fmt: skip


def _page(request: Request, actor: Actor, form: Form) -> Response:
    page, context = Page(request), context_of(request)
    with context.database.connect() as connection:
        queue = registrations_by(connection, "proven", "approved")
        waiting = registrations_by(connection, "probed", "proof_pending")
        proofs = {row.id: registrations.proofs_of(connection, row.id) for row, _ in queue}
        braked = [
            (source, state.waits_on_run)
            for source in sources.all_sources(connection)
            if (state := sources.state(connection, source.id)).waits_on_run
        ]
        counts = registrations.counts(connection)
        guarded = passkeys.has_second_factor(connection, actor.account)
        health = health_view(connection, context.engine.name, page.say, context.clock())
    looks = {names.looks(place.name): place.name for place in context.registry().institutions}
    alike = {
        row.id: looks.get(names.looks(row.proposal.new.name), "") for row, _ in (*queue, *waiting) if row.proposal.new
    }
    return page.render(
        "area/operator.html", status=422 if form.wrong else 200, private=True, form=form, actor=actor, queue=queue,
        waiting=waiting, proofs=proofs, alike=alike, braked=braked, counts=counts, guarded=guarded,
        policy=context.settings.registration, done=request.query_params.get("done", ""),
        **health,
    )  # fmt: skip
