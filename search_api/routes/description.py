"""The OpenAPI description: models from our structs, parameters and answers with examples. Tests hold answers to it."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from search_api.accounts.guard import cookie_name
from search_api.errors import KINDS, MEDIA_TYPE, Problem

_REF = "#/components/schemas/{name}"
_models: list[Any] = [Problem]


def model(type_: Any) -> dict[str, Any]:
    """The schema of a type; its structs become components of the description."""
    _models.append(type_)
    (schema,), _ = msgspec.json.schema_components([type_], ref_template=_REF)
    return schema


def answers(type_: Any, example: object, *problems: int, media_type: str = "application/json") -> dict[int | str, Any]:
    """The responses of a route: its answer, and the problems it may end with (400 and 429 always)."""
    return {
        200: {"description": "OK", "content": {media_type: {"schema": model(type_), "example": example}}}
    } | _endings(problems)


def given(media_type: str, *problems: int) -> dict[int | str, Any]:
    """The responses of a route that gives a format which a standard describes."""
    return {200: {"description": "OK", "content": {media_type: {}}}} | _endings(problems)


def _endings(problems: tuple[int, ...]) -> dict[int | str, Any]:
    titles = dict(reversed(KINDS.values()))
    found: dict[int | str, Any] = {}
    if 308 in problems:
        found[308] = {"description": "It became part of another; Location says which"}
    for status in sorted({400, 429, *problems} - {308}):
        found[status] = {
            "description": titles[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
        }
    return found


def query(
    name: str, description: str, schema: dict[str, Any] | None = None, *, example: object = None, required: bool = False
) -> dict[str, Any]:
    """One query parameter."""
    parameter: dict[str, Any] = {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": schema or {"type": "string"},
    }
    return parameter | ({"example": example} if example is not None else {})


def many(values: tuple[str, ...] = ()) -> dict[str, Any]:
    """Schema of a parameter that may be repeated."""
    return {"type": "array", "items": {"type": "string", **({"enum": list(values)} if values else {})}}


def one_of(values: tuple[str, ...]) -> dict[str, Any]:
    """Schema of a parameter with a closed list of values."""
    return {"type": "string", "enum": list(values)}


def number(low: float | None = None, high: float | None = None, kind: str = "number") -> dict[str, Any]:
    """Schema of a number."""
    bounds = {"minimum": low, "maximum": high}
    return {"type": kind} | {name: bound for name, bound in bounds.items() if bound is not None}


def parameters(*own: dict[str, Any]) -> dict[str, Any]:
    """Extra of a route that reads its own query."""
    return {"parameters": list(own)}


def body_of(type_: Any, example: object) -> dict[str, Any]:
    """Extra of a route that reads its own JSON body."""
    content = {"application/json": {"schema": model(type_), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def install(app: FastAPI) -> None:
    """Complete FastAPI's description with our components."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = plain()
            _, components = msgspec.json.schema_components(_models, ref_template=_REF)
            parts = schema.setdefault("components", {})
            parts.setdefault("schemas", {}).update(components)
            name = cookie_name(app.state.context.settings.public_url)
            parts["securitySchemes"] = {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, lw_…"},
                "login": {"type": "apiKey", "in": "cookie", "name": name, "description": "The log-in of a person"},
            }
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
