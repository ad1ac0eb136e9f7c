"""The seam of "how to fetch": a protocol turns a source into pages of raw records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

import msgspec

from harvester.fetching import Client, FetchError
from schemas.catalogue import Quarantined, RawRecord, Source
from store.sources import SourceState

__all__ = ["ByNamePage", "Fetch", "FetchByName", "FetchError", "Listing", "Opener", "Page", "absent_in_words"]


class Page(msgspec.Struct, kw_only=True):
    """What is stored in one transaction, together with the checkpoint to go on from after it."""

    records: list[RawRecord]
    quarantined: list[Quarantined] = msgspec.field(default_factory=list)
    checkpoint: dict[str, Any] = msgspec.field(default_factory=dict)
    expected: int | None = None
    """How many records the source says the whole list has."""
    last: bool = False
    """The list ends with this page, by the source's own word."""
    anew: bool = False
    """The list was begun anew, for it is another one now: what came of it before does not count as seen."""
    strays: list[str] = msgspec.field(default_factory=list)
    """Of the quarantined, those that are not of what was asked for, as they say themselves: the list has them not."""


class Fetch(Protocol):
    """One run over a source. Read ``pages`` to the end, then the rest."""

    state: SourceState
    """What to remember if the run ends complete (or with records quarantined only)."""
    whole: bool
    """The pages are the source's complete list, so that what is not on them has vanished."""
    losses: list[str]
    """What is known to be missing; not empty = the run is incomplete."""
    notes: list[str]
    """What an operator should know: moved address, repaired pages ..."""

    def pages(self) -> Iterator[Page]:
        """Pages in order. Raises FetchError when it cannot go on; what came before is stored already."""


class ByNamePage(msgspec.Struct, kw_only=True):
    """What came of records that were asked for by name."""

    page: Page
    absent: list[str]
    """The source says it has no such record."""
    works: bool
    """False: the source does not give single records; nothing of the above counts."""


def absent_in_words(names: list[str]) -> str:
    """What to tell of records that a list has, and of which the source then says that there are none."""
    return f"{len(names):,} records are listed, but the server says they do not exist, e.g. {names[0]}"


class Listing(msgspec.Struct, kw_only=True):
    """A batch of a source's list of names."""

    names: list[str]
    tombstones: dict[str, RawRecord] = msgspec.field(default_factory=dict)
    """By name: what the list says of deleted records, which is all there is to say of them."""
    size: int | None = None
    """How many names the source says the whole list has."""


@runtime_checkable
class FetchByName(Fetch, Protocol):
    """A run over a source that can also be asked for names and for single records."""

    doubts: list[str]
    """Why something may be missing though nothing says so: worth a look at the list of names."""

    def listed(self) -> Iterator[Listing]:
        """Names of all that the run was to bring, in batches. Raises FetchError."""

    def by_name(self, names: list[str]) -> ByNamePage:
        """Ask for records one by one. Raises FetchError."""

    def size_of_everything(self) -> int | None:
        """How many records the source says it has in all; None when it does not say. Raises FetchError."""


Opener = Callable[[Source, SourceState, dict[str, Any], bool, Client], Fetch]
"""Begins a run: the source, what earlier runs taught, the checkpoint to go on from ({} = start), whether everything is
wanted, and the client. Raises FetchError."""
