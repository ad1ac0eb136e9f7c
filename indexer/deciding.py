"""Takes decisions by people: notes them in the store, and merges what they touch at once where that is little work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from indexer.build import LEASE
from indexer.merging.merge import merge_pending, rules_changed
from indexer.merging.rulings import Rulings
from schemas.decisions import MAX_RECORDS, Decision, RecordRef, UndecidableError, problem_of
from schemas.explanation import Decided
from store import decisions, records, works
from store.database import Connection, Database
from store.leases import LeaseTakenError, held

Noted = Callable[[Connection, Decision], None]
"""Told of what was decided, in its transaction: both stand, or neither."""

AT_ONCE = 2_000
"""With more records waiting, merging takes longer than somebody wants to look at a page that does not change."""


def decide(database: Database, decision: Decision, noted: Noted = lambda connection, made: None) -> Decided:
    """Note a decision and, where possible, let it count at once.

    Args:
        database: the store.
        decision: what somebody decided; id and time are given here. A split without others leaves all that its records
            are together with now.
        noted: writes its line of the audit.

    Raises:
        UndecidableError: it makes no sense, or names records that were never there.
    """
    if decision.kind == "split" and decision.records and not decision.others:
        decision = msgspec.structs.replace(decision, others=_others_of(database, decision.records))
    if problem := problem_of(decision):
        raise UndecidableError(problem)
    with database.begin() as connection:
        known = decisions.rows_of(connection, decision.all_records)
        missing = [str(ref) for ref in decision.all_records if ref not in known]
        if missing:
            raise UndecidableError(
                f"no record {', '.join(missing[:5])}: name it SOURCE/RECORD, as `lampway works export` does"
            )
        before = Rulings(decisions.active(connection)).overruled
        made = decisions.add(connection, decision)
        noted(connection, made)
        after = Rulings(decisions.active(connection)).overruled
    overruled = sorted({one.decision for one in after if one not in before} - {made.id})
    return _counted(database, made, overruled)


def undo(database: Database, id_: int, author: str, noted: Noted = lambda connection, undone: None) -> Decided:
    """Let a decision count no more; ``noted`` as in ``decide``.

    Raises:
        UndecidableError: there is none, or it was undone before.
    """
    if not author.strip():
        raise UndecidableError("say who undoes it (author)")
    with database.begin() as connection:
        undone = decisions.revoke(connection, id_, author)
        if undone is None:
            old = decisions.get(connection, id_)
            was = f"was undone {old.revoked_at} by {old.revoked_by}" if old else "does not exist"
            raise UndecidableError(f"decision {id_} {was}")
        noted(connection, undone)
    return _counted(database, undone, [])


def _others_of(database: Database, refs: Sequence[RecordRef]) -> list[RecordRef]:
    """What records are together with now: all other living records of their works."""
    with database.connect() as connection:
        rows = decisions.rows_of(connection, refs)
        numbers = {number for number, _ in works.assignments(connection, sorted(rows.values())).values() if number}
        together = sorted(works.records_of(connection, sorted(numbers)) - set(rows.values()))
        found = records.by_ids(connection, together[:MAX_RECORDS])
    if not together:
        raise UndecidableError("the records are together with no others: there is nothing to split them from")
    if len(together) + len(refs) > MAX_RECORDS:
        raise UndecidableError(f"they are together with {len(together)} others; name those that they are to leave")
    return [RecordRef(source=record.source, record=record.record) for record in found.values()]


def _counted(database: Database, decision: Decision, overruled: list[int]) -> Decided:
    applied = _apply(database)
    return Decided(
        decision=decision, applied=applied, overrules=overruled, works=_works_of(database, decision.all_records)
    )


def _apply(database: Database) -> bool:
    """Merge what waits, unless that is much or somebody is at it."""
    with database.connect() as connection:
        if records.count_pending(connection) > AT_ONCE or rules_changed(connection):
            return False
    try:
        with held(database, LEASE):
            merge_pending(database)
    except LeaseTakenError:
        return False
    return True


def _works_of(database: Database, refs: Sequence[RecordRef]) -> list[str]:
    with database.connect() as connection:
        rows = decisions.rows_of(connection, refs)
        assigned = works.assignments(connection, sorted(rows.values()))
        found = works.by_numbers(connection, sorted({number for number, _ in assigned.values() if number}))
    return sorted(work.id for work in found.values())
