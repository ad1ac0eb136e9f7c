"""Errors as users of the API see them: RFC 9457 problem details, or a page where a person's browser asks for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from indexer.engines.base import EngineError, EngineUnavailableError
from search_api import access_log
from search_api.problems import BadParameterError
from store.database import StoreError, StoreUnavailableError

log = structlog.stdlib.get_logger("lampway")
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
"""What a client is told when engine or database are away: a failover takes about as long."""

KINDS: dict[str, tuple[int, str]] = {
    "invalid-parameter": (400, "A parameter cannot be used"),
    "not-authenticated": (401, "An API key is needed"),
    "not-allowed": (403, "This key may not do that"),
    "not-permitted": (403, "Your role does not allow that"),
    "foreign-origin": (403, "The form was sent from another site"),
    "not-found": (404, "There is no such thing here"),
    "method-not-allowed": (405, "This address does not take that method"),
    "not-acceptable": (406, "It cannot be given in the wanted format"),
    "changed-meanwhile": (412, "It has changed since you read it"),
    "wrong-host": (421, "This service is at another address"),
    "too-large": (413, "The request is too large"),
    "invalid-body": (422, "The content of the request cannot be used"),
    "rate-limited": (429, "Too many requests"),
    "not-implemented": (501, "That is not offered"),
    "internal": (500, "Something broke on our side"),
    "unavailable": (503, "The search engine does not answer now"),
    "no-index": (503, "There is no index yet"),
    "no-address": (503, "The service has not been told its own address"),
    "store-unavailable": (503, "The database does not answer now"),
}
"""Kind of problem -> HTTP status and title. ``type`` is the address of a line about it: /api/problems/KIND."""
_BY_STATUS = {status: kind for kind, (status, _) in reversed(KINDS.items())}


class Problem(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Problem details (RFC 9457) with our extension members."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    """Path of the request."""
    parameter: str = ""
    """The query parameter or header that is wrong."""
    errors: list[dict[str, str]] = msgspec.field(default_factory=list)
    """What is wrong inside a body: "pointer" (JSON Pointer) and "detail"."""
    retry_after: int = 0
    """Seconds."""
    request: str = ""
    """What to name when reporting a failure: our log has the same."""


class ApiError(Exception):
    """Ends a request with a problem. ``kind`` is a key of KINDS."""

    def __init__(self, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, dict(headers or {}), more


class SeeOther(Exception):  # noqa: N818 - it is no error
    """Ends a request with the address of the page to look at instead. ``path`` is one of ours."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def problem_of(error: Exception, request: Request) -> tuple[Problem, dict[str, str]]:
    """What an exception means to the client, with the headers that go with it. Unknown exceptions are "internal"."""
    headers: dict[str, str] = {}
    more: dict[str, object] = {}
    if isinstance(error, ApiError):
        kind, detail, headers, more = error.kind, error.detail, error.headers, error.more
    elif isinstance(error, BadParameterError):
        kind, detail, more = "invalid-parameter", error.message, {"parameter": error.parameter}
    elif isinstance(error, EngineUnavailableError):
        kind, detail, more = "unavailable", "Try again in a moment.", {"retry_after": RETRY_AFTER_S}
    elif isinstance(error, EngineError):
        kind, detail, more = _of_engine(request)
    elif isinstance(error, StoreUnavailableError):
        kind, detail, more = "store-unavailable", "Try again in a moment.", {"retry_after": RETRY_AFTER_S}
    elif isinstance(error, RequestValidationError):
        kind, detail = "invalid-body", "See errors."
        more = {"errors": [{"pointer": _pointer(e["loc"]), "detail": e["msg"]} for e in error.errors()]}
    elif isinstance(error, HTTPException):
        kind, detail, headers = _of_http(error, request)
    else:
        kind, detail = "internal", "The failure is in our log; please try again."
    status, title = KINDS.get(kind, (0, ""))
    if not status:
        status = int(kind)
        title = HTTPStatus(status).phrase
    base = request.app.state.context.settings.public_url.rstrip("/")
    type_ = f"{base}/api/problems/{kind}" if kind in KINDS else "about:blank"
    found = Problem(type=type_, title=title, status=status, detail=detail, instance=request.url.path, **more)  # type: ignore[arg-type]
    if found.retry_after:
        headers = headers | {"Retry-After": str(found.retry_after)}
    return found, headers


def _of_engine(request: Request) -> tuple[str, str, dict[str, object]]:
    try:
        if request.app.state.context.engine.live():
            return "internal", "The search engine could not do it; its message is in our log.", {}
    except EngineError:
        return "unavailable", "Try again in a moment.", {"retry_after": RETRY_AFTER_S}
    return "no-index", "Run `lampway index` first.", {"retry_after": 60}


def _of_http(error: HTTPException, request: Request) -> tuple[str, str, dict[str, str]]:
    kind = _BY_STATUS.get(error.status_code, str(error.status_code))
    detail = "" if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
    if kind == "not-found" and not detail:
        detail = f"Nothing is at {request.url.path}."
    if kind == "method-not-allowed":
        detail = f"{request.method} is not for {request.url.path}."
    return kind, detail, dict(error.headers or {})


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


ErrorPage = Callable[[Request, Problem], Response]


def show_errors_as_pages(app: FastAPI, page: ErrorPage) -> None:
    """Let people's browsers see errors outside /api as pages; ``page`` makes the HTML of a problem."""
    app.state.error_page = page


def error_response(error: Exception, request: Request, *, reference: str = "") -> Response:
    """The response to an exception, in the form that the client can use."""
    found, headers = problem_of(error, request)
    found.request = reference
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    if page and not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        response = page(request, found)
        response.status_code = found.status
        response.headers.update(headers)
    else:
        response = Response(
            msgspec.json.encode(found), status_code=found.status, media_type=MEDIA_TYPE, headers=headers
        )
    # Else caches would keep a 404 as long as they like, and give the page of one client to another as its JSON.
    response.headers.setdefault("Cache-Control", "no-cache")
    response.headers.add_vary_header("Accept")
    return response


def install(app: FastAPI) -> None:
    """Answer every expected exception with a problem; unexpected ones are caught by ``search_api.front``."""

    def answer(request: Request, error: Exception) -> Response:
        response = error_response(error, request)
        if response.status_code == 500:
            raise error  # to where it is logged
        if isinstance(error, EngineError | StoreError):
            log.warning("not available", path=access_log.place_of(request.scope), reason=str(error)[:500])
        return response

    def look_elsewhere(request: Request, error: Exception) -> Response:
        path = error.path if isinstance(error, SeeOther) else "/"
        return Response(status_code=303, headers={"Location": path, "Cache-Control": "no-store"})

    app.add_exception_handler(SeeOther, look_elsewhere)
    for kind in (ApiError, BadParameterError, EngineError, StoreError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)
