"""The columns say what the store says, after builds, updates and facts, in every process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import Settings
from schemas.catalogue import SERVICES, STATES, Availability, CatalogueRecord, Holding
from schemas.institution import Institution
from store import availability, columns, institutions, records, works
from store.availability import Fact
from store.columns import Columns
from store.database import Database
from store.holdings import effective
from store.packed_state import CODES, checked_at, codes_of, pack, quarter_of, silent

T0 = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CITY = Institution(id="city", name="City Library", lat=54.97, lon=-1.61)
HALL = Institution(id="hall", name="Hall Branch", parent="city", lat=54.99, lon=-1.60)
NAME_OF = {code: state for state, code in CODES.items()}


def record(id_: str, *holdings: Holding) -> CatalogueRecord:
    return CatalogueRecord(source="shelf", record=id_, title=f"Title {id_}", type="book", holdings=list(holdings))


def copy(branch: str, *states: tuple[str, str], key: str = "", at: datetime | None = None) -> Holding:
    return Holding(
        key=key, branch=branch, availability=[Availability(service=s, state=t, checked_at=at) for s, t in states]
    )


def told(read: Columns, number: int) -> list[tuple[int, dict[str, str], datetime | None]]:
    """What the columns say of a work: institution, states, time, of each row."""
    rows, counts = read.rows_of(np.array([number]))
    assert int(counts[0]) == len(rows)
    words = read.view.state(rows)
    found = []
    for institution, word in zip(read.view.institution(rows).tolist(), words, strict=True):
        one = np.array([word], np.uint32)
        states = {s: NAME_OF[int(codes_of(one, s)[0])] for s in SERVICES if codes_of(one, s)[0]}
        seconds = int(checked_at(one)[0])
        found.append((institution, states, datetime.fromtimestamp(seconds, UTC) if seconds else None))
    return found


@pytest.fixture
def shelf(stock: Callable[..., None], database: Database, settings: Settings) -> Database:
    stock(
        [CITY, HALL],
        [
            record("1", copy("hall", ("loan", "available"), key="a"), copy("city", ("loan", "unavailable"), key="b")),
            record("2"),
            record("3", copy("Hall Branch", ("loan", "expected"), ("on_site", "limited"), at=T0 - timedelta(days=2))),
        ],
        seen=T0,
    )
    columns.rebuild(database, settings.columns_home)
    return database


def test_a_build_places_every_holding(shelf: Database, settings: Settings) -> None:
    read = Columns.open(settings.columns_home)
    assert told(read, 1) == [(2, {"loan": "available"}, T0), (1, {"loan": "unavailable"}, T0)]
    assert told(read, 2) == [(1, {}, None)]
    assert told(read, 3) == [(2, {"loan": "expected", "on_site": "limited"}, T0 - timedelta(days=2))]
    assert told(read, 0) == told(read, 4) == told(read, 10**9) == []


def test_before_the_first_build_there_is_nothing(settings: Settings, database: Database) -> None:
    read = Columns.open(settings.columns_home, database)
    assert told(read, 1) == []
    assert read.refresh() is False
    assert columns.rebuild(database, settings.columns_home) == 0
    assert read.refresh() is True


def test_an_update_changes_adds_and_removes(shelf: Database, settings: Settings) -> None:
    read = Columns.open(settings.columns_home, shelf)
    with shelf.begin() as connection:
        number = 1
        records.upsert(connection, number, [(1, record("1", copy("hall", ("loan", "limited"))))])
        works.assign(connection, [(2, 0, "")])
    columns.update(shelf, settings.columns_home, [1, 2])
    assert read.refresh() is True
    assert told(read, 1) == [(2, {"loan": "limited"}, T0)]
    assert told(read, 2) == []
    assert len(told(read, 3)) == 1
    columns.rebuild(shelf, settings.columns_home)
    fresh = Columns.open(settings.columns_home, shelf)
    assert [told(fresh, n) for n in (1, 2, 3)] == [told(read, n) for n in (1, 2, 3)]


def test_a_large_overlay_is_folded(shelf: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [told(Columns.open(settings.columns_home), n) for n in range(5)]
    monkeypatch.setattr(columns, "_FOLD_AT", 1)
    monkeypatch.setattr(columns, "_REBUILD_SHARE", 9)
    columns.update(shelf, settings.columns_home, [1, 3])
    assert not list(settings.columns_home.glob("overlay*"))
    assert [told(Columns.open(settings.columns_home), n) for n in range(5)] == before


def test_a_changed_registry_places_anew(shelf: Database, settings: Settings, stock: Callable[..., None]) -> None:
    with shelf.begin() as connection:
        records.upsert(connection, 1, [(2, record("2", copy("Mobile")))])
    columns.update(shelf, settings.columns_home, [2])
    read = Columns.open(settings.columns_home, shelf)
    assert told(read, 2) == [(1, {}, None)]
    stock([CITY, HALL, Institution(id="van", name="Van", parent="city", aliases=["Mobile"])], [record("9")], source="b")
    columns.update(shelf, settings.columns_home, [])
    assert read.refresh()
    assert told(read, 2) == [(3, {}, None)]


def fact(record_id: int, institution: int, state: str, at: datetime, **more: str) -> Fact:
    return Fact(
        record=record_id,
        institution=institution,
        state=state,
        checked_at=at.isoformat(timespec="seconds"),
        **({"service": "loan", "how": "pushed"} | more),
    )


def test_facts_show_at_once_and_survive(shelf: Database, settings: Settings) -> None:
    read, later = Columns.open(settings.columns_home, shelf), T0 + timedelta(hours=5)
    with shelf.begin() as connection:
        availability.put(connection, [fact(1, 1, "available", later), fact(1, 2, "expected", later, holding="a")])
    assert read.refresh() is True
    want = [(2, {"loan": "expected"}, later), (1, {"loan": "available"}, later)]
    assert told(read, 1) == want
    assert read.refresh() is False
    assert told(Columns.open(settings.columns_home), 1) != want, "the files are not written by readers"
    columns.update(shelf, settings.columns_home, [])
    assert told(Columns.open(settings.columns_home), 1) == want
    columns.rebuild(shelf, settings.columns_home)
    assert told(Columns.open(settings.columns_home), 1) == want


def test_an_older_fact_and_one_of_another_copy_change_nothing(shelf: Database, settings: Settings) -> None:
    read = Columns.open(settings.columns_home, shelf)
    before = told(read, 1)
    with shelf.begin() as connection:
        old = fact(1, 1, "available", T0 - timedelta(hours=1))
        other = fact(1, 2, "unavailable", T0 + timedelta(hours=1), holding="zzz")
        availability.put(connection, [old, other])
    read.refresh()
    assert told(read, 1) == before


def test_services_checked_at_different_times_keep_their_own(shelf: Database, settings: Settings) -> None:
    read, later = Columns.open(settings.columns_home, shelf), T0 + timedelta(hours=5)
    with shelf.begin() as connection:
        availability.put(connection, [fact(3, 2, "available", later)])
    read.refresh()
    assert told(read, 3) == [
        (2, {"loan": "available"}, later),
        (2, {"on_site": "limited"}, T0 - timedelta(days=2)),
    ]


def test_a_later_harvest_confirms_a_status(shelf: Database, settings: Settings, stock: Callable[..., None]) -> None:
    from store import harvest_runs, raw_records
    from store.harvest_runs import RunReport

    read = Columns.open(settings.columns_home, shelf)
    with shelf.begin() as connection:
        run = harvest_runs.start(connection, 1)
        page = [raw for page in raw_records.iterate(connection, 1, "shelf") for _, raw in page][:1]
        assert raw_records.store_page(connection, 1, run, page).unchanged == 1
        harvest_runs.finish(connection, run, RunReport(status="complete"))
    columns.update(shelf, settings.columns_home, [])
    read.refresh()
    assert told(read, 1)[0][2] > T0
    assert told(read, 3)[0][2] == T0 - timedelta(days=2), "the holding's own time stays"


def test_other_processes_see_a_fact_within_a_second(shelf: Database, settings: Settings) -> None:
    script = f"""
import time, numpy as np
from pathlib import Path
from store.columns import Columns
from store.database import open_database
read = Columns.open(Path({str(settings.columns_home)!r}), open_database({settings.database!r}))
rows, _ = read.rows_of(np.array([1]))
before = read.view.state(rows).tolist()
print("ready", flush=True)
for _ in range(600):
    read.refresh()
    if read.view.state(read.rows_of(np.array([1]))[0]).tolist() != before:
        print("seen", time.time(), flush=True)
        break
    time.sleep(0.05)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "ready\n"
        with shelf.begin() as connection:
            availability.put(connection, [fact(1, 1, "available", T0 + timedelta(hours=1))])
        committed = time.time()
        word, seen = other.stdout.readline().split()
    assert word == "seen"
    print(f"seen after {float(seen) - committed:.3f} s")


moments = st.datetimes(datetime(2015, 2, 1), datetime(2044, 1, 1), timezones=st.just(UTC))


@given(st.lists(st.tuples(st.sampled_from(SERVICES), st.sampled_from(STATES)), unique_by=lambda p: p[0]), moments)
def test_packing_loses_nothing_but_minutes(states: list[tuple[str, str]], at: datetime) -> None:
    word = pack([Availability(service=s, state=t) for s, t in states], quarter_of(at))
    words = np.array([word], np.uint32)
    assert {s: NAME_OF[int(codes_of(words, s)[0])] for s in SERVICES if codes_of(words, s)[0]} == dict(states)
    assert 0 <= at.timestamp() - int(checked_at(words)[0]) < 900
    assert bool(silent(words)[0]) == (not states)


@pytest.mark.parametrize("year", [1, 1970, 2014, 2045, 9999])
def test_times_out_of_range_stay_in_the_word(year: int) -> None:
    assert 0 < pack([], quarter_of(datetime(year, 1, 1, tzinfo=UTC))) < 1 << 32


sightings = st.tuples(st.sampled_from(("loan", "on_site")), st.sampled_from(STATES), st.integers(0, 9))


@settings(max_examples=200)
@given(st.lists(sightings, max_size=2, unique_by=lambda s: s[0]), st.lists(sightings, max_size=5))
def test_the_youngest_word_counts(own: list[tuple[str, str, int]], later: list[tuple[str, str, int]]) -> None:
    holding = Holding(
        availability=[Availability(service=s, state=t, checked_at=T0 + timedelta(hours=h)) for s, t, h in own]
    )
    facts = [fact(1, 1, t, T0 + timedelta(hours=h), service=s) for s, t, h in later]
    got = {a.service: (a.state, a.checked_at) for a in effective(holding, T0, 1, facts)}
    for service, (state, at) in got.items():
        heard = [(s, t, h) for s, t, h in [*own, *later] if s == service]
        newest = max(h for _, _, h in heard)
        assert at == T0 + timedelta(hours=newest)
        assert state in {t for _, t, h in heard if h == newest}
    assert set(got) == {s for s, _, _ in [*own, *later]}


def test_many_works_in_blocks_equal_one_by_one(
    stock: Callable[..., None], database: Database, settings: Settings
) -> None:
    rows = [record(str(n), *[copy("hall" if (n + i) % 2 else "city") for i in range(n % 4)]) for n in range(300)]
    stock([CITY, HALL], rows, seen=T0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_WORKS_A_BLOCK", 7)
        assert columns.rebuild(database, settings.columns_home) == sum(max(1, n % 4) for n in range(300))
    read = Columns.open(settings.columns_home)
    numbers = np.arange(1, 301)
    _, counts = read.rows_of(numbers)
    assert counts.tolist() == [max(1, n % 4) for n in range(300)]
    assert [told(read, n)[0][0] for n in (2, 3, 4)] == [2 if n % 2 else 1 for n in (1, 2, 3)]
    assert msgspec.json.decode((settings.columns_home / "current.json").read_bytes())["base"] == "base-1"


def test_a_record_says_nothing_of_services_that_its_institution_does_not_offer(
    stock: Callable[..., None], database: Database, settings: Settings
) -> None:
    museum = Institution(id="museum", name="Museum", parent="city", services=["on_site"])
    shelf = [
        record("1", copy("museum", ("loan", "available"), ("on_site", "limited"))),
        record("2", copy("museum", ("loan", "available"))),
        record("3", copy("museum")),
        record("4", copy("museum", ("digital", "available"))),
        record("5", copy("city", ("loan", "available"))),
    ]
    stock([CITY, museum], shelf, seen=T0)
    columns.rebuild(database, settings.columns_home)
    read = Columns.open(settings.columns_home, database)
    silent_there = [(2, {"on_site": "unknown"}, None)]
    assert [told(read, n) for n in (1, 2, 3, 4, 5)] == [
        [(2, {"on_site": "limited"}, T0)],
        silent_there,
        silent_there,
        [(2, {"digital": "available"}, T0)],
        [(1, {"loan": "available"}, T0)],
    ]

    fact = Fact(record=3, institution=2, service="loan", state="available", how="pushed", checked_at=T0.isoformat())
    with database.begin() as connection:
        availability.put(connection, [fact])
    read.refresh()
    assert told(read, 3) == [(2, {"loan": "available"}, T0)], "what it tells itself counts for every service"

    with database.begin() as connection:
        institutions.upsert(connection, [msgspec.structs.replace(CITY, services=["on_site"])])
    columns.update(database, settings.columns_home, [])
    read.refresh()
    assert told(read, 5) == [(1, {"on_site": "unknown"}, None)], "a change of the registry reaches all columns"


@given(
    offered=st.lists(st.sampled_from(SERVICES), unique=True),
    said=st.dictionaries(st.sampled_from(SERVICES), st.sampled_from(STATES)),
)
def test_what_is_not_offered_is_never_claimed(offered: list[str], said: dict[str, str]) -> None:
    states = {a.service: a.state for a in effective(copy("x", *said.items()), T0, 1, [], offered)}
    if not offered:
        assert states == said
        return
    assert set(states) <= {*offered, "digital"}
    assert states, "it is never silent, as silence may mean any service"
    assert all(said.get(service, "unknown") == state for service, state in states.items())
