"""GET /sru: the search for library systems (SRU 1.1, 1.2 and 2.0). Whatever is wrong is a diagnostic in HTTP 200."""

from __future__ import annotations

import re

import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

from indexer.engines.base import EngineError
from schemas.query import SearchRequest
from search_api import cursor
from search_api.context import Context
from search_api.cql import request_of
from search_api.dependencies import ContextOf, EveryParameter, Language
from search_api.errors import ApiError, problem_of
from search_api.parameters import asked as asked_plainly
from search_api.problems import DiagnosticError
from search_api.ranking.rules import load_rules
from search_api.renderers import sru
from search_api.renderers.base import Frame
from search_api.renderers.sru import SCHEMAS, Asked
from search_api.rendering import address_of, frame_of, results_of, with_marc
from store.database import StoreError

router = APIRouter(include_in_schema=False)
log = structlog.stdlib.get_logger("lampway.sru")
_KNOWN = {
    "operation", "version", "query", "startRecord", "maximumRecords", "recordSchema", "recordPacking", "resultSetTTL",
    "recordXPath", "sortKeys", "stylesheet", "extraRequestData", "lang",
}  # fmt: skip
_OF_2 = {"queryType": ("cql",), "recordXMLEscaping": ("xml", "string"), "recordPacking": ("packed",), "httpAccept": ()}
"""Parameters that are of version 2.0, or mean something else there, with what they may be (empty = anything)."""
_REFUSED = {"recordXPath": 72, "sortKeys": 80, "stylesheet": 110}
Params = dict[str, str]


@router.get("/sru")
def read_sru(request: Request, context: ContextOf, lang: Language, given: EveryParameter) -> Response:
    """Explain, or the records that a query finds."""
    params = {name: values[-1] for name, values in given.items() if values[-1] != ""}
    explaining = params.get("operation", "searchRetrieve" if "query" in params else "explain") == "explain"
    asked = Asked()
    try:
        asked = _asked(params)
        address_of(context)
        question = asked_plainly(context, {}, lang)
        frame = frame_of(request, context, question)
        if explaining:
            return _xml(sru.explain(asked, frame), lang)
        limit = min(_whole(params, "maximumRecords", sru.USUAL, 0), sru.MOST)
        return _xml(_found(context, asked, request_of(asked.query, question), limit, frame), lang)
    except DiagnosticError as error:
        return _xml(sru.refused(error, asked, explaining=explaining), lang)
    except (ApiError, EngineError, StoreError) as error:
        problem, _ = problem_of(error, request)
        if problem.status != 503:
            raise
        log.warning("not available", reason=str(error)[:500])
        return _xml(sru.refused(DiagnosticError(2, problem.detail), asked, explaining=explaining), lang)


def _asked(params: Params) -> Asked:
    """The question, checked except for its query."""
    operation = params.get("operation", "searchRetrieve")
    if operation not in ("searchRetrieve", "explain"):
        raise DiagnosticError(4, operation[:100])
    version = params.get("version") or ("2.0" if _OF_2.keys() - {"recordPacking"} & params.keys() else "1.2")
    if version not in sru.SRW:
        raise DiagnosticError(5, max(sru.SRW))  # the standard wants to know the highest
    for name, value in params.items():
        if name in _REFUSED:
            raise DiagnosticError(_REFUSED[name], name)
        if version == "2.0" and name in _OF_2:
            if _OF_2[name] and value not in _OF_2[name]:
                raise DiagnosticError(6, f"{name} {value[:100]}")
        elif name not in _KNOWN and not name.startswith("x-"):
            raise DiagnosticError(8, name[:100])
    schema = params.get("recordSchema", "dc")
    known = {name: name for name in SCHEMAS} | {one.uri: name for name, one in SCHEMAS.items()}
    if schema not in known and operation != "explain":
        raise DiagnosticError(66, schema[:200])
    packing = params.get(sru.ESCAPING[version], "xml")
    if packing not in ("xml", "string"):
        raise DiagnosticError(71, packing[:100])
    if "operation" in params and operation == "searchRetrieve" and "query" not in params:
        raise DiagnosticError(7, "query")
    return Asked(
        version=version,
        query=params.get("query", ""),
        start=_whole(params, "startRecord", 1, 1),
        schema=known.get(schema, "dc"),
        packing=packing,
    )


def _whole(params: Params, name: str, default: int, low: int) -> int:
    value = params.get(name, str(default)).strip()
    if not re.fullmatch("[0-9]{1,9}", value) or int(value) < low:
        raise DiagnosticError(6, f"{name} {value[:50]}")
    return int(value)


def _found(context: Context, asked: Asked, wanted: SearchRequest, limit: int, frame: Frame) -> bytes:
    deepest = load_rules().pools.depth
    if asked.start > deepest:
        raise DiagnosticError(61, f"at most {deepest}")
    part = msgspec.structs.replace(wanted, limit=max(limit, 1))
    results = results_of(context, cursor.beyond(part, asked.start - 1, context.clock()))
    total = results.answer.total
    if asked.start > max(total, 1):
        return sru.refused(DiagnosticError(61, str(total)), asked, total=total)
    given = iter(results.works)
    length = len(results.works) + len(results.withheld)
    shown = [None if place in results.withheld else next(given) for place in range(length)][:limit]
    if asked.schema == "marcxml":
        frame = with_marc(frame, context, [work for work in shown if work])
    return sru.records(shown, total, asked, frame, reach=min(total, deepest))


def _xml(body: bytes, lang: str) -> Response:
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language", "Content-Language": lang}
    return Response(body, media_type="text/xml; charset=utf-8", headers=headers)
