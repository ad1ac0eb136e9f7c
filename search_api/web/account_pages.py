"""A person's own account: name, password, authenticator app, passkeys, log-ins, institutions."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from search_api.accounts import codes, passkeys, passwords
from search_api.accounts.actor import Actor
from search_api.accounts.guard import Self, confirmed_again, own_origin, safe_next
from search_api.accounts.log_in import Refused
from search_api.dependencies import context_of
from search_api.json_response import json_response
from search_api.messages import LANGUAGES
from search_api.web.forms import Form, Sent, see_other
from search_api.web.language import NAMES
from search_api.web.rendering import Page
from store import accounts, logins, personal, registrations
from store.passkeys import Passkey, of_account
from store.secrets import SecretError

router = APIRouter(prefix="/account", include_in_schema=False)
_LONGEST_NAME = 100


@router.get("")
def account_page(request: Request, actor: Self) -> Response:
    """All of it on one page."""
    return account_view(request, actor, Form())


@router.get("/data")
def own_data(request: Request, actor: Self) -> Response:
    """A copy of all that is kept of the person, as a file."""
    with context_of(request).database.connect() as connection:
        kept = personal.about(connection, actor.account)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="account.json"'}
    return json_response(kept, headers=headers)


@router.post("/name")
def rename(request: Request, actor: Self, form: Sent) -> Response:
    """How the person is called, and the language of the mails."""
    name, lang = form["name"], form["lang"]
    if len(name) > _LONGEST_NAME or not name.isprintable():
        form.wrong["name"] = Page(request).say("accounts.name_wrong", n=_LONGEST_NAME)
        return account_view(request, actor, form)
    with context_of(request).database.begin() as connection:
        accounts.set_name(connection, actor.account.number, name, lang if lang in LANGUAGES else actor.account.lang)
        actor.did(connection, "account.name", f"account:{actor.account.email}")
    return saved(request)


@router.post("/password")
def set_password(request: Request, actor: Self, form: Sent) -> Response:
    """A new password; every other log-in of the account ends."""
    say, context = Page(request).say, context_of(request)
    old, new = form.fields.get("old", ""), form.fields.get("new", "")
    if actor.account.password and not passwords.fits(actor.account.password, old):
        form.wrong["old"] = say("accounts.password_old")
    elif problem := passwords.problem_of(new, actor.account.email):
        form.wrong["new"] = say(f"accounts.{problem}", n=passwords.SHORTEST)
    if form.wrong:
        return account_view(request, actor, form)
    hash_ = passwords.hashed(new)
    with context.database.begin() as connection:
        accounts.set_password(connection, actor.account.number, hash_)
        logins.end_others(connection, actor.account.number, actor.login.hash)
        actor.did(connection, "account.password", f"account:{actor.account.email}")
    return saved(request)


@router.post("/totp")
def set_totp(request: Request, actor: Self, form: Sent) -> Response:
    """Begin to use an authenticator app: its first code shows that it has the secret."""
    confirmed_again(request, actor)
    context, secret = context_of(request), form["secret"]
    if actor.account.totp or codes.step_of(secret, form["code"]) is None:
        form.wrong["code"] = Page(request).say("accounts.code_wrong")
        return account_view(request, actor, form)
    with context.database.begin() as connection:
        codes.keep(connection, context.settings.home, actor.account, secret)
        logins.confirm(connection, actor.login)
        actor.did(connection, "account.totp", f"account:{actor.account.email}", to="on")
    return saved(request)


@router.post("/totp/remove")
def remove_totp(request: Request, actor: Self, form: Sent) -> Response:
    """No longer; a code shows that it is not another one at this browser who wants that."""
    if not _code_fits(request, actor, form):
        return account_view(request, actor, form)
    with context_of(request).database.begin() as connection:
        accounts.set_totp(connection, actor.account.number, "")
        actor.did(connection, "account.totp", f"account:{actor.account.email}", to="off")
    return saved(request)


@router.post("/logins/end")
def end_logins(request: Request, actor: Self, form: Sent) -> Response:
    """End one log-in of the account (``id``), or all but this one."""
    with context_of(request).database.begin() as connection:
        for login in logins.of_account(connection, actor.account.number):
            if login.hash != actor.login.hash and form["id"] in ("", login.id):
                logins.end(connection, login)
        actor.did(connection, "account.end-logins", f"account:{actor.account.email}")
    return saved(request)


@router.get("/confirm")
def confirm_page(request: Request, actor: Self) -> Response:
    """Asks for the second factor before a dangerous act."""
    return confirm_view(request, actor, Form({"next": request.query_params.get("next", "")}))


@router.post("/confirm")
def confirm(request: Request, actor: Self, form: Sent) -> Response:
    """Counts for a quarter of an hour."""
    if not actor.account.totp or not _code_fits(request, actor, form):
        return confirm_view(request, actor, form)
    with context_of(request).database.begin() as connection:
        logins.confirm(connection, actor.login)
        actor.did(connection, "account.confirm", f"account:{actor.account.email}")
    return see_other(safe_next(form["next"]))


def _code_fits(request: Request, actor: Actor, form: Form) -> bool:
    context, say = context_of(request), Page(request).say
    try:
        request.app.state.tries.count(actor.account.email, None)
        with context.database.begin() as connection:
            fits = codes.takes(connection, context.settings.home, actor.account, form["code"])
    except Refused as refused:
        form.wrong["code"] = say("accounts.login_often", n=refused.wait)
        return False
    except SecretError as error:
        form.wrong["code"] = str(error)
        return False
    if not fits:
        form.wrong["code"] = say("accounts.code_wrong")
    return fits


def confirm_view(request: Request, actor: Actor, form: Form) -> Response:
    """The page that asks for the second factor."""
    status = 422 if form.wrong else 200
    known = _passkeys(request, actor)
    return Page(request).render(
        "account/confirm.html", status=status, private=True, form=form, actor=actor, passkeys=known
    )


def account_view(request: Request, actor: Actor, form: Form) -> Response:
    """The account, with what is wrong in a form."""
    page, context = Page(request), context_of(request)
    with context.database.connect() as connection:
        open_ = logins.of_account(connection, actor.account.number)
        registered = registrations.of_account(connection, actor.account.number)
    now, by_id = context.clock(), context.registry().by_id
    places = [(by_id[id_], page.say(f"accounts.role_{role}")) for id_, role in actor.roles.items() if id_ in by_id]
    shown = [
        {
            "id": login.id,
            "here": login.hash == actor.login.hash,
            "since": page.say.ago(datetime.fromisoformat(login.created_at), now),
            "seen": page.say.ago(datetime.fromisoformat(login.seen_at), now),
        }
        for login in open_
    ]
    secret = "" if actor.account.totp else codes.new_secret(form["secret"])
    return page.render(
        "account/account.html",
        status=422 if form.wrong else 200,
        private=True,
        form=form,
        account=actor.account,
        institutions=places,
        registrations=registered,
        logins=shown,
        passkeys=[
            {
                "id": passkeys.name_of(one),
                "label": one.label or page.say("accounts.passkey"),
                "made": page.say.ago(datetime.fromisoformat(one.created_at), now),
                "used": page.say.ago(datetime.fromisoformat(one.last_used_at), now) if one.last_used_at else "",
            }
            for one in _passkeys(request, actor)
        ],
        passkeys_fit=passkeys.Site(own_origin(request)).fits,
        secret=secret,
        totp=codes.address(secret, actor.account.email, "Lampway") if secret else "",
        languages=NAMES,
        done="done" in request.query_params,
        new="new" in request.query_params,
    )


def _passkeys(request: Request, actor: Actor) -> list[Passkey]:
    with context_of(request).database.connect() as connection:
        return of_account(connection, actor.account.number)


def saved(request: Request) -> Response:
    """Back to the account, which says that it is done."""
    lang = request.query_params.get("lang", "")
    to = f"/account?done=1&lang={lang}" if lang in LANGUAGES else "/account?done=1"
    return see_other(to)
