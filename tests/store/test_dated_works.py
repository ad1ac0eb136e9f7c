"""What is set out over OAI-PMH, and when it changed last: nothing is missed, nothing is told twice without need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from schemas.catalogue import CatalogueRecord, Holding, Source
from schemas.institution import Institution
from store import columns, dated_works, dating, institutions, notes, raw_records, records, sitemap, sources, works
from store.dated_works import Selection

PLACES = [
    Institution(id="city", name="City Library", kind="library"),
    Institution(id="north", name="North Branch", kind="library", parent="city"),
    Institution(id="museum", name="Museum", kind="museum"),
]


def record(number: int, *at: str, title: str = "") -> CatalogueRecord:
    holdings = [Holding(institution=place) for place in at]
    return CatalogueRecord(source="shelf", record=str(number), title=title or f"Work {number}", holdings=holdings)


@pytest.fixture
def shelf(database, settings, stock):
    stock(PLACES, [record(1, "city"), record(2, "north"), record(3, "museum", "north")])
    columns.rebuild(database, settings.columns_home)
    dating.date_changes(database, settings.columns_home)
    return database


@pytest.fixture
def clock(monkeypatch, database) -> Callable[[float], None]:
    """Moves the clock of the store on by seconds."""
    offset = [0.0]
    monkeypatch.setattr(
        database.dialect, "now", lambda _: datetime.now(UTC) + timedelta(seconds=offset[0]), raising=True
    )

    def forward(seconds: float) -> None:
        offset[0] += seconds

    return forward


def date_changes(database, settings) -> int:
    columns.update(database, settings.columns_home)
    return dating.date_changes(database, settings.columns_home)


def listed(database, institution: str | None = None, since: str = "") -> list[tuple[str, bool]]:
    with dated_works.reading(database) as (connection, _):
        number = dated_works.state(connection).institutions[institution] if institution else None
        wanted = Selection(since=since, institution=number)
        found, after = [], None
        while rows := dated_works.page(connection, wanted, after, 2):
            found += [(row.id, row.deleted) for row in rows]
            after = (rows[-1].datestamp, rows[-1].work)
        assert len(found) == dated_works.count(connection, wanted)
        return found


def told(database) -> str:
    """From which moment a harvester would ask the next time."""
    with dated_works.reading(database) as (_, moment):
        return moment


def change(database, number: int, fresh: CatalogueRecord | None) -> None:
    """As a harvest and a merge would change the work of one record; None = it goes."""
    with database.begin() as connection:
        work = works.by_numbers(connection, [number]).get(number)
        (row,) = works.records_of(connection, [number])
        if fresh is None:
            records.upsert(connection, 1, [(row, CatalogueRecord(source="shelf", record=str(number), deleted=True))])
            works.retire(connection, [(number, "")])
        else:
            assert work is not None
            records.upsert(connection, 1, [(row, fresh)])
            work.title = fresh.title
            works.replace(connection, [work])


def test_everything_is_set_out_once_and_by_institution(shelf, settings) -> None:
    assert sorted(listed(shelf)) == [("w1", False), ("w2", False), ("w3", False)]
    assert sorted(listed(shelf, "city")) == [("w1", False), ("w2", False), ("w3", False)], "branches count"
    assert sorted(listed(shelf, "museum")) == [("w3", False)]
    assert date_changes(shelf, settings) == 0, "nothing changed"


def test_merging_anew_with_the_same_outcome_dates_nothing(shelf, settings) -> None:
    with shelf.begin() as connection:
        works.mark_pending(connection, [1, 2, 3])
    assert date_changes(shelf, settings) == 0


def test_a_change_is_seen_by_who_asks_from_the_last_answer(shelf, settings, clock) -> None:
    before = told(shelf)
    clock(5)
    change(shelf, 2, record(2, "north", title="Another title"))
    assert date_changes(shelf, settings) == 1
    assert ("w2", False) in listed(shelf, since=before)
    clock(5)
    assert listed(shelf, since=told(shelf)) == []


def test_a_work_that_is_gone_stays_as_deleted_and_may_come_back(shelf, settings, clock) -> None:
    clock(5)
    before = told(shelf)
    change(shelf, 3, None)
    assert date_changes(shelf, settings) == 1
    assert listed(shelf, since=before) == [("w3", True)]
    assert listed(shelf, "museum") == [("w3", True)]
    with shelf.begin() as connection:
        works.replace(connection, [works.Work(id="w3", number=3, title="Back")])
    assert date_changes(shelf, settings) == 1
    assert ("w3", False) in listed(shelf)


def test_an_institution_that_has_a_work_no_more_is_told_before_what_the_work_is_now(shelf, settings, clock) -> None:
    clock(5)
    before = told(shelf)
    change(shelf, 3, record(3, "north"))
    assert date_changes(shelf, settings) == 1
    assert listed(shelf, "museum", before) == [("w3", True)]
    assert listed(shelf, "north", before) == [("w3", False)]
    with shelf.connect() as connection:
        stamps = {
            place: dated_works.page(connection, Selection(before, institution=number), None, 9)[0].datestamp
            for place, number in dated_works.state(connection).institutions.items()
        }
    assert stamps["museum"] < stamps["north"] == stamps["city"], "who harvests both keeps the newer word"


def test_a_new_registry_and_a_licence_change_what_is_set_out(shelf, settings) -> None:
    with shelf.begin() as connection:
        source = sources.get(connection, "shelf")
        source.licence = "CC0 1.0"
        sources.add(connection, source)
    assert date_changes(shelf, settings) == 3
    with shelf.begin() as connection:
        sources.add(connection, Source(id="new", protocol="csv", location="y.csv", format="csv"))
        institutions.upsert(connection, [Institution(id="empty", name="Nothing yet")])
    assert date_changes(shelf, settings) == 0, "they have nothing yet"
    with shelf.connect() as connection:
        assert dated_works.holders(connection) == {"city", "north", "museum"}
    with shelf.begin() as connection:
        institutions.remove(connection, "museum")
    assert date_changes(shelf, settings) == 1
    assert listed(shelf, "museum") == [("w3", True)], "its set can still be asked for"


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_cut_off_anywhere_it_is_taken_up_and_nobody_is_told_too_late_a_moment(
    shelf, settings, clock, monkeypatch, stop
) -> None:
    """Transactions: the note that it begins, the dates, the note that all is done. The process dies in one of them."""
    change(shelf, 1, record(1, "city", title="New"))
    columns.update(shelf, settings.columns_home)
    clock(10)
    count, put, bulk_insert = 0, notes.put, dating.bulk.insert

    def counted(real):
        def call(*args):
            nonlocal count
            count += real is put or args[1].name == "dated_works"
            if count == stop:
                raise KeyboardInterrupt
            return real(*args)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(dating.notes, "put", counted(put))
        patched.setattr(dating.bulk, "insert", counted(bulk_insert))
        with pytest.raises(KeyboardInterrupt):
            dating.date_changes(shelf, settings.columns_home)
    clock(100)
    before = told(shelf)  # what a harvester that comes now asks from the next time
    seen = ("w1", False) in listed(shelf, since=before)
    clock(100)
    dating.date_changes(shelf, settings.columns_home)
    assert seen or ("w1", False) in listed(shelf, since=before)
    clock(100)
    assert told(shelf) > before


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whoever_asks_from_the_last_answer_ends_with_the_truth(shelf, settings, data) -> None:
    """Harvesters of the whole and of one set follow any history; what they hold is what there is."""
    held: dict[str | None, dict[str, bool]] = {None: {}, "museum": {}}
    since: dict[str | None, str] = dict.fromkeys(held, "")
    for _ in range(data.draw(st.integers(1, 6))):
        number = data.draw(st.integers(1, 3))
        with shelf.connect() as connection:
            lives = works.by_numbers(connection, [number])
        if lives and data.draw(st.booleans()):
            at = data.draw(st.sampled_from([("museum",), ("city", "museum"), ("north",)]))
            change(shelf, number, record(number, *at, title=data.draw(st.sampled_from("abc"))))
        date_changes(shelf, settings)
        for name in data.draw(st.sets(st.sampled_from(list(held)))):
            moment = told(shelf)
            held[name].update({id_: not deleted for id_, deleted in listed(shelf, name, since[name])})
            since[name] = moment
    for name in held:
        held[name].update({id_: not deleted for id_, deleted in listed(shelf, name, since[name])})
        assert held[name] == {id_: not deleted for id_, deleted in listed(shelf, name)}


def test_raw_bytes_that_are_set_out_count_too(shelf, settings) -> None:
    with shelf.begin() as connection:
        (row,) = works.records_of(connection, [1])
        connection.execute(
            raw_records.raw_records.update().where(raw_records.raw_records.c.id == row).values(digest=b"x" * 16)
        )
        works.mark_pending(connection, [1])
    assert date_changes(shelf, settings) == 1


def test_living_works_are_cut_by_their_numbers_each_part_with_its_last_change(shelf, settings, clock, monkeypatch):
    monkeypatch.setattr(sitemap, "SIZE", 2)
    with shelf.connect() as connection:
        before = sitemap.parts(connection)
        rows = [sitemap.works_of(connection, part.number) for part in before]
        numbers = works.known(connection, [id_ for part in rows for id_, _ in part])
    assert [{numbers[id_] // 2 for id_, _ in part} for part in rows] == [{part.number} for part in before]
    assert [len(part) for part in rows] == [1, 2]  # numbers begin with 1
    assert [part.changed for part in before] == [max(changed for _, changed in part) for part in rows]
    clock(60)
    with shelf.begin() as connection:
        gone, changed = (works.by_numbers(connection, [number])[number] for number in (1, 2))
        works.retire(connection, [(gone.number, "")])
        works.replace(connection, [msgspec.structs.replace(changed, title="Another")])
    date_changes(shelf, settings)
    with shelf.connect() as connection:
        [after] = sitemap.parts(connection)
    assert after.number == before[1].number
    assert after.changed > before[1].changed
