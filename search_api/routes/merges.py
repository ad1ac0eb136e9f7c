"""Why a work's records are together, and decisions by people about that: GET, POST and DELETE /api/…/merge(s)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from schemas.decisions import DECISION_KINDS, MAX_RECORDS, Decision, DecisionKind, Level, RecordRef, UndecidableError
from schemas.explanation import Decided, Explanation
from search_api.dependencies import ContextOf, JsonOnly, Language, Parameters, Writer
from search_api.errors import ApiError
from search_api.json_body import struct_of
from search_api.json_response import json_response
from search_api.merges import Merges, Noted, explain_work
from search_api.parameters import asked, whole_number
from search_api.routes.callers import Program
from search_api.routes.description import answers, body_of, number, parameters, query
from search_api.routes.merges_examples import DECIDED, DECISIONS, EXPLANATION, REQUEST
from search_api.routes.shared import LANG
from search_api.views import Moved
from store import decisions
from store.api_keys import MERGES_WRITE, ApiKey
from store.database import Connection

router = APIRouter(tags=["merging"])


class DecisionRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to decide. ``others`` of a split: those to be left; when missing, all others of the same works."""

    kind: DecisionKind
    records: list[RecordRef]
    level: Level = "edition"
    others: list[RecordRef] = msgspec.field(default_factory=list)
    reason: str = ""


class DecisionList(msgspec.Struct, kw_only=True):
    """Decisions, the latest first, undone ones among them."""

    decisions: list[Decision]
    warnings: list[str] = msgspec.field(default_factory=list)


class WorkExplanation(Explanation, kw_only=True):
    """Why the records of a work are together."""

    warnings: list[str] = msgspec.field(default_factory=list)


def merges_of(request: Request) -> Merges:
    """Merging, as it was handed to the application.

    Raises:
        ApiError: it was not.
    """
    merges: Merges | None = request.app.state.merges
    if merges is None:
        raise ApiError("not-found", "This service was started without merging.")
    return merges


@router.get(
    "/api/works/{id}/merge",
    dependencies=[JsonOnly],
    summary="Why the records of a work are together",
    responses=answers(WorkExplanation, EXPLANATION, 308, 404, 406),
    openapi_extra=parameters(LANG),
)
def read_merge(id: str, request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:  # noqa: A002
    """Records side by side, what links them, what is kept apart, decisions, and who says what of the description."""
    warnings = list(asked(context, params, lang).warnings)
    found = explain_work(context, merges_of(request), id, lang)
    if found is None:
        raise ApiError("not-found", f"No work {id[:200]!r}.")
    if isinstance(found, Moved):
        base = context.settings.public_url.rstrip("/")
        asked_for = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=308, headers={"Location": f"{base}/api/works/{found.id}/merge{asked_for}"})
    told = {name: getattr(found, name) for name in found.__struct_fields__}
    return json_response(WorkExplanation(**told, warnings=warnings))


@router.get(
    "/api/merges",
    dependencies=[JsonOnly],
    summary="Decisions by people about who belongs together",
    responses=answers(DecisionList, DECISIONS, 406),
    openapi_extra=parameters(query("limit", "At most so many.", number(1, 1000, "integer")), LANG),
)
def read_decisions(request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:
    """The latest first; undone ones say who undid them and when."""
    limit = whole_number(params, "limit", 100, 1, 1000)
    warnings = list(asked(context, params, lang, ("limit",)).warnings)
    with context.database.connect() as connection:
        found = decisions.history(connection, limit=limit)
    return json_response(DecisionList(decisions=found, warnings=warnings))


@router.post(
    "/api/merges",
    summary="Decide that records are one, or are not",
    responses=answers(Decided, DECIDED, 401, 403, 404, 413, 422, 503),
    openapi_extra=body_of(DecisionRequest, REQUEST) | {"security": [{"key": []}]},
)
async def post_decision(request: Request, context: ContextOf, key: Writer) -> Response:
    """It holds until it is undone, whatever the sources send; of two that contradict each other the later one wins.

    Needs a key with the scope `merges:write`. `applied` says whether the works are already as decided.
    """
    _may(key)
    wanted = _read(await request.body())
    merges = merges_of(request)

    def decide() -> Decided:
        decision = Decision(
            kind=wanted.kind, level=wanted.level, records=wanted.records, author=_author(key), reason=wanted.reason,
            others=wanted.others,
        )  # fmt: skip
        return merges.decide(decision, _noted(key, "merges.decide"))

    return await _answer(context, decide)


@router.delete(
    "/api/merges/{id}",
    summary="Undo a decision",
    responses=answers(Decided, DECIDED, 401, 403, 404, 422, 503),
    openapi_extra={"security": [{"key": []}]},
)
async def delete_decision(id: int, request: Request, context: ContextOf, key: Writer) -> Response:  # noqa: A002
    """It counts no more, and stays in the list with who undid it. Needs the scope `merges:write`."""
    _may(key)
    merges = merges_of(request)

    def undo() -> Decided:
        with context.database.connect() as connection:
            if not 0 < id < 1 << 31 or decisions.get(connection, id) is None:
                raise ApiError("not-found", f"No decision {id}.")
        return merges.undo(id, _author(key), _noted(key, "merges.undo"))

    return await _answer(context, undo)


async def _answer(context: ContextOf, act: Callable[[], Decided]) -> Response:
    try:
        decided = await run_in_threadpool(act)
    except UndecidableError as error:
        raise ApiError("invalid-body", f"Nothing was changed: {error}.") from None
    await run_in_threadpool(context.refresh)
    return json_response(decided, headers={"Cache-Control": "no-store"})


def _may(key: ApiKey) -> None:
    if not key.may(MERGES_WRITE):
        detail = f"The key has not the scope {MERGES_WRITE!r}; `lampway keys add --scope {MERGES_WRITE}` makes one."
        raise ApiError("not-allowed", detail)


def _noted(key: ApiKey, action: str) -> Noted:
    def noted(connection: Connection, made: Decision) -> None:
        records = ", ".join(map(str, made.all_records))[:500]
        Program(key).did(connection, action, f"decision:{made.id}", kind=made.kind, records=records, reason=made.reason)

    return noted


def _author(key: ApiKey) -> str:
    return f"{key.institution} ({key.label or 'key ' + key.id})"


def _read(body: bytes) -> DecisionRequest:
    kinds = ", ".join(DECISION_KINDS)
    what = f"Send a JSON object with kind ({kinds}) and records (source and record, {MAX_RECORDS} at most)"
    return struct_of(body, DecisionRequest, what)
