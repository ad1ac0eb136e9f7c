"""What may be said of a copy: one rule for the pages and for every format."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.catalogue import State
from search_api.ranking.rules import load_rules


def told(state: State, checked_at: datetime | None, moment: datetime) -> State:
    """The state that may be told as a fact: unknown where it is stale, or nobody knows how old it is.

    Args:
        state: as it was known.
        checked_at: when that was true.
        moment: to which its age counts: the later of now and the moment asked about.
    """
    if checked_at is None:
        return "unknown"
    stale_after = timedelta(hours=load_rules().availability.stale_after_h)
    return "unknown" if moment - checked_at > stale_after else state
