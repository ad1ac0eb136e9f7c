"""The cursor of a result list: what was shown of it. The next page is the best of what was not.

So a list has no gaps and nothing twice, however much changes between its pages: ranks move with every status and every
write to the index, and a place in the order would mean another work each time. The server keeps nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from schemas.query import SearchRequest
from search_api.messages import text as text_of
from search_api.problems import BadParameterError

MOST_REMEMBERED = 1500
"""Works that a cursor names, 3 bytes each, so that an address stays below the 8,000 characters that proxies take.

Of a longer list those that rank first now are only counted: the least likely to come again.
"""
_LONGEST = 7000
_FREE = ("cursor", "limit", "facets", "explain", "lang", "warnings", "at", "at_zone")
"""What may differ between the pages of one list; the time is carried by the cursor."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor holds. Its times keep the order of all pages that of the first one's moment."""

    version: int
    question: str
    passed: Annotated[int, Meta(ge=0, lt=1 << 31)]
    """Works shown besides those that are named."""
    steps: Annotated[list[Annotated[int, Meta(gt=0, lt=1 << 40)]], Meta(max_length=MOST_REMEMBERED)]
    """Numbers of works shown, ascending, each as the distance from the one before."""
    at: datetime
    now: datetime
    """The clock when the first page was made: ages of statuses count from there."""


class Shown(msgspec.Struct, frozen=True):
    """What was shown on the pages before. ``now``: the clock of the list."""

    passed: int
    numbers: NDArray[np.int64]
    now: datetime

    def __len__(self) -> int:
        return self.passed + len(self.numbers)

    def left(self, ranked: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions in a ranking of what was not shown yet, best first."""
        return np.flatnonzero(~np.isin(ranked, self.numbers))[self.passed :]

    def with_page(self, ranked: NDArray[np.int64], page: NDArray[np.int64]) -> Shown:
        """What is shown once a page is; of too many the best ranked are only counted."""
        numbers = np.concatenate([self.numbers, page])
        excess = max(len(numbers) - MOST_REMEMBERED, 0)
        first = ranked[np.isin(ranked, numbers)][:excess]
        excess -= len(first)  # where most have left the ranking: any of them
        kept = numbers[~np.isin(numbers, first)][excess:]
        return Shown(self.passed + len(numbers) - len(kept), kept, self.now)


def write(request: SearchRequest, shown: Shown) -> str:
    """The cursor of the page after what was shown."""
    steps: Sequence[int] = np.diff(np.sort(shown.numbers), prepend=0).tolist()
    value = Cursor(2, fingerprint(request), shown.passed, list(steps), request.at, shown.now)
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(value)).decode().rstrip("=")


def beyond(request: SearchRequest, passed: int, now: datetime) -> SearchRequest:
    """The request for the page after so many works, for clients that count positions: ranks may move between pages."""
    if not passed:
        return request
    token = write(request, Shown(passed, np.zeros(0, np.int64), now))
    return msgspec.structs.replace(request, cursor=token)


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
        if value.version != 2 or value.at.tzinfo is None or value.now.tzinfo is None:
            raise ValueError
    except (ValueError, OverflowError, binascii.Error, msgspec.DecodeError):
        raise BadParameterError("cursor", text_of(lang, "search.cursor_foreign")) from None
    return value


def shown_before(request: SearchRequest, now: datetime) -> Shown:
    """What the pages before the one asked for have shown.

    Raises:
        BadParameterError: the cursor is of another question.
    """
    if not request.cursor:
        return Shown(0, np.zeros(0, np.int64), now)
    cursor = read(request.cursor, request.lang)
    # As numbers: in the hour of a clock change, Python holds a time never equal to one of another zone.
    if cursor.question != fingerprint(request) or cursor.at.timestamp() != request.at.timestamp():
        raise BadParameterError("cursor", text_of(request.lang, "search.cursor_other"))
    return Shown(cursor.passed, np.cumsum(np.array(cursor.steps, np.int64)), cursor.now)


def fingerprint(request: SearchRequest) -> str:
    """The same for all pages of one result list."""
    asked = {name: value for name, value in msgspec.structs.asdict(request).items() if name not in _FREE}
    return blake2b(msgspec.json.encode(asked, order="sorted"), digest_size=9).hexdigest()
