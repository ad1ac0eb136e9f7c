"""Repository of institutions, and the resolver of the names by which catalogues mean them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from schemas.institution import Institution
from schemas.normal_form import normal_form
from store import notes
from store.codec import from_json, to_json
from store.tables import institutions

_HIGHEST = "institutions.highest_number"


class ImportCounts(msgspec.Struct):
    """What an import changed."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


def upsert(connection: Connection, rows: Iterable[Institution]) -> ImportCounts:
    """Add or replace institutions by id. Numbers are given here and stay; one given by the caller is ignored."""
    counts = ImportCounts()
    known = {row.id: (row.number, bytes(row.data)) for row in connection.execute(select(institutions))}
    number = highest(connection)
    added, replaced = [], []
    for institution in rows:
        # To the microsecond: of two changes within a second a reader in between would miss the second one.
        row = {"id": institution.id, "updated_at": datetime.now(UTC).isoformat(timespec="microseconds")}
        if institution.id not in known:
            number += 1
            data = to_json(msgspec.structs.replace(institution, number=number))
            added.append(row | {"number": number, "data": data})
            known[institution.id] = (number, data)
            counts.new += 1
            continue
        own_number, old = known[institution.id]
        data = to_json(msgspec.structs.replace(institution, number=own_number))
        if data == old:
            counts.unchanged += 1
            continue
        replaced.append({"key": institution.id, "data": data, "updated_at": row["updated_at"]})
        known[institution.id] = (own_number, data)
        counts.changed += 1
    if added:
        connection.execute(insert(institutions), added)
    if replaced:
        connection.execute(update(institutions).where(institutions.c.id == bindparam("key")), replaced)
    return counts


def changed(connection: Connection) -> list[tuple[str, str]]:
    """The institutions that are to be found, each with its last change (``2026-11-24T10:00:00Z``)."""
    rows = [(row, from_json(row.data, Institution)) for row in connection.execute(select(institutions))]
    rows.sort(key=lambda pair: pair[1].number)
    living = [(row.id, row.updated_at) for row, place in rows if not place.closed and not place.hidden]
    return [(id_, f"{updated[:19]}Z") for id_, updated in living]


def all_institutions(connection: Connection) -> list[Institution]:
    """Every institution, by number."""
    rows = connection.execute(select(institutions.c.data).order_by(institutions.c.number))
    return [from_json(row.data, Institution) for row in rows]


def get(connection: Connection, id_: str) -> Institution | None:
    """One institution by id."""
    data = connection.scalar(select(institutions.c.data).where(institutions.c.id == id_))
    return from_json(data, Institution) if data else None


def count(connection: Connection) -> int:
    """How many institutions there are."""
    return connection.scalar(select(func.count()).select_from(institutions)) or 0


def highest(connection: Connection) -> int:
    """The highest number that was ever given: states, columns and the index may still name those of removed ones."""
    kept = connection.scalar(select(func.max(institutions.c.number))) or 0
    return max(kept, int(notes.get(connection, _HIGHEST) or b"0"))


def remove(connection: Connection, id_: str) -> bool:
    """Delete an institution; True if there was one. Its holdings stay with their source's own institution.

    Its number is never given to another.
    """
    notes.put(connection, _HIGHEST, str(highest(connection)).encode())
    return connection.execute(delete(institutions).where(institutions.c.id == id_)).rowcount > 0


def version(connection: Connection) -> str:
    """Changes whenever any institution changes: for caches."""
    row = connection.execute(select(func.count(), func.max(institutions.c.updated_at), func.max(institutions.c.number)))
    return "|".join(str(value) for value in row.one())


class Resolver:
    """Finds the institution that a holding means.

    In this order: the holding's ``branch``, then its ``institution``, each as an id, a known alias (code, ISIL) or a
    name, looked for first among the source's own institution and its branches, then everywhere; at last the source's
    institution itself. A name that several institutions share outside that family decides nothing.
    """

    def __init__(self, rows: Sequence[Institution]) -> None:
        self._by_id = {row.id: row for row in rows}
        self._by_name: dict[str, list[Institution]] = {}
        for row in rows:
            for name in {fold(text) for text in (row.id, row.name, row.isil, *row.aliases) if text}:
                self._by_name.setdefault(name, []).append(row)

    def resolve(self, source_institution: str, institution: str, branch: str) -> Institution | None:
        """The institution meant, or None when nothing names one."""
        home = self._by_id.get(source_institution)
        owner = self._find(institution, home) if institution else None
        if branch:
            found = self._find(branch, owner or home)
            if found:
                return found
        return owner or home

    def _find(self, text: str, family: Institution | None) -> Institution | None:
        if text in self._by_id:
            return self._by_id[text]
        rows = self._by_name.get(fold(text), [])
        if family:
            root = family.parent or family.id
            for row in rows:
                if row.id == root or row.parent == root:
                    return row
        return rows[0] if len(rows) == 1 else None


def fold(text: str) -> str:
    """Name without case, diacritics, punctuation and surplus blanks."""
    text = "".join(c for c in normal_form("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]+", " ", text).split())
