"""Logging in by the operator's own provider: there and back again."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from search_api.accounts.guard import Open, client_of, cookie_name, safe_next
from search_api.accounts.log_in import Refused, by_provider
from search_api.accounts.provider import BACK, Provider
from search_api.accounts.provider_client import ProviderError
from search_api.dependencies import context_of
from search_api.errors import ApiError
from search_api.web.forms import Form, see_other
from search_api.web.log_in_pages import log_in_form, welcome
from search_api.web.rendering import Page

router = APIRouter(include_in_schema=False)
log = structlog.stdlib.get_logger("lampway.provider")
_LIFE_S = 600


@router.get("/login/provider", dependencies=[Open])
def begin(request: Request) -> Response:
    """Go to the provider. A link, not a form: our pages' policy lets forms go to us only, also by a redirect."""
    provider, to = _provider(request), safe_next(request.query_params.get("next", ""))
    try:
        request.app.state.tries.network(client_of(request))
        address, secret = provider.begin(context_of(request).database, to)
    except (Refused, ProviderError) as error:
        return _failed(request, error, to)
    response = see_other(address)
    # Lax: the browser brings it back when the provider's page sends it here.
    response.set_cookie(
        _cookie(request), secret, max_age=_LIFE_S, path="/", httponly=True, samesite="lax", secure=_secure(request)
    )
    return response


@router.get(BACK, dependencies=[Open])
def back(request: Request) -> Response:
    """The person is back from there, and logged in when it knows them and so do we."""
    provider, context = _provider(request), context_of(request)
    to = ""
    try:
        request.app.state.tries.network(client_of(request))
        secret = request.cookies.get(_cookie(request), "")
        email, to = provider.finish(context.database, secret, dict(request.query_params))
        token = by_provider(context.database, email)
    except (Refused, ProviderError) as error:
        response = _failed(request, error, safe_next(to))
    else:
        response = welcome(request, token, safe_next(to))
    response.delete_cookie(_cookie(request), path="/", secure=_secure(request), httponly=True)
    return response


def _failed(request: Request, error: Refused | ProviderError, to: str) -> Response:
    reason = error.reason if isinstance(error, Refused) else "provider"
    if isinstance(error, ProviderError):
        log.warning("a log-in by the provider failed", reason=str(error))
    wait = error.wait if isinstance(error, Refused) else 0
    form = Form({"next": to}, {"provider": Page(request).say(f"accounts.login_{reason}", n=wait)})
    return log_in_form(request, form, wait)


def _provider(request: Request) -> Provider:
    """The provider.

    Raises:
        ApiError: 404: none is set.
    """
    found: Provider = request.app.state.provider
    if not found.ready:
        raise ApiError("not-found", f"Nothing is at {request.url.path}.")
    return found


def _cookie(request: Request) -> str:
    return cookie_name(context_of(request).settings.public_url).replace("login", "provider")


def _secure(request: Request) -> bool:
    return context_of(request).settings.public_url.startswith("https://")
