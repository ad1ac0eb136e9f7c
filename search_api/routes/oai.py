"""GET and POST /oai: our OAI-PMH 2.0 provider."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from search_api.dependencies import MOST_PARAMETERS, ContextOf
from search_api.errors import ApiError
from search_api.oai.provider import answer

router = APIRouter(include_in_schema=False)
"""Not part of the JSON API, which OpenAPI describes: the protocol describes itself."""


@router.api_route("/oai", methods=["GET", "POST"])
async def provide(request: Request, context: ContextOf) -> Response:
    """Arguments stand in the address or, of a POST, in the form."""
    text = request.url.query
    if request.method == "POST":
        form = (await request.body()).decode("ascii", "replace")
        text = "&".join(part for part in (text, form) if part)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise ApiError("invalid-parameter", f"At most {MOST_PARAMETERS} parameters are taken.") from None
    body = await run_in_threadpool(answer, context, pairs)
    return Response(body, media_type="text/xml; charset=utf-8", headers={"Cache-Control": "no-cache"})
