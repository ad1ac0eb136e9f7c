"""/i/{institution}: where the people of an institution keep its sources, hours, keys and members in order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from schemas.account import ROLES
from schemas.institution import Institution
from schemas.institution_edit import change
from search_api.accounts import tenancy
from search_api.accounts.actor import Actor
from search_api.accounts.guard import institution_of, require
from search_api.accounts.mail import Mail
from search_api.accounts.outside import Refusal
from search_api.context import Context
from search_api.errors import ApiError
from search_api.web.forms import Form, Sent
from search_api.web.institution_area_page import area_view, source_view
from search_api.web.registration_pages import outside_of
from search_api.web.rendering import Page
from store import accounts, api_keys, audit, institutions, links, quarantine, sources
from store.api_keys import SCOPES

router = APIRouter(prefix="/i/{institution}", include_in_schema=False)
Reader = Annotated[Actor, Depends(require("institution:read"))]
HoursKeeper = Annotated[Actor, Depends(require("institution:edit"))]
SourceKeeper = Annotated[Actor, Depends(require("sources:manage"))]
KeyKeeper = Annotated[Actor, Depends(require("keys:manage"))]
MemberKeeper = Annotated[Actor, Depends(require("members:manage"))]
Auditor = Annotated[Actor, Depends(require("audit:read"))]
FIELDS = ("opening_hours", "address", "phone", "email", "url")
_MOST_KEYS = 50


@router.get("")
def area(request: Request, actor: Reader) -> Response:
    """All of it on one page."""
    return _area(request, actor, Form())


@router.post("/entry")
def edit_entry(request: Request, actor: HoursKeeper, form: Sent) -> Response:
    """New hours, address or contact; all or nothing, each wrong field is told beside it."""
    context, place = _context(request), institution_of(request)
    given: dict[str, Any] = {name: form[name] for name in FIELDS if name in form.fields}
    with context.database.begin() as connection:
        old = institutions.get(connection, place.id) or place
        edit = change(old, given | {"checked_on": datetime.now(UTC).date().isoformat()})
        form.wrong |= {problem.field: f"{problem.reason}; {problem.fix}" for problem in edit.problems}
        if not form.wrong:
            institutions.upsert(connection, [edit.institution])
            changed = {
                name: f"{getattr(old, name)} → {getattr(edit.institution, name)}"[:300]
                for name in FIELDS
                if getattr(old, name) != getattr(edit.institution, name)
            }
            actor.did(connection, "institution.edit", f"institution:{place.id}", institution=place.id, **changed)
    context.refresh()
    return _area(request, actor, form) if form.wrong else _back(request, "entry")


@router.get("/sources/{id}")
def source_page(request: Request, actor: SourceKeeper, id: str) -> Response:  # noqa: A002
    """A source: its schedule, its last run, what waits for a decision, what could not be read."""
    return _source(request, id, Form())


@router.post("/sources/{id}/{act}")
def act_on_source(request: Request, actor: SourceKeeper, id: str, act: str, form: Sent) -> Response:  # noqa: A002
    """run, pause, resume, schedule, approve or reject."""
    context, place = _context(request), institution_of(request)
    with context.database.connect() as connection:
        own = tenancy.source_of(connection, _ids(request), id)
    thing, told = f"source:{own.source.id}", {}
    try:
        if act in ("approve", "reject"):
            if not own.waits_on_run:
                raise Refusal(Page(request).say("area.nothing_waits"))
            told = {"run": str(own.waits_on_run)}
            told["records"] = str(outside_of(request).decide(own.waits_on_run, approved=act == "approve"))
        elif act == "schedule":
            told = {"from": own.source.schedule, "to": outside_of(request).check_schedule(form["schedule"])}
        elif act not in ("run", "pause", "resume"):
            raise ApiError("not-found", f"Nothing is at {request.url.path}.")
    except Refusal as refusal:
        form.wrong["schedule" if act == "schedule" else "source"] = str(refusal)
        return _source(request, id, form)
    with context.database.begin() as connection:
        source = tenancy.source_of(connection, _ids(request), id).source
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if act == "run":
            source.wanted_at = now
        elif act in ("pause", "resume"):
            source.paused = act == "pause"
        elif act == "schedule":
            source.schedule, source.scheduled_at = told["to"], now
        sources.add(connection, source)
        actor.did(connection, f"source.{act}", thing, institution=place.id, **told)
    return _back(request, "sources", path=f"/sources/{id}")


@router.post("/keys")
def add_key(request: Request, actor: KeyKeeper, form: Sent) -> Response:
    """A new API key; it is shown on this one answer and never again."""
    context, place, say = _context(request), institution_of(request), Page(request).say
    scopes = [scope for scope in SCOPES if form[f"scope-{scope}"]]
    if not scopes:
        form.wrong["scope"] = say("area.scope_needed")
    with context.database.begin() as connection:
        if len(tenancy.keys_of(connection, _ids(request))) >= _MOST_KEYS:
            form.wrong["scope"] = say("area.keys_many", n=_MOST_KEYS)
        if form.wrong:
            return _area(request, actor, form)
        key = api_keys.create(connection, place.id, scope=" ".join(scopes), label=form["label"][:200])
        named = key.split("_")[1]
        actor.did(connection, "key.add", f"key:{named}", institution=place.id, scope=" ".join(scopes))
    return _area(request, actor, Form(), key=key)


@router.post("/keys/{id}/revoke")
def revoke_key(request: Request, actor: KeyKeeper, id: str) -> Response:  # noqa: A002
    """End a key at once."""
    with _context(request).database.begin() as connection:
        key = tenancy.key_of(connection, _ids(request), id)
        api_keys.revoke(connection, key.id)
        actor.did(connection, "key.revoke", f"key:{key.id}", institution=institution_of(request).id)
    return _back(request, "keys")


@router.post("/members")
def invite(request: Request, actor: MemberKeeper, form: Sent) -> Response:
    """Invite somebody. The link goes to their mail box only: shown here it would let its reader be them."""
    page, context, place = Page(request), _context(request), institution_of(request)
    mail: Mail = request.app.state.mail
    email = accounts.normal(form["email"])
    role = next((role for role in ROLES if role == form["role"]), "member")
    if email.count("@") != 1 or len(email) > 254 or not email.isprintable() or " " in email:
        form.wrong["email"] = page.say("register.no_email")
    elif not mail.ready:
        form.wrong["email"] = page.say("area.no_mail", email=email, institution=place.id, role=role)
    elif not request.app.state.tries.mail(email):
        form.wrong["email"] = page.say("register.often", n=1)
    if form.wrong:
        return _area(request, actor, form)
    with context.database.begin() as connection:
        more = {"institution": place.id, "role": role, "by": actor.account.email, "lang": page.lang}
        secret = links.make(connection, "invite", email, **more)
        actor.did(connection, "member.invite", f"account:{email}", institution=place.id, role=role)
    link = f"{context.settings.public_url.rstrip('/')}/link/{secret}"
    mail.send(
        email, page.lang, "invite", link=link, by=actor.account.name or actor.account.email, institution=place.name
    )
    return _back(request, "members")


@router.post("/members/remove")
def remove_member(request: Request, actor: MemberKeeper, form: Sent) -> Response:
    """Take a role away; the last editor stays."""
    context, place = _context(request), institution_of(request)
    with context.database.begin() as connection:
        members = accounts.members_of(connection, place.id)
        found = next((own for own in members if own[0].email == accounts.normal(form["email"])), None)
        if found is None:
            raise ApiError("not-found", "There is no such member here.")
        editors = [own for own in members if own[1].role == "editor"]
        if editors == [found]:
            form.wrong["member"] = Page(request).say("area.last_editor")
        else:
            accounts.set_role(connection, found[0].number, place.id, None)
            actor.did(connection, "member.remove", f"account:{found[0].email}", institution=place.id)
    return _area(request, actor, form) if form.wrong else _back(request, "members")


@router.get("/audit")
def audit_page(request: Request, actor: Auditor) -> Response:
    """Who did what to this institution's things."""
    before = request.query_params.get("before", "")
    with _context(request).database.connect() as connection:
        ids = _ids(request)
        lines = audit.read(connection, institutions=ids, before=int(before) if before.isdecimal() else 0)
    return Page(request).render("area/audit.html", private=True, lines=lines, place=institution_of(request), back="i")


def _area(request: Request, actor: Actor, form: Form, *, key: str = "") -> Response:
    page, context, place = Page(request), _context(request), institution_of(request)
    with context.database.connect() as connection:
        fresh: Institution = institutions.get(connection, place.id) or place
        view = area_view(connection, fresh, _ids(request), actor, page.say, context.clock())
    return page.render(
        "area/institution.html", status=422 if form.wrong else 200, private=True, form=form, place=fresh, actor=actor,
        key=key, fields=FIELDS, scopes=SCOPES, roles=ROLES, done=request.query_params.get("done", ""), **view,
    )  # fmt: skip


def _source(request: Request, id_: str, form: Form) -> Response:
    page, context, place = Page(request), _context(request), institution_of(request)
    with context.database.connect() as connection:
        own = tenancy.source_of(connection, _ids(request), id_)
        number = sources.number_of(connection, id_) or 0
        aside = list(quarantine.first(connection, number, 50))
    view = source_view(own, page.say, context.clock())
    done = request.query_params.get("done", "")
    status = 422 if form.wrong else 200
    return page.render(
        "area/source.html", status=status, private=True, form=form, place=place, aside=aside, done=done, **view
    )


def _ids(request: Request) -> set[str]:
    return tenancy.own_ids(institution_of(request), _context(request).registry().institutions)


def _back(request: Request, done: str, *, path: str = "") -> Response:
    page = Page(request)
    to = page.to.page(f"/i/{institution_of(request).id}{path}", [("done", done)])
    return RedirectResponse(to, status_code=303, headers={"Cache-Control": "no-store"})


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found
