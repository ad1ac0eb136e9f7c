"""Records and headers, page by page and one at a time: ListRecords, ListIdentifiers, GetRecord."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from search_api.oai import tokens
from search_api.oai.about import about
from search_api.oai.arguments import read_span
from search_api.oai.described import describe
from search_api.oai.errors import OaiError
from search_api.oai.formats import FORMATS
from search_api.oai.identity import institution_of, set_spec
from search_api.oai.request import Request
from search_api.oai.sets import add_token
from search_api.oai.tokens import Token
from search_api.oai.xml import verb_element
from search_api.renderers.xml import Element, branch
from store import dated_works
from store.dated_works import DatedWork, Selection

PAGE = 100
_SHOWN = 100


def get_record(request: Request) -> Element:
    """One work; deleted ones as their header."""
    prefix = _format(request.arguments["metadataPrefix"])
    dated = dated_work_of(request)
    element = verb_element("GetRecord")
    _add_records(element, request, [dated], prefix, "")
    return element


def dated_work_of(request: Request) -> DatedWork:
    """The work that the request names.

    Raises:
        OaiError: idDoesNotExist.
    """
    identifier = request.arguments["identifier"]
    work = request.identity.work_id(identifier)
    dated = dated_works.one(request.connection, work) if work and "\0" not in work else None
    if dated is None:
        raise OaiError("idDoesNotExist", f"There is and was no {identifier[:_SHOWN]!r} here.")
    return dated


def list_works(request: Request) -> Element:
    """A page of records or headers, in the order of their last change."""
    asked = _asked(request)
    wanted = _selection(request, asked)
    after = (asked.after, asked.work) if asked.after else None
    rows = dated_works.page(request.connection, wanted, after, PAGE + 1)
    if not rows and after:
        raise OaiError(
            "badResumptionToken", "What was left of the list has changed since and is of later dates; begin anew."
        )
    if not rows:
        raise OaiError("noRecordsMatch", "Nothing has changed in that time, or the set has nothing.")
    size = asked.size or dated_works.count(request.connection, wanted)
    element = verb_element(request.verb)
    shown = rows[:PAGE]
    if request.verb == "ListRecords":
        _add_records(element, request, shown, asked.prefix, asked.set)
    else:
        members = dated_works.members(request.connection, [dated.work for dated in shown])
        for dated in shown:
            _add_header(element, request, dated, members.get(dated.work, []), asked.set)
    following = None
    if len(rows) > PAGE:
        last = shown[-1]
        following = Token(
            1, asked.verb, asked.prefix, asked.since, asked.until, asked.set,
            cursor=asked.cursor + PAGE, size=size, after=last.datestamp, work=last.work,
        )  # fmt: skip
    if following or asked.cursor:
        add_token(element, following, asked.cursor, size)
    return element


def _asked(request: Request) -> Token:
    """The list and the place in it that are asked for, whether by a token or by arguments."""
    if "resumptionToken" in request.arguments:
        token = tokens.read(request.arguments["resumptionToken"], request.verb)
        if token.prefix not in FORMATS:
            raise OaiError("badResumptionToken", "The token names a format that is not given any more; begin anew.")
        return token
    since, until = read_span(dict(request.arguments))
    prefix = _format(request.arguments["metadataPrefix"])
    return Token(1, request.verb, prefix, since, until, request.arguments.get("set", ""), 0, 0, "")


def _format(prefix: str) -> str:
    if prefix not in FORMATS:
        message = f"There is no format {prefix[:_SHOWN]!r}; there is {', '.join(FORMATS)}."
        raise OaiError("cannotDisseminateFormat", message)
    return prefix


def _selection(request: Request, asked: Token) -> Selection:
    institution = None
    if asked.set:
        known = dated_works.state(request.connection).institutions
        institution = known.get(institution_of(asked.set))
        if institution is None:
            raise OaiError("noRecordsMatch", f"There is no set {asked.set[:_SHOWN]!r}; ListSets tells which there are.")
    return Selection(asked.since, asked.until, institution)


def _add_records(element: Element, request: Request, rows: Sequence[DatedWork], prefix: str, set_: str) -> None:
    described = describe(request.connection, rows)
    members = dated_works.members(request.connection, [dated.work for dated in rows])
    living = [described[dated.work] for dated in rows if dated.work in described]
    write = FORMATS[prefix].write
    written = dict(
        zip(described, write(request.connection, living, request.identity, request.registry.resolver), strict=True)
    )
    for dated in rows:
        record = branch(element, "record")
        if dated.work not in written:
            dated = msgspec.structs.replace(dated, deleted=True)
        _add_header(record, request, dated, members.get(dated.work, []), set_)
        if dated.work in written:
            metadata, unaltered = written[dated.work]
            branch(record, "metadata").append(metadata)
            for container in about(described[dated.work].origins, unaltered):
                branch(record, "about").append(container)


def _add_header(parent: Element, request: Request, dated: DatedWork, members: Sequence[int], set_: str) -> None:
    """The header. A work that is deleted only in the set that is asked for belongs, as such, to this set alone."""
    header = branch(parent, "header", **({"status": "deleted"} if dated.deleted else {}))
    branch(header, "identifier", request.identity.identifier(dated.id))
    branch(header, "datestamp", dated.datestamp)
    by_number = request.registry.by_number
    specs = [set_spec(by_number[number].id) for number in members if number in by_number]
    for spec in [set_] if dated.deleted and set_ else specs:
        branch(header, "setSpec", spec)
