"""Merging in the store: incremental equals anew, ids stay, nothing is lost when it is cut off."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.merging import merge as merging
from indexer.merging.identity import code_of
from indexer.merging.merge import merge_pending
from indexer.merging.rulings import Rulings
from schemas.catalogue import CatalogueRecord, Creator, RawRecord, Source
from schemas.decisions import Decision, RecordRef, name_of
from store import decisions, merge_cuts, notes, raw_records, records, sources, works
from store.database import Database
from store.works import Membership

ISBN, OTHER_ISBN = "9780306406157", "9780141439518"


def given_record(name: str, title: str = "The hobbit", **values: object) -> CatalogueRecord:
    source, _, identifier = name.partition("/")
    fields: dict[str, object] = {"creators": [Creator("Tolkien, J. R. R.")], "year": 1937, "type": "book"}
    return CatalogueRecord(source=source, record=identifier, title=title, **{**fields, **values})  # type: ignore[arg-type]


def store_records(database: Database, *rows: CatalogueRecord) -> None:
    with database.begin() as connection:
        for row in rows:
            number = sources.number_of(connection, row.source)
            if number is None:
                number = sources.add(connection, Source(id=row.source, protocol="csv", location="x", format="csv"))
            raw = RawRecord(source=row.source, record=row.record, payload=repr(row).encode(), deleted=row.deleted)
            outcome = raw_records.store_page(connection, number, 1, [raw])
            changed = [*outcome.new, *outcome.changed, *outcome.deleted]
            records.upsert(connection, number, [(changed[0][0], row)] if changed else [])


def exported(database: Database) -> dict[str, Membership]:
    with database.connect() as connection:
        return {f"{m.source}/{m.record}": m for m in works.memberships(connection)}


def partition(database: Database, which: str = "work") -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for name, row in exported(database).items():
        groups.setdefault(getattr(row, which), set()).add(name)
    return {frozenset(group) for group in groups.values()}


def moved(database: Database, id_: str) -> object:
    with database.connect() as connection:
        return works.get(connection, id_)


def consistent(database: Database) -> None:
    """Every living record is in exactly one living work, as both tables say."""
    with database.connect() as connection:
        assert records.pending(connection) == []
        assert notes.get(connection, "merging in hand") is None
        living = {id_ for batch in records.iterate(connection, deleted=False) for id_, _ in batch}
        assigned = works.assignments(connection)
        found: dict[int, tuple[int, str]] = {}
        for batch in works.iterate(connection):
            for work in batch:
                assert work.editions
                for edition in work.editions:
                    for id_ in edition.record_ids:
                        assert id_ not in found
                        found[id_] = (work.number, edition.id)
        assert set(found) == living
        cut = {id_ for row in merge_cuts.latest(connection, 1000) for id_ in (row.record, row.other)}
        assert cut <= living
        assert {id_: row for id_, row in assigned.items() if row[0]} == found


def test_copies_become_one_work_and_keep_its_id(database: Database) -> None:
    store_records(database, given_record("a/1"), given_record("b/1", "Emma", creators=[Creator("Austen, Jane")]))
    report = merge_pending(database)
    assert (report.records, report.new, report.changed, report.gone) == (2, 2, 0, 0)
    first = exported(database)
    store_records(database, given_record("c/9", "HOBBIT"), given_record("d/1", year=1951))
    report = merge_pending(database)
    assert (report.new, report.changed, report.gone) == (0, 1, 0)
    now = exported(database)
    assert now["a/1"].work == now["c/9"].work == now["d/1"].work == first["a/1"].work
    assert now["a/1"].edition == now["c/9"].edition == first["a/1"].edition != now["d/1"].edition
    assert now["b/1"] == first["b/1"]
    assert merge_pending(database).records == 0
    consistent(database)


def test_works_that_become_one_redirect_and_part_again(database: Database) -> None:
    store_records(database, given_record("a/1", "Emma"), given_record("b/1", "Jane"))
    merge_pending(database)
    before = exported(database)
    store_records(database, given_record("b/1", "Emma"))
    merge_pending(database)
    assert exported(database)["b/1"].work == before["a/1"].work
    assert moved(database, before["b/1"].work) == before["a/1"].work
    store_records(database, given_record("b/1", "Jane"))
    merge_pending(database)
    assert exported(database) == before
    assert moved(database, before["b/1"].work) not in (None, before["a/1"].work)
    consistent(database)


def test_a_deleted_record_leaves_and_an_empty_work_goes(database: Database) -> None:
    store_records(database, given_record("a/1"), given_record("b/1"), given_record("c/1", "Emma"))
    merge_pending(database)
    before = exported(database)
    hobbit, emma = before["a/1"].work, before["c/1"].work
    anchor = next(n for n in ("a/1", "b/1") if code_of(given_record(n)) == hobbit[1:])
    other = "b/1" if anchor == "a/1" else "a/1"
    store_records(database, given_record(anchor, deleted=True), given_record("c/1", "Emma", deleted=True))
    report = merge_pending(database)
    assert (report.new, report.gone) == (1, 2)
    left = exported(database)
    assert set(left) == {other}
    assert moved(database, hobbit) == left[other].work != hobbit
    assert moved(database, emma) is None
    store_records(database, given_record("c/1", "Emma"))
    merge_pending(database)
    assert exported(database)["c/1"].work == emma
    consistent(database)


def test_a_contradiction_parts_what_an_identifier_had_joined(database: Database) -> None:
    store_records(
        database,
        given_record("a/1", "Same words", isbns=[ISBN], creators=[]),
        given_record("b/1", "Same words", isbns=[ISBN], creators=[]),
    )
    merge_pending(database)
    assert len(partition(database)) == 1
    store_records(
        database, *[given_record(f"c/{i}", f"About {w}", isbns=[ISBN], creators=[])
                    for i, w in enumerate(("birds", "cooking", "warfare"))]
    )  # fmt: skip
    merge_pending(database)
    assert len(partition(database)) == 5
    store_records(database, *[given_record(f"c/{i}", "About", deleted=True) for i in range(3)])
    merge_pending(database)
    assert partition(database) == {frozenset({"a/1", "b/1"})}
    consistent(database)


def test_new_holdings_mark_the_work_for_the_engine(database: Database) -> None:
    store_records(database, given_record("a/1"))
    merge_pending(database)
    with database.begin() as connection:
        works.clear_pending(connection)
    store_records(database, given_record("a/1", rights="changed, but nothing a work shows"))
    report = merge_pending(database)
    assert (report.new, report.changed) == (0, 0)
    with database.connect() as connection:
        assert len(works.pending(connection)) == 1


def test_a_removed_source_takes_its_works_along(database: Database) -> None:
    store_records(database, given_record("a/1"), given_record("b/1"), given_record("b/2", "Emma"))
    merge_pending(database)
    with database.begin() as connection:
        assert sources.remove(connection, "b")
    report = merge_pending(database)
    assert report.gone == 1
    assert partition(database) == {frozenset({"a/1"})}
    consistent(database)


def test_other_rules_merge_everything_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store_records(database, given_record("a/1"), given_record("b/1"))
    merge_pending(database)
    before = exported(database)
    monkeypatch.setattr(merging, "RULES", "another")
    assert merge_pending(database).records == 2
    assert exported(database) == before
    assert merge_pending(database).records == 0


@pytest.mark.parametrize("all_at_once", [0, 1 << 40])
@pytest.mark.parametrize("calls", range(1, 9))
def test_a_merge_that_is_cut_off_is_taken_up(
    database: Database, monkeypatch: pytest.MonkeyPatch, all_at_once: int, calls: int
) -> None:
    monkeypatch.setattr(merging, "ALL_AT_ONCE", all_at_once)
    monkeypatch.setattr(merging, "_RECORDS_BATCH", 2)
    filler = [given_record(f"f/{i}", f"Filler {chr(97 + i)}") for i in range(40)]
    store_records(database, *filler)
    store_records(database, *(given_record(f"a/{i}", f"Title {chr(97 + i)}", isbns=[ISBN]) for i in range(2)))
    merge_pending(database)
    store_records(database, *(given_record(f"b/{i}", "Title a", isbns=[ISBN]) for i in range(3)))
    begins = 0
    begin = Database.begin

    def failing(self: Database) -> object:
        nonlocal begins
        begins += 1
        if begins == calls:
            raise KeyboardInterrupt
        return begin(self)

    monkeypatch.setattr(Database, "begin", failing)
    try:
        merge_pending(database)
    except KeyboardInterrupt:
        pass
    else:
        assert begins < calls
    monkeypatch.setattr(Database, "begin", begin)
    merge_pending(database)
    consistent(database)
    incremental = partition(database), partition(database, "edition")
    with database.begin() as connection:
        records.mark_all_pending(connection)
    merge_pending(database)
    assert (partition(database), partition(database, "edition")) == incremental


names = st.sampled_from([f"{source}/{number}" for source in "abc" for number in range(3)])
TITLES = ("The hobbit", "Hobbit : or there", "Emma", "Jane", "Kim", "Algebra 1", "Algebra 2", "",
          *["The history of hobbits in six volumes", "The history of hobits in six volumes"] * 2)  # fmt: skip
changes = st.builds(
    given_record,
    names,
    title=st.sampled_from(TITLES),
    creators=st.sampled_from([[], [Creator("Tolkien, J.")], [Creator("Austen, J.")]]),
    year=st.sampled_from([None, 1937, 1937, 1938, 1999]),
    part=st.sampled_from(["", "1"]),
    type=st.sampled_from(["book", "object"]),
    languages=st.sampled_from([[], ["en"], ["de"]]),
    isbns=st.lists(st.sampled_from([ISBN, OTHER_ISBN]), max_size=2, unique=True),
    publisher=st.sampled_from(["", "Unwin"]),
    extent=st.sampled_from(["", "310 pages"]),
    edition=st.sampled_from(["", "2nd ed."]),
    deleted=st.sampled_from([False, False, False, True]),
)


refs = names.map(lambda name: RecordRef(source=name.partition("/")[0], record=name.partition("/")[2]))
choices = st.builds(
    lambda kind, level, found: Decision(
        kind=kind, level=level, author="Ann", records=found[: 1 if kind == "split" else None],
        others=found[1:] if kind == "split" else [],
    ),
    st.sampled_from(["join", "split", "never"]),
    st.sampled_from(["edition", "work"]),
    st.lists(refs, min_size=2, max_size=3, unique=True),
)  # fmt: skip
undoings = st.integers(0, 30)


def act(database: Database, step: CatalogueRecord | Decision | int) -> None:
    """A source sends a record, a person decides, or undoes one of the decisions that hold."""
    if isinstance(step, CatalogueRecord):
        store_records(database, step)
        return
    with database.begin() as connection:
        if isinstance(step, Decision):
            decisions.add(connection, step)
        elif made := decisions.active(connection):
            decisions.revoke(connection, made[step % len(made)].id, "Ben")


def obeyed(database: Database) -> None:
    """Whatever people decided is so, as far as the records are there."""
    with database.connect() as connection:
        rulings = Rulings(decisions.active(connection))
    found = {ref_name(name): row for name, row in exported(database).items()}
    for one, other in combinations(sorted(rulings.names & found.keys()), 2):
        for sets, which in ((rulings.editions, "edition"), (rulings.works, "work")):
            same = getattr(found[one], which) == getattr(found[other], which)
            assert same or not sets.together(one, other)
            assert not (same and sets.parted(one, other))


def ref_name(name: str) -> int:
    source, _, record = name.partition("/")
    return name_of(source, record)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(changes | changes | choices | undoings, min_size=1, max_size=4), min_size=1, max_size=7
    )
)  # fmt: skip
def test_any_sequence_of_changes_and_decisions_gives_what_a_rebuild_gives(
    database: Database, monkeypatch: pytest.MonkeyPatch, rounds: list[list[CatalogueRecord | Decision | int]]
) -> None:
    with database.begin() as connection:
        for source in sources.all_sources(connection):
            sources.remove(connection, source.id)
        works.clear_pending(connection)
        for name in ("works", "record_keys", "pending_records", "merge_cuts", "decision_records", "decisions"):
            connection.exec_driver_sql(f"DELETE FROM {name}")
    store_records(database, *(given_record(f"z/{i}", f"Ballast {chr(97 + i)}") for i in range(60)))
    merge_pending(database)  # so many that the next ones are merged by their neighbourhood
    for steps in rounds:
        for step in steps:
            act(database, step)
        ids = {row.work for row in exported(database).values()}
        merge_pending(database)
        consistent(database)
        obeyed(database)
        for id_ in ids:  # an id once given leads to a living work, or its records are gone
            target = moved(database, id_)
            assert target is None or not isinstance(target, str) or moved(database, target) is not None
    incremental = exported(database)
    with database.begin() as connection:
        records.mark_all_pending(connection)
    report = merge_pending(database)
    assert exported(database) == incremental
    assert (report.new, report.changed, report.gone) == (0, 0, 0)
    with database.begin() as connection:  # and from nothing
        connection.exec_driver_sql("DELETE FROM works")
        connection.exec_driver_sql("DELETE FROM record_keys")
        connection.exec_driver_sql("UPDATE records SET work = 0, edition = ''")
        records.mark_all_pending(connection)
    before = partition(database), partition(database, "edition")
    assert before == (set(), set())
    merge_pending(database)
    anew = exported(database)
    for which in ("work", "edition"):
        assert {
            frozenset(n for n, m in anew.items() if getattr(m, which) == one)
            for one in {getattr(m, which) for m in anew.values()}
        } == {
            frozenset(n for n, m in incremental.items() if getattr(m, which) == one)
            for one in {getattr(m, which) for m in incremental.values()}
        }
