"""GET /daia and /institutions/{id}/daia: a DAIA 1.0 server over every source, for all institutions or for one."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from indexer.engines.base import EngineError
from search_api.context import Context
from search_api.dependencies import ContextOf, EveryParameter, Language, ask_live
from search_api.errors import ApiError, problem_of
from search_api.json_response import digest_of
from search_api.lookup import Meant, works_meant
from search_api.messages import text
from search_api.parameters import asked
from search_api.renderers import daia
from search_api.renderers.base import Frame
from search_api.renderers.daia import Json, Owner, Requested
from search_api.rendering import address_of, frame_of
from search_api.views import Moved, WorkView
from search_api.works import work_view
from store.database import StoreError

router = APIRouter(include_in_schema=False)
MOST_IDS, MOST_WORKS, _LONGEST_ID = 100, 200, 20_000
"""Identifiers and works of one answer; bytes of all identifiers."""
_KEPT = ("format", "lang", "extended")
"""Parameters that the address of the remaining identifiers repeats."""
_OF_PATRONS = ("patron", "patron-type", "access_token")
_ERRORS = {422: "invalid_request", 501: "not_implemented", 503: "service_unavailable"}
Means = dict[str, list[Meant]]


class _RefusedError(Exception):
    """The request is answered by an error object of the standard."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@router.get("/daia")
async def read_all(request: Request, context: ContextOf, lang: Language, params: EveryParameter) -> Response:
    """What all institutions have of the things identified."""
    return await _answer(request, context, lang, params, None)


@router.get("/institutions/{id}/daia")
async def read_one(id: str, request: Request, context: ContextOf, lang: Language, params: EveryParameter) -> Response:  # noqa: A002
    """What one institution and its branches have of them."""
    return await _answer(request, context, lang, params, id)


async def _answer(
    request: Request, context: Context, lang: str, params: dict[str, list[str]], institution: str | None
) -> Response:
    headers = {
        "X-DAIA-Version": daia.VERSION,
        "Content-Language": lang,
        "Access-Control-Expose-Headers": "Link, X-DAIA-Version",
    }
    try:
        identifiers, base = _identifiers(params, lang), address_of(context)
        owner = _owner(context, institution, lang)
        means = await run_in_threadpool(works_meant, context, identifiers[:MOST_IDS])
        means, rest = _first(means, identifiers)
        if len(identifiers) == 1 and len(only := means[identifiers[0]]) == 1:
            await ask_live(request, only[0].work)
        told = await run_in_threadpool(_told, request, context, lang, params, means, owner)
    except _RefusedError as error:
        return _error(error.status, error.detail, headers, params)
    except (ApiError, EngineError, StoreError) as error:
        problem, more = problem_of(error, request)
        if problem.status not in _ERRORS:
            raise
        return _error(problem.status, problem.detail, headers | more, params)
    if rest:
        kept = [(name, value) for name in _KEPT for value in params.get(name, [])[:1]]
        headers["Link"] = f'<{base}{request.url.path}?{urlencode([("id", "|".join(rest)), *kept])}>; rel="next"'
    # The time of the answer is no part of what it says, so that the tag is a weak one.
    tag = f'W/"{digest_of(msgspec.json.encode(told))}"'
    headers |= {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    stamped = told | {"timestamp": context.clock().isoformat(timespec="seconds")}
    return Response(msgspec.json.encode(stamped), media_type="application/json", headers=headers)


def _first(means: Means, identifiers: list[str]) -> tuple[Means, list[str]]:
    """What is answered at once, at least for one identifier, and the identifiers that are left."""
    taken: Means = {}
    for identifier in identifiers[:MOST_IDS]:
        if taken and sum(map(len, taken.values())) + len(means[identifier]) > MOST_WORKS:
            break
        taken[identifier] = means[identifier]
    return taken, identifiers[len(taken) :]


def _identifiers(params: dict[str, list[str]], lang: str) -> list[str]:
    """The request identifiers, each once.

    Raises:
        _RefusedError: a parameter is missing, or asks for what we do not do.
    """
    if "callback" in params:
        raise _RefusedError(422, text(lang, "daia.no_callback"))
    if params.get("format", [""])[-1] != "json":
        raise _RefusedError(422, text(lang, "daia.no_format"))
    for name in _OF_PATRONS:
        if name in params:
            raise _RefusedError(501, text(lang, "daia.no_patron", name=name))
    ids = "|".join(params.get("id", []))
    if len(ids) > _LONGEST_ID:
        raise _RefusedError(422, text(lang, "daia.long_id", count=len(ids), most=_LONGEST_ID))
    found = [identifier for identifier in dict.fromkeys(ids.split("|")) if identifier.strip()]
    if not found:
        raise _RefusedError(422, text(lang, "daia.no_id"))
    return found


def _owner(context: Context, institution: str | None, lang: str) -> Owner:
    if institution is None:
        return Owner(name=f"Lampway: {text(lang, 'daia.all_institutions')}")
    place = context.registry().by_id.get(institution)
    if place is None:
        raise _RefusedError(404, text(lang, "daia.no_institution", value=repr(institution[:60])))
    return Owner(id=place.id, name=place.name)


def _told(
    request: Request, context: Context, lang: str, params: dict[str, list[str]], means: Means, owner: Owner
) -> Json:
    question = asked(context, {}, lang)
    frame = frame_of(request, context, question)
    extended = params.get("extended", [""])[-1] in ("1", "true")
    return daia.answer(_documents(context, means, owner, frame), owner, frame, extended=extended)


def _documents(context: Context, means: Means, owner: Owner, frame: Frame) -> list[Requested]:
    registry = context.registry()
    family = {registry.by_number[number].id for number in registry.family([owner.id])} if owner.id else None
    views: dict[str, WorkView | None] = {}
    found: dict[tuple[str, str], Requested] = {}
    for identifier, meant in means.items():
        for one in meant:
            if one.work not in views:
                views[one.work] = _view(context, one.work, frame)
            view = views[one.work]
            if view is None:
                continue
            holdings = [
                holding for holding in one.holdings(view) if family is None or holding.best.institution_id in family
            ]
            if holdings or family is None:
                found[identifier, view.id] = Requested(identifier=identifier, work=view, holdings=holdings)
    return list(found.values())


def _view(context: Context, id_: str, frame: Frame) -> WorkView | None:
    found = work_view(context, id_, at=frame.moment, lang=frame.lang, for_others=True)
    if isinstance(found, Moved):
        found = work_view(context, found.id, at=frame.moment, lang=frame.lang, for_others=True)
    return found if isinstance(found, WorkView) else None


def _error(status: int, detail: str, headers: dict[str, str], params: dict[str, list[str]]) -> Response:
    body = {"error": _ERRORS.get(status, "invalid_request"), "code": status, "error_description": detail}
    shown = 200 if "suppress_response_codes" in params else status
    return Response(msgspec.json.encode(body), status_code=shown, media_type="application/json", headers=headers)
