"""What an institution says about one copy, as it is sent: checked item by item, so that one bad one spoils no batch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from schemas.catalogue import Service, State
from schemas.said import say
from search_api.json_body import faults

MOST_ITEMS = 10_000
CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours the clock of a system may be."""


class ItemError(Exception):
    """An item cannot be used; the message says why and how to mend it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.said = message
        """As it was given: pages say it in their language."""


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of one copy, or of all copies of a record, at an institution. ``record`` or ``isbn`` says of what."""

    state: State
    record: str = ""
    """The source's own identifier of the record (OAI identifier, MARC 001, CSV id)."""
    source: str = ""
    """Id of the source, where the same identifier stands in several."""
    isbn: str = ""
    holding: str = ""
    """The source's name of the copy (barcode, item id); empty = all copies at the place."""
    branch: str = ""
    """Id, name or code of the branch, where several hold the record."""
    service: Service = "loan"
    due: str = ""
    """ISO date on which it is expected back."""
    checked_at: datetime | None = None
    """When that was true; now when missing."""


def split(body: bytes) -> list[msgspec.Raw]:
    """The items of a batch, not yet looked at: a JSON array, or an object with the array as "items".

    Raises:
        ItemError: it is neither, or holds too many.
    """
    try:
        batch = msgspec.json.decode(body, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        if isinstance(batch, dict):
            if set(batch) != {"items"}:
                raise ItemError('Send {"items": [...]} or just the array.')
            batch = msgspec.json.decode(batch["items"], type=list[msgspec.Raw])
    except RecursionError:
        raise ItemError("Not a JSON array of items: it is nested too deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ItemError(f"Not a JSON array of items: {error}") from None
    if len(batch) > MOST_ITEMS:
        raise ItemError(f"{len(batch):,} items are too many: send at most {MOST_ITEMS:,} at a time.")
    return batch


def read(raw: msgspec.Raw, now: datetime) -> Item:
    """One item of a JSON batch, checked.

    Raises:
        ItemError: it cannot be used.
    """
    try:
        return check(msgspec.json.decode(raw, type=Item), now)
    except msgspec.ValidationError:
        pass  # told below, all of it
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ItemError(str(error)) from None
    try:
        given = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:  # a number beyond all that a machine can hold
        raise ItemError(str(error)) from None
    raise ItemError(_faults(given))


def read_row(row: dict[str, Any], now: datetime) -> Item:
    """One row of a table, checked; empty cells count as missing.

    Raises:
        ItemError: it cannot be used.
    """
    cells = {name: value for name, value in row.items() if value not in ("", None)}
    try:
        return check(msgspec.convert(cells, Item), now)
    except msgspec.ValidationError:
        raise ItemError(_faults(cells)) from None


def check(item: Item, now: datetime) -> Item:
    """The item with a time in UTC, when all in it makes sense together.

    Raises:
        ItemError: it does not.
    """
    if bool(item.record) == bool(item.isbn):
        raise ItemError(say('give either "record" (the source\'s identifier) or "isbn"'))
    if item.due:
        try:
            date.fromisoformat(item.due[:10])
        except ValueError:
            raise ItemError(say('"due": {due!r} is not a date like 2026-12-24', due=item.due[:40])) from None
    at = item.checked_at or now
    if at.tzinfo is None:
        raise ItemError('"checked_at" needs a time zone, as in 2026-11-23T10:00:00Z')
    if at > now + CLOCK_SKEW:
        raise ItemError(f'"checked_at" lies in the future ({at.isoformat()}); our clock says {now.isoformat()}')
    try:
        at = at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ItemError('"checked_at" is outside the calendar') from None
    return msgspec.structs.replace(item, checked_at=min(at, now.astimezone(UTC).replace(microsecond=0)))


def _faults(given: Any) -> str:
    """All that is wrong, each thing with its field."""
    return "; ".join(f"{pointer}: {why}" if pointer else why for pointer, why in faults(given, Item))
