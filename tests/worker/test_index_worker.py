"""The worker's indexing step by step, with a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import msgspec
import pytest

from config.settings import Settings
from lampway import index_worker
from lampway.index_worker import IndexWorker
from schemas.catalogue import CatalogueRecord
from schemas.institution import Institution
from store import generations, institutions, records
from store.database import Database

LIB = Institution(id="lib", name="Library", kind="library", lat=1.0, lon=2.0)


class Town:
    """An indexed catalogue, its worker, and the seconds that have gone by."""

    def __init__(self, database: Database, settings: Settings, clock: list[float]) -> None:
        self.database, self.clock, self.edits = database, clock, 0
        self.worker = IndexWorker(database, settings)

    def edit(self, **fields: object) -> None:
        self.edits += 1
        changed = {"name": f"Library {self.edits}", **fields}
        with self.database.begin() as connection:
            institutions.upsert(connection, [msgspec.structs.replace(LIB, **changed)])

    def after(self, seconds: float) -> None:
        """Let time go by, as the worker does: a step every other second."""
        until = self.clock[0] + seconds
        while self.clock[0] < until:
            self.clock[0] += 2
            self.worker.step()

    def builds(self) -> int:
        with self.database.connect() as connection:
            return max(row.id for row in generations.all_generations(connection, "embedded"))


@pytest.fixture
def town(
    database: Database, settings: Settings, stock: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    clock = [1000.0]
    monkeypatch.setattr(index_worker, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    stock([LIB], [CatalogueRecord(source="shelf", record=f"r{n}", title=f"Title {n}") for n in range(3)])
    town = Town(database, settings, clock)
    town.after(2)
    yield town
    town.worker.close()


def test_edits_in_a_row_build_the_index_once(town: Town) -> None:
    before = town.builds()
    for _ in range(5):
        town.edit()
        town.after(4)
        assert town.builds() == before
    town.after(10)
    assert town.builds() == before + 1
    town.after(100)
    assert town.builds() == before + 1


def test_edits_without_end_do_not_put_it_off_for_ever(town: Town) -> None:
    before = town.builds()
    town.after(200)  # nothing happens for long: the wait counts from the first edit
    for _ in range(20):
        town.edit()
        town.after(4)
    assert town.builds() == before + 1


def test_an_edit_that_places_nothing_anew_builds_nothing(town: Town) -> None:
    before = town.builds()
    town.edit(name=LIB.name, phone="1")
    town.after(20)
    assert town.builds() == before
    with town.database.begin() as connection:
        records.mark_pending(connection, [1])
    town.after(4)
    with town.database.connect() as connection:
        assert not records.count_pending(connection)
