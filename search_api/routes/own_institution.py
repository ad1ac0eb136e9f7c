"""/api/institutions/{institution}/members|keys|sources: what the area of an institution does, for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from schemas.account import Role
from search_api.accounts import keeping, tenancy
from search_api.accounts.actor import Actor
from search_api.accounts.guard import client_of, institution_of, require
from search_api.accounts.tenancy import OwnSource
from search_api.routes.callers import (
    SECURITY,
    SECURITY_OR_KEY,
    SourceKeeper,
    SourceReader,
    attempt,
    body_as,
    private,
)
from search_api.routes.description import answers, body_of
from search_api.sources import RunView, run_view
from search_api.web.language import language_of
from store import accounts
from store.api_keys import ApiKey

router = APIRouter(prefix="/api/institutions/{institution}", tags=["accounts"])
KeyKeeper = Annotated[Actor, Depends(require("keys:manage"))]
MemberKeeper = Annotated[Actor, Depends(require("members:manage"))]
Doing = Literal["run", "pause", "resume", "schedule", "approve", "reject"]


class MemberView(msgspec.Struct, kw_only=True):
    """A person with a role."""

    email: str
    name: str
    role: str


class MemberList(msgspec.Struct, kw_only=True):
    """The people of an institution."""

    members: list[MemberView]


class Invitation(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whom to invite."""

    email: str
    role: Role = "member"


class KeyView(msgspec.Struct, kw_only=True):
    """What is known of a key, without the key."""

    id: str
    institution: str
    label: str
    scopes: list[str]
    created_at: str
    last_used_at: str | None
    expires_at: str | None
    replaces: str
    """Id of the key that it takes over from; "" = none."""


class KeyList(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The valid keys of an institution."""

    keys: list[KeyView]
    key: str = ""
    """A new one in full: here, and never again."""


class NewKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The key to make."""

    scopes: list[str]
    label: str = ""
    days: int = 0
    """After which it ends by itself; 0 = never."""


class OwnSourceView(msgspec.Struct, kw_only=True):
    """A source as its institution sees it."""

    id: str
    institution: str
    protocol: str
    format: str
    location: str
    """Its address; "" = a file."""
    sets: list[str]
    schedule: str
    paused: bool
    waits_on_run: int
    """The run whose removals wait for a decision; 0 = none."""
    last_run: RunView | None


class SourceList(msgspec.Struct, kw_only=True):
    """The sources of an institution and its branches."""

    sources: list[OwnSourceView]


class SourceAct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to do to a source."""

    act: Doing
    schedule: str = ""
    """Cron expression, of "schedule"; "" = only by hand."""


MEMBERS: dict[str, Any] = {"members": [{"email": "ada@library.example", "name": "Ada", "role": "editor"}]}
KEYS: dict[str, Any] = {
    "keys": [
        {
            "id": "7GhK2pQx", "institution": "city-library", "label": "library system",
            "scopes": ["availability:write"], "created_at": "2026-11-23T09:00:00+00:00", "last_used_at": None,
            "expires_at": "2027-11-23T09:00:00+00:00", "replaces": "",
        }
    ]
}  # fmt: skip
SOURCE: dict[str, Any] = {
    "id": "city", "institution": "city-library", "protocol": "oai", "format": "marcxml",
    "location": "https://catalogue.example/oai", "sets": [], "schedule": "0 3 * * *", "paused": False,
    "waits_on_run": 0, "last_run": None,
}  # fmt: skip
NEW_KEY = {"scopes": ["availability:write"], "label": "library system", "days": 365}
INVITATION = {"email": "grace@library.example", "role": "member"}
SOURCE_ACT = {"act": "schedule", "schedule": "0 4 * * *"}
_WRONG = (401, 403, 404, 421)


@router.get("/members", summary="The people of an institution", responses=answers(MemberList, MEMBERS, *_WRONG),
            openapi_extra=SECURITY)  # fmt: skip
def members(request: Request, institution: str, actor: MemberKeeper) -> Response:
    """Editors first."""
    return _members(request)


@router.post("/members", summary="Invite somebody", responses=answers(MemberList, MEMBERS, *_WRONG, 413, 422),
             openapi_extra=SECURITY | body_of(Invitation, INVITATION))  # fmt: skip
def invite(
    request: Request, institution: str, actor: MemberKeeper, given: Annotated[Invitation, body_as(Invitation)]
) -> Response:
    """A link goes to their mail box; they are a member when they use it."""
    state, place = request.app.state, institution_of(request)
    more = {"email": given.email, "role": given.role, "lang": language_of(request)}
    client = client_of(request)
    attempt(
        request, lambda: keeping.invite(state.context, state.mail, state.tries, actor, place, client=client, **more)
    )
    return _members(request)


@router.delete("/members/{email}", summary="Take somebody's role away", openapi_extra=SECURITY,
               responses=answers(MemberList, MEMBERS, *_WRONG, 422))  # fmt: skip
def remove_member(request: Request, institution: str, email: str, actor: MemberKeeper) -> Response:
    """The last editor stays."""
    context, place = request.app.state.context, institution_of(request)
    attempt(request, lambda: keeping.remove_member(context, actor, place, email))
    return _members(request)


@router.get("/keys", summary="The valid API keys of an institution", responses=answers(KeyList, KEYS, *_WRONG),
            openapi_extra=SECURITY)  # fmt: skip
def keys(request: Request, institution: str, actor: KeyKeeper) -> Response:
    """Of its branches, too; never the keys themselves."""
    return _keys(request)


@router.post("/keys", summary="Make an API key", responses=answers(KeyList, KEYS, *_WRONG, 413, 422),
             openapi_extra=SECURITY | body_of(NewKey, NEW_KEY))  # fmt: skip
def add_key(
    request: Request, institution: str, actor: KeyKeeper, given: Annotated[NewKey, body_as(NewKey)]
) -> Response:
    """`key` is the new one in full, for the only time."""
    context, place = request.app.state.context, institution_of(request)
    made = attempt(request, lambda: keeping.add_key(context, actor, place, given.scopes, given.label, given.days))
    return _keys(request, made)


@router.post("/keys/{id}/replace", summary="Replace an API key", openapi_extra=SECURITY,
             responses=answers(KeyList, KEYS, *_WRONG, 422))  # fmt: skip
def replace_key(request: Request, institution: str, id: str, actor: KeyKeeper) -> Response:  # noqa: A002
    """The old one holds for 7 days more; `key` is the new one in full."""
    context, place = request.app.state.context, institution_of(request)
    return _keys(request, attempt(request, lambda: keeping.replace_key(context, actor, place, id)))


@router.delete("/keys/{id}", summary="Revoke an API key", responses=answers(KeyList, KEYS, *_WRONG),
               openapi_extra=SECURITY)  # fmt: skip
def revoke_key(request: Request, institution: str, id: str, actor: KeyKeeper) -> Response:  # noqa: A002
    """It ends at once."""
    keeping.revoke_key(request.app.state.context, actor, institution_of(request), id)
    return _keys(request)


@router.get("/sources", summary="The sources of an institution", openapi_extra=SECURITY_OR_KEY,
            responses=answers(SourceList, {"sources": [SOURCE]}, *_WRONG))  # fmt: skip
def sources(request: Request, institution: str, caller: SourceReader) -> Response:
    """With how each stands. Needs a log-in, or a key with `sources:read`."""
    context, place = request.app.state.context, institution_of(request)
    with context.database.connect() as connection:
        found = tenancy.sources_of(connection, keeping.own_ids(context, place))
    return private(SourceList(sources=[_source(own) for own in found]))


@router.get("/sources/{id}", summary="A source of an institution", openapi_extra=SECURITY_OR_KEY,
            responses=answers(OwnSourceView, SOURCE, *_WRONG))  # fmt: skip
def source(request: Request, institution: str, id: str, caller: SourceReader) -> Response:  # noqa: A002
    """Needs a log-in, or a key with `sources:read`."""
    return _one(request, id)


@router.post("/sources/{id}", summary="Do something to a source", openapi_extra=SECURITY_OR_KEY
             | body_of(SourceAct, SOURCE_ACT), responses=answers(OwnSourceView, SOURCE, *_WRONG, 413, 422))  # fmt: skip
def act_on_source(
    request: Request,
    institution: str,
    id: str,  # noqa: A002
    caller: SourceKeeper,
    given: Annotated[SourceAct, body_as(SourceAct)],
) -> Response:
    """Harvest it soon, pause or resume it, set its schedule, decide about large removals.

    Needs an editor's log-in, or a key with `sources:manage`.
    """
    state, place = request.app.state, institution_of(request)
    attempt(
        request,
        lambda: keeping.act_on_source(state.context, state.outside, caller, place, id, given.act, given.schedule),
    )
    return _one(request, id)


def _members(request: Request) -> Response:
    with request.app.state.context.database.connect() as connection:
        found = accounts.members_of(connection, institution_of(request).id)
    people = [MemberView(email=account.email, name=account.name, role=own.role) for account, own in found]
    return private(MemberList(members=people))


def _keys(request: Request, made: str = "") -> Response:
    context, place = request.app.state.context, institution_of(request)
    with context.database.connect() as connection:
        found = tenancy.keys_of(connection, keeping.own_ids(context, place))
    return private(KeyList(keys=[_key(key) for key in found], key=made))


def _key(key: ApiKey) -> KeyView:
    same = ("id", "institution", "label", "created_at", "last_used_at", "expires_at", "replaces")
    return KeyView(**{name: getattr(key, name) for name in same}, scopes=key.scope.split())


def _one(request: Request, id_: str) -> Response:
    context, place = request.app.state.context, institution_of(request)
    with context.database.connect() as connection:
        own = tenancy.source_of(connection, keeping.own_ids(context, place), id_)
    return private(_source(own))


def _source(own: OwnSource) -> OwnSourceView:
    same = ("id", "institution", "protocol", "format", "sets", "schedule", "paused")
    return OwnSourceView(
        **{name: getattr(own.source, name) for name in same},
        location=own.source.location if "://" in own.source.location else "",
        waits_on_run=own.waits_on_run,
        last_run=run_view(own.last) if own.last else None,
    )
