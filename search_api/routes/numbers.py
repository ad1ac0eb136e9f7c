"""GET /isbn/{isbn} and /issn/{issn}: the addresses that others make of a number, and where its work is now.

302 and not 308: the work behind a number changes with merging.
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from search_api.context import Context
from search_api.dependencies import ContextOf, Language
from search_api.errors import ApiError
from search_api.lookup import works_meant
from search_api.typed_numbers import Kind, typed_number
from search_api.web.error_pages import missing_page

router = APIRouter(include_in_schema=False)


@router.get("/isbn/{isbn}")
def read_isbn(isbn: str, request: Request, context: ContextOf, lang: Language) -> Response:
    """The work with this ISBN, of 10 or 13 digits, with or without hyphens."""
    return _work_of("isbn", isbn, request, context, lang)


@router.get("/issn/{issn}")
def read_issn(issn: str, request: Request, context: ContextOf, lang: Language) -> Response:
    """The serial with this ISSN."""
    return _work_of("issn", issn, request, context, lang)


def _work_of(kind: Kind, text: str, request: Request, context: Context, lang: str) -> Response:
    number = typed_number(kind, text, lang)
    for meant in works_meant(context, [f"{kind}:{number}"]).values():
        for one in meant[:1]:
            base, query = context.settings.public_url.rstrip("/"), request.url.query
            address = f"{base}/works/{quote(one.work, safe='')}{query and '?' + query}"
            return RedirectResponse(address, status_code=302, headers={"Cache-Control": "no-cache"})
    if "text/html" in request.headers.get("accept", ""):
        return missing_page(request, kind, search=number)
    raise ApiError("not-found", f"No work here has the {kind.upper()} {number}.")
