"""ListSets: one set for each institution that has anything, or had."""

from __future__ import annotations

from search_api.oai import tokens
from search_api.oai.errors import OaiError
from search_api.oai.identity import institution_of, set_spec
from search_api.oai.request import Request
from search_api.oai.tokens import Token
from search_api.oai.xml import verb_element
from search_api.renderers.xml import Element, branch
from store import dated_works

PAGE = 500


def list_sets(request: Request) -> Element:
    """The institutions by their sets' names, a page at a time."""
    registry = request.registry.by_id
    specs = sorted(set_spec(id_) for id_ in dated_works.holders(request.connection) if id_ in registry)
    before = tokens.read(request.arguments["resumptionToken"], "ListSets") if request.arguments else None
    rest = [spec for spec in specs if before is None or spec > before.after]
    element = verb_element("ListSets")
    for spec in rest[:PAGE]:
        entry = branch(element, "set")
        branch(entry, "setSpec", spec)
        branch(entry, "setName", registry[institution_of(spec)].name)
    if not rest:
        raise _nothing(before)
    cursor = before.cursor if before else 0
    following = None
    if len(rest) > PAGE:
        following = Token(1, "ListSets", "", "", "", "", cursor + PAGE, len(specs), rest[PAGE - 1])
    if before or following:
        add_token(element, following, cursor, len(specs))
    return element


def _nothing(before: Token | None) -> OaiError:
    if before:
        return OaiError("badResumptionToken", "The list ends before the place that the token names; begin anew.")
    return OaiError("noSetHierarchy", "No institution has anything yet, so there are no sets.")


def add_token(element: Element, following: Token | None, cursor: int, size: int) -> None:
    """End a page of a list that has several: with the token of the next one, or with an empty one."""
    text = tokens.write(following) if following else ""
    branch(element, "resumptionToken", text, completeListSize=str(size), cursor=str(cursor))
