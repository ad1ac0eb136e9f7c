"""What is kept of pushed states and of keys: order of arrival, age, versions, hashes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import api_keys, availability
from store.availability import Fact
from store.database import Database, open_database
from store.tables import api_keys as key_table


def fact(minute: int, state: str = "available", record: int = 1, holding: str = "") -> Fact:
    return Fact(
        record=record,
        institution=1,
        holding=holding,
        service="loan",
        state=state,  # type: ignore[arg-type]
        how="pushed",
        checked_at=f"2026-11-23T10:{minute:02}:00+00:00",
    )


def test_the_older_never_overwrites(database: Database) -> None:
    with database.begin() as connection:
        assert availability.put(connection, [fact(5)]) == ["stored"]
        assert availability.put(connection, [fact(4, "unavailable")]) == ["older"]
        assert availability.put(connection, [fact(5)]) == ["unchanged"]
        assert availability.put(connection, [fact(5, "expected")]) == ["stored"]
        assert availability.of_records(connection, [1]) == {1: [fact(5, "expected")]}


def test_one_batch_may_say_it_twice(database: Database) -> None:
    with database.begin() as connection:
        assert availability.put(connection, [fact(1), fact(3, "limited"), fact(2)]) == ["stored", "stored", "older"]
        assert availability.of_records(connection, [1])[1] == [fact(3, "limited")]


def test_readers_see_each_change_once(database: Database) -> None:
    with database.begin() as connection:
        availability.put(connection, [fact(1, record=r) for r in range(1, 450)])
        first = list(availability.since(connection, 0))
        availability.put(connection, [fact(2, "expected", record=7), fact(1, record=8)])
        second = list(availability.since(connection, first[-1][0]))
    assert len(first) == 449
    assert [change.record for _, change in second] == [7]
    with database.connect() as connection:
        assert len(list(availability.since(connection, 0, limit=3))) == 448  # a version is never cut apart
        assert list(availability.since(connection, availability.latest_version(connection))) == []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('store') / 'lampway.db'}")
    yield opened
    opened.close()


states = st.sampled_from(["available", "unavailable", "expected"])


@given(moves=st.lists(st.tuples(st.integers(0, 59), states), min_size=1), cut=st.integers(0, 20))
def test_the_youngest_wins_however_it_is_batched(store: Database, moves: list[tuple[int, str]], cut: int) -> None:
    with store.begin() as connection:
        record = availability.latest_version(connection) + 1
        facts = [fact(minute, state, record) for minute, state in moves]
        availability.put(connection, facts[:cut])
        availability.put(connection, facts[cut:])
        youngest = max(minute for minute, _ in moves)
        expected = [f for f in facts if f.checked_at == fact(youngest).checked_at][-1]
        assert availability.of_records(connection, [record]) == {record: [expected]}


def test_a_key_is_kept_as_hash_only(database: Database) -> None:
    with database.begin() as connection:
        key = api_keys.create(connection, "city", label="ILS")
        row = connection.execute(key_table.select()).one()
    assert len(key) == 50
    assert key.encode() not in bytes(row.hash)
    assert all(key[12:] not in str(value) for value in row)


def test_a_key_is_found_until_it_is_revoked(database: Database) -> None:
    with database.begin() as connection:
        key = api_keys.create(connection, "city")
        found = api_keys.find(connection, key)
        assert found is not None
        assert (found.institution, found.scope) == ("city", api_keys.AVAILABILITY_WRITE)
        api_keys.touch(connection, found.id)
        assert api_keys.all_keys(connection)[0].last_used_at == api_keys.this_hour()
        assert api_keys.revoke(connection, found.id)
        assert api_keys.find(connection, key) is None
        assert not api_keys.revoke(connection, found.id)


@pytest.mark.parametrize("text", ["", "lw", "lw__", "lw_a_b", "Bearer x", "lw_" + "é" * 47, "lw_" + "a" * 100_000])
def test_what_is_no_key_is_nobody(database: Database, text: str) -> None:
    with database.connect() as connection:
        assert api_keys.find(connection, text) is None


def test_a_changed_character_is_noticed(database: Database) -> None:
    with database.begin() as connection:
        key = api_keys.create(connection, "city")
        for position in range(len(key)):
            other = "x" if key[position] != "x" else "y"
            assert api_keys.find(connection, key[:position] + other + key[position + 1 :]) is None
