"""Asks a DAIA 1.0 server (Document Availability Information API) for many records in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import msgspec

from schemas.catalogue import Availability, Service, State
from search_api.availability.base import Fetch, LiveError, LiveItem, filled

SERVICES: dict[str, Service] = {
    "loan": "loan",
    "presentation": "on_site",
    "interloan": "interloan",
    "remote": "digital",
    "openaccess": "digital",
}


class _Entity(msgspec.Struct):
    id: str = ""
    content: str = ""


class _Offer(msgspec.Struct):
    service: str
    delay: str = ""
    expected: str = ""
    limitation: list[_Entity] = msgspec.field(default_factory=list)


class _Item(msgspec.Struct):
    id: str = ""
    label: str = ""
    department: _Entity | None = None
    storage: _Entity | None = None
    available: list[_Offer] = msgspec.field(default_factory=list)
    unavailable: list[_Offer] = msgspec.field(default_factory=list)


class _Document(msgspec.Struct):
    id: str
    requested: str = ""
    item: list[_Item] = msgspec.field(default_factory=list)


class _Answer(msgspec.Struct):
    document: list[_Document]


class Daia:
    """Settings: "url" of the server, "id" template of its document identifiers (default "{record}")."""

    most_records = 20

    def can_ask(self, settings: Mapping[str, str], record: str) -> bool:
        """Any identifier without the separator of identifiers can be asked for."""
        return bool(settings.get("url")) and "|" not in record

    def ask(self, settings: Mapping[str, str], records: Sequence[str], fetch: Fetch) -> dict[str, list[LiveItem]]:
        """One request for all; see ``base.Adapter``."""
        ids = {filled(settings.get("id", "{record}"), record): record for record in records}
        body = fetch(settings["url"], {"id": "|".join(ids), "format": "json"})
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LiveError(f"not a DAIA 1.0 answer: {error}") from None
        now = datetime.now(UTC)
        found: dict[str, list[LiveItem]] = {}
        for document in answer.document:
            record = ids.get(document.requested) or ids.get(document.id)
            if record:
                found.setdefault(record, []).extend(_item(item, now) for item in document.item)
        return found


def _item(item: _Item, now: datetime) -> LiveItem:
    states: dict[Service, Availability] = {}
    for offers, free in ((item.available, True), (item.unavailable, False)):
        for offer in offers:
            # A service is a word, or a URI that ends in one (http://purl.org/ontology/dso#Loan).
            service = SERVICES.get(offer.service.replace("#", "/").rsplit("/", 1)[-1].lower())
            if service and service not in states:
                state, due = _state(offer, free)
                states[service] = Availability(service=service, state=state, due=due, checked_at=now, how="live")
    places = [part for entity in (item.department, item.storage) if entity for part in (entity.id, entity.content)]
    return LiveItem(
        key=item.id,
        call_number=item.label,
        places=tuple(place for place in places if place),
        states=tuple(states.values()),
    )


def _state(offer: _Offer, free: bool) -> tuple[State, str]:
    if free:
        return ("limited" if offer.limitation or offer.delay else "available"), ""
    if not offer.expected:
        return "unavailable", ""
    try:
        return "expected", date.fromisoformat(offer.expected[:10]).isoformat()
    except ValueError:  # "unknown": it will come back, nobody says when
        return "expected", ""
