"""Which works here records would join, before anything of them is kept: a hint for people, not the decision.

The index is asked for equal ISBNs, else for an equal title by an equal maker; merging itself compares more.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.analysis import title_keys
from indexer.engines.base import EngineError, Snapshot
from schemas.catalogue import CatalogueRecord
from schemas.query import EngineQuery, Terms
from schemas.work import Work
from search_api.context import Context
from store import works
from store.institutions import fold

_MOST = 50


def would_join(context: Context, records: Sequence[CatalogueRecord]) -> dict[str, Work]:
    """Record -> the work here that it would join; records that stay alone, and all while the index is away, lack."""
    try:
        snapshot = context.engine.snapshot()
        found = {record.record: _candidates(snapshot, record) for record in records if not record.unique}
    except EngineError:
        return {}
    numbers = sorted({number for own in found.values() for number in own})
    with context.database.connect() as connection:
        known = works.by_numbers(connection, numbers)
    joined = {}
    for record in records:
        near = [known[number] for number in found.get(record.record, ()) if number in known]
        fitting = next((work for work in near if _fits(record, work)), None)
        if fitting is not None:
            joined[record.record] = fitting
    return joined


def _candidates(snapshot: Snapshot, record: CatalogueRecord) -> list[int]:
    wanted = [Terms("isbn", tuple(record.isbns))] if record.isbns else []
    keys = title_keys(record.title) if record.creators else ()
    wanted += [Terms("title_key", keys[:1])] if keys else []
    return [
        number for terms in wanted for number in snapshot.all_matches(EngineQuery(filters=(terms,)), _MOST).tolist()
    ]


def _fits(record: CatalogueRecord, work: Work) -> bool:
    if set(record.isbns) & set(work.isbns):
        return True
    if work.type != record.type and "other" not in (work.type, record.type):
        return False
    makers = [set(fold(creator.name).split()) for creator in work.creators]
    return any(set(fold(creator.name).split()) in makers for creator in record.creators)
