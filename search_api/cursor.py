"""The cursor of a result list: where the next page begins, in the order of one question at one moment."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from hashlib import blake2b

import msgspec

from schemas.query import SearchRequest
from search_api.messages import text as text_of
from search_api.problems import BadParameterError

_LONGEST = 300
_FREE = ("cursor", "limit", "facets", "explain", "lang", "warnings", "at", "at_zone")
"""What may differ between the pages of one list; the time is carried by the cursor."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor holds. Its times keep the order of all pages that of the first one's moment."""

    version: int
    question: str
    offset: int
    at: datetime
    now: datetime
    """The clock when the first page was made: ages of statuses count from there."""


def write(request: SearchRequest, offset: int, now: datetime) -> str:
    """The cursor of the page that begins at an offset."""
    value = Cursor(1, fingerprint(request), offset, request.at, now)
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(value)).decode().rstrip("=")


def read(text: str, lang: str) -> Cursor:
    """What a cursor says.

    Raises:
        BadParameterError: it is not one of ours.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        value = msgspec.msgpack.decode(data, type=Cursor)
        if value.version != 1 or not 0 < value.offset < 1 << 31 or value.at.tzinfo is None or value.now.tzinfo is None:
            raise ValueError
    except (ValueError, OverflowError, binascii.Error, msgspec.DecodeError):
        raise BadParameterError("cursor", text_of(lang, "search.cursor_foreign")) from None
    return value


def page_of(request: SearchRequest, now: datetime) -> tuple[int, datetime]:
    """Where the page asked for begins, and the clock of its list.

    Raises:
        BadParameterError: the cursor is of another question.
    """
    if not request.cursor:
        return 0, now
    cursor = read(request.cursor, request.lang)
    # As numbers: in the hour of a clock change, Python holds a time never equal to one of another zone.
    if cursor.question != fingerprint(request) or cursor.at.timestamp() != request.at.timestamp():
        raise BadParameterError("cursor", text_of(request.lang, "search.cursor_other"))
    return cursor.offset, cursor.now


def fingerprint(request: SearchRequest) -> str:
    """The same for all pages of one result list."""
    asked = {name: value for name, value in msgspec.structs.asdict(request).items() if name not in _FREE}
    return blake2b(msgspec.json.encode(asked, order="sorted"), digest_size=9).hexdigest()
