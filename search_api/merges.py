"""Why records are together, and what people decide about it: what the addresses and pages need of merging.

Merging itself belongs to the indexer, which nothing here imports; whoever puts the application together hands it in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from schemas.decisions import Decision
from schemas.explanation import Apart, Decided, Explanation, Link, Reason
from schemas.work import Work
from search_api.context import Context
from search_api.messages import catalogue, text
from search_api.views import Moved
from store import works
from store.database import Connection

Noted = Callable[[Connection, Decision], None]
"""Writes the line of the audit, in the transaction of the decision it is told of."""


class Merges(Protocol):
    """Merging, as seen from here."""

    def explain(self, ids: Sequence[int]) -> Explanation:
        """Why records, by row number, are together or apart."""
        ...

    def decide(self, decision: Decision, noted: Noted) -> Decided:
        """Note a decision and, where possible, let it count at once.

        Raises:
            UndecidableError: it makes no sense or names unknown records.
        """
        ...

    def undo(self, id_: int, author: str, noted: Noted) -> Decided:
        """Let a decision count no more.

        Raises:
            UndecidableError: there is none, or it was undone before.
        """
        ...


def explain_work(context: Context, merges: Merges, id_: str, lang: str) -> Explanation | Moved | None:
    """Why the records of a work are together, in words; Moved when it became part of another, None without one."""
    with context.database.connect() as connection:
        work = None if "\0" in id_ else works.get(connection, id_)
    if not isinstance(work, Work):
        return Moved(work) if work else None
    return in_words(merges.explain([id_ for edition in work.editions for id_ in edition.record_ids]), lang)


def in_words(explanation: Explanation, lang: str) -> Explanation:
    """The same with all its ``words`` in a language."""
    replace = msgspec.structs.replace

    def told(reasons: Sequence[Reason]) -> list[Reason]:
        return [replace(one, words=_words_of(one.name, lang)) for one in reasons]

    links: list[Link] = [
        replace(one, reasons=told(one.reasons), words=text(lang, f"merging.how_{one.how}")) for one in explanation.links
    ]
    apart: list[Apart] = [
        replace(one, reasons=told(one.reasons), words=text(lang, f"merging.apart_{one.why}"))
        for one in explanation.apart
    ]
    return replace(explanation, links=links, apart=apart)


def _words_of(reason: str, lang: str) -> str:
    """A reason that has no words yet is better shown by its name than not at all."""
    key = f"merging.reason_{reason}"
    return text(lang, key) if key in catalogue("en") else reason
