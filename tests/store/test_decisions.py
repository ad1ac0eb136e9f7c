"""Decisions by people: noted for good, found by record, and told to the indexer."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.catalogue import CatalogueRecord
from schemas.decisions import Decision, RecordRef, problem_of
from store import decisions, records
from store.database import Database

A, B, C = (RecordRef(source="shelf", record=name) for name in "abc")
ABSENT = RecordRef(source="elsewhere", record="a")


def join(*refs: RecordRef, **more: Any) -> Decision:
    return Decision(**{"kind": "join", "level": "edition", "records": list(refs), "author": "Ann", **more})


def test_a_decision_is_kept_undone_and_found(database: Database, stock: Any) -> None:
    stock([], [CatalogueRecord(source="shelf", record=name, title=name) for name in "abc"])
    with database.begin() as connection:
        records.clear_pending(connection)
        made = decisions.add(connection, join(A, ABSENT, reason="same ink"))
        waiting = records.pending(connection)
        other = decisions.add(connection, join(B, C))
        records.clear_pending(connection)
        assert decisions.rows_of(connection, [A, ABSENT]) == {A: waiting[0]}
    assert len(waiting) == 1
    with database.begin() as connection:
        undone = decisions.revoke(connection, made.id, "Ben")
        assert decisions.revoke(connection, made.id, "Ben") is None
        assert decisions.revoke(connection, 99, "Ben") is None
        assert records.pending(connection) == waiting
    assert undone
    assert (undone.revoked_by, undone.reason, undone.author) == ("Ben", "same ink", "Ann")
    assert undone.revoked_at
    with database.connect() as connection:
        assert decisions.active(connection) == [other]
        assert decisions.history(connection) == [other, undone]
        assert decisions.about(connection, [ABSENT]) == [undone]
        assert decisions.about(connection, [A, C]) == [undone, other]


@pytest.mark.parametrize(
    ("decision", "word"),
    [
        (join(A), "two"),
        (join(A, A), "two"),
        (join(A, B, author=" "), "who"),
        (join(A, B, reason="x" * 1001), "letters"),
        (join(A, B, others=[C]), "only a split"),
        (join(A, kind="split"), "leave"),
        (join(A, kind="split", others=[B, A]), "both"),
        (join(*(RecordRef(source="s", record=str(i)) for i in range(201))), "too many"),
    ],
)
def test_what_cannot_be_decided_is_told(decision: Decision, word: str) -> None:
    assert word in problem_of(decision)


def test_what_can_be_decided_has_no_problem() -> None:
    assert problem_of(join(A, B)) == problem_of(join(A, kind="split", others=[B])) == ""
