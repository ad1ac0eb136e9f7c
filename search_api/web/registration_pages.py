"""/registrations/{id}: how far a registration is, and what its people can do next. For others there is no such page."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from schemas.registration import GIVEN_UP, PROOF_MISSING, WAYS, Registration
from search_api.accounts import registering
from search_api.accounts.actor import Actor
from search_api.accounts.guard import Open, SameOrigin, Self, client_of
from search_api.accounts.keeping import Doer, Mistake
from search_api.accounts.mail import Mail
from search_api.accounts.outside import Outside, Refusal
from search_api.context import Context
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.rate_limit import Hourly
from search_api.web.forms import Form, Sent, see_other
from search_api.web.rendering import Page
from search_api.web.sentences import told, told_error
from store import links, registrations, sources
from store.harvest_runs import report as run_report
from store.registrations import StepError, TakenError
from store.secrets import SecretError

router = APIRouter(include_in_schema=False)
LOOKS_AN_HOUR = 30
_looks = Hourly(LOOKS_AN_HOUR)


@router.get("/registrations/{id}")
def registration_page(request: Request, id: str, actor: Self) -> Response:  # noqa: A002
    """All of it on one page."""
    return _page(request, actor, registration_of(request, id, actor), Form())


@router.post("/registrations/{id}/prove")
def prove(request: Request, id: str, actor: Self, form: Sent) -> Response:  # noqa: A002
    """Look for the token now, by the way that was chosen."""
    registration, way = registration_of(request, id, actor), form["way"]
    try:
        prove_now(request, registration, way, actor)
    except Mistake as mistake:
        form.wrong[way] = Page(request).say(mistake.text, **mistake.values)
    except (StepError, SecretError) as error:
        form.wrong[way] = told_error(error, Page(request).say)
    return _page(request, actor, registration, form) if form.wrong else _to(request, registration)


def prove_now(request: Request, registration: Registration, chosen: str, doer: Doer) -> None:
    """Look for the token once; the registration goes on when it is there.

    Raises:
        ApiError: 422: it is no way of this registration, or one that goes by mail.
        Mistake: it is not there, or was looked for too often.
        StepError: the registration waits for no proof.
        SecretError: the key of the tokens cannot be used.
    """
    context, outside = context_of(request), outside_of(request)
    endpoint, way = endpoint_of(context, registration), next((way for way in WAYS if way == chosen), None)
    if way is None or way not in registering.ways_of(registration, endpoint) or way == "mail":
        raise ApiError("invalid-body", "`way` is none of those that the page offers.")
    if _looks.wait(f"by:{doer.who}"):
        raise Mistake("way", "register.often", n=2)
    settings, database = context.settings, context.database
    finding = registering.prove(database, settings, outside, registration, way, endpoint, doer.who)
    context.refresh()
    if not finding.fits:
        raise Mistake("way", f"register.look_{finding.code}", where=finding.where)


@router.post("/registrations/{id}/mail")
def send_mail(request: Request, id: str, actor: Self, form: Sent) -> Response:  # noqa: A002
    """Send a link to the address in the answer that we fetched."""
    context, registration = context_of(request), registration_of(request, id, actor)
    mail: Mail = request.app.state.mail
    if not mail.ready or "mail" not in registering.ways_of(registration, endpoint_of(context, registration)):
        raise ApiError(
            "invalid-body", "This platform sends no mails, or the address is not of the endpoint's own site."
        )
    to, say = registration.proposal.admin_email, Page(request).say
    if not request.app.state.tries.mail(to, client_of(request)):
        form.wrong["mail"] = say("register.often", n=2)
        return _page(request, actor, registration, form)
    with context.database.begin() as connection:
        registering.begin_proof(connection, registration, actor.account.email)
        secret = registering.mail_link(connection, registration)
        actor.did(connection, "registration.mail", f"registration:{registration.id}", to=registering.masked(to))
    link = f"{context.settings.public_url.rstrip('/')}/contact/{secret}"
    mail.send(
        to, Page(request).lang, "contact", link=link, who=actor.account.email, endpoint=registration.proposal.location
    )
    form.fields["sent"] = registering.masked(to)
    return _page(request, actor, registration, form)


@router.get("/contact/{secret}", dependencies=[Open])
def contact_page(request: Request, secret: str) -> Response:
    """Tells whoever reads the box of ``adminEmail`` what is asked of them; uses nothing up."""
    context = context_of(request)
    with context.database.connect() as connection:
        link = links.look(connection, secret)
        found = registrations.get(connection, link.detail.get("registration", "")) if link else None
    fits = link is not None and link.valid() and link.purpose == "contact" and found is not None
    return Page(request).render(
        "register/contact.html",
        status=200 if fits else 410,
        private=True,
        fits=fits,
        found=found,
        secret=secret,
        done=False,
    )


@router.post("/contact/{secret}", dependencies=[Open, SameOrigin])
def contact_confirms(request: Request, secret: str) -> Response:
    """They confirm."""
    context = context_of(request)
    found = registering.use_mail_link(context.database, context.settings, secret)
    if found is None:
        return contact_page(request, secret)
    context.refresh()
    return Page(request).render("register/contact.html", private=True, fits=True, found=found, secret=secret, done=True)


@router.post("/registrations/{id}/{act}")
def act(request: Request, id: str, act: str, actor: Self) -> Response:  # noqa: A002
    """pause, resume, withdraw or return."""
    registration = registration_of(request, id, actor)
    try:
        act_now(request, registration, act, actor)
    except (StepError, TakenError, Refusal) as error:
        form = Form(wrong={"state": told_error(error, Page(request).say)})
        return _page(request, actor, registration_of(request, id, actor), form)
    return _to(request, registration)


def act_now(request: Request, registration: Registration, act: str, doer: Doer) -> None:
    """pause, resume, withdraw or return.

    Raises:
        ApiError: 404: it is none of them.
        StepError: it cannot follow the present state.
        TakenError: of "return": the feed is another's by now.
        Refusal: somebody else does it just now.
    """
    context = context_of(request)
    if act in ("pause", "resume"):
        with context.database.begin() as connection:
            (registering.pause if act == "pause" else registering.resume)(connection, registration, doer.who)
    elif act == "withdraw":
        registering.withdraw(context.database, outside_of(request), registration, doer.who)
    elif act == "return":
        registering.come_back(context.database, outside_of(request), registration, doer.who)
    else:
        raise ApiError("not-found", f"Nothing is at {request.url.path}.")
    context.refresh()


def registration_of(request: Request, id_: str, doer: Doer) -> Registration:
    """A registration that somebody may see: their own, their institution's, or (operators) any.

    Raises:
        ApiError: 404, for those of others too.
    """
    context = context_of(request)
    with context.database.connect() as connection:
        found = registrations.get(connection, id_)
    if found is not None:
        place = context.registry().by_id.get(found.proposal.institution)
        if doer.owns(found, place.parent if place else ""):
            return found
    raise ApiError("not-found", f"Nothing is at {request.url.path}.")


def outside_of(request: Request) -> Outside:
    """What only the harvester can do.

    Raises:
        ApiError: this process was started without it.
    """
    found: Outside | None = request.app.state.outside
    if found is None:
        raise ApiError("not-permitted", "This process does not harvest; `lampway serve` does.")
    return found


def _page(request: Request, actor: Actor, registration: Registration, form: Form) -> Response:
    page, context = Page(request), context_of(request)
    with context.database.connect() as connection:
        proofs = registrations.proofs_of(connection, registration.id)
        source = sources.get(connection, registration.source) if registration.source else None
        run = run_report(connection, source.id) if source else None
    endpoint = endpoint_of(context, registration)
    ways = registering.ways_of(registration, endpoint)
    tokens = {}
    try:
        tokens = {way: registering.token_of(context.settings.home, registration, way) for way in ways}
    except SecretError as error:
        form.wrong["state"] = told_error(error, page.say)
    place = context.registry().by_id.get(registration.proposal.institution)
    return page.render(
        "register/registration.html",
        status=422 if form.wrong else 200,
        private=True,
        form=form,
        registration=registration,
        reason=told(registration.reason, None, page.lang)
        if registration.reason in (PROOF_MISSING, GIVEN_UP)
        else registration.reason,
        actor=actor,
        place=place,
        proofs={proof.way: proof for proof in proofs},
        waiting=registration.state in ("probed", "proof_pending"),
        ways=[way for way in ways if way != "mail" or request.app.state.mail.ready],
        tokens=tokens,
        host=urlsplit(endpoint).hostname or "",
        origin="://".join(urlsplit(endpoint)[:2]),
        contact=registering.masked(registration.proposal.admin_email) if registration.proposal.admin_email else "",
        run=run,
        policy=context.settings.registration,
        rest_days=context.settings.rest_days,
    )


def endpoint_of(context: Context, registration: Registration) -> str:
    """Where the proof is looked for."""
    place = context.registry().by_id.get(registration.proposal.institution)
    return registering.endpoint_of(registration, place.url if place else "")


def _to(request: Request, registration: Registration) -> Response:
    to = Page(request).to.page(f"/registrations/{registration.id}")
    return see_other(to)
