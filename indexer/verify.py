"""Audit: does the index hold what the store says? Every number is compared, and contents by sample or all of them.

Each document carries a fingerprint of itself, so that one question tells which of many an index holds as they are now.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import numpy as np

from config.settings import Settings
from indexer.build import LEASE, build
from indexer.documents import documents_of
from indexer.engines.base import EngineError, SearchEngine, Snapshot
from indexer.generations import why_rebuild
from indexer.merging.merge import MergeReport, Progress, merge_pending
from indexer.update import UpdateReport, write_pending
from schemas.query import EngineQuery, Terms
from schemas.work import Work
from store import works
from store.database import Database
from store.institutions import Resolver, all_institutions
from store.leases import held

SAMPLE = 1000
_BATCH = 500
_SHOWN = 20


class Differences(msgspec.Struct, kw_only=True):
    """What an index holds otherwise than the store."""

    generation: str
    stored: int
    """Living works of the store."""
    indexed: int
    waiting: int
    """Works in the outbox: known to differ, and no fault."""
    compared: int = 0
    """Works whose content was compared."""
    missing: int = 0
    surplus: int = 0
    """In the index, though gone from the store or twice."""
    differing: int = 0
    examples: list[int] = msgspec.field(default_factory=list)
    """Numbers of some of these works."""
    stale: str = ""
    """Why the index as a whole does not fit the store; "" = it does."""
    repaired: int = 0
    """Works that were written anew."""

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.missing or self.surplus or self.differing or self.stale)


def verify(
    database: Database,
    engine: SearchEngine,
    settings: Settings,
    *,
    sample: int | None = SAMPLE,
    repair: bool = False,
    on_progress: Progress | None = None,
) -> Differences:
    """Compare the live index with the store; nothing else indexes meanwhile, harvests and searches go on.

    Args:
        database: the store.
        engine: whose live generation.
        settings: names the folder of the columns.
        sample: how many works' contents to compare, drawn at random; None = all.
        repair: compare all contents, write what differs anew, and compare again.
        on_progress: told (stage, done, total).

    Returns:
        What differs; after a repair, what still does.

    Raises:
        EngineError: the engine is away or has no index.
        LeaseTakenError: another process is indexing.
    """
    with held(database, LEASE):
        found, wrong = _compare(database, engine, None if repair else sample, on_progress)
        if not repair or not found.any:
            return found
        if found.stale:
            build(database, engine, settings, merge_pending(database, on_progress), on_progress, found.stale)
        else:
            with database.begin() as connection:
                works.mark_pending(connection, wrong)
            write_pending(
                database, engine, settings, UpdateReport(generation=found.generation, merged=MergeReport()), on_progress
            )
        after, _ = _compare(database, engine, None, on_progress)
        after.repaired = after.stored if found.stale else len(wrong)
        return after


def _compare(
    database: Database, engine: SearchEngine, sample: int | None, on_progress: Progress | None
) -> tuple[Differences, list[int]]:
    health = engine.health()
    if not health.ok:
        raise EngineError(health.message)
    snapshot = engine.snapshot()
    held_numbers, often = np.unique(snapshot.all_matches(EngineQuery(), 2 * health.works + 1000), return_counts=True)
    with database.connect() as connection:
        stored = np.sort(np.fromiter(works.living_numbers(connection), np.int64))
        waiting = np.array(works.pending(connection, 1 << 40), np.int64)
    missing = np.setdiff1d(np.setdiff1d(stored, held_numbers), waiting)
    surplus = np.setdiff1d(np.union1d(np.setdiff1d(held_numbers, stored), held_numbers[often > 1]), waiting)
    found = Differences(
        generation=snapshot.generation, stored=len(stored), indexed=int(often.sum()), waiting=len(waiting),
        missing=len(missing), surplus=len(surplus), stale=why_rebuild(database, engine),
    )  # fmt: skip
    wrong = [int(number) for number in np.union1d(missing, surplus)]
    if not found.stale:
        comparable = [int(n) for n in np.setdiff1d(np.intersect1d(stored, held_numbers), waiting)]
        if sample is not None and sample < len(comparable):
            comparable = sorted(random.sample(comparable, sample))
        differing = list(_differing(database, snapshot, comparable, on_progress))
        found.compared, found.differing = len(comparable), len(differing)
        wrong = sorted({*wrong, *differing})
    found.examples = wrong[:_SHOWN]
    return found, wrong


def _differing(
    database: Database, snapshot: Snapshot, numbers: list[int], on_progress: Progress | None
) -> Iterator[int]:
    """Works that the index does not hold as the store would have them written now."""
    with database.connect() as connection:
        resolver = Resolver(all_institutions(connection))
    for start in range(0, len(numbers), _BATCH):
        part = numbers[start : start + _BATCH]
        with database.connect() as connection:
            living: list[Work] = list(works.by_numbers(connection, part).values())
            documents = documents_of(connection, living, resolver)
        prints = tuple(document.fingerprint for document in documents)
        query = EngineQuery(filters=(Terms("fingerprint", prints),))
        right = set(snapshot.all_matches(query, 2 * len(prints)).tolist()) if prints else set()
        yield from (document.number for document in documents if document.number not in right)
        if on_progress:
            on_progress("compare", min(start + _BATCH, len(numbers)), len(numbers))
