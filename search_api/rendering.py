"""From a question to bytes in a format: finds the thing by the functions that the API uses, and renders it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from schemas.query import SearchRequest
from schemas.work import Work
from search_api import marc_records
from search_api.best_holding import zone_of
from search_api.context import Context
from search_api.errors import ApiError
from search_api.given import given_works, mixed
from search_api.institutions import LIST_PARAMETERS, institution_view, institutions_asked_for
from search_api.parameters import Params, asked, whole_number
from search_api.renderers.base import MOST_SAVED, Format, Frame, Results, Subject
from search_api.renderers.text import ascii_name
from search_api.search import search
from search_api.understand import understand
from search_api.views import Moved, WorkView
from search_api.works import work_asked_for
from store import dated_works, works


def respond(request: Request, context: Context, lang: str, params: Params, subject: Subject, form: Format) -> Response:
    """The thing that an address with a suffix names, in the format of the suffix.

    Raises:
        ApiError: there is no such thing.
        BadParameterError: a parameter cannot be used.
    """
    find = {
        "work": _work,
        "holdings": _work,
        "institution": _institution,
        "institutions": _institutions,
        "results": _results,
    }[subject]
    thing, question = find(request, context, lang, params, form)
    base = context.settings.public_url.rstrip("/")
    if isinstance(thing, Moved):
        return _moved(request, base, thing)
    if hasattr(thing, "warnings"):
        thing.warnings = list(question.warnings)
    frame = frame_of(request, context, question, next_page=_next(thing))
    if form.wants_marc:
        frame = with_marc(frame, context, thing.works if isinstance(thing, Results) else [thing])
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language", "Content-Language": lang}
    if form.download:
        name = ascii_name(request.path_params.get("id", "") or "results", "lampway")
        headers["Content-Disposition"] = f'attachment; filename="{name}.{form.suffix}"'
    if frame.next:
        headers["Link"] = f'<{frame.next}>; rel="next"'
    render: Callable[[Any, Frame], bytes] = getattr(form, subject)
    return Response(render(thing, frame), media_type=form.media_type, headers=headers)


def frame_of(request: Request, context: Context, question: SearchRequest, *, next_page: str = "") -> Frame:
    """The frame of an answer. ``next_page``: cursor of the page that follows."""
    base = context.settings.public_url.rstrip("/")
    path, query = quote(request.scope["path"]), request.url.query
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return Frame(
        base=base,
        address=f"{base}{path}{query and '?' + query}",
        moment=max(question.at, context.clock()),
        lang=question.lang,
        next=f"{base}{path}?{urlencode([*pairs, ('cursor', next_page)])}" if next_page else "",
    )


def address_of(context: Context) -> str:
    """Our own address without a slash at the end, for answers that are nothing without whole addresses.

    Raises:
        ApiError: 503, the settings do not say it.
    """
    base = context.settings.public_url.rstrip("/")
    if not base:
        raise ApiError(
            "no-address", "LAMPWAY_PUBLIC_URL must be set to the address under which users reach the service."
        )
    return base


def with_marc(frame: Frame, context: Context, shown: Sequence[Work | WorkView]) -> Frame:
    """The frame with the MARC records that sources sent of some works."""
    found = marc_records.of_works(context.database, {work.number: work.id for work in shown})
    return msgspec.structs.replace(frame, marc=found)


def results_of(context: Context, question: SearchRequest) -> Results:
    """The results of a search with their whole descriptions, as others get them."""
    answer = search(context, question)
    with context.database.connect() as connection:
        numbers = [hit.number for hit in answer.hits]
        found, changed = works.by_numbers(connection, numbers), dated_works.dated(connection, numbers)
        withheld = mixed(connection, list(found))
        told = given_works(connection, found, withheld)
    answer.hits = [hit for hit in answer.hits if hit.number in found]
    missing = {place for place, hit in enumerate(answer.hits) if hit.number not in told}
    answer.hits = [hit for hit in answer.hits if hit.number in told]
    for hit in answer.hits:
        if hit.number in withheld:  # the best copy may be one that only a withheld record names
            hit.best = None
    shown = [told[hit.number] for hit in answer.hits]
    return Results(request=question, answer=answer, works=shown, changed=changed, withheld=missing)


def _work(request: Request, context: Context, lang: str, params: Params, form: Format) -> tuple[Any, SearchRequest]:
    id_, question = request.path_params["id"], asked(context, params, lang)
    found = work_asked_for(context, id_, question, for_others=True)
    if found is None:
        raise ApiError("not-found", f"No work {id_[:200]!r} whose description is given to others.")
    return found, question


def _institution(
    request: Request, context: Context, lang: str, params: Params, form: Format
) -> tuple[Any, SearchRequest]:
    id_ = request.path_params["id"]
    place = context.registry().by_id.get(id_)
    question = asked(context, params, lang, zone=zone_of(place) if place else None)
    found = institution_view(context, id_, at=question.at, near=question.near)
    if found is None:
        raise ApiError("not-found", f"No institution {id_[:200]!r}.")
    return found, question


def _institutions(
    request: Request, context: Context, lang: str, params: Params, form: Format
) -> tuple[Any, SearchRequest]:
    question = asked(context, params, lang, LIST_PARAMETERS)
    return institutions_asked_for(context, question, params, usual=1000), question


def _results(request: Request, context: Context, lang: str, params: Params, form: Format) -> tuple[Any, SearchRequest]:
    if not form.download:
        question = understand(context, params, lang)
    else:
        limit = whole_number(params, "limit", MOST_SAVED, 1, MOST_SAVED)
        rest = {name: values for name, values in params.items() if name != "limit"}
        question = msgspec.structs.replace(understand(context, rest, lang), limit=limit)
    return results_of(context, question), question


def _next(thing: Any) -> str:
    found = thing.answer.next if isinstance(thing, Results) else getattr(thing, "next", "")
    return found or ""


def _moved(request: Request, base: str, thing: Moved) -> Response:
    path = request.scope["route"].path.replace("{id}", quote(thing.id, safe=""))
    query = request.url.query
    return Response(status_code=308, headers={"Location": f"{base}{path}{query and '?' + query}"})
