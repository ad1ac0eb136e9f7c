"""Columns on machines that do not index follow the store: the indexer can write only its own machine's files."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from sqlalchemy import Connection

from store import availability, columns, notes, work_changes
from store.column_changes import columns_digest, last_run, placed_alike
from store.column_files import read_pointer
from store.database import Database
from store.institutions import version as registry_version

_KEEPER = "columns kept in"


def keep(database: Database, home: Path) -> None:
    """Note that the columns in this folder are the indexer's own: nobody else needs to bring them up to date."""
    with database.connect() as connection:
        known = notes.get(connection, _KEEPER)
    if known != _place(home):
        with database.begin() as connection:
            notes.put(connection, _KEEPER, _place(home))


class Follower:
    """Brings one folder up to date with the store when another machine indexes; one a process."""

    def __init__(self, database: Database, home: Path) -> None:
        self._database, self._home = database, home
        self._seen: tuple[object, ...] = ()
        self._registry = ""

    def follow(self) -> bool:
        """Bring the columns up to date where this folder is not the indexer's; True if anything was done.

        In the indexer's own folder that is done for other declared services alone, which the index knows nothing of:
        they count at once, whether or when anything is indexed.
        """
        with self._database.connect() as connection:
            keeper = notes.get(connection, _KEEPER)
            if keeper is None:
                return False  # nothing is indexed yet
            own = keeper == _place(self._home)
            if own and not self._other_services(connection):
                return False  # the indexer sees to it
            state = (
                work_changes.latest(connection),
                last_run(connection),
                availability.latest_version(connection),
                registry_version(connection),
            )
        if not own and state == self._seen and read_pointer(self._home) is not None:
            return False
        columns.update(self._database, self._home)
        self._seen = state
        return True

    def _other_services(self, connection: Connection) -> bool:
        registry, pointer = registry_version(connection), read_pointer(self._home)
        if pointer is None or registry == self._registry:
            return False
        other = placed_alike(connection, pointer) and pointer.registry != columns_digest(connection)
        if not other:  # else it is looked at again, should the update fail
            self._registry = registry
        return other


def _place(home: Path) -> bytes:
    return json.dumps([socket.gethostname(), str(home.resolve())]).encode()
