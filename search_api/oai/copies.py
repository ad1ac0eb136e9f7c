"""The copies that institutions have of a work, as fields of MARC 21 (852)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from search_api.renderers.marcxml import Field
from store.holdings import PlacedHolding


def copies(holdings: Sequence[PlacedHolding]) -> Iterator[Field]:
    """A field for each copy or set of copies whose institution is known."""
    seen: set[tuple[str, ...]] = set()
    for placed in holdings:
        if placed.institution is None:
            continue
        own, place = placed.holding, placed.institution
        key = (place.id, own.location, own.call_number, own.key)
        if key not in seen:
            seen.add(key)
            yield "852", "  ", [
                ("a", place.isil or place.id), ("b", place.name if place.isil else ""), ("c", own.location),
                ("h", own.call_number), ("p", own.key), ("t", str(own.copies) if own.copies > 1 else ""),
            ]  # fmt: skip
