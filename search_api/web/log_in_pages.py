"""Logging in and out: by password, by a mailed link, by a link that an operator has made. Other ways end here, too."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from schemas.account import Act
from search_api.accounts.guard import (
    Open,
    SameOrigin,
    Self,
    actor_or_nobody,
    client_of,
    cookie_name,
    own_origin,
    safe_next,
)
from search_api.accounts.log_in import Refused, Tries, by_link, by_password
from search_api.accounts.mail import Mail
from search_api.accounts.passkeys import Site
from search_api.context import Context
from search_api.dependencies import context_of
from search_api.web.forms import Form, Sent, see_other
from search_api.web.rendering import Page
from store import accounts, audit, links, logins

router = APIRouter(include_in_schema=False)


@router.get("/login", dependencies=[Open])
def login_page(request: Request) -> Response:
    """The form; who is logged in already goes on."""
    to = safe_next(request.query_params.get("next", ""))
    if actor_or_nobody(request):
        return see_other(to)
    return log_in_form(request, Form({"next": to}))


@router.post("/login", dependencies=[Open, SameOrigin])
def log_in(request: Request, form: Sent) -> Response:
    """By mail address and password, and a code where the account has one."""
    context, say = context_of(request), Page(request).say
    tries: Tries = request.app.state.tries
    try:
        tries.count(form["email"], client_of(request))
        token = by_password(
            context.database, context.settings.home, form["email"], form.fields.get("password", ""), form["code"]
        )
    except Refused as refused:
        field = "code" if refused.reason == "code" else "password"
        form.wrong[field] = say(f"accounts.login_{refused.reason}", n=refused.wait)
        return log_in_form(request, form, refused.wait)
    return welcome(request, token, safe_next(form["next"]))


@router.post("/login/link", dependencies=[Open, SameOrigin])
def mail_link(request: Request, form: Sent) -> Response:
    """Send a link to log in with. The answer is the same for every address."""
    page, context = Page(request), context_of(request)
    mail: Mail = request.app.state.mail
    if mail.ready and "@" in form["email"] and request.app.state.tries.mail(form["email"], client_of(request)):
        with context.database.begin() as connection:
            account = accounts.by_email(connection, form["email"])
            known = account is not None and not account.disabled_at
            secret = links.make(connection, "login", form["email"]) if known else ""
        if account and secret:
            mail.send(account.email, account.lang, "login", link=_address(context, secret))
    return page.render("account/sent.html", private=True, email=form["email"], ready=mail.ready)


@router.get("/link/{secret}", dependencies=[Open])
def link_page(request: Request, secret: str) -> Response:
    """What a link is for, with the button that uses it: a scanner of mails that opens it uses nothing up."""
    page = Page(request)
    with context_of(request).database.connect() as connection:
        link = links.look(connection, secret)
    fits = link is not None and link.valid() and link.purpose in ("login", "invite")
    return page.render(
        "account/link.html", status=200 if fits else 410, private=True, link=link, fits=fits, secret=secret
    )


@router.post("/link/{secret}", dependencies=[Open, SameOrigin])
def use_link(request: Request, secret: str) -> Response:
    """Use it up and log in."""
    context = context_of(request)
    found = by_link(context.database, secret)
    if found is None:
        return link_page(request, secret)
    token, to = found
    return welcome(request, token, safe_next(to))


@router.post("/logout")
def log_out(request: Request, actor: Self) -> Response:
    """End this log-in, here and in the store."""
    context = context_of(request)
    with context.database.begin() as connection:
        logins.end(connection, actor.login)
        account = actor.account.email
        audit.write(connection, Act(actor=account, action="account.logout", thing=f"account:{account}"))
    response = see_other("/", **{"Clear-Site-Data": '"cache"'})
    response.delete_cookie(cookie_name(context.settings.public_url), path="/")
    return response


def log_in_form(request: Request, form: Form, wait: int = 0) -> Response:
    """The page with all ways to log in; ``wait``: seconds after which the person may try again."""
    page, mail = Page(request), request.app.state.mail
    status = 429 if wait else 422 if form.wrong else 200
    response = page.render(
        "account/login.html", status=status, private=True, form=form, mail=mail.ready,
        passkeys=Site(own_origin(request)).fits, provider=request.app.state.provider,
        no_cookie="cookie" in request.query_params,
    )  # fmt: skip
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def welcome(request: Request, token: str, to: str) -> Response:
    """On to a page, with the cookie: only for our pages (Lax), out of reach for scripts."""
    public_url = context_of(request).settings.public_url
    response = see_other(to)
    response.set_cookie(
        cookie_name(public_url),
        token,
        max_age=int(logins.LONGEST.total_seconds()),
        path="/",
        secure=public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
    return response


def _address(context: Context, secret: str) -> str:
    return f"{context.settings.public_url.rstrip('/')}/link/{secret}"
