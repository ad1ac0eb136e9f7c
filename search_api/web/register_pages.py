"""/register: whoever has a catalogue tries it here, without an account, and goes on from there."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from schemas.account import is_email
from schemas.institution import INSTITUTION_KINDS, InstitutionKind
from schemas.names import hides_something, tidy
from schemas.probe import Probe, Step
from schemas.registration import LICENCES, TERMS, NewInstitution, Proposal, Registration, RegistrationState
from search_api.accounts import columns
from search_api.accounts.actor import Actor
from search_api.accounts.guard import Open, SameOrigin, Self, actor_or_nobody, client_of
from search_api.accounts.mail import Mail
from search_api.accounts.trying import BusyError, Trials
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.joining import would_join
from search_api.web.forms import Form, Sent, see_other
from search_api.web.rendering import Page
from search_api.web.sentences import told_step
from search_api.web.trial_page import place_from, shown_probe
from store import accounts, links, registrations, trials
from store.registrations import TakenError

router = APIRouter(include_in_schema=False)
_PORTS = frozenset({None, 80, 443, 8080, 8443})
_LONGEST = 2000
_DOTS = "\u3002\uff0e\uff61"
"""What resolvers take for a dot, and readers for none."""
_PIECE = 1 << 20


@router.get("/register", dependencies=[Open])
def register_page(request: Request) -> Response:
    """The form: an address, or a file."""
    return _form(request, Form())


@router.post("/register", dependencies=[Open, SameOrigin])
async def try_it(request: Request) -> Response:
    """Begin to look at what was given; its page tells step by step what comes of it."""
    page, trying = Page(request), _trials(request)
    _refuse_when_closed(request)
    form, file = await _given(request, trying.uploads)
    location = form["address"]
    if file is None and (wrong := _wrong_with(location, request)):
        form.wrong["address"] = page.say(f"register.{wrong}")
    if form.wrong:
        return await run_in_threadpool(_form, request, form)
    client = client_of(request)
    try:
        begun = await run_in_threadpool(trying.begin, client, location, file)
    except BusyError:
        begun = 5
    if isinstance(begun, int):
        form.wrong["address"] = page.say("register.often", n=max(1, round(begun / 60)))
        response = await run_in_threadpool(_form, request, form, 429)
        response.headers["Retry-After"] = str(begun)
        return response
    return see_other(page.to.page(f"/register/{begun}"))


@router.get("/register/{secret}", dependencies=[Open])
def trial_page(request: Request, secret: str) -> Response:
    """What was found so far; it asks for itself again until all is known."""
    return _trial(request, secret, Form())


@router.post("/register/{secret}/link", dependencies=[Open, SameOrigin])
def claim_by_mail(request: Request, secret: str, form: Sent) -> Response:
    """A link that logs in (and makes the account) and comes back to the trial; the same answer for every address."""
    page, context, mail = Page(request), context_of(request), _mail(request)
    _refuse_when_closed(request)
    with context.database.connect() as connection:
        known = trials.get(connection, secret)
    email = accounts.normal(form["email"])
    if known is None:
        return _trial(request, secret, form)
    if not is_email(email):
        form.wrong["email"] = page.say("register.no_email")
        return _trial(request, secret, form)
    if mail.ready and request.app.state.tries.mail(email, client_of(request)):
        with context.database.begin() as connection:
            link = links.make(connection, "invite", email, next=f"/register/{secret}", lang=page.lang)
        mail.send(email, page.lang, "register", link=f"{context.settings.public_url.rstrip('/')}/link/{link}")
    return page.render("account/sent.html", private=True, email=email, ready=mail.ready)


@router.post("/register/{secret}/columns", dependencies=[Open, SameOrigin])
def choose_columns(request: Request, secret: str, form: Sent) -> Response:
    """Somebody says what the columns of the table are; it is looked at again so."""
    page, context = Page(request), context_of(request)
    _refuse_when_closed(request)
    with context.database.connect() as connection:
        trial = trials.get(connection, secret)
    if trial is None or trial.state != "done":
        return _trial(request, secret, form)
    probe = msgspec.json.decode(trial.probe, type=Probe)
    chosen = [form[f"column-{place}"] for place in range(1, len(probe.table) + 1)]
    if not probe.table or not set(chosen) <= {columns.NOT_READ, *columns.fields()}:
        raise ApiError("invalid-body", "`column-1`, `column-2` … must be fields that the page offers.")
    mapping = columns.mapping_of(probe.table, chosen, probe.mapping_text)
    client = client_of(request)
    try:
        wait = _trials(request).again(client, secret, trial.location, mapping)
    except BusyError:
        wait = 5
    if wait:
        form.wrong["columns"] = page.say("register.often", n=max(1, round(wait / 60)))
        return _trial(request, secret, form)
    to = page.to.page(f"/register/{secret}")
    return see_other(to)


@router.post("/register/{secret}")
def claim(request: Request, secret: str, actor: Self, form: Sent) -> Response:
    """Make a registration of a trial: whose it is, under which licence, by which terms."""
    made = registered(request, secret, actor, form)
    if made is None:
        return _trial(request, secret, form)
    to = Page(request).to.page(f"/registrations/{made.id}")
    return see_other(to)


def registered(request: Request, secret: str, actor: Actor, form: Form) -> Registration | None:
    """The registration that a trial becomes; None when it is not done or ``form.wrong`` says why not.

    Raises:
        ApiError: nothing can be registered here.
    """
    page, context = Page(request), context_of(request)
    _refuse_when_closed(request)
    with context.database.connect() as connection:
        trial = trials.get(connection, secret)
    if trial is None or trial.state != "done":
        return None
    probe = msgspec.json.decode(trial.probe, type=Probe)
    proposal = _proposal(probe, trial.location, actor, form, page)
    if form.wrong:
        return None
    state: RegistrationState = "draft" if probe.verdict == "cannot" else "probed"
    try:
        with context.database.begin() as connection:
            made = registrations.add(connection, actor.account.number, state, proposal)
            actor.did(connection, "registration.add", f"registration:{made.id}", institution=proposal.institution)
    except TakenError:
        form.wrong["terms"] = page.say("register.taken")
        return None
    return made


def _proposal(probe: Probe, location: str, actor: Actor, form: Form, page: Page) -> Proposal:
    identity = next((step.facts for step in probe.steps if step.code == "identify"), {})
    if not form["terms"]:
        form.wrong["terms"] = page.say("register.terms_needed")
    if form["licence"] not in LICENCES:
        form.wrong["licence"] = page.say("register.licence_needed")
    own = form["institution"] if form["institution"] in actor.roles else ""
    new = None if own else _new_place(form, page)
    return Proposal(
        location=(probe.endpoint or location) if "://" in location else location,  # a look names no path of ours
        protocol=probe.protocol,
        format=probe.format,
        prefix=probe.prefix,
        mapping_text=probe.mapping_text,
        institution=own,
        new=new,
        licence=form["licence"],
        terms=TERMS,
        admin_email=str(identity.get("contact", "")),
        repository_name=str(identity.get("name", "")),
        size=probe.size,
    )


def _new_place(form: Form, page: Page) -> NewInstitution | None:
    name, kind = name_of(form, page.say), form["kind"]
    place = place_from(form["position"])
    if form["position"] and place is None:
        form.wrong["position"] = page.say("register.position_wrong")
    chosen: InstitutionKind = kind if kind in INSTITUTION_KINDS else "other"  # type: ignore[assignment]
    lat, lon = place or (None, None)
    return NewInstitution(name=name, kind=chosen, lat=lat, lon=lon)


def name_of(form: Form, say: Callable[[str], str]) -> str:
    """The name of a new institution, tidied; "" when it cannot be taken, which is told beside it."""
    name = tidy(form["name"])
    if hides_something(name):
        form.wrong["name"] = say("register.name_hidden")
    elif not 2 <= len(name) <= 200:
        form.wrong["name"] = say("register.name_needed")
    return "" if "name" in form.wrong else name


def _wrong_with(location: str, request: Request) -> str:
    """What is wrong with an address before anybody is asked; nothing is asked then."""
    if not location:
        return "address_needed"
    try:
        parts = urlsplit(location)
        port = parts.port
    except ValueError:
        return "address_wrong"
    if parts.scheme not in ("http", "https") or not parts.hostname or len(location) > _LONGEST:
        return "address_wrong"
    host = parts.hostname  # of a name beyond ASCII only the plain form: others are read as something else
    if not host.isascii() and (unicodedata.normalize("NFKC", host) != host or any(dot in host for dot in _DOTS)):
        return "address_wrong"
    if parts.username or parts.password:
        return "address_user"
    allowed = parts.hostname in context_of(request).settings.fetch_allow
    return "" if port in _PORTS or allowed else "address_port"


async def _given(request: Request, folder: Path) -> tuple[Form, Path | None]:
    """The fields, and the file where there is one, kept under a name of ours.

    Raises:
        ApiError: it is no form.
    """
    try:
        async with request.form(max_files=1, max_fields=20, max_part_size=64 * 1024) as sent:
            form = Form({name: value for name, value in sent.items() if isinstance(value, str)})
            file = sent.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                return form, None
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / secrets.token_hex(16)
            with path.open("wb") as kept:
                while piece := await file.read(_PIECE):
                    await run_in_threadpool(kept.write, piece)
            form.fields["address"] = file.filename[:200]
            return form, path
    except MultiPartException as error:
        raise ApiError("invalid-body", f"The form cannot be read: {error.message}") from None


def _form(request: Request, form: Form, status: int = 0) -> Response:
    closed = context_of(request).settings.registration == "closed"
    status = status or (422 if form.wrong else 200)
    return Page(request).render("register/register.html", status=status, form=form, closed=closed)


def _trial(request: Request, secret: str, form: Form) -> Response:
    page, context = Page(request), context_of(request)
    with context.database.connect() as connection:
        trial = trials.get(connection, secret)
    if trial is None:
        return page.render("register/gone.html", status=404, private=True)
    steps = msgspec.json.decode(trial.steps or b"[]", type=list[Step])
    probe = msgspec.json.decode(trial.probe, type=Probe) if trial.probe else None
    actor, done = actor_or_nobody(request), trial.state == "done"
    by_id = context.registry().by_id
    return page.render(
        "register/trial.html",
        status=422 if form.wrong else 200,
        private=True,
        form=form,
        secret=secret,
        trial=trial,
        steps=[told_step(step, page.lang) for step in (probe.steps if probe and done else steps)],
        found=shown_probe(probe, page.say, would_join(context, probe.samples)) if probe and done else None,
        fields=columns.fields(),
        actor=actor,
        mail=_mail(request).ready,
        own=[by_id[id_] for id_, role in actor.roles.items() if role == "editor" and id_ in by_id] if actor else [],
        kinds=INSTITUTION_KINDS,
        licences=list(LICENCES),
        closed=context.settings.registration == "closed",
    )


def _refuse_when_closed(request: Request) -> None:
    if context_of(request).settings.registration == "closed":
        raise ApiError("not-permitted", "Sources are registered by the operator of this platform only.")


def _trials(request: Request) -> Trials:
    found: Trials = request.app.state.trials
    return found


def _mail(request: Request) -> Mail:
    found: Mail = request.app.state.mail
    return found
