"""Writes the borrow feed: streams all works, lists what can be listed, and counts by reason what cannot."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from schemas.bindings import Binding, binding_of
from schemas.catalogue import Availability, CatalogueRecord, Source
from schemas.institution import Institution
from schemas.work import Edition, Work
from search_api.given import given, open_records
from search_api.renderers import borrow
from search_api.renderers.borrow import TAIL, Listed, Loan
from search_api.web.addresses import safe_url
from store import availability, institutions, records, works
from store.database import Connection, Database
from store.holdings import PlacedHolding, effective, place, seen_at
from store.institutions import Resolver

MOST_BYTES = 900_000_000
"""Of one file before it is compressed; 1 GB is too much for those who take it."""
_BATCH = 500
Progress = Callable[[int, int], None]
"""Told works done and works in all."""


class FeedReport(msgspec.Struct, kw_only=True):
    """What a feed has in it, and what is left out, by reason."""

    files: list[str] = msgspec.field(default_factory=list)
    works: int = 0
    """Works looked at: those that somebody in the feed has."""
    books: int = 0
    editions: int = 0
    loans: int = 0
    systems: int = 0
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    """Reason -> how many: no-isbn and no-language count editions, no-format ISBNs, not-lent copies."""


def write_feed(
    database: Database,
    folder: Path,
    base: str,
    now: datetime,
    only: Sequence[str] = (),
    *,
    on_progress: Progress = lambda done, total: None,
    most_bytes: int = MOST_BYTES,
) -> FeedReport:
    """Write ``books-N.json.gz`` and ``library-systems-N.json.gz``; each appears whole or not at all.

    Each batch of works is read in a transaction of its own: one over all of it would keep the database from tidying up
    (SQLite's log, PostgreSQL's dead rows) for as long as the feed takes.

    Args:
        database: the store.
        folder: where; made when it is missing.
        base: our own address without a slash at the end: the names of everything begin with it.
        now: the moment of the feed.
        only: institutions with their branches; all when empty.
        on_progress: told now and then.
        most_bytes: of one file before it is compressed.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    report, left = FeedReport(), Counter[str]()
    with database.connect() as connection:
        places, total = institutions.all_institutions(connection), works.count(connection)
    lenders, resolver = _lenders(places, only), Resolver(places)
    with _files(folder, "books", now, most_bytes, report) as write:
        done = last = 0
        while True:
            with database.connect() as connection:
                batch = works.after(connection, last, _BATCH)
                lines = list(_books(connection, batch, resolver, lenders, base, now, report, left))
            if not batch:
                break
            for line in lines:
                write(line)
            done, last = done + len(batch), batch[-1].number
            on_progress(done, total)
    lending = sorted({owner.id for owner in lenders.values()})
    by_id = {row.id: row for row in places}
    with _files(folder, "library-systems", now, most_bytes, report) as write:
        for id_ in lending:
            branches = [row for row in places if row.parent == id_ and not row.closed]
            write(borrow.system(by_id[id_], branches, base))
            report.systems += 1
    report.left_out = dict(sorted(left.items()))
    return report


def _lenders(places: Sequence[Institution], only: Sequence[str]) -> dict[str, Institution]:
    """Id of a place -> the library system that lends there."""
    by_id = {row.id: row for row in places}
    found: dict[str, Institution] = {}
    for row in places:
        owner = by_id.get(row.parent, row)
        lends = not row.services or {"loan", "digital"} & set(row.services)
        wanted = not only or row.id in only or owner.id in only
        if row.kind == "library" and not row.closed and not row.hidden and lends and wanted:
            found[row.id] = owner
    return found


def _books(
    connection: Connection,
    batch: Sequence[Work],
    resolver: Resolver,
    lenders: dict[str, Institution],
    base: str,
    now: datetime,
    report: FeedReport,
    left: Counter[str],
) -> Iterator[bytes]:
    books = [work for work in batch if work.type in ("book", "audio")]
    ids = [id_ for work in books for edition in work.editions for id_ in edition.record_ids]
    every = records.with_sources(connection, ids)
    rows = open_records(every)
    seen, facts = seen_at(connection, ids), availability.of_records(connection, ids)
    for work in books:
        loans: dict[str, list[Loan]] = {}
        address = f"{base}/works/{work.id}"
        for placed in place(work, rows, resolver):
            where = placed.institution
            if where is None or where.id not in lenders or placed.record_id not in seen:
                continue
            known = facts.get(placed.record_id, ())
            states = effective(placed.holding, seen[placed.record_id], where.number, known, where.services)
            loan = _loan(placed, lenders[where.id], states, address, now)
            if loan is None:
                left["not-lent"] += 1
            else:
                loans.setdefault(placed.edition, []).append(loan)
        if not loans:
            continue
        report.works += 1
        listed: list[Listed] = []
        for edition in work.editions:
            if edition.id in loans:
                listed += _listed(edition, work, rows, _one_each(loans[edition.id]), left)
        told = given(work, {id_: every[id_] for edition in work.editions for id_ in edition.record_ids if id_ in every})
        if listed and told:
            report.books += 1
            report.editions += len(listed)
            report.loans += sum(len(one.loans) for one in listed)
            yield borrow.book(told, listed, base)


def _loan(
    placed: PlacedHolding, owner: Institution, states: Sequence[Availability], address: str, now: datetime
) -> Loan | None:
    """How one borrows a copy; None when it is not lent, or nobody can say when it will be again."""
    own = {state.service: state for state in states}
    about = own.get("loan") or own.get("digital")
    if own and about is None:
        return None
    state, due = (about.state, about.due) if about else ("unknown", "")
    if state == "unavailable":
        return None
    if state == "expected":
        if not _is_coming(due, now):
            return None
    else:
        due = ""
    return Loan(system=owner.id, address=safe_url(placed.holding.url) or address, due=due)


def _is_coming(due: str, now: datetime) -> bool:
    try:
        return date.fromisoformat(due) >= now.date()
    except ValueError:
        return False


def _one_each(loans: list[Loan]) -> list[Loan]:
    """The best of each system: there now before there later."""
    best: dict[str, Loan] = {}
    for loan in sorted(loans, key=lambda one: one.due):
        best.setdefault(loan.system, loan)
    return list(best.values())


def _listed(
    edition: Edition,
    work: Work,
    rows: dict[int, tuple[Source, CatalogueRecord]],
    loans: list[Loan],
    left: Counter[str],
) -> Iterator[Listed]:
    described = [rows[id_][1] for id_ in edition.record_ids if id_ in rows]
    numbers = dict.fromkeys(number for record in described for number in record.isbns)
    if not numbers:
        left["no-isbn"] += 1
        return
    languages = [*edition.languages, *work.languages]
    language = next((tag.split("-")[0] for tag in languages if len(tag.split("-")[0]) == 2), "")
    if not language:
        left["no-language"] += 1
        return
    for number in numbers:
        binding = _binding(number, described)
        if binding is None:
            left["no-format"] += 1
        else:
            yield Listed(isbn=number, binding=binding, language=language, loans=loans)


def _binding(number: str, described: Sequence[CatalogueRecord]) -> Binding | None:
    """What the book with this ISBN is bound in: said beside the number, else by the type, else of the only edition."""
    for record in described:
        if number in record.bindings:
            return record.bindings[number]
    if any(record.type == "audio" for record in described):
        return "audiobook"
    told = {binding for record in described if number in record.isbns and len(record.isbns) == 1
            if (binding := binding_of(f"{record.edition} {record.extent}"))}  # fmt: skip
    return told.pop() if len(told) == 1 else None


@contextmanager
def _files(
    folder: Path, name: str, moment: datetime, most_bytes: int, report: FeedReport
) -> Iterator[Callable[[bytes], None]]:
    """Takes entities, and begins a new file before one grows too large. Files of an earlier feed are replaced."""
    opened: list[tuple[Path, BinaryIO]] = []
    size, head = 0, borrow.head(moment.isoformat(timespec="seconds"))

    def begin() -> None:
        nonlocal size
        path = folder / f"{name}-{len(opened) + 1}.json.gz.part"
        # Without the moment of packing: the same content is the same file.
        opened.append((path, cast("BinaryIO", gzip.GzipFile(path, "wb", compresslevel=6, mtime=0))))
        size = opened[-1][1].write(head)

    def write(entity: bytes) -> None:
        nonlocal size
        if size + len(entity) + len(TAIL) + 2 > most_bytes:
            opened[-1][1].write(TAIL)
            opened[-1][1].close()
            begin()
        elif size > len(head):
            size += opened[-1][1].write(b",\n")
        size += opened[-1][1].write(entity)

    try:
        begin()
        yield write
        opened[-1][1].write(TAIL)
        opened[-1][1].close()
        for path, _ in opened:
            path.replace(path.with_suffix(""))
            report.files.append(path.with_suffix("").name)
        for old in folder.glob(f"{name}-*.json.gz"):
            if old.name not in report.files:
                old.unlink()
    finally:
        for path, file in opened:
            file.close()
            path.unlink(missing_ok=True)
