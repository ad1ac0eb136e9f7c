"""Whom to ask when nothing was found: the nearest places that can be reached by telephone or mail."""

from __future__ import annotations

import msgspec

from schemas.query import SearchRequest
from search_api.context import Context
from search_api.institutions import institutions_page
from search_api.web.institution_page import PlaceEntry, entry
from search_api.web.wording import Times, Wording

_SHOWN = 3


class Helper(msgspec.Struct, frozen=True, kw_only=True):
    """A place, and how to reach it."""

    entry: PlaceEntry
    phone: str
    email: str


def whom_to_ask(context: Context, asked: SearchRequest, say: Wording, times: Times) -> list[Helper]:
    """The nearest of the kinds and institutions that the asker wants; none where nobody said what to be near."""
    if asked.near is None:
        return []
    known = context.registry().by_id
    reached = {id_ for id_, place in known.items() if (place.phone or place.email) and not place.closed}
    wanted = reached & set(asked.institution) or reached
    found = institutions_page(context, at=asked.at, near=asked.near, kinds=asked.kind, ids=wanted, limit=_SHOWN)
    return [
        Helper(entry=entry(one, say, times), phone=known[one.id].phone, email=known[one.id].email)
        for one in found.institutions
        if one.distance_km is not None
    ]
