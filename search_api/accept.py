"""Which of the media types that we have a client likes best (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_RANGES = 50


def best(header: str, offered: Sequence[str]) -> str | None:
    """The type that an Accept header weighs highest; of equals the first offered. None: it rules all of them out.

    Args:
        header: the header's value; empty = anything will do.
        offered: media types without parameters, lower case, at least one.
    """
    ranges = [_read(part) for part in header.split(",")[:_MOST_RANGES] if part.strip()]
    if not ranges:
        return offered[0]
    weights = [_weight(type_, ranges) for type_ in offered]
    highest = max(weights)
    return offered[weights.index(highest)] if highest > 0 else None


def _read(part: str) -> tuple[str, float]:
    type_, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return type_, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return type_, 1.0


def _weight(type_: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the most exact range that the type falls into."""
    for wanted in (type_, f"{type_.partition('/')[0]}/*", "*/*"):
        found = [weight for given, weight in ranges if given == wanted]
        if found:
            return max(found)
    return 0.0
