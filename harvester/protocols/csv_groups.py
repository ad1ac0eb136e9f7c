"""Brings the rows of one record together wherever they stand in the file, in bounded memory.

Rows that follow each other are joined as they stream by. Records whose rows are scattered are found by a first pass
over the identifiers alone (eight bytes a run of rows); theirs wait in a file until the end.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from harvester.protocols.csv_rows import Row


def fingerprint(key: str) -> int:
    """Sixty-four bits of a key, for as long as the process lives.

    Two keys with the same only wait needlessly, they are never mixed up.
    """
    return hash(key)


def scattered(keys: Iterable[str]) -> frozenset[int]:
    """Fingerprints of the keys that come back after other keys stood between."""
    runs = array("q")
    previous: str | None = None
    for key in keys:
        if key != previous:
            runs.append(fingerprint(key))
            previous = key
    values = np.sort(np.frombuffer(runs, dtype=np.int64)) if runs else np.empty(0, dtype=np.int64)
    return frozenset(int(value) for value in np.unique(values[1:][values[1:] == values[:-1]]))


class Waiting:
    """Rows of scattered records, on disk."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "waiting.db", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "CREATE TABLE waiting (key TEXT, number INTEGER, line INTEGER, cells BLOB, PRIMARY KEY (key, number)) "
            "WITHOUT ROWID",
            "CREATE TABLE firsts (key TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID",
            "BEGIN",
        ):
            self._database.execute(statement)

    def add(self, key: str, row: Row) -> None:
        """Keep a row for the end."""
        self._database.execute("INSERT OR IGNORE INTO firsts VALUES (?, ?)", (key, row.number))
        self._database.execute(
            "INSERT INTO waiting VALUES (?, ?, ?, ?)", (key, row.number, row.line, msgspec.json.encode(row.cells))
        )

    def groups(self) -> Iterator[tuple[str, list[Row]]]:
        """The records, in the order of their first rows."""
        for (key,) in self._database.execute("SELECT key FROM firsts ORDER BY number"):
            rows = self._database.execute(
                "SELECT number, line, cells FROM waiting WHERE key = ? ORDER BY number", (key,)
            )
            yield key, [Row(number, line, msgspec.json.decode(cells, type=list[str])) for number, line, cells in rows]

    def close(self) -> None:
        """Let the file go."""
        self._database.close()
