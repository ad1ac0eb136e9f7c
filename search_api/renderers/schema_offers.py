"""Copies as offers of schema.org. A state that is stale or not known is no availability at all."""

from __future__ import annotations

from datetime import date
from typing import Any

from schemas.catalogue import Availability, State
from search_api.renderers.base import Frame
from search_api.renderers.schema_places import place
from search_api.renderers.states import told
from search_api.views import HoldingView, WorkView
from search_api.web.addresses import safe_url

Json = dict[str, Any]
MOST = 20
"""Offers of a work: the nearest, or without a position the best."""
_SCHEMA = "https://schema.org/"
_LEND = "http://purl.org/goodrelations/v1#LeaseOut"
_STATES: tuple[State, ...] = ("available", "limited", "expected", "unavailable")
_AVAILABLE = {"loan": "InStock", "on_site": "InStoreOnly", "digital": "OnlineOnly", "interloan": "LimitedAvailability"}
_OTHERS: dict[State, str] = {"limited": "LimitedAvailability", "expected": "BackOrder", "unavailable": "OutOfStock"}


def offers(work: WorkView, frame: Frame) -> list[Json]:
    """One offer a holding."""
    known = any(holding.best.distance_km is not None for holding in work.holdings)
    ordered = sorted(work.holdings, key=_kilometres) if known else work.holdings
    found = [_offer(holding, work, frame) for holding in ordered[:MOST]]
    described: set[str] = set()
    for offer in found:
        where = offer.get("availableAtOrFrom", {})
        if where.get("@id") in described:  # once is enough, and twice would be two positions of one place
            offer["availableAtOrFrom"] = {"@id": where["@id"]}
        elif "@id" in where:
            described.add(where["@id"])
    return found


def best_told(holding: HoldingView, frame: Frame) -> tuple[State, Availability | None]:
    """The best state of a holding that may be told as a fact, and the service it is about."""
    states = [(told(one.state, one.checked_at, frame.moment), one) for one in holding.services]
    known = [pair for pair in states if pair[0] in _STATES]
    return min(known, key=lambda pair: _STATES.index(pair[0])) if known else ("unknown", None)


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _kilometres(holding: HoldingView) -> float:
    return float("inf") if holding.best.distance_km is None else holding.best.distance_km


def _offer(holding: HoldingView, work: WorkView, frame: Frame) -> Json:
    state, about = best_told(holding, frame)
    offer: Json = {"@type": "Offer", "url": safe_url(holding.url) or frame.work(work.id)}
    service = about.service if about else (holding.best.service or "")
    if service != "digital" and (where := place(holding.best, holding.address, frame)):
        offer["availableAtOrFrom"] = where
    if holding.best.call_number:
        offer["sku"] = holding.best.call_number
    if service in ("loan", "interloan"):
        offer["businessFunction"] = _LEND
    if about is None:
        return offer
    offer["availability"] = _SCHEMA + (_AVAILABLE[about.service] if state == "available" else _OTHERS[state])
    if _is_date(about.due) and state in ("expected", "unavailable"):
        offer["availabilityStarts"] = about.due
    if service == "loan" and state in ("available", "limited") and work.type == "book":
        offer["price"] = 0
    return offer
