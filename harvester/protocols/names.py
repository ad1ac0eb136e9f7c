"""Names for the records of a file whose own identifiers are not distinct."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from harvester.protocols.csv_groups import fingerprint


class Names:
    """Gives different records of one file different names, and the same to records that are equal. On disk."""

    def __init__(self, folder: Path, notes: list[str], kind: str) -> None:
        self._notes, self._kind, self._repeated = notes, kind, 0
        self._database = sqlite3.connect(folder / "names.db", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "CREATE TABLE seen (name INTEGER, content BLOB, ordinal INTEGER, PRIMARY KEY (name, content)) "
            "WITHOUT ROWID",
            "BEGIN",
        ):
            self._database.execute(statement)

    def distinct(self, own: str, content: bytes) -> str:
        """The name of a record with this identifier of its own and this content."""
        name = fingerprint(own)
        rows = self._database.execute("SELECT content, ordinal FROM seen WHERE name = ?", (name,)).fetchall()
        ordinal = next((number for known, number in rows if known == content), 0)
        if not ordinal:
            ordinal = len(rows) + 1
            self._database.execute("INSERT INTO seen VALUES (?, ?, ?)", (name, content, ordinal))
            self._repeated += ordinal > 1
        return own if ordinal == 1 else f"{own}#{ordinal}"

    def __enter__(self) -> Names:
        """Names are given until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Say what was found, and let the file go."""
        if self._repeated:
            self._notes.append(f"{self._repeated:,} records have a {self._kind} that another one has, too")
        self._database.close()
