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


def tagged_response(
    request: Request, value: object, *, headers: dict[str, str] | None = None, version: str = ""
) -> Response:
    """The same with a strong entity tag; 304 without a body when the client has exactly this answer already.

    ``version``: of the stored thing behind the answer, where it may be edited: the tag begins with it (see
    ``is_current``), as the rest of the answer changes with the hour.
    """
    response = json_response(value, headers=headers)
    tag = tag_of(response, version)
    if _has(request.headers.get("if-none-match", ""), tag):
        kept = {name: response.headers[name] for name in ("cache-control", "vary")}
        return Response(status_code=304, headers=kept | {"ETag": tag})
    response.headers["ETag"] = tag
    return response


def tag_of(response: Response, version: str = "") -> str:
    """The strong entity tag of an answer; ``version`` as in ``tagged_response``."""
    return f'"{version}{version and "-"}{digest_of(bytes(response.body))}"'


def digest_of(data: bytes) -> str:
    """A short digest of bytes, for tags."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def is_current(header: str, version: str) -> bool:
    """Whether an If-Match header allows to change what has this version; a missing one allows it."""
    tags = [part.strip().removeprefix("W/").strip('"') for part in header.split(",")]
    return not header.strip() or "*" in tags or version in {tag.partition("-")[0] for tag in tags}


def _has(header: str, tag: str) -> bool:
    # A proxy that compresses turns a strong tag into a weak one; If-None-Match compares weakly (RFC 9110, 13.1.2).
    return header.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in header.split(",")}
