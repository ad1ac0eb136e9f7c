"""A page: its language, its words, its links, and the template that becomes HTML. Everything is escaped by default."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from search_api.messages import LANGUAGES
from search_api.renderers.base import MOST_SAVED
from search_api.web import assets
from search_api.web.addresses import Addresses, safe_url
from search_api.web.cards import text_language
from search_api.web.language import HTML_TAGS, NAMES, chosen, language_of
from search_api.web.wording import Wording


class Page:
    """What every template of one request uses."""

    def __init__(self, request: Request) -> None:
        self.pairs = request.query_params.multi_items()
        self.path = request.url.path
        self.lang = language_of(request)
        self.html_lang = HTML_TAGS[self.lang]
        self.say = Wording(self.lang)
        self.to = Addresses(chosen(request), self.pairs)
        self.explicit_lang = chosen(request) or ""

    def languages(self) -> list[tuple[str, str, str]]:
        """The switch: (HTML tag, own name, address of this page in it)."""
        return [(HTML_TAGS[key], NAMES[key], self.to.in_language(self.path, self.pairs, key)) for key in LANGUAGES]

    def render(self, template: str, *, status: int = 200, private: bool = False, **values: object) -> HTMLResponse:
        """The page as a response. Availability changes at any moment: browsers ask again; none keeps private ones."""
        html = _environment().get_template(template).render(page=self, say=self.say, to=self.to, **values)
        kept = "no-store" if private else "no-cache"
        headers = {"Cache-Control": kept, "Vary": "Accept-Language", "Content-Language": self.html_lang}
        return HTMLResponse(html, status_code=status, headers=headers)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("search_api.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "asset": assets.address,
        "safe_url": safe_url,
        "text_language": text_language,
        "most_saved": MOST_SAVED,
    }
    return environment
