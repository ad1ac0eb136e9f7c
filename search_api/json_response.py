"""JSON answers: msgspec bytes straight into the response, with an entity tag where an answer is worth asking again."""

from __future__ import annotations

import hashlib

import msgspec
from fastapi import Request
from fastapi.responses import Response

MEDIA_TYPE = "application/json"
_encode = msgspec.json.Encoder().encode


def json_response(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON. Availability changes at any moment, so caches must ask again before they reuse an answer."""
    own = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"} | (headers or {})
    return Response(_encode(value), status_code=status, media_type=MEDIA_TYPE, headers=own)


def tagged_response(request: Request, value: object, *, headers: dict[str, str] | None = None) -> Response:
    """The same with a strong entity tag; 304 without a body when the client has exactly this answer already."""
    response = json_response(value, headers=headers)
    tag = f'"{hashlib.blake2b(bytes(response.body), digest_size=12).hexdigest()}"'
    if _has(request.headers.get("if-none-match", ""), tag):
        kept = {name: response.headers[name] for name in ("cache-control", "vary")}
        return Response(status_code=304, headers=kept | {"ETag": tag})
    response.headers["ETag"] = tag
    return response


def _has(header: str, tag: str) -> bool:
    # A proxy that compresses turns a strong tag into a weak one; If-None-Match compares weakly (RFC 9110, 13.1.2).
    return header.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in header.split(",")}
