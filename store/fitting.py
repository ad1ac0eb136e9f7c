"""Whether a database has the tables that this Lampway reads and writes.

Until the first release its tables change without a migration, so a database of yesterday may bear today's revision.
Found here, that is one sentence at the start; else it is a missing column in the middle of a night's harvest.
"""

from __future__ import annotations

from sqlalchemy import Connection

from store import (
    account_tables,  # noqa: F401 - its tables belong to the metadata
    dialect,
)
from store.tables import metadata

_SHOWN = 3


def misfit(connection: Connection) -> str:
    """How the tables differ from those of this Lampway; "" = they do not. Tables of others beside them do not count."""
    there = dialect.of(connection).columns(connection)
    found = []
    for table in metadata.sorted_tables:
        own, known = there.get(table.name), set(table.columns.keys())
        if own is None:
            found.append(f"there is no table {table.name}")
            continue
        found += [f"the table {table.name} has no column {name}" for name in sorted(known - own)]
        found += [f"the table {table.name} has a column {name}" for name in sorted(own - known)]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
