"""Errors as pages: what happened, in words, and where to go on."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from search_api.errors import Problem
from search_api.web.rendering import Page

_SAID = (400, 404, 429, 500, 503)
_BY_TYPE = {
    "store-unavailable": ("error_503_title", "error_503_store"),
    "no-index": ("home_empty_title", "home_empty"),
}
"""Heading and explanation of problems whose status alone would mislead."""


def error_page(request: Request, problem: Problem) -> Response:
    """The page of a problem, in the reader's language."""
    page = Page(request)
    known = problem.status if problem.status in _SAID else 0
    wait = problem.retry_after or 1
    usual = f"error_{known}_title" if known else "error_other_title", f"error_{known}"
    heading, explanation = _BY_TYPE.get(problem.type.rpartition("/")[2], usual)
    kind = f"problem_{problem.type.rpartition('/')[2].replace('-', '_')}"
    words, detail = problem.detail, problem.request
    if problem.status != 400 and known:
        words = page.say(explanation, n=wait)
    elif page.say.has(kind):  # in the reader's language, and the English of the problem below it
        words, detail = page.say(kind), problem.detail
    return page.render(
        "error.html",
        status=problem.status,
        symbol="search" if problem.status == 404 else "warning",
        heading=page.say(heading),
        explanation=words,
        detail=detail,
        again=page.to.page(page.path, page.pairs) if problem.status in (429, 500, 503) else "",
        search="",
    )


def missing_page(request: Request, what: str, *, search: str = "") -> Response:
    """There is no such "work", "institution", "source", "isbn" or "issn"; ``search``: what to look for instead."""
    page = Page(request)
    return page.render(
        "error.html",
        status=404,
        symbol="search",
        heading=page.say("error_404_title"),
        explanation=page.say(f"error_404_{what}"),
        detail="",
        again="",
        search=search,
    )
