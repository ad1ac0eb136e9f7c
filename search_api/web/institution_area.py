"""/i/{institution}: where the people of an institution keep its sources, hours, keys and members in order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from schemas.account import ROLES
from schemas.catalogue import SERVICES, STATES
from schemas.institution import Institution
from schemas.institution_edit import change
from search_api.accounts import keeping, tenancy
from search_api.accounts.actor import Actor
from search_api.accounts.guard import client_of, institution_of, require
from search_api.accounts.keeping import Mistake
from search_api.accounts.outside import Refusal
from search_api.dependencies import context_of
from search_api.institutions import version_of
from search_api.web.entry_form import LONG, TEXTS, changes, entry_view, field_of, given_of
from search_api.web.forms import Form, Sent, see_other
from search_api.web.institution_area_page import area_view, audit_view, removals_view, source_view
from search_api.web.rendering import Page
from search_api.web.sentences import told_error, told_problem
from store import institutions, quarantine, registrations, sources
from store.api_keys import OF_PLATFORM, SCOPES

router = APIRouter(prefix="/i/{institution}", include_in_schema=False)
Reader = Annotated[Actor, Depends(require("institution:read"))]
HoursKeeper = Annotated[Actor, Depends(require("institution:edit"))]
SourceKeeper = Annotated[Actor, Depends(require("sources:manage"))]
KeyKeeper = Annotated[Actor, Depends(require("keys:manage"))]
MemberKeeper = Annotated[Actor, Depends(require("members:manage"))]
Auditor = Annotated[Actor, Depends(require("audit:read"))]


@router.get("")
def area(request: Request, actor: Reader) -> Response:
    """All of it on one page."""
    return show_area(request, actor, Form())


@router.post("/entry")
def edit_entry(request: Request, actor: HoursKeeper, form: Sent) -> Response:
    """New hours, special days, position or contact; all or nothing, each wrong field is told beside it."""
    context, place, say = context_of(request), institution_of(request), Page(request).say
    with context.database.begin() as connection:
        old = institutions.get(connection, place.id) or place
        today = context.clock().date()
        given = given_of(form, old, today, say)
        edit = change(old, given | {"checked_on": today.isoformat()})
        form.wrong = {field_of(problem.field): told_problem(problem, say) for problem in edit.problems} | form.wrong
        if form["version"] and form["version"] != version_of(old):
            form.wrong["version"] = say("area.changed_meanwhile")
        if not form.wrong:
            institutions.upsert(connection, [edit.institution])
            told = changes(old, edit.institution, given)
            actor.did(connection, "institution.edit", f"institution:{place.id}", institution=place.id, **told)
    context.refresh()
    return show_area(request, actor, form) if form.wrong else back_to_area(request, "entry")


@router.get("/sources/{id}")
def source_page(request: Request, actor: SourceKeeper, id: str) -> Response:  # noqa: A002
    """A source: its schedule, its last run, what waits for a decision, what could not be read."""
    return _source(request, id, Form())


@router.post("/sources/{id}/{act}")
def act_on_source(request: Request, actor: SourceKeeper, id: str, act: str, form: Sent) -> Response:  # noqa: A002
    """run, pause, resume, schedule, approve or reject."""
    context, place, outside = context_of(request), institution_of(request), request.app.state.outside
    try:
        keeping.act_on_source(context, outside, actor, place, id, act, form["schedule"])
    except (Refusal, Mistake) as error:
        told = _told(request, error) if isinstance(error, Mistake) else told_error(error, Page(request).say)
        form.wrong["schedule" if act == "schedule" else "source"] = told
        return _source(request, id, form)
    return back_to_area(request, "sources", path=f"/sources/{id}")


@router.post("/keys")
def add_key(request: Request, actor: KeyKeeper, form: Sent) -> Response:
    """A new API key; it is shown on this one answer and never again."""
    context, place = context_of(request), institution_of(request)
    scopes, days = [scope for scope in SCOPES if form[f"scope-{scope}"]], form["days"] or "0"
    try:
        key = keeping.add_key(context, actor, place, scopes, form["label"], int(days) if days.isdecimal() else -1)
    except Mistake as mistake:
        form.wrong[mistake.field] = _told(request, mistake)
        return show_area(request, actor, form)
    return show_area(request, actor, Form(), key=key)


@router.post("/keys/{id}/replace")
def replace_key(request: Request, actor: KeyKeeper, id: str) -> Response:  # noqa: A002
    """A new key in the place of one that holds for some days more; shown on this one answer."""
    form = Form()
    try:
        key = keeping.replace_key(context_of(request), actor, institution_of(request), id)
    except Mistake as mistake:
        form.wrong[mistake.field] = _told(request, mistake)
        return show_area(request, actor, form)
    return show_area(request, actor, form, key=key)


@router.post("/keys/{id}/revoke")
def revoke_key(request: Request, actor: KeyKeeper, id: str) -> Response:  # noqa: A002
    """End a key at once."""
    keeping.revoke_key(context_of(request), actor, institution_of(request), id)
    return back_to_area(request, "keys")


@router.post("/members")
def invite(request: Request, actor: MemberKeeper, form: Sent) -> Response:
    """Invite somebody."""
    state, place = request.app.state, institution_of(request)
    own = {"email": form["email"], "role": form["role"], "lang": Page(request).lang}
    client = client_of(request)
    try:
        keeping.invite(state.context, state.mail, state.tries, actor, place, client=client, **own)
    except Mistake as mistake:
        form.wrong["invite" if mistake.field == "email" else mistake.field] = _told(request, mistake)
        return show_area(request, actor, form)
    return back_to_area(request, "members")


@router.post("/members/remove")
def remove_member(request: Request, actor: MemberKeeper, form: Sent) -> Response:
    """Take a role away; the last editor stays."""
    try:
        keeping.remove_member(context_of(request), actor, institution_of(request), form["email"])
    except Mistake as mistake:
        form.wrong[mistake.field] = _told(request, mistake)
        return show_area(request, actor, form)
    return back_to_area(request, "members")


@router.get("/audit")
def audit_page(request: Request, actor: Auditor) -> Response:
    """Who did what to this institution's things."""
    with context_of(request).database.connect() as connection:
        shown = audit_view(connection, request.query_params.get("before", ""), _ids(request))
    return Page(request).render("area/audit.html", private=True, place=institution_of(request), **shown)


def show_area(request: Request, actor: Actor, form: Form, *, key: str = "") -> Response:
    """The page of the area. ``key``: a new API key to be shown this once."""
    page, context, place = Page(request), context_of(request), institution_of(request)
    with context.database.connect() as connection:
        fresh: Institution = institutions.get(connection, place.id) or place
        view = area_view(connection, fresh, _ids(request), actor, page.say, context.clock())
    scopes = [name for name in SCOPES if actor.account.operator or name not in OF_PLATFORM]
    now = context.clock()
    branches = [one for one in context.registry().institutions if one.parent == place.id]
    return page.render(
        "area/institution.html", status=422 if form.wrong else 200, private=True, form=form, place=fresh, actor=actor,
        key=key, long=LONG, texts=TEXTS, scopes=scopes, roles=ROLES, done=request.query_params.get("done", ""),
        branches=branches, services=SERVICES, states=STATES, version=version_of(fresh),
        **entry_view(fresh, form, now.date()), **view,
    )  # fmt: skip


def _source(request: Request, id_: str, form: Form) -> Response:
    page, context, place = Page(request), context_of(request), institution_of(request)
    with context.database.connect() as connection:
        own = tenancy.source_of(connection, _ids(request), id_)
        number = sources.number_of(connection, id_) or 0
        aside = list(quarantine.first(connection, number, 50))
        withdrawn = registrations.is_withdrawn(connection, id_)
        removals = removals_view(connection, number, own.waits_on_run)
    view = source_view(own, page.say, context.clock())
    done = request.query_params.get("done", "")
    status = 422 if form.wrong else 200
    return page.render(
        "area/source.html",
        status=status,
        private=True,
        form=form,
        place=place,
        aside=aside,
        done=done,
        withdrawn=withdrawn,
        removals=removals,
        rest_days=context.settings.rest_days,
        **view,
    )


def _told(request: Request, mistake: Mistake) -> str:
    return Page(request).say(mistake.text, **mistake.values)


def _ids(request: Request) -> set[str]:
    return tenancy.own_ids(institution_of(request), context_of(request).registry().institutions)


def back_to_area(request: Request, done: str, *, path: str = "") -> Response:
    """The way back to a page of the area, which says that ``done`` is done."""
    page = Page(request)
    to = page.to.page(f"/i/{institution_of(request).id}{path}", [("done", done)])
    return see_other(to)
