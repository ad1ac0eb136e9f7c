"""Which copies an item means: the institution's own, in the records that carry the identifier it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from indexer.engines.base import SearchEngine
from schemas.catalogue import CatalogueRecord, Source
from schemas.identifiers import isbn13
from schemas.institution import Institution
from schemas.query import EngineQuery, Terms
from schemas.said import Said, say
from search_api.availability.items import Item, ItemError
from store import raw_records, records, sources, works
from store.database import Database
from store.holdings import numbered
from store.institutions import Resolver

_CHUNK = 500
_MOST_WORKS = 10_000
Target = tuple[int, int, str]
"""Record, number of the institution, the copy's key ("" = all there)."""


class Targets:
    """Finds the copies for the items of one batch. Records are read once, before the first question."""

    def __init__(
        self,
        database: Database,
        engine: SearchEngine,
        resolver: Resolver,
        institution: Institution,
        institutions: Iterable[Institution],
    ) -> None:
        self._database, self._engine, self._resolver = database, engine, resolver
        self._institution = institution
        root = institution.parent or institution.id
        self._own = {row.number for row in institutions if row.id == institution.id or row.parent == institution.id} | {
            institution.number
        }
        self._family = {row.id for row in institutions if root in (row.id, row.parent)} | {institution.id}
        self._sources: dict[int, Source] = {}
        self._by_identifier: dict[str, list[tuple[int, int]]] = {}
        self._by_isbn: dict[str, list[int]] = {}
        self._records: dict[int, tuple[Source, CatalogueRecord]] = {}

    def load(self, items: Sequence[Item]) -> None:
        """Read what the items of the batch can mean.

        Raises:
            EngineError: ISBNs are asked for and the engine does not answer.
        """
        identifiers = list({item.record for item in items if item.record})
        isbns = list({isbn for item in items if item.isbn and (isbn := isbn13(item.isbn))})
        with self._database.connect() as connection:
            self._sources = sources.numbers(connection)
            family = [n for n, source in self._sources.items() if source.institution in self._family]
            self._by_identifier = raw_records.find(connection, family, identifiers)
            named = {item.source for item in items if item.source}
            others = [identifier for identifier in identifiers if identifier not in self._by_identifier]
            far = [n for n, source in self._sources.items() if n not in family]
            self._by_identifier |= raw_records.find(connection, far, others)
            if named:  # an identifier that stands both at home and in a named source elsewhere
                extra = [n for n in far if self._sources[n].id in named]
                for identifier, rows in raw_records.find(connection, extra, identifiers).items():
                    known = self._by_identifier.setdefault(identifier, [])
                    known += [row for row in rows if row not in known]
            numbers = self._works_with(isbns)
            found = works.by_numbers(connection, numbers)
            ids = {row for rows in self._by_identifier.values() for _, row in rows}
            ids |= {row for work in found.values() for edition in work.editions for row in edition.record_ids}
            self._records = records.with_sources(connection, list(ids))
        for row, (_, record) in self._records.items():
            for isbn in record.isbns:
                self._by_isbn.setdefault(isbn, []).append(row)

    def _works_with(self, isbns: Sequence[str]) -> list[int]:
        numbers: list[int] = []
        if isbns:
            snapshot = self._engine.snapshot()
            here = Terms("institution", tuple(sorted(self._own)))
            for start in range(0, len(isbns), _CHUNK):
                query = EngineQuery(filters=(Terms("isbn", tuple(isbns[start : start + _CHUNK])), here))
                numbers += snapshot.all_matches(query, _MOST_WORKS).tolist()
        return numbers

    def of(self, item: Item) -> list[Target]:
        """The copies an item means: of one record, or of each with that ISBN.

        Raises:
            ItemError: none, or it is not clear which.
        """
        rows = self._candidates(item)
        here = {row: copies for row in rows if (copies := self._copies(row))}
        if not here:
            raise ItemError(
                say(
                    "nothing of {place!r} is in the record {thing!r}",
                    place=self._institution.id,
                    thing=item.record or item.isbn,
                )
            )
        if item.record and len(here) > 1:
            names = ", ".join(sorted(self._records[row][0].id for row in here))
            raise ItemError(
                say(
                    'the record {thing!r} stands in several sources: add one as "source": {names}',
                    thing=item.record,
                    names=names,
                )
            )
        targets = [target for row, copies in here.items() for target in self._pick(row, copies, item)]
        if not targets:
            raise ItemError(_no_copy(item))
        return targets

    def _candidates(self, item: Item) -> list[int]:
        if item.isbn:
            isbn = isbn13(item.isbn)
            if isbn is None:
                raise ItemError(say("{isbn!r} is not a valid ISBN", isbn=item.isbn[:40]))
            rows = self._by_isbn.get(isbn, [])
        else:
            rows = [row for _, row in self._by_identifier.get(item.record, [])]
        if item.source:
            rows = [row for row in rows if row in self._records and self._records[row][0].id == item.source]
        if not rows:
            thing = item.record or item.isbn
            if item.source:
                raise ItemError(say("no record {thing!r} in the source {source!r}", thing=thing, source=item.source))
            raise ItemError(say("no record {thing!r}", thing=thing))
        return rows

    def _copies(self, row: int) -> list[tuple[int, str]]:
        """The copies of a record that are the institution's or its branches': (institution number, key)."""
        if row not in self._records:
            return []
        source, record = self._records[row]
        places = (
            (self._resolver.resolve(source.institution, holding.institution, holding.branch), holding.key)
            for _, holding in numbered(record.holdings)
        )
        return [(place.number, key) for place, key in places if place and place.number in self._own]

    def _pick(self, row: int, copies: list[tuple[int, str]], item: Item) -> list[Target]:
        if item.branch:
            place = self._resolver.resolve(self._institution.id, "", item.branch)
            copies = [copy for copy in copies if place and copy[0] == place.number]
        if item.holding:
            return [(row, number, key) for number, key in dict.fromkeys(copies) if key == item.holding]
        places = sorted({number for number, _ in copies})
        if len(places) > 1:
            raise ItemError(
                say(
                    "{n} branches hold {thing!r}: say which by branch or holding",
                    n=len(places),
                    thing=item.record or item.isbn,
                )
            )
        return [(row, number, "") for number in places]


def _no_copy(item: Item) -> Said:
    thing, copy, branch = item.record or item.isbn, item.holding, item.branch
    if copy and branch:
        return say("no copy {copy!r} of {thing!r} is known at {branch!r}", copy=copy, thing=thing, branch=branch)
    if copy:
        return say("no copy {copy!r} of {thing!r} is known", copy=copy, thing=thing)
    if branch:
        return say("no copy of {thing!r} is known at {branch!r}", thing=thing, branch=branch)
    return say("no copy of {thing!r} is known", thing=thing)
