"""Whom to ask about a work: the institutions that hold it and say how their systems may be asked."""

from __future__ import annotations

from schemas.institution import Institution
from schemas.work import Work
from search_api.availability.live import Question
from search_api.context import Context
from search_api.registry import Registry
from store import records, works
from store.holdings import PlacedHolding, place


def questions_about(context: Context, work_id: str) -> list[Question]:
    """The questions that a look at a work leads to; none where nobody can be asked."""
    registry = context.registry()
    if not any(row.live for row in registry.institutions):
        return []
    with context.database.connect() as connection:
        work = works.get(connection, work_id)
        if not isinstance(work, Work):
            return []
        found = records.with_sources(connection, [id_ for edition in work.editions for id_ in edition.record_ids])
    asked: dict[str, Question] = {}
    for copy in place(work, found, registry.resolver):
        owner = _owner(copy, registry)
        if owner:
            question = asked.setdefault(owner.id, Question(institution=owner, copies={}))
            question.copies.setdefault(found[copy.record_id][1].record, []).append(copy)
    return list(asked.values())


def _owner(copy: PlacedHolding, registry: Registry) -> Institution | None:
    """The institution whose system knows a copy: where it is, or the one that place belongs to."""
    here = copy.institution
    if here is None or here.live:
        return here
    parent = registry.by_id.get(here.parent)
    return parent if parent and parent.live else None
