"""What stands before each route of accounts: where a write came from, who asks, and whether they may.

A route of ``app.ACCOUNT_ROUTERS`` says with ``require`` what it takes, or with ``Open`` that it is for everybody; the
tests fail for one that says neither. Both are served under our own name only; a page that only tells what the search
tells is ``Public``. Only these routes read the cookie, so only they ask where a write came from.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Annotated, cast
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request

from schemas.account import Permission
from schemas.institution import Institution
from search_api.accounts.actor import Actor, actor_of_cookie, has_second_factor
from search_api.context import Context
from search_api.errors import ApiError, SeeOther
from search_api.headers import READS

_COOKIE = "lampway_login"
_PORTS = {"http": 80, "https": 443}


def cookie_name(public_url: str) -> str:
    """The cookie of log-ins. Behind https its name makes browsers refuse one that another host or path has set."""
    return f"__Host-{_COOKIE}" if public_url.startswith("https://") else _COOKIE


def same_origin(request: Request) -> None:
    """Refuse a write that a page of another origin has sent: it would carry our cookie.

    Browsers say by ``Sec-Fetch-Site`` where a request comes from; over plain http they do not, but send ``Origin``.

    Raises:
        ApiError: 403.
    """
    if request.method in READS:
        return
    site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin", "")
    if site in ("same-origin", "none") or (not site and origin and origin == own_origin(request)):
        return
    raise ApiError("foreign-origin", "Open the page here and send the form from it.")


def own_host(request: Request) -> None:
    """Refuse what was sent to another name than ours: a page of that name would be our origin's equal to a browser.

    With a public address it must be that one. Without, on a machine of one's own, it must be one that no stranger can
    point at us: an address, or a name of the local network.

    Raises:
        ApiError: 421.
    """
    given = urlsplit(f"//{request.headers.get('host', '')}")
    public = urlsplit(request.app.state.context.settings.public_url)
    try:
        here = (given.hostname or "", given.port or _PORTS.get(public.scheme))
        fits = here == (public.hostname, public.port or _PORTS.get(public.scheme)) if public.netloc else _local(here[0])
    except ValueError:  # a port that is none
        fits = False
    if not fits:
        detail = f"Use {public.geturl()}." if public.netloc else "Set LAMPWAY_PUBLIC_URL to the address you use."
        raise ApiError("wrong-host", detail)


def client_of(request: Request) -> str | None:
    """The address that asks, after trusted proxies; None = a local socket."""
    return request.client.host if request.client else None


def actor_or_nobody(request: Request) -> Actor | None:
    """The person who asks; None when nobody is logged in."""
    context: Context = request.app.state.context
    token = request.cookies.get(cookie_name(context.settings.public_url), "")
    actor = actor_of_cookie(context.database, token) if token else None
    request.state.private = actor is not None
    return actor


def require(permission: Permission) -> Callable[[Request], Actor]:
    """A dependency: the person who asks, if they may do this.

    Of a route with ``{institution}`` in its path the thing is that institution's. What a stranger may not even know of
    is "not found" (OWASP API1: the ids of others tell nothing).
    """

    def needed(request: Request) -> Actor:
        own_host(request)
        same_origin(request)
        actor = actor_or_nobody(request)
        if actor is None:
            raise _must_log_in(request)
        context: Context = request.app.state.context
        id_ = request.path_params.get("institution", "")
        place = context.registry().by_id.get(id_) if id_ else None
        if id_ and (place is None or not actor.may("institution:read", id_, place.parent)):
            raise ApiError("not-found", f"Nothing is at {request.url.path}.")
        if not actor.may(permission, id_, place.parent if place else ""):
            raise ApiError("not-permitted", "Your role does not allow this; ask an editor of the institution.")
        if actor.must_confirm(permission, context.clock()) and request.method not in READS:
            raise SeeOther(f"/account/confirm?next={quote(_back(request))}")
        return actor

    needed.permission = permission  # type: ignore[attr-defined]  # what the tests look for
    return needed


def confirmed_again(request: Request, actor: Actor) -> None:
    """Ask for the second factor before another one is added or one is taken away.

    Who got hold of a log-in alone must not make a second factor of their own; an account without any can begin.

    Raises:
        SeeOther: the page that asks.
    """
    context: Context = request.app.state.context
    if has_second_factor(context.database, actor.account) and not actor.login.confirmed(context.clock()):
        raise SeeOther(f"/account/confirm?next={quote('/account')}")


def institution_of(request: Request) -> Institution:
    """The institution in the path of a route that ``require`` has let pass."""
    context: Context = request.app.state.context
    return cast("Institution", context.registry().by_id.get(request.path_params["institution"]))


def safe_next(path: str) -> str:
    r"""Where to go after logging in: a path of ours, never another host (``//evil``, ``/\evil``, control letters)."""
    fits = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and len(path) < 2000
    return path if fits and not urlsplit(path).netloc else "/account"


def own_origin(request: Request) -> str:
    """Scheme, host and port under which browsers know us."""
    public = urlsplit(request.app.state.context.settings.public_url)
    if public.netloc:
        return f"{public.scheme}://{public.netloc}"
    # No public address is set: a machine of one's own.
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def _local(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost"))
    return True


def _must_log_in(request: Request) -> Exception:
    if request.url.path.startswith("/api/"):
        return ApiError("not-authenticated", "Log in first.")
    # Straight from the form of the log-in, and still nobody: the browser has not kept its cookie.
    came_from = urlsplit(request.headers.get("referer", "")).path
    refused = request.method in READS and (came_from == "/login" or came_from.startswith("/link/"))
    return SeeOther(f"/login?next={quote(_back(request))}{'&cookie=refused' if refused else ''}")


def _back(request: Request) -> str:
    """The page to come back to; a write is not repeated, its page is shown."""
    path = request.url.path
    if request.method in READS:
        return f"{path}?{request.url.query}" if request.url.query else path
    origin = urlsplit(request.headers.get("referer", ""))
    return safe_next(origin.path or "/account")


def _open(request: Request) -> None:
    """Everybody may use it."""
    own_host(request)


def _public() -> None:
    """Everybody may read it, under whatever name the service is reached."""


_open.permission = _public.permission = "open"  # type: ignore[attr-defined]
Open, Public = Depends(_open), Depends(_public)
SameOrigin = Depends(same_origin)
Self = Annotated[Actor, Depends(require("account:self"))]
