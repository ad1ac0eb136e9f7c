"""The pages people see. Server-rendered; each works without scripts, and uses the same functions as the API."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from indexer.engines.base import EngineError
from schemas.institution import INSTITUTION_KINDS
from schemas.query import FACETS
from search_api.best_holding import zone_of
from search_api.dependencies import ask_live, context_of
from search_api.errors import ApiError
from search_api.given import given_hits
from search_api.institutions import institution_view, institutions_page
from search_api.problems import BadParameterError
from search_api.query_view import place_credit
from search_api.renderers import json_ld
from search_api.renderers.coins import context_object
from search_api.search import search
from search_api.sources import source_card
from search_api.understand import understand
from search_api.views import Moved, WorkView
from search_api.web import assets
from search_api.web.addresses import CARRIED
from search_api.web.error_pages import missing_page
from search_api.web.head import Head, frame_for, list_head, page_head, work_head
from search_api.web.home import examples
from search_api.web.institution_page import entry, institution_page_view
from search_api.web.rendering import Page
from search_api.web.results import FormProblem, problem_view, results_view
from search_api.web.search_form import SearchForm
from search_api.web.source_page import source_page_view
from search_api.web.whom_to_ask import whom_to_ask
from search_api.web.wording import Times
from search_api.web.work_page import work_page_view
from search_api.works import work_asked_for, work_view

router = APIRouter(include_in_schema=False)
PER_PAGE = 60


@router.get("/")
def home(request: Request) -> Response:
    """The home page; it stands even while the engine does not."""
    page, context = Page(request), context_of(request)
    works, records = request.app.state.counts.value()
    numbers = {"institutions": len(context.registry().institutions), "works": works, "records": records}
    try:
        shown = examples(context, page.say, page.to) if works else []
    except EngineError:
        shown = []
    form = SearchForm([], page.say, page.to)
    frame = frame_for(request, context, page.lang)
    head = page_head(f"{frame.base}/", "/", json_ld.home_page(frame))
    return page.render("home.html", form=form, problem=None, numbers=numbers, examples=shown, head=head)


@router.get("/search")
def search_page(request: Request) -> Response:
    """The results page; a parameter that cannot be used is told beside its field."""
    page, context = Page(request), context_of(request)
    form = SearchForm(page.pairs, page.say, page.to)
    try:
        asked = understand(context, {**form.params(), "facets": [",".join(FACETS)], "explain": ["true"]}, page.lang)
        answer = search(context, asked)
    except BadParameterError as error:
        return page.render("search.html", status=400, form=form, settings=context.settings, **problem_view(form, error))
    times = Times(asked.at, context.clock())
    view = results_view(form, page.say, asked, answer, times)
    if not answer.hits:
        view["helpers"] = whom_to_ask(context, asked, page.say, times)
    frame = frame_for(request, context, page.lang)
    with context.database.connect() as connection:  # reference managers get it, and with it whoever they share it with
        coins = {hit.number: context_object(hit, frame.work(hit.id)) for hit in given_hits(connection, answer.hits)}
    view |= {"head": list_head(page.path, page.pairs), "coins": coins}
    return page.render("search.html", form=form, settings=context.settings, **view)


@router.get("/works/{id_}")
async def work_page(request: Request, id_: str) -> Response:
    """A work with all its copies, the best for the asker first; institutions that tell live are asked before."""
    await ask_live(request, id_)
    return await run_in_threadpool(_work_page, request, id_)


def _work_page(request: Request, id_: str) -> Response:
    page, context = Page(request), context_of(request)
    form = SearchForm(page.pairs, page.say, page.to)
    problem = None
    try:
        asked = understand(context, form.only(CARRIED), page.lang)
    except BadParameterError as error:
        problem = FormProblem(parameter=error.parameter, message=error.message, shown=True)
        asked = understand(context, {}, page.lang)
    work = work_view(context, id_, near=asked.near, at=asked.at, mode=asked.mode, lang=page.lang)
    if work is None:
        return missing_page(request, "work")
    if isinstance(work, Moved):
        return RedirectResponse(page.to.work(work.id), status_code=308)
    times = Times(asked.at, context.clock())
    frame = frame_for(request, context, page.lang, asked.at)
    given = work_asked_for(context, work.id, asked, for_others=True) if work.withheld else work
    return page.render(
        "work.html",
        head=work_head(given, frame, json_ld.work_page(given, frame))
        if isinstance(given, WorkView)
        else Head(canonical=frame.work(work.id)),
        status=400 if problem else 200,
        settings=context.settings,
        form=form,
        problem=problem,
        near=asked.near,
        place_credit=place_credit(asked),
        context=form.context(asked.near_name),
        why=page.to.page(f"/works/{work.id}/why") if request.app.state.merges else "",
        **work_page_view(
            work,
            context.registry().by_id,
            page.say,
            times,
            mode=asked.mode,
            near=asked.near is not None,
            only=form.one("edition"),
        ),
    )


@router.get("/institutions")
def institutions_list(request: Request) -> Response:
    """All institutions: a list, narrowed by name, town or kind, beside a map."""
    page, context = Page(request), context_of(request)
    q, kind = request.query_params.get("q", "")[:200], request.query_params.get("kind", "")
    kinds = (kind,) if kind in INSTITUTION_KINDS else ()
    now = context.clock()
    start = _offset(request)
    found = institutions_page(context, at=now, kinds=kinds, q=q, offset=start, limit=PER_PAGE)
    asked = [("q", q), ("kind", kind)]
    return page.render(
        "institutions.html",
        head=list_head(page.path, asked),
        settings=context.settings,
        q=q,
        kind=kind,
        kinds=INSTITUTION_KINDS,
        total=len(context.registry().institutions),
        found=found.total,
        places=[entry(place, page.say, Times(now, now)) for place in found.institutions],
        first=page.to.page("/institutions", asked) if start else "",
        next=page.to.page("/institutions", [*asked, ("from", found.next)]) if found.next else "",
    )


@router.get("/institutions/{id_}")
def institution_page(request: Request, id_: str) -> Response:
    """One institution: its week, how to get there, how to ask; at the moment that the link brought along."""
    page, context = Page(request), context_of(request)
    row = context.registry().by_id.get(id_)
    zone, given = zone_of(row) if row else None, SearchForm(page.pairs, page.say, page.to).only(CARRIED)
    try:
        asked = understand(context, given, page.lang, zone)
    except BadParameterError:  # of the page the link is from, which says so
        given, asked = {}, understand(context, {}, page.lang)
    place = institution_view(context, id_, at=asked.at, near=asked.near)
    if place is None:
        return missing_page(request, "institution")
    times = Times(asked.at, context.clock())
    frame = frame_for(request, context, page.lang)
    return page.render(
        "institution.html",
        settings=context.settings,
        head=page_head(frame.institution(id_), page.path, json_ld.institution_page(place, frame)),
        now=page.to.page(page.path, [p for p in page.pairs if p[0] != "at"]) if any(given.get("at", ())) else "",
        **institution_page_view(place, page.say, times),
    )


@router.get("/sources/{id_}")
def source_page(request: Request, id_: str) -> Response:
    """The card of a source: how fresh it is, and what its last harvest brought."""
    page, context = Page(request), context_of(request)
    card = source_card(context, id_)
    if card is None:
        return missing_page(request, "source")
    return page.render("source.html", **source_page_view(card, page.say, context.clock()))


@router.get("/about")
def about(request: Request) -> Response:
    """What this is, how it orders, what it keeps."""
    return Page(request).render("about.html")


@router.get("/favicon.ico")
def favicon() -> Response:
    """Browsers that look in the old place are shown the new one."""
    return RedirectResponse(assets.address("favicon.svg"), status_code=308)


@router.get("/static/{path:path}")
def static(request: Request, path: str) -> Response:
    """A static file."""
    response = assets.serve(request, path)
    if response is None:
        raise ApiError("not-found", f"Nothing is at {request.url.path}.")
    return response


def _offset(request: Request) -> int:
    given = request.query_params.get("from", "0")
    return int(given) if given.isdecimal() and len(given) < 9 else 0
