"""Asks a Koha library system over its REST API for the items of a record (public route, no credentials)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from urllib.parse import quote

import msgspec

from schemas.catalogue import Availability, State
from search_api.availability.base import Fetch, LiveError, LiveItem, filled


class _Checkout(msgspec.Struct):
    due_date: str | None = None


class _Item(msgspec.Struct):
    item_id: int | None = None
    external_id: str | None = None
    callnumber: str | None = None
    home_library_id: str | None = None
    holding_library_id: str | None = None
    checked_out_date: str | None = None
    checkout: _Checkout | None = None
    effective_not_for_loan_status: int | None = None
    not_for_loan_status: int | None = None
    lost_status: int | None = None
    withdrawn: int | None = None
    damaged_status: int | None = None
    restricted_status: int | None = None


class Koha:
    """Settings: "url" of the API ("https://opac.example.org/api/v1"), "id" template of biblio numbers ("{local}")."""

    most_records = 1

    def can_ask(self, settings: Mapping[str, str], record: str) -> bool:
        """Koha numbers its records."""
        return bool(settings.get("url")) and filled(settings.get("id", "{local}"), record).isdigit()

    def ask(self, settings: Mapping[str, str], records: Sequence[str], fetch: Fetch) -> dict[str, list[LiveItem]]:
        """A request a record; see ``base.Adapter``."""
        now = datetime.now(UTC)
        found: dict[str, list[LiveItem]] = {}
        for record in records:
            number = quote(filled(settings.get("id", "{local}"), record), safe="")
            body = fetch(f"{settings['url'].rstrip('/')}/public/biblios/{number}/items", {"_per_page": "100"})
            try:
                items = msgspec.json.decode(body, type=list[_Item])
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LiveError(f"not the items of a Koha record: {error}") from None
            found[record] = [_item(item, now) for item in items]
        return found


def _item(item: _Item, now: datetime) -> LiveItem:
    places = (item.holding_library_id, item.home_library_id)
    loan, due = _loan(item)
    gone = item.lost_status or item.withdrawn
    site: State = "unavailable" if gone else "expected" if loan == "expected" else "available"
    states = (
        Availability(service="loan", state=loan, due=due, checked_at=now, how="live"),
        Availability(service="on_site", state=site, due=due, checked_at=now, how="live"),
    )
    return LiveItem(
        key=item.external_id or str(item.item_id or ""),
        call_number=item.callnumber or "",
        places=tuple(place for place in places if place),
        states=states,
    )


def _loan(item: _Item) -> tuple[State, str]:
    if item.lost_status or item.withdrawn:
        return "unavailable", ""
    if item.checked_out_date or item.checkout:
        return "expected", _date(item.checkout.due_date if item.checkout else None)
    refused = item.effective_not_for_loan_status or item.not_for_loan_status or 0
    if refused:  # below zero: ordered, not here yet; above: to be used here only
        return ("expected" if refused < 0 else "unavailable"), ""
    return ("limited" if item.restricted_status or item.damaged_status else "available"), ""


def _date(text: str | None) -> str:
    # `checked_out_date` names the due date in some versions and the day of the loan in others: it is not shown.
    try:
        return date.fromisoformat((text or "")[:10]).isoformat()
    except ValueError:
        return ""
