"""Who uses the API of accounts: a person by their log-in, or a program by its institution's key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import Response

from schemas.account import Account, Act, Permission
from schemas.registration import Registration
from search_api.accounts.actor import Actor
from search_api.accounts.guard import require
from search_api.accounts.keeping import Mistake
from search_api.accounts.outside import Refusal
from search_api.context import Context
from search_api.dependencies import writer_of
from search_api.errors import ApiError
from search_api.json_body import struct_of
from search_api.json_response import json_response
from search_api.messages import text
from search_api.web.forms import Form
from search_api.web.language import language_of
from store import audit
from store.api_keys import SOURCES_MANAGE, SOURCES_READ, ApiKey
from store.database import Connection
from store.registrations import StepError, TakenError
from store.secrets import SecretError

T = TypeVar("T")
SECURITY: dict[str, Any] = {"security": [{"login": []}]}
SECURITY_OR_KEY: dict[str, Any] = {"security": [{"login": []}, {"key": []}]}


class Program:
    """What acts with a key: for the key's institution and the branches of it, as far as its scopes go."""

    account: Account | None = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    @property
    def who(self) -> str:
        """What the audit calls it."""
        return f"key:{self.key.id}"

    def may(self, permission: Permission, institution: str = "", parent: str = "") -> bool:
        """Whether its scopes allow something for an institution."""
        reads = self.key.may(SOURCES_READ) or self.key.may(SOURCES_MANAGE)
        allowed = {"institution:read": reads, "sources:manage": self.key.may(SOURCES_MANAGE)}
        return self.key.institution in filter(None, (institution, parent)) and allowed.get(permission, False)

    def owns(self, registration: Registration, parent: str = "") -> bool:
        """Whether a registration is of its institution."""
        return self.may("institution:read", registration.proposal.institution, parent)

    def did(self, connection: Connection, action: str, thing: str, *, institution: str = "", **detail: str) -> None:
        """Write the line of the audit."""
        line = Act(actor=self.who, action=action, thing=thing, institution=institution, detail=detail)
        audit.write(connection, line)


Caller = Actor | Program


def require_or_key(permission: Permission, *, anywhere: bool = False) -> Callable[[Request], Caller]:
    """A dependency: the person or program that asks, if they may do this to the institution in the path.

    Args:
        permission: what a program needs; a person needs it, too, unless ``anywhere``.
        anywhere: there is no institution in the path; the route asks ``owns`` of what it finds.
    """
    person = require("account:self" if anywhere else permission)

    def needed(request: Request) -> Caller:
        if not request.headers.get("authorization"):
            return person(request)
        program = Program(writer_of(request))
        request.state.private = True
        if anywhere:
            fits = program.may(permission, program.key.institution)
        else:
            context: Context = request.app.state.context
            place = context.registry().by_id.get(request.path_params["institution"])
            if place is None or program.key.institution not in (place.id, place.parent):
                raise ApiError("not-found", f"Nothing is at {request.url.path}.")
            fits = program.may(permission, place.id, place.parent)
        if not fits:
            scope = SOURCES_MANAGE if permission == "sources:manage" else SOURCES_READ
            raise ApiError("not-allowed", f"The key has not the scope {scope!r}; an editor can make one that has.")
        return program

    needed.permission = permission  # type: ignore[attr-defined]  # what the tests look for
    return needed


def body_as(type_: type[T]) -> Any:
    """A dependency: the JSON body, as a struct that refuses unknown fields."""

    async def read(request: Request) -> T:
        return struct_of(await request.body(), type_)

    return Depends(read)


def attempt(request: Request, act: Callable[[], T]) -> T:
    """Do something; what speaks against it becomes a problem in the language of the client.

    Raises:
        ApiError: 422.
    """
    try:
        return act()
    except Mistake as mistake:
        told = text(language_of(request), mistake.text, **mistake.values)
        errors = [{"pointer": f"/{mistake.field}", "detail": told}]
        raise ApiError("invalid-body", told, errors=errors) from None
    except (StepError, TakenError, SecretError, Refusal) as error:
        raise ApiError("invalid-body", f"Nothing was done: {error}.") from None


def refuse_wrong(form: Form) -> None:
    """Tell what is wrong with fields.

    Raises:
        ApiError: 422, when anything is.
    """
    if form.wrong:
        errors = [{"pointer": f"/{field}", "detail": why} for field, why in form.wrong.items()]
        raise ApiError("invalid-body", "Nothing was done; see errors.", errors=errors)


def private(value: object) -> Response:
    """An answer that nobody keeps."""
    return json_response(value, headers={"Cache-Control": "no-store"})


SourceReader = Annotated[Caller, Depends(require_or_key("institution:read"))]
SourceKeeper = Annotated[Caller, Depends(require_or_key("sources:manage"))]
AnyReader = Annotated[Caller, Depends(require_or_key("institution:read", anywhere=True))]
AnyKeeper = Annotated[Caller, Depends(require_or_key("sources:manage", anywhere=True))]
