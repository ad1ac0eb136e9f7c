"""/api/registrations and /api/audit: what the pages of a registration and of the audit do, for programs."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from schemas.account import Line
from schemas.institution import InstitutionKind
from schemas.registration import NEXT, NewInstitution, Registration, Way
from search_api.accounts import registering
from search_api.accounts.guard import Self
from search_api.accounts.tenancy import own_ids
from search_api.context import Context
from search_api.errors import ApiError
from search_api.parameters import whole_number
from search_api.routes.callers import (
    SECURITY,
    SECURITY_OR_KEY,
    AnyKeeper,
    AnyReader,
    attempt,
    body_as,
    private,
    refuse_wrong,
)
from search_api.routes.description import answers, body_of, number, parameters, query
from search_api.web.forms import Form
from search_api.web.register_pages import registered
from search_api.web.registration_pages import act_now, endpoint_of, prove_now, registration_of
from store import audit, registrations

router = APIRouter(prefix="/api", tags=["accounts"])
_WAITING = ("probed", "proof_pending")


class ProofView(msgspec.Struct, kw_only=True):
    """A way to show that the endpoint is theirs."""

    way: Way
    token: str
    """What has to be found; "" = the way goes by mail, from the page."""
    place: str
    """Where: an address for "file", a name for "dns"; "" for "description"."""
    fits: bool
    checked_at: str
    """"" = not looked for yet."""


class RegistrationView(msgspec.Struct, kw_only=True):
    """A registration."""

    id: str
    state: str
    reason: str
    """Why it was refused or is paused."""
    institution: str
    """Id; "" = a new one, made when it goes live."""
    new: NewInstitution | None
    location: str
    """Its address; "" = an uploaded file."""
    protocol: str
    format: str
    sets: list[str]
    licence: str
    terms: str
    source: str
    """Id of its source, once it was live."""
    created_at: str
    changed_at: str
    proofs: list[ProofView] = []
    """Of one that waits for a proof, when it is asked for alone."""


class RegistrationList(msgspec.Struct, kw_only=True):
    """Registrations, the latest first."""

    registrations: list[RegistrationView]


class NewRegistration(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to register."""

    trial: str
    """The last part of the address of the trial's page."""
    licence: str
    """CC0-1.0, CC-BY-4.0 or none."""
    terms: Literal[True]
    """That the terms are agreed to."""
    institution: str = ""
    """Id of an institution of which one is an editor; "" = a new one."""
    name: str = ""
    """Of a new one, as the next two."""
    kind: InstitutionKind = "library"
    position: str = ""
    """Latitude,longitude."""


class RegistrationAct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to do to a registration."""

    act: Literal["prove", "pause", "resume", "withdraw", "return"]
    way: Way | None = None
    """Of "prove": where to look for the token."""


class AuditLines(msgspec.Struct, kw_only=True):
    """Lines of the audit, the latest first."""

    lines: list[Line]
    next: int | None
    """``before`` of the next page; null = that was all."""


EXAMPLE: dict[str, Any] = {
    "id": "k7q2mzp4xw", "state": "proof_pending", "reason": "", "institution": "", "new":
    {"name": "Harbour Library", "lat": 54.97, "lon": -1.61}, "location": "https://catalogue.example/oai",
    "protocol": "oai", "format": "oai_dc", "sets": [], "licence": "CC0-1.0", "terms": "2026-11", "source": "",
    "created_at": "2026-11-23T09:00:00+00:00", "changed_at": "2026-11-23T09:05:00+00:00", "proofs":
    [{"way": "dns", "token": "lampway-challenge=abc", "place": "_lampway-challenge.catalogue.example", "fits": False,
      "checked_at": ""}],
}  # fmt: skip
NEW = {"trial": "5rT…", "licence": "CC0-1.0", "terms": True, "name": "Harbour Library", "position": "54.97,-1.61"}
ACT = {"act": "prove", "way": "dns"}
AUDIT: dict[str, Any] = {
    "lines": [
        {
            "actor": "ada@library.example", "action": "source.pause", "thing": "source:city",
            "institution": "city-library", "detail": {}, "number": 41, "at": "2026-11-23T09:00:00+00:00",
        }
    ],
    "next": None,
}  # fmt: skip
_WRONG = (401, 403, 404, 421)


@router.get("/registrations", summary="Your registrations", openapi_extra=SECURITY_OR_KEY,
            responses=answers(RegistrationList, {"registrations": [EXAMPLE]}, *_WRONG))  # fmt: skip
def list_registrations(request: Request, caller: AnyReader) -> Response:
    """Your own and those of your institutions; of a key (`sources:read`) those of its institution."""
    context: Context = request.app.state.context
    by_id = context.registry().by_id
    with context.database.connect() as connection:
        every = registrations.in_state(connection, *NEXT)
    parents = {id_: place.parent for id_, place in by_id.items()}
    own = [one for one in every if caller.owns(one, parents.get(one.proposal.institution, ""))]
    return private(RegistrationList(registrations=[_view(one) for one in own]))


@router.get("/registrations/{id}", summary="A registration", openapi_extra=SECURITY_OR_KEY,
            responses=answers(RegistrationView, EXAMPLE, *_WRONG))  # fmt: skip
def read_registration(request: Request, id: str, caller: AnyReader) -> Response:  # noqa: A002
    """With the tokens that prove control, while it waits for that."""
    return private(_with_proofs(request, registration_of(request, id, caller)))


@router.post("/registrations", summary="Register what a trial has looked at",
             responses=answers(RegistrationView, EXAMPLE, *_WRONG, 413, 422),
             openapi_extra=SECURITY | body_of(NewRegistration, NEW))  # fmt: skip
def register(request: Request, actor: Self, given: Annotated[NewRegistration, body_as(NewRegistration)]) -> Response:
    """Needs a log-in: a registration is a person's."""
    told = {name: str(getattr(given, name)) for name in given.__struct_fields__}
    form = Form(told)
    made = registered(request, given.trial, actor, form)
    refuse_wrong(form)
    if made is None:
        raise ApiError("not-found", "There is no such trial, or it is not done; they are kept for 7 days.")
    return private(_with_proofs(request, made))


@router.post("/registrations/{id}", summary="Prove, pause, resume, withdraw or bring back",
             responses=answers(RegistrationView, EXAMPLE, *_WRONG, 413, 422),
             openapi_extra=SECURITY_OR_KEY | body_of(RegistrationAct, ACT))  # fmt: skip
def act_on_registration(
    request: Request,
    id: str,  # noqa: A002
    caller: AnyKeeper,
    given: Annotated[RegistrationAct, body_as(RegistrationAct)],
) -> Response:
    """Needs the log-in of its person or of an editor, or a key with `sources:manage`."""
    found = registration_of(request, id, caller)
    if given.act == "prove":
        attempt(request, lambda: prove_now(request, found, given.way or "", caller))
    else:
        attempt(request, lambda: act_now(request, found, given.act, caller))
    return private(_with_proofs(request, registration_of(request, id, caller)))


@router.get("/audit", summary="Who did what", responses=answers(AuditLines, AUDIT, *_WRONG), openapi_extra=SECURITY
            | parameters(query("institution", "Only its things and those of its branches."),
                         query("before", "`next` of the page before.", number(1, kind="integer")),
                         query("limit", "Lines on the page.", number(1, 1000, "integer"))))  # fmt: skip
def read_audit(request: Request, actor: Self) -> Response:
    """Of your institutions as an editor; an operator sees all."""
    context: Context = request.app.state.context
    params = {name: request.query_params.getlist(name) for name in request.query_params}
    before = whole_number(params, "before", 0, 0, 1 << 53)
    limit = whole_number(params, "limit", 100, 1, 1000)
    wanted, registry = request.query_params.get("institution", ""), context.registry()
    place = registry.by_id.get(wanted)
    ids: set[str] | None = None
    if wanted:
        if place is None or not actor.may("audit:read", wanted, place.parent):
            raise ApiError("not-found", f"No institution {wanted[:200]!r} of yours.")
        ids = own_ids(place, registry.institutions)
    elif not actor.may("platform:read"):
        own = [registry.by_id[id_] for id_ in actor.roles if id_ in registry.by_id and actor.may("audit:read", id_)]
        ids = set().union(*(own_ids(place, registry.institutions) for place in own))
    with context.database.connect() as connection:
        lines = audit.read(connection, institutions=ids, before=before, limit=limit)
    return private(AuditLines(lines=lines, next=lines[-1].number if len(lines) == limit else None))


def _with_proofs(request: Request, registration: Registration) -> RegistrationView:
    context: Context = request.app.state.context
    view = _view(registration)
    if registration.state not in _WAITING:
        return view
    endpoint = endpoint_of(context, registration)
    with context.database.connect() as connection:
        known = {proof.way: proof for proof in registrations.proofs_of(connection, registration.id)}
    for way in registering.ways_of(registration, endpoint):
        token = "" if way == "mail" else attempt(request, partial(_token, context, registration, way))
        proof = known.get(way)
        place = _places(endpoint, token).get(way, "")
        view.proofs.append(
            ProofView(way=way, token=token, place=place, fits=bool(proof and proof.fits),
                      checked_at=proof.checked_at if proof else "")
        )  # fmt: skip
    return view


def _token(context: Context, registration: Registration, way: Way) -> str:
    token = registering.token_of(context.settings.home, registration, way)
    return f"lampway-challenge={token}" if way == "dns" else token


def _places(endpoint: str, token: str) -> dict[str, str]:
    parts = urlsplit(endpoint)
    return {
        "file": f"{parts.scheme}://{parts.netloc}/.well-known/lampway-challenge/{token}",
        "dns": f"_lampway-challenge.{parts.hostname}",
    }


def _view(registration: Registration) -> RegistrationView:
    proposal = registration.proposal
    own = ("id", "state", "reason", "source", "created_at", "changed_at")
    same = ("institution", "new", "protocol", "format", "sets", "licence", "terms")
    return RegistrationView(
        **{name: getattr(registration, name) for name in own},
        **{name: getattr(proposal, name) for name in same},
        location=proposal.location if "://" in proposal.location else "",
        proofs=[],
    )
