"""JSON answers: msgspec bytes straight into the response."""

from __future__ import annotations

import hashlib

import msgspec
from fastapi.responses import Response

MEDIA_TYPE = "application/json"
_encode = msgspec.json.Encoder().encode


def json_response(
    value: object, *, status: int = 200, headers: dict[str, str] | None = None, version: str = ""
) -> Response:
    """A value as JSON. Availability changes at any moment, so caches must ask again before they reuse an answer.

    Args:
        value: what msgspec can encode.
        status: HTTP status.
        headers: of its own.
        version: of the stored thing, where it may be edited: the entity tag begins with it, so that an edit can say
            what it was made from (see ``is_current``) though the rest of the answer changes with the hour. Other
            answers get their tags in ``search_api.entity_tags``, where 304 is answered too.
    """
    own = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"} | (headers or {})
    response = Response(_encode(value), status_code=status, media_type=MEDIA_TYPE, headers=own)
    if version:
        response.headers["ETag"] = f'"{version}-{digest_of(bytes(response.body))}"'
    return response


def digest_of(data: bytes) -> str:
    """A short digest of bytes, for tags."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def is_current(header: str, version: str) -> bool:
    """Whether an If-Match header allows to change what has this version; a missing one allows it."""
    tags = [part.strip().removeprefix("W/").strip('"') for part in header.split(",")]
    return not header.strip() or "*" in tags or version in {tag.partition("-")[0] for tag in tags}
