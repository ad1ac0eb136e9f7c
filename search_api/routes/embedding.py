"""What other people's pages load from here: the widget and its answers, the frame without scripts, and oEmbed."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from indexer.engines.base import EngineError
from search_api.dependencies import ContextOf, JsonOnly, Language, Parameters
from search_api.errors import ApiError
from search_api.json_response import json_response
from search_api.messages import text
from search_api.parameters import asked, one, whole_number
from search_api.problems import BadParameterError
from search_api.rendering import address_of, frame_of
from search_api.routes.description import answers, parameters, query
from search_api.routes.shared import AT, LANG, MODE, NEAR
from search_api.views import Moved
from search_api.web import assets
from search_api.web.nearby_cards import KINDS, MOST, MOST_LETTERS, NearbyCard, NearbyCards, cards_for
from search_api.web.rendering import Page
from search_api.works import work_asked_for
from store.database import StoreError

router = APIRouter(tags=["search"])
WIDGET = "nearby.js"
_WIDGET_TYPE = "text/javascript; charset=utf-8"
_FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
"""Anybody may frame it; it runs nothing and sends nothing."""
NOT_TOLD = "https://lampway.example"
"""Stands for an address that the operator has not told: what the browser calls us need not hold for others."""
_WIDTH, _HEIGHT, _LEAST = 480, 300, 200
_WANTS = {
    "type": "array",
    "items": {"type": "string", "pattern": f"^({'|'.join(KINDS)}):.*[0-9a-z]", "maxLength": MOST_LETTERS},
    "minItems": 1,
    "maxItems": MOST,
}
EXAMPLE = {
    "cards": [
        {
            "want": "isbn:9780141439518",
            "matched": True,
            "title": "Pride and prejudice",
            "address": "https://lampway.example/works/w17?near=54.97,-1.61",
            "places": [
                {
                    "name": "City Library",
                    "address": "https://lampway.example/institutions/city-library",
                    "state": "available",
                    "open": "open",
                    "facts": [{"text": "Available for loan", "tone": "good", "note": "checked 2 h ago"}],
                }
            ],
            "institutions_count": 1,
            "credit": "",
            "problem": "",
        }
    ],
    "warnings": [],
}


@router.get(
    "/api/nearby/cards",
    dependencies=[JsonOnly],
    summary="Where are these things? In words, for pages",
    responses=answers(NearbyCards, EXAMPLE, 406, 503),
    openapi_extra=parameters(
        query(
            "want",
            f"A thing: {', '.join(f'{name}:…' for name in KINDS)}; repeated, at most {MOST}.",
            _WANTS,
            example=["isbn:9780141439518"],
            required=True,
        ),
        *(NEAR, AT, MODE, LANG),
    ),
)
def read_cards(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """The three best places of each, in the words of our pages. One question for all that a page shows."""
    question = asked(context, params, lang, ("want",))
    return json_response(cards_for(context, question, params.get("want", []), frame_of(request, context, question)))


@router.get("/lampway.js", include_in_schema=False)
def read_widget() -> Response:
    """The widget; asked for again every hour."""
    return Response(assets.content(WIDGET), media_type=_WIDGET_TYPE, headers={"Cache-Control": "public, max-age=3600"})


@router.get("/lampway-{digest}.js", include_in_schema=False)
def read_this_widget(digest: str) -> Response:
    """This very widget, for ever: for pages that pin it with an ``integrity`` attribute."""
    if digest != widget_digest():
        raise ApiError("not-found", "That version of the widget is gone; /lampway.js is the present one.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(assets.content(WIDGET), media_type=_WIDGET_TYPE, headers=headers)


@router.get("/embed", include_in_schema=False)
def embed_page(request: Request, context: ContextOf) -> Response:
    """Lines to copy, and how it looks."""
    page = Page(request)
    given = {name: request.query_params.get(name, "")[:200].strip() for name in ("isbn", "title", "near")}
    told = context.settings.public_url.rstrip("/")
    base = told or NOT_TOLD
    want = {name: text for name, text in given.items() if text} or {"isbn": ""}
    look = f"/embed/nearby?{urlencode(want | {'lang': page.lang})}"
    return page.render(
        "embed.html", base=base, told=told, given=given, want=want, digest=widget_digest(), integrity=_integrity(),
        look=look, frame=base + look,
    )  # fmt: skip


@router.get("/embed/nearby", include_in_schema=False)
def embed_frame(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """The same places without any script, for a frame on somebody's page."""
    kind = next((name for name in KINDS if one(params, name)), "")
    status, card = 200, NearbyCard(want=kind)
    try:
        if not kind:
            raise BadParameterError("isbn", f"give one of {', '.join(KINDS)}")
        question = asked(context, params, lang, KINDS)
        found = cards_for(context, question, [f"{kind}:{one(params, kind)}"], frame_of(request, context, question))
        card = found.cards[0]
    except BadParameterError as error:  # told within the frame: a page that may not be framed would leave it blank
        status, card.problem = 400, error.message
    except (EngineError, StoreError):
        status, card.problem = 503, text(lang, "embed.down")
    response = Page(request).render("embed_nearby.html", status=status, card=card)
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response


@router.get("/oembed", include_in_schema=False)
def read_oembed(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """A work's page as oEmbed 1.0: the frame, as "rich"."""
    if one(params, "format") not in ("", "json"):
        raise ApiError("not-implemented", "Only format=json is given.")
    base = address_of(context)
    id_ = _work_at(one(params, "url"), base)
    if not id_:
        raise ApiError("not-found", f"`url` is no page of a work here; they begin with {base}/works/.")
    question = asked(context, params, lang, ("url", "format", "maxwidth", "maxheight"))
    work = work_asked_for(context, id_, question, for_others=True)
    if isinstance(work, Moved):
        work = work_asked_for(context, work.id, question, for_others=True)
    if work is None or isinstance(work, Moved):
        raise ApiError("not-found", f"No work {id_[:200]!r}.")
    width = min(_WIDTH, max(_LEAST, whole_number(params, "maxwidth", _WIDTH, 1, 100_000)))
    height = min(_HEIGHT, max(_LEAST, whole_number(params, "maxheight", _HEIGHT, 1, 100_000)))
    frame = f"{base}/embed/nearby?{urlencode({'work': work.id, 'lang': lang})}"
    return json_response(
        {
            "version": "1.0",
            "type": "rich",
            "title": work.title,
            "author_name": ", ".join(creator.name for creator in work.creators[:3]),
            "provider_name": "Lampway",
            "provider_url": f"{base}/",
            "cache_age": 3600,
            "width": width,
            "height": height,
            "html": f'<iframe src="{frame.replace("&", "&amp;")}" width="{width}" height="{height}" loading="lazy" '
            'title="Lampway" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>',
        }
    )


def _work_at(address: str, base: str) -> str:
    """Id of the work whose page is at an address; "" = it is no such page of ours."""
    own = urlsplit(base)
    try:
        given = urlsplit(address)
    except ValueError:
        return ""
    before = f"{own.path}/works/"
    if (given.scheme, given.netloc) != (own.scheme, own.netloc) or not given.path.startswith(before):
        return ""
    id_ = unquote(given.path.removeprefix(before))
    return "" if "/" in id_ else id_


def widget_digest() -> str:
    """Names the widget as it is now."""
    return hashlib.sha256(assets.content(WIDGET)).hexdigest()[:16]


def _integrity() -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(assets.content(WIDGET)).digest()).decode()
