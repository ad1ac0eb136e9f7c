"""Merging as the web application takes it: the indexer's functions over one store."""

from __future__ import annotations

from collections.abc import Sequence

from indexer import deciding
from indexer.merging.explain import explain
from schemas.decisions import Decision
from schemas.explanation import Decided, Explanation
from store.database import Database


class StoreMerges:
    """``search_api.merges.Merges`` over a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def explain(self, ids: Sequence[int]) -> Explanation:
        """See ``explain``."""
        return explain(self._database, ids)

    def decide(self, decision: Decision, noted: deciding.Noted) -> Decided:
        """See ``deciding.decide``."""
        return deciding.decide(self._database, decision, noted)

    def undo(self, id_: int, author: str, noted: deciding.Noted) -> Decided:
        """See ``deciding.undo``."""
        return deciding.undo(self._database, id_, author, noted)
