"""GET /openurl: leads from a citation (OpenURL 1.0 and 0.1, as databases and link resolvers send it) to the work."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from schemas.query import SearchRequest
from search_api.context import Context
from search_api.dependencies import ContextOf, Language, Parameters
from search_api.nearby import Nearby, nearby
from search_api.parameters import asked
from search_api.problems import BadParameterError
from search_api.search import search
from search_api.web.addresses import CARRIED

router = APIRouter(include_in_schema=False)
_KEYS = {
    "isbn": ("rft.isbn", "isbn"),
    "issn": ("rft.issn", "issn", "rft.eissn", "eissn"),
    "title": ("rft.btitle", "rft.atitle", "rft.title", "title", "atitle", "rft.jtitle", "rft.stitle"),
    "creator": ("rft.au", "rft.aulast", "aulast", "rft.aucorp"),
}
"""What we look for -> the keys of the two versions, the surest first."""
_IDS = ("rft_id", "id")
_SCHEMES = ("urn:isbn:", "urn:issn:", "info:doi/", "info:oclcnum/", "info:lccn/", "info:pmid/", "https://doi.org/")
_LONGEST = 300
"""Characters of a value that are looked at: abstracts come as titles, too."""
_MOST = 5
"""Values of one kind that are tried."""
_USUAL = "give rft.isbn, rft.issn, rft_id, or rft.btitle, rft.atitle, rft.jtitle or rft.title with rft.au"
Params = dict[str, list[str]]


@router.get("/openurl")
def read_openurl(context: ContextOf, lang: Language, params: Parameters) -> Response:
    """302 to the work that is cited, else to a search for it."""
    carried = {name: values for name, values in params.items() if name in (*CARRIED, "lang")}
    question = asked(context, carried, lang)
    pairs = [(name, values[-1]) for name, values in carried.items() if values[-1]]
    problems: list[BadParameterError] = []
    for found in _candidates(context, question, params, problems):
        if found:
            return _to(context, f"/works/{quote(found, safe='')}", pairs)
    title, creator = (next(_values(params, what), ("", ""))[1] for what in ("title", "creator"))
    q = f"{title} {creator}".strip() or next(_identifiers(params), "")
    if not q and problems:
        raise problems[0]
    q = q or next((value for what in ("isbn", "issn") for _, value in _values(params, what)), "")
    if not q:
        raise BadParameterError("rft.isbn", f"nothing says what is meant: {_USUAL}")
    return _to(context, "/search", [("q", q), *pairs])


def _candidates(
    context: Context, question: SearchRequest, params: Params, problems: list[BadParameterError]
) -> Iterator[str | None]:
    """Ids of works by every way that the citation offers, the surest first; numbers that are none become problems."""
    for what in ("isbn", "issn"):
        for name, value in _values(params, what):
            try:
                yield _found(context, question, **{what: value}).id
            except BadParameterError as error:
                problems.append(BadParameterError(name, error.message))
    for identifier in _identifiers(params):
        answer = search(context, msgspec.structs.replace(question, q=identifier, literal=True, limit=1))
        known = answer.query.get("identifier") and answer.hits
        yield answer.hits[0].id if known else None
    for _, title in _values(params, "title"):
        creator = next(_values(params, "creator"), ("", ""))[1]
        try:
            found = _found(context, question, title=title, creator=creator)
        except BadParameterError:  # a title without a word
            continue
        yield found.id if found.works_count == 1 else None


def _found(
    context: Context, question: SearchRequest, *, isbn: str = "", issn: str = "", title: str = "", creator: str = ""
) -> Nearby:
    # It leads to our own page, where what others do not get is shown.
    return nearby(context, question, isbn=isbn, issn=issn, title=title, creator=creator, limit=1, for_others=False)


def _values(params: Params, what: str) -> Iterator[tuple[str, str]]:
    """The keys that say something, with what they say."""
    given = ((name, value.strip()[:_LONGEST]) for name in _KEYS[what] for value in params.get(name, []))
    return islice(((name, value) for name, value in given if value), _MOST)


def _identifiers(params: Params) -> Iterator[str]:
    """Identifiers of what is cited, without their scheme."""
    for name in _IDS:
        for value in params.get(name, [])[:_MOST]:
            scheme = next((scheme for scheme in _SCHEMES if value.strip().lower().startswith(scheme)), None)
            if scheme and (bare := value.strip()[len(scheme) :][:_LONGEST]):
                yield f"ISSN {bare}" if scheme == "urn:issn:" else bare


def _to(context: Context, path: str, pairs: list[tuple[str, str]]) -> Response:
    address = f"{context.settings.public_url.rstrip('/')}{path}{'?' * bool(pairs)}{urlencode(pairs)}"
    # Which work it is changes with what is harvested and merged.
    return Response(status_code=302, headers={"Location": address, "Cache-Control": "no-cache"})
