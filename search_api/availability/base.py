"""The seam of live look-ups: how any library system is asked for the state of its copies, in two methods."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from schemas.catalogue import Availability

LIMIT = 1 << 20
"""Bytes of an answer that are read."""


class LiveError(Exception):
    """A system gave no usable answer; the message says what was wrong with it."""


class LiveItem(msgspec.Struct, frozen=True, kw_only=True):
    """One copy as a live system describes it."""

    key: str = ""
    """The system's name of the copy (item id, barcode)."""
    call_number: str = ""
    places: tuple[str, ...] = ()
    """Names or codes of where it is, most certain first."""
    states: tuple[Availability, ...] = ()


Fetch = Callable[[str, Mapping[str, str]], bytes]
"""Fetches an address with query parameters through the guarded client; any exception means that it did not work."""


class Adapter(Protocol):
    """One kind of library system. ``settings`` is ``Institution.live``."""

    most_records: int
    """How many records one request may ask for."""

    def can_ask(self, settings: Mapping[str, str], record: str) -> bool:
        """Whether the system can be asked about a record, by the source's own identifier."""

    def ask(self, settings: Mapping[str, str], records: Sequence[str], fetch: Fetch) -> dict[str, list[LiveItem]]:
        """The copies of records now, by record; a record the system does not know is left out.

        Raises:
            LiveError: the answer is not what the system's interface promises.
        """


def filled(template: str, record: str) -> str:
    """An identifier as the system knows it.

    Args:
        template: text with ``{record}`` (the source's identifier) or ``{local}`` (what follows its last ":" or "/").
        record: the source's identifier.
    """
    local = record.replace("/", ":").rsplit(":", 1)[-1]
    return string.Template(template.replace("{record}", "${record}").replace("{local}", "${local}")).safe_substitute(
        record=record, local=local
    )
