"""What routes take from a request: the context, the language, the parameters, the API key."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from schemas.institution import Institution
from search_api import accept
from search_api.availability.live import LiveLookups, is_robot
from search_api.availability.questions import questions_about
from search_api.context import Context
from search_api.errors import ApiError
from search_api.metrics import Metrics
from search_api.problems import BadParameterError
from search_api.web.language import language_of
from store import api_keys
from store.api_keys import ApiKey

MOST_PARAMETERS = 200


def context_of(request: Request) -> Context:
    """The context of this process."""
    context: Context = request.app.state.context
    return context


def metrics_of(request: Request) -> Metrics:
    """The counters of this process."""
    metrics: Metrics = request.app.state.metrics
    return metrics


def every_parameter_of(request: Request) -> dict[str, list[str]]:
    """The query parameters, each with all its values, in order: for standards that refuse in a form of their own.

    Raises:
        ApiError: there are absurdly many.
    """
    pairs = request.query_params.multi_items()
    if len(pairs) > MOST_PARAMETERS:
        raise ApiError("invalid-parameter", f"{len(pairs)} parameters are too many; at most {MOST_PARAMETERS}.")
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def parameters_of(request: Request) -> dict[str, list[str]]:
    """The same without ``callback``.

    Raises:
        BadParameterError: JSONP is asked for, with which a page runs whatever a server sends.
    """
    values = every_parameter_of(request)
    if "callback" in values:
        raise BadParameterError("callback", "JSONP is not given: every page may read the plain answer (CORS)")
    return values


def wants_json(request: Request) -> None:
    """Refuse a request whose Accept header rules JSON out.

    Raises:
        ApiError: 406.
    """
    if accept.best(request.headers.get("accept", ""), ("application/json",)) is None:
        raise ApiError("not-acceptable", "This address gives application/json.")


def writer_of(request: Request) -> ApiKey:
    """The API key of a request that writes; noted as used.

    Raises:
        ApiError: 401 without a valid key.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    database = context_of(request).database
    found = None
    if scheme.lower() == "bearer" and token.strip():
        with database.connect() as connection:
            found = api_keys.find(connection, token.strip())
    if found is None:
        detail = "Send a valid key as `Authorization: Bearer lw_…`; `lampway keys add` makes one."
        raise ApiError("not-authenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="lampway"'})
    if found.last_used_at != api_keys.this_hour():
        with database.begin() as connection:
            api_keys.touch(connection, found.id)
    return found


def institution_of_key(context: Context, id_: str, key: ApiKey, scope: str) -> Institution:
    """The institution that a key may write for with a scope: its own, or a branch of it.

    Raises:
        ApiError: 403 for others, 404.
    """
    institution = context.registry().by_id.get(id_)
    if not key.may(scope):
        detail = f"The key has not the scope {scope!r}; `lampway keys add --scope {scope}` makes one that has."
        raise ApiError("not-allowed", detail)
    if key.institution not in (id_, institution.parent if institution else id_):
        raise ApiError("not-allowed", f"The key belongs to {key.institution!r}, not to {id_!r}.")
    if institution is None:
        raise ApiError("not-found", f"No institution {id_!r}.")
    return institution


async def ask_live(request: Request, work_id: str) -> None:
    """Let the institutions that hold a work be asked for the state of their copies, before it is shown to a person.

    It waits without keeping a thread, so that slow systems do not stand in the way of other requests.
    """
    live: LiveLookups | None = request.app.state.live
    if live is None or is_robot(request.headers.get("user-agent", "")):
        return
    context = context_of(request)
    questions = await run_in_threadpool(questions_about, context, work_id)
    if questions and await live.ask(questions, context.registry().resolver):
        await run_in_threadpool(context.refresh)


async def ask_live_before(request: Request) -> None:
    """``ask_live`` before a route with the work's id in its path."""
    await ask_live(request, request.path_params["id"])


ContextOf = Annotated[Context, Depends(context_of)]
MetricsOf = Annotated[Metrics, Depends(metrics_of)]
Language = Annotated[str, Depends(language_of)]
Parameters = Annotated[dict[str, list[str]], Depends(parameters_of)]
EveryParameter = Annotated[dict[str, list[str]], Depends(every_parameter_of)]
Writer = Annotated[ApiKey, Depends(writer_of)]
JsonOnly = Depends(wants_json)
LiveFacts = Depends(ask_live_before)
