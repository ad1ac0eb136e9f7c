"""Asks institutions' own systems about the copies of the work a person looks at: never in a search, never for robots.

A slow or broken system costs nobody more than the time box, and soon nothing: the same question is asked once at a time
and once a minute, a failing system is left alone, and each institution has a budget.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import msgspec
import structlog

from schemas.institution import Institution
from search_api.availability.base import Adapter, Fetch
from search_api.availability.circuit import Circuits
from search_api.availability.daia import Daia
from search_api.availability.koha import Koha
from search_api.availability.matching import facts_of
from search_api.metrics import Metrics
from store import availability
from store.database import Database
from store.holdings import PlacedHolding
from store.institutions import Resolver

ADAPTERS: dict[str, Adapter] = {"daia": Daia(), "koha": Koha()}
TIME_BOX_S = 1.5
ASKED_ONCE_IN_S = 60.0
_AT_ONCE = 2
"""Requests under way to one institution."""
_REMEMBERED = 10_000
_ROBOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|externalhit|preview|archiv|monitor|fetcher|feed|headless", re.IGNORECASE
)
log = structlog.stdlib.get_logger("lampway.live")


def is_robot(user_agent: str) -> bool:
    """Whether a User-Agent names a program that reads pages for nobody in particular; so does none at all."""
    return not user_agent or bool(_ROBOT.search(user_agent))


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What one institution is asked: records by the source's identifier, each with our copies of it there."""

    institution: Institution
    copies: dict[str, list[PlacedHolding]]


class LiveLookups:
    """Asks, and keeps what was learnt in the store."""

    def __init__(
        self,
        database: Database,
        fetch: Fetch,
        metrics: Metrics,
        *,
        time_box: float = TIME_BOX_S,
        circuits: Circuits | None = None,
    ) -> None:
        self._database, self._fetch, self._metrics, self._time_box = database, fetch, metrics, time_box
        self._circuits = circuits or Circuits()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="live")
        self._lock = threading.RLock()  # a future that is done already calls back inside _begin
        self._running: dict[tuple[str, str], Future[bool]] = {}
        self._asked: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def ask(self, questions: Sequence[Question], resolver: Resolver) -> bool:
        """Ask, and wait for what comes within the time box; later answers are kept too.

        Returns:
            Whether something new is known now.
        """
        futures = {f for question in questions for f in self._begin(question, resolver)}
        if not futures:
            return False
        done, late = await asyncio.wait([asyncio.wrap_future(f) for f in futures], timeout=self._time_box)
        for _ in late:
            self._metrics.live("late")
        return any([future.result() for future in done])  # noqa: C419 - a failure of ours in any of them shall show

    def close(self) -> None:
        """Begin no more questions."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, question: Question, resolver: Resolver) -> list[Future[bool]]:
        """Start what is not under way and was not asked a moment ago."""
        settings, id_ = question.institution.live, question.institution.id
        adapter = ADAPTERS.get(settings.get("adapter", ""))
        if adapter is None:
            return []
        futures: list[Future[bool]] = []
        with self._lock:
            wanted = []
            for record in question.copies:
                key = (id_, record)
                if key in self._running:
                    futures.append(self._running[key])
                elif self._is_due(key) and adapter.can_ask(settings, record):
                    wanted.append(record)
            for start in range(0, len(wanted), adapter.most_records):
                batch = wanted[start : start + adapter.most_records]
                busy = {id(f) for (owner, _), f in self._running.items() if owner == id_}
                if len(busy) >= _AT_ONCE or not self._circuits.may_ask(id_):
                    self._metrics.live("refused")
                    break
                future = self._pool.submit(self._ask_one, adapter, question, batch, resolver)
                futures.append(future)
                for record in batch:
                    self._running[id_, record] = future
                    self._note(id_, record)
                future.add_done_callback(partial(self._forget, [(id_, record) for record in batch]))
        return futures

    def _is_due(self, key: tuple[str, str]) -> bool:
        return time.monotonic() - self._asked.get(key, -ASKED_ONCE_IN_S) >= ASKED_ONCE_IN_S

    def _note(self, institution: str, record: str) -> None:
        self._asked.pop((institution, record), None)
        self._asked[institution, record] = time.monotonic()
        while len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)

    def _forget(self, keys: list[tuple[str, str]], _: Future[bool]) -> None:
        with self._lock:
            for key in keys:
                self._running.pop(key, None)

    def _ask_one(self, adapter: Adapter, question: Question, batch: list[str], resolver: Resolver) -> bool:
        institution, began = question.institution, time.monotonic()
        try:
            answer = adapter.ask(institution.live, batch, self._fetch)
        except Exception as error:
            log.warning("live look-up failed", institution=institution.id, reason=str(error)[:300])
            self._circuits.failed(institution.id)
            self._metrics.live("failed")
            return False
        if time.monotonic() - began > self._time_box:
            self._circuits.failed(institution.id)
        else:
            self._circuits.succeeded(institution.id)
        facts = [
            fact
            for record, items in answer.items()
            for fact in facts_of(items, question.copies[record], resolver, institution.id)
        ]
        if facts:
            with self._database.begin() as connection:
                availability.put(connection, facts)
        self._metrics.live("answered")
        return bool(facts)
