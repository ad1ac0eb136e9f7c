"""Which language a page speaks: ``?lang=`` first, then the browser's Accept-Language, then English. No cookies."""

from __future__ import annotations

from starlette.requests import Request

from search_api.messages import LANGUAGES

NAMES = {"en": "English", "zh": "中文"}
"""Each language by its own name, for the switch in the header."""
HTML_TAGS = {"en": "en", "zh": "zh-Hans"}


def chosen(request: Request) -> str | None:
    """The language asked for in the address, if it is one of ours."""
    lang = request.query_params.get("lang", "")
    return lang if lang in LANGUAGES else None


def language_of(request: Request) -> str:
    """The language of the page."""
    return chosen(request) or _preferred(request.headers.get("accept-language", "")) or LANGUAGES[0]


def _preferred(header: str) -> str | None:
    """The first of our languages by the weights of RFC 9110 section 12.5.4; what cannot be read counts nothing."""
    ranked: list[tuple[float, int, str]] = []
    for position, item in enumerate(header.split(",")[:20]):
        tag, _, quality = item.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality.strip() else 1.0
        except ValueError:
            continue
        language = tag.strip().split("-")[0].lower()
        if language in LANGUAGES and 0 < weight <= 1:
            ranked.append((-weight, position, language))
    return min(ranked)[2] if ranked else None
