"""The MARC records that sources sent of works, found in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from search_api.oai.stored_marc import preferred, stored_marc
from search_api.renderers.xml import Element
from store import dated_works, raw_records
from store.database import Connection, Database
from store.dated_works import Origin


def stored_records(connection: Connection, origins: Sequence[Origin]) -> dict[int, Element]:
    """MARC records as they were sent, by row; those that cannot be read any more are left out."""
    sources = {origin.source.id: origin.source for origin in origins}
    found: dict[int, Element] = {}
    for id_, source in sources.items():
        rows = [origin.row for origin in origins if origin.source.id == id_]
        for row, raw in raw_records.by_ids(connection, id_, rows):
            record = None if raw.deleted else stored_marc(raw, source)
            if record is not None:
                found[row] = record
    return found


def of_works(database: Database, works: Mapping[int, str]) -> dict[str, Element]:
    """The MARC <record> that says most of each work, by the works' ids; none for those of which no source sent one.

    Args:
        database: the store.
        works: number -> id.
    """
    with database.connect() as connection:
        behind = dated_works.origins(connection, list(works))
        chosen = {number: origin for number, origins in behind.items() if (origin := preferred(origins))}
        stored = stored_records(connection, list(chosen.values()))
    return {works[number]: stored[origin.row] for number, origin in chosen.items() if origin.row in stored}
