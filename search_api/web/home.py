"""What the home page offers to begin with: examples that find something in these catalogues."""

from __future__ import annotations

from collections import Counter

import msgspec

from schemas.query import SearchRequest
from search_api.context import Context
from search_api.search import search
from search_api.web.addresses import Addresses
from search_api.web.wording import Wording

_KINDS = 4
_LANGUAGES = 3


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A search that somebody might try first."""

    label: str
    address: str
    icon: str = ""
    count: int | None = None


def examples(context: Context, say: Wording, to: Addresses) -> list[Example]:
    """Today near the largest town, then what there is most of.

    Raises:
        EngineError: there is no index, or the engine is away.
    """
    asked = SearchRequest(at=context.clock(), limit=1, facets=("type", "language"), lang=say.lang)
    facets = search(context, asked).facets
    types = [str(entry["value"]) for entry in facets.get("type", []) if entry["value"] != "other"][:_KINDS]
    languages = [str(entry["value"]) for entry in facets.get("language", [])][:_LANGUAGES]
    counts = {str(entry["value"]): int(entry["count"]) for name in facets for entry in facets[name]}
    found = _today(context, say, to)
    for name, values, label in (
        ("type", types, lambda value: say.named("type", value)),
        ("language", languages, say.language),
    ):
        found += [
            Example(label=label(value), address=to.page("/search", [(name, value)]), count=counts[value])
            for value in values
        ]
    return found


def _today(context: Context, say: Wording, to: Addresses) -> list[Example]:
    towns = Counter(place.city for place in context.registry().institutions if place.city and not place.closed)
    if not towns:
        return []
    town = towns.most_common(1)[0][0]
    return [
        Example(
            label=say(f"example_{name}", place=town),
            address=to.page("/search", [("near", town), (name, "true")]),
            icon=icon,
        )
        for name, icon in (("open", "clock"), ("available", "available"))
    ]
