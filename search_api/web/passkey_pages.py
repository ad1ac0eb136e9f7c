"""Passkeys on the pages: log in with one, add and remove them, show with one that it is you.

``static/passkey.js`` fetches a question, lets the browser answer it, and sends the form with the answer; the forms are
hidden where a browser knows no passkeys.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from search_api.accounts import passkeys
from search_api.accounts.guard import Open, SameOrigin, Self, client_of, confirmed_again, own_origin, safe_next
from search_api.accounts.log_in import Refused, by_passkey
from search_api.accounts.passkeys import LONGEST_LABEL, PasskeyError, Site
from search_api.context import Context
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.web.account_pages import account_view, confirm_view, saved
from search_api.web.forms import Sent, see_other
from search_api.web.log_in_pages import log_in_form, welcome
from search_api.web.rendering import Page
from store import logins

router = APIRouter(include_in_schema=False)


@router.post("/login/passkey/question", dependencies=[Open, SameOrigin])
def question_at_log_in(request: Request) -> Response:
    """Asks for any passkey: who answers says by that who they are."""
    try:
        request.app.state.tries.network(client_of(request))
    except Refused as refused:
        raise ApiError("rate-limited", f"Ask again in {refused.wait} s.", retry_after=refused.wait) from None
    with context_of(request).database.begin() as connection:
        return _json(passkeys.question(connection, _site(request), None))


@router.post("/login/passkey", dependencies=[Open, SameOrigin])
def log_in(request: Request, form: Sent) -> Response:
    """The browser's answer; counts as the second factor, too."""
    try:
        request.app.state.tries.network(client_of(request))
        token = by_passkey(context_of(request).database, _site(request), form["answer"])
    except Refused as refused:
        form.wrong["passkey"] = Page(request).say(f"accounts.login_{refused.reason}", n=refused.wait)
        return log_in_form(request, form, refused.wait)
    return welcome(request, token, safe_next(form["next"]))


@router.post("/account/passkeys/question")
def question_to_add(request: Request, actor: Self) -> Response:
    """Asks a device to make a passkey."""
    confirmed_again(request, actor)
    with context_of(request).database.begin() as connection:
        return _json(passkeys.question_to_add(connection, _site(request), actor.account))


@router.post("/account/passkeys")
def add(request: Request, actor: Self, form: Sent) -> Response:
    """Keep the passkey that the device has made."""
    confirmed_again(request, actor)
    say, context = Page(request).say, context_of(request)
    label = form["label"]
    if len(label) > LONGEST_LABEL or not label.isprintable():
        form.wrong["label"] = say("accounts.name_wrong", n=LONGEST_LABEL)
        return account_view(request, actor, form)
    try:
        passkeys.add(context.database, _site(request), actor.account, form["answer"], label)
    except PasskeyError:
        form.wrong["passkey"] = say("accounts.passkey_wrong")
        return account_view(request, actor, form)
    _confirm(context, actor)
    return saved(request)


@router.post("/account/passkeys/remove")
def remove(request: Request, actor: Self, form: Sent) -> Response:
    """No longer take one; the device forgets it when its owner tells it to."""
    confirmed_again(request, actor)
    with context_of(request).database.begin() as connection:
        if not passkeys.remove(connection, actor.account, form["id"]):
            raise ApiError("not-found", "There is no such passkey here.")
    return saved(request)


@router.post("/account/confirm/question")
def question_to_confirm(request: Request, actor: Self) -> Response:
    """Asks for a passkey of this account."""
    with context_of(request).database.begin() as connection:
        return _json(passkeys.question(connection, _site(request), actor.account))


@router.post("/account/confirm/passkey")
def confirm(request: Request, actor: Self, form: Sent) -> Response:
    """Counts for a quarter of an hour, as a code does."""
    context = context_of(request)
    try:
        passkeys.check(context.database, _site(request), form["answer"], actor.account)
    except PasskeyError:
        form.wrong["passkey"] = Page(request).say("accounts.passkey_wrong")
        return confirm_view(request, actor, form)
    _confirm(context, actor)
    return see_other(safe_next(form["next"]))


def _confirm(context: Context, actor: Self) -> None:
    with context.database.begin() as connection:
        logins.confirm(connection, actor.login)
        actor.did(connection, "account.confirm", f"account:{actor.account.email}", by="passkey")


def _site(request: Request) -> Site:
    """Where we are.

    Raises:
        ApiError: 404: browsers offer no passkeys here.
    """
    site = Site(own_origin(request))
    if not site.fits:
        raise ApiError("not-found", "Browsers offer passkeys at https addresses with a name only.")
    return site


def _json(text: str) -> Response:
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})
