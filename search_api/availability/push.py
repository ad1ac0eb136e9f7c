"""Stores what an institution tells about its copies: a batch in, what became of each item out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from indexer.engines.base import SearchEngine
from schemas.institution import Institution
from search_api.availability import items
from search_api.availability.items import Item, ItemError
from search_api.availability.targets import Targets
from store import availability
from store.availability import Fact, How
from store.database import Database
from store.institutions import Resolver

_BEST_FIRST = ("stored", "unchanged", "older")


class PushReport(msgspec.Struct, kw_only=True):
    """What became of a batch. ``received`` = stored + unchanged + older + failed."""

    received: int = 0
    stored: int = 0
    unchanged: int = 0
    """Known already."""
    older: int = 0
    """Something younger is known, so that it changed nothing."""
    failed: int = 0
    results: list[str] = msgspec.field(default_factory=list)
    """stored, unchanged, older or failed, for each item in order."""
    errors: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """"index", "pointer" (JSON Pointer into the batch) and "detail" of each that failed."""


class Pusher:
    """Takes batches for one institution."""

    def __init__(
        self,
        database: Database,
        engine: SearchEngine,
        resolver: Resolver,
        institution: Institution,
        institutions: Iterable[Institution],
        how: How = "pushed",
    ) -> None:
        self._database, self._engine, self._resolver = database, engine, resolver
        self._institution, self._institutions, self._how = institution, list(institutions), how

    def push_json(self, body: bytes, now: datetime) -> PushReport:
        """Store a JSON batch.

        Raises:
            ItemError: the batch as a whole cannot be read.
            EngineError: it names ISBNs, and the engine does not answer.
        """
        return self._push([_attempt(lambda raw=raw: items.read(raw, now)) for raw in items.split(body)])[0]

    def push_rows(self, rows: Iterable[dict[str, Any]], now: datetime) -> PushReport:
        """Store rows of a table; raises as ``push_json``."""
        return self._push([_attempt(lambda row=row: items.read_row(row, now)) for row in rows])[0]

    def push_one(self, row: dict[str, Any], now: datetime) -> None:
        """Store what one row says.

        Raises:
            ItemError: it cannot be used.
            EngineError: it names an ISBN, and the engine does not answer.
        """
        for error in self._push([_attempt(lambda: items.read_row(row, now))])[1].values():
            raise error

    def _push(self, read: Sequence[Item | ItemError]) -> tuple[PushReport, dict[int, ItemError]]:
        targets = Targets(self._database, self._engine, self._resolver, self._institution, self._institutions)
        targets.load([item for item in read if isinstance(item, Item)])
        facts: list[Fact] = []
        owners: list[int] = []
        found: dict[int, ItemError] = {}
        for index, item in enumerate(read):
            if isinstance(item, ItemError):
                found[index] = item
                continue
            try:
                own = [_fact(item, *target, self._how) for target in targets.of(item)]
            except ItemError as error:
                found[index] = error
                continue
            facts += own
            owners += [index] * len(own)
        with self._database.begin() as connection:
            outcomes = availability.put(connection, facts)
        by_item: dict[int, set[str]] = {}
        for index, outcome in zip(owners, outcomes, strict=True):
            by_item.setdefault(index, set()).add(outcome)
        results = [
            "failed" if index in found else next(name for name in _BEST_FIRST if name in by_item[index])
            for index in range(len(read))
        ]
        report = PushReport(
            received=len(read),
            **Counter(results),
            results=results,
            errors=[{"index": index, "pointer": f"/{index}", "detail": str(error)} for index, error in found.items()],
        )
        return report, found


def _attempt(read: Any) -> Item | ItemError:
    try:
        return read()  # type: ignore[no-any-return]
    except ItemError as error:
        return error


def _fact(item: Item, record: int, institution: int, holding: str, how: How) -> Fact:
    assert item.checked_at is not None  # noqa: S101 - items.check has filled it in
    return Fact(
        record=record,
        institution=institution,
        holding=holding,
        service=item.service,
        state=item.state,
        due=item.due[:32],
        how=how,
        checked_at=item.checked_at.isoformat(timespec="seconds"),
    )
