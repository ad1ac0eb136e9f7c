"""What is given to others of a work: nothing that only a withheld source says (``Source.withheld``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from schemas.answer import Hit
from schemas.catalogue import CatalogueRecord, Source
from schemas.work import Edition, Work
from store import dated_works, records, sources, works
from store.database import Connection
from store.dated_works import Origin

Described = Mapping[int, tuple[Source, CatalogueRecord]]
"""Records by row number, each with its source."""
_SAME = [name for name in Work.__struct_fields__ if name in CatalogueRecord.__struct_fields__]
_SHOWN = [name for name in Hit.__struct_fields__ if name in _SAME and name != "creators"]


def given(work: Work, records: Described) -> Work | None:
    """A work as others get it.

    Of a work without withheld records that is the merged description. Of others it is the description of the open
    record that says most: the merged one would give away what the withheld ones say.

    Args:
        work: the work.
        records: all its living records.

    Returns:
        None when every record of it is withheld.
    """
    if not any(source.withheld for source, _ in records.values()):
        return work
    opened = open_records(records)
    if not opened:
        return None
    fullest = min(opened, key=lambda row: (-len(msgspec.json.encode(opened[row][1])), row))
    own = opened[fullest][1]
    fields = {name: getattr(own, name) for name in _SAME}
    fields |= {name: _all(name, opened.values()) for name in ("isbns", "issns", "identifiers")}
    editions = [kept for edition in work.editions if (kept := _edition(edition, opened))]
    return Work(id=work.id, number=work.number, editions=editions, **fields)


def given_works(
    connection: Connection, found: Mapping[int, Work], behind: Mapping[int, Sequence[Origin]] | None = None
) -> dict[int, Work]:
    """Works by number as others get them; those that nobody gets are left out.

    Args:
        connection: to the store.
        found: the works by number.
        behind: the living records behind them, where they are known already.
    """
    if behind is None:
        behind = mixed(connection, list(found))
    given_: dict[int, Work] = {}
    for number, work in found.items():
        origins = behind.get(number, ())
        told: Work | None = work
        if any(one.source.withheld for one in origins):
            told = given(work, records.with_sources(connection, [one.row for one in origins]))
        if told is not None:
            given_[number] = told
    return given_


def given_hits(connection: Connection, hits: Sequence[Hit]) -> list[Hit]:
    """Hits of a page as they are described to others; those of works that nobody gets are left out."""
    behind = mixed(connection, [hit.number for hit in hits])
    told = given_works(connection, works.by_numbers(connection, list(behind)), behind)
    return [
        _described(hit, told[hit.number]) if hit.number in told else hit
        for hit in hits
        if hit.number in told or hit.number not in behind
    ]


def mixed(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Origin]]:
    """Those of some works that have withheld records, with all their living records."""
    if not any(source.withheld for source in sources.all_sources(connection)):
        return {}
    behind = dated_works.origins(connection, numbers)
    return {n: origins for n, origins in behind.items() if any(one.source.withheld for one in origins)}


def open_records(records: Described) -> dict[int, tuple[Source, CatalogueRecord]]:
    """Those that are not withheld."""
    return {row: both for row, both in records.items() if not both[0].withheld}


def _described(hit: Hit, work: Work) -> Hit:
    """A hit in the words of a work as others get it. Its best copy may be one that only a withheld record names."""
    same = {name: getattr(work, name) for name in _SHOWN}
    return msgspec.structs.replace(hit, **same, creators=[creator.name for creator in work.creators], best=None)


def _edition(edition: Edition, opened: Described) -> Edition | None:
    rows = [row for row in edition.record_ids if row in opened]
    if not rows:
        return None
    described = [opened[row] for row in rows]
    first = described[0][1]
    return Edition(
        id=edition.id,
        record_ids=rows,
        year=first.year,
        languages=first.languages,
        isbns=_all("isbns", described),
        publisher=first.publisher,
        edition=first.edition,
    )


def _all(name: str, described: Iterable[tuple[Source, CatalogueRecord]]) -> list[str]:
    """Every value of a list that the records have, each once."""
    return list(dict.fromkeys(value for _, record in described for value in getattr(record, name)))
