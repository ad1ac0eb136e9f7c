"""PATCH /api/institutions/{id}: an institution keeps its own entry of the registry right."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from schemas.institution import HoursException, Institution, ServicePoint
from schemas.institution_edit import change
from search_api.context import Context
from search_api.dependencies import ContextOf, Writer, institution_of_key
from search_api.errors import ApiError
from search_api.institutions import institution_view, version_of
from search_api.json_body import faults, object_of, refuse
from search_api.json_response import is_current, json_response
from search_api.routes.description import answers, body_of
from search_api.routes.examples import INSTITUTION
from search_api.views import InstitutionView
from store import institutions
from store.api_keys import INSTITUTION_WRITE

router = APIRouter(tags=["institutions"])
EXAMPLE = {
    "opening_hours": "Mo-Fr 09:00-18:00; Sa 10:00-16:00; PH off",
    "exceptions": [{"first": "2026-12-24", "hours": "09:00-12:00", "note": "Christmas Eve"}],
    "service_points": [{"name": "last_entry", "hours": "-00:30"}],
    "checked_on": "2026-11-23",
}

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag with which the institution was read: 412 when its entry has changed since.",
    "schema": {"type": "string"},
}


class InstitutionChange(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """New values of an institution's entry. What is missing stays; an empty text or list, or null, empties a field."""

    opening_hours: str | None = None
    """OSM opening_hours, or prose that is understood."""
    exceptions: list[HoursException] | None = None
    service_points: list[ServicePoint] | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    url: str | None = None
    description: str | None = None
    services: list[str] | None = None
    lat: float | None = None
    """WGS 84 degrees; lat and lon go together."""
    lon: float | None = None
    timezone: str | None = None
    """IANA name; follows the position when not given."""
    checked_on: str | None = None
    """ISO date on which a person last checked this entry."""


FIELDS = InstitutionChange.__struct_fields__


@router.patch(
    "/api/institutions/{id}",
    summary="Change the entry of an institution",
    responses=answers(InstitutionView, INSTITUTION, 401, 403, 404, 412, 413, 422, 503),
    openapi_extra=body_of(InstitutionChange, EXAMPLE) | {"security": [{"key": []}], "parameters": [IF_MATCH]},
)
async def patch_institution(id: str, request: Request, context: ContextOf, key: Writer) -> Response:  # noqa: A002
    """All or nothing: when any field cannot be used, nothing changes and `errors` names each. Visible at once.

    Name, kind, owner and whether the place is shut are for the keeper of the registry.
    """
    await run_in_threadpool(institution_of_key, context, id, key, INSTITUTION_WRITE)
    given = object_of(await request.body(), "Send a JSON object of fields")
    known = request.headers.get("if-match", "")
    view, version = await run_in_threadpool(_change, context, id, given, known)
    return json_response(view, headers={"Cache-Control": "no-store"}, version=version)


def _change(context: Context, id_: str, given: dict[str, Any], known: str) -> tuple[InstitutionView, str]:
    """The institution as it is shown afterwards, and the version of its entry. ``known``: the If-Match header."""
    with context.database.begin() as connection:
        old: Institution | None = institutions.get(connection, id_)
        if old is None:
            raise ApiError("not-found", f"No institution {id_[:200]!r}.")
        if not is_current(known, version_of(old)):
            detail = "Nothing was changed: the entry is another than when you read it. Read it again, then change it."
            raise ApiError("changed-meanwhile", detail)
        found = list(faults(given, InstitutionChange))
        wrong = {pointer.split("/")[1] for pointer, _ in found}
        edit = change(old, {name: value for name, value in given.items() if name in FIELDS and name not in wrong})
        found += [(f"/{one.field}", f"{one.value!r} {one.reason}; {one.fix}") for one in edit.problems]
        refuse(found, "Nothing was changed; see errors.")
        institutions.upsert(connection, [edit.institution])
        new = institutions.get(connection, id_)
    context.refresh()
    view = institution_view(context, id_, at=context.clock())
    if view is None or new is None:
        raise ApiError("not-found", f"No institution {id_[:200]!r}.")
    view.warnings = edit.notes
    return view, version_of(new)
