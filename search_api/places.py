"""The places of a work: its holdings, one group for each door one walks through."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.answer import Best
from search_api.views import HoldingView


def place_name(best: Best) -> str:
    """The institution, with the branch in the source's words where the registry knows only its owner."""
    if best.branch and best.branch.casefold() not in best.institution.casefold():
        return f"{best.institution}, {best.branch}" if best.institution else best.branch
    return best.institution


def by_place(holdings: Iterable[HoldingView]) -> list[list[HoldingView]]:
    """Holdings by place, in their order: of a place the best copy is first, and the place of the best is first."""
    found: dict[tuple[str | None, str], list[HoldingView]] = {}
    for holding in holdings:
        found.setdefault((holding.best.institution_id, place_name(holding.best)), []).append(holding)
    return list(found.values())
