"""The holdings as columns: mapped files that every process shares, so that ranking never asks the database.

Work numbers are positions. A holding is (institution number, packed state, record, ordinal in the record). Facts about
availability (pushed, looked up) are applied by each process to its own view; the files follow with the next update.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from store import availability, work_changes
from store.column_changes import (
    columns_digest,
    edited_since,
    last_edit,
    last_run,
    last_work,
    next_pointer,
    placed_alike,
    with_gone,
    works_of_facts,
    works_to_renew,
)
from store.column_files import (
    EMPTY,
    Pointer,
    merged,
    open_base,
    point,
    read_overlay,
    read_pointer,
    works_at,
    write_base,
    write_overlay,
    writing,
)
from store.column_rows import Places, Rows, between, concatenate, of_works
from store.column_view import View, laid_over
from store.database import Database

_WORKS_A_BLOCK = 2000
_FOLD_AT = 20_000
"""Works in the overlay above which it becomes part of a new base."""
_REBUILD_SHARE = 0.2
_ATTEMPTS = 20


def rebuild(database: Database, home: Path) -> int:
    """Derive all columns anew from the store; returns the number of holdings. Memory does not grow with them."""
    with writing(home):
        before = read_pointer(home)
        with database.connect() as connection:
            return _rebuild(connection, home, before)


def update(database: Database, home: Path, work_numbers: Iterable[int] = ()) -> None:
    """Bring changed works up to date, together with the facts learnt and the confirmations harvested since.

    All columns are derived again when the registry has changed (names, codes: any holding may be placed anew) and when
    a large part of the works has changed or was confirmed by a harvest. Where an institution declares other services,
    the works that have holdings there are derived again.

    Args:
        database: the store, which knows what has changed since.
        home: folder of the columns.
        work_numbers: works to derive again though the store does not say that they changed.
    """
    with writing(home):
        before = read_pointer(home)
        with database.connect() as connection:
            noted = None if before is None else work_changes.since(connection, before.changes)
            if before is None or noted is None or not placed_alike(connection, before):
                _rebuild(connection, home, before)
                return
            works = noted | set(work_numbers) | works_to_renew(connection, before)
            registry, edited = columns_digest(connection), last_edit(connection)
            if registry != before.registry:
                base, overlay = open_base(home, before.base), read_overlay(home, before.overlay)
                works |= works_at(base, overlay, edited_since(connection, before))
            if len(works) > max(_FOLD_AT, _REBUILD_SHARE * last_work(connection)):
                _rebuild(connection, home, before)
                return
            facts, run = availability.latest_version(connection), last_run(connection)
            latest = work_changes.latest(connection)
            changed = with_gone(of_works(connection, works, Places(connection)), works)
        overlay, serial = laid_over(read_overlay(home, before.overlay), changed), before.serial + 1
        pointer = msgspec.structs.replace(
            before, serial=serial, version=facts, run=run, changes=latest, registry=registry, registry_at=edited
        )
        if len(overlay.numbers) > _FOLD_AT:
            pointer = msgspec.structs.replace(pointer, base=f"base-{serial}", overlay="")
            write_base(home, pointer.base, merged(open_base(home, before.base), overlay))
        elif works:
            pointer = msgspec.structs.replace(pointer, overlay=f"overlay-{serial}.npz")
            write_overlay(home, pointer.overlay, overlay)
        point(home, pointer, before)


def _rebuild(connection: Connection, home: Path, before: Pointer | None) -> int:
    pointer = next_pointer(connection, before)
    holdings = write_base(home, pointer.base, _all_rows(connection))
    point(home, pointer, before)
    return holdings


def _all_rows(connection: Connection) -> Iterator[Rows]:
    places = Places(connection)
    for first in range(1, last_work(connection) + 1, _WORKS_A_BLOCK):
        yield between(connection, first, first + _WORKS_A_BLOCK - 1, places)


class Columns:
    """What a process reads. ``view`` is replaced, never changed in shape: take it once for a whole search."""

    def __init__(self, home: Path, database: Database | None) -> None:
        self.home, self._database = home, database
        self.view = View(EMPTY, concatenate([]))
        self._pointer: Pointer | None = None
        self._version = 0
        self._places: Places | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, home: Path, database: Database | None = None) -> Columns:
        """Open the columns; there are no holdings before the first build.

        Args:
            home: folder of the columns.
            database: where facts about availability newer than the files are read; None = the files alone.
        """
        columns = cls(home, database)
        columns.refresh()
        return columns

    def refresh(self, *, wait: bool = True) -> bool:
        """See what is new in the files and among the facts; True if anything is.

        Args:
            wait: False = return at once when another thread is at it.
        """
        if not self._lock.acquire(blocking=wait):
            return False
        try:
            view, version, pointer = self._newest_files()
            changed = view is not self.view
            view, version = self._with_facts(view, version)
            changed = changed or version != self._version
            self.view, self._version, self._pointer = view, version, pointer
            return changed
        finally:
            self._lock.release()

    def rows_of(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of works, one work after another, and how many each has (see ``View.rows_of``)."""
        return self.view.rows_of(numbers)

    def _newest_files(self) -> tuple[View, int, Pointer | None]:
        for _ in range(_ATTEMPTS):
            pointer = read_pointer(self.home)
            if pointer is None or pointer == self._pointer:
                return self.view, self._version, self._pointer
            try:
                overlay = read_overlay(self.home, pointer.overlay)
                same = self._pointer is not None and self._pointer.base == pointer.base
                view = self.view.over(overlay) if same else View(open_base(self.home, pointer.base), overlay)
            except FileNotFoundError:
                continue  # replaced twice since the pointer was read
            self._places = None
            return view, pointer.version, pointer
        raise FileNotFoundError(f"the columns in {self.home} are not complete: run `lampway index --rebuild`")

    def _with_facts(self, view: View, version: int) -> tuple[View, int]:
        if self._database is None or (self._pointer is None and view is self.view):
            return view, version
        with self._database.connect() as connection:
            while version < availability.latest_version(connection):
                works, version = works_of_facts(connection, version)
                self._places = self._places or Places(connection)
                self._places.facts = True
                view = view.changed(with_gone(of_works(connection, works, self._places), works))
        return view, version
