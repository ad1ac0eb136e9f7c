"""One harvest run: begun, or taken up where the last one was cut off, and saved with every page."""

from __future__ import annotations

from itertools import chain

import msgspec

from harvester import parts, windows
from harvester.formats.base import Reader, tombstone
from harvester.normalise import keep, read_each
from harvester.protocols.base import Page
from schemas.catalogue import CatalogueRecord, Quarantined, RawRecord, Source
from store import graves, harvest_runs, quarantine, raw_records, records, registrations, sources
from store.database import Connection, Database
from store.harvest_runs import RunReport, Standing
from store.sources import SourceState


class UnknownSourceError(Exception):
    """The source is not in the store."""


class WithdrawnError(UnknownSourceError):
    """Its institution has taken the source out: nothing of it may come in."""


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may remove without a person: the smaller of a share of the living records and a number of them."""

    share: float = 0.05
    records: int = 500


class Run(msgspec.Struct, kw_only=True):
    """A run under way."""

    source: Source
    brake: Brake = Brake()
    number: int
    """Of the source in the store."""
    report: RunReport
    standing: Standing
    state: SourceState
    expected: int | None = None
    """How many records the source says its list has."""

    @property
    def id(self) -> int:
        """The run's number in the store."""
        return self.report.run


def begin(database: Database, source: Source, *, full: bool) -> Run:
    """Begin a run or take up the one that was cut off: by a crash (it goes on as the same run) or by the source.

    A list of changes that was cut off is dropped when everything is wanted.

    Raises:
        UnknownSourceError: no such source, or it is withdrawn.
    """
    with database.begin() as connection:
        number = sources.number_of(connection, source.id)
        if number is None:
            raise UnknownSourceError(f"no source {source.id!r}: see `lampway sources list`")
        if registrations.is_withdrawn(connection, source.id):
            raise WithdrawnError(f"{source.id} is withdrawn: whoever registered it can bring it back on its page")
        state = sources.state(connection, source.id)
        full = full or state.anew
        before = harvest_runs.cut_off(connection, number)
        if before and (before[2].full or not full):
            id_, died, standing, report = before
            if not died:
                id_, report = harvest_runs.start(connection, number), RunReport()
                report.notes.append(f"goes on where run {before[0]} stopped")
        else:
            if before:
                harvest_runs.abandon(connection, before[0])
            id_, report = harvest_runs.start(connection, number), RunReport()
            standing = Standing(first_run=id_, full=full)
        report.run, report.source = id_, source.id
        harvest_runs.checkpoint(connection, id_, standing, report)
    return Run(source=source, number=number, report=report, standing=standing, state=state, expected=standing.expected)


def store_page(database: Database, run: Run, page: Page, read: Reader) -> int:
    """Keep a page: raw records, what they say, what could not be read, and where to go on, in one transaction.

    Returns:
        How many of its records could not be read.
    """
    before = msgspec.json.encode(run.report)
    try:
        with database.begin() as connection:
            failed = _store(connection, run, page, read)
            run.standing.expected = run.expected = page.expected if page.expected is not None else run.expected
            harvest_runs.checkpoint(connection, run.id, run.standing, run.report)
    except BaseException:
        run.report = msgspec.json.decode(before, type=RunReport)  # what was rolled back was not done
        raise
    return failed


def _store(connection: Connection, run: Run, page: Page, read: Reader) -> int:
    report = run.report
    if page.anew:
        raw_records.unsee(connection, run.number, run.standing.first_run)
        run.standing.parts = 0
    page, count = parts.taken_apart(
        connection, run.source, run.number, page, run=run.id, first_run=run.standing.first_run
    )
    run.standing.parts += count
    page, kept = _without_settled(connection, run, page)
    outcome = raw_records.store_page(connection, run.number, run.id, page.records)
    failed: list[Quarantined] = []
    done = read_each([*outcome.new, *outcome.changed], read, failed)
    new = {id_ for id_, _ in outcome.new}
    keep(connection, run.number, run.id, chain(done, _buried(connection, outcome.deleted)), failed, new)
    broken = {row.record for row in failed}
    for row in (*page.quarantined, *failed):
        report.lose(row.reason, record=row.record, position=row.position)
    if page.quarantined:
        quarantine.add(connection, run.number, run.id, page.quarantined)
        met = {row.record for row in page.quarantined} - set(page.strays)
        raw_records.mark_seen(connection, run.number, run.id, sorted(met))
    still = _still_unreadable(connection, run, outcome.same)
    report.pages += 1
    report.received += len(page.records) + len(page.quarantined) + kept
    report.new += sum(raw.record not in broken for _, raw in outcome.new)
    report.changed += sum(raw.record not in broken for _, raw in outcome.changed)
    report.deleted += len(outcome.deleted)
    _look_for_late_ones(run, [raw for _, raw in (*outcome.new, *outcome.changed, *outcome.deleted)])
    report.unchanged += outcome.unchanged - still + kept
    report.quarantined += len(page.quarantined) + len(failed) + still
    run.standing.fetch = page.checkpoint
    return len(page.quarantined) + len(failed) + still


def _without_settled(connection: Connection, run: Run, page: Page) -> tuple[Page, int]:
    """A page of changes without the deletions that a person has refused already, and how many those are.

    Only a new datestamp, or a whole list, asks anew.
    """
    tombstones = {} if run.standing.full else {raw.record: raw.datestamp[:40] for raw in page.records if raw.deleted}
    kept = set(graves.kept_in_spite(connection, run.number, tombstones))
    if not kept:
        return page, 0
    raw_records.mark_seen(connection, run.number, run.id, sorted(kept))
    left = [raw for raw in page.records if not (raw.deleted and raw.record in kept)]
    return msgspec.structs.replace(page, records=left), len(page.records) - len(left)


def _look_for_late_ones(run: Run, fresh: list[RawRecord]) -> None:
    """Changes whose datestamps say that an earlier run should have seen them: the server shows them late."""
    if run.state.watermark:
        run.standing.fresh += len(fresh)
        late = [windows.lateness(raw.datestamp, run.state.watermark) for raw in fresh]
        longest = windows.LONGEST.total_seconds()
        run.standing.latest_s = max([run.standing.latest_s, *(seconds for seconds in late if seconds <= longest)])


def _buried(connection: Connection, deleted: list[tuple[int, RawRecord]]) -> list[tuple[int, CatalogueRecord]]:
    """Tombstones of what never lived here. Those of living records wait for the end of the run and its brake."""
    if not deleted:
        return []
    alive = records.alive_among(connection, [id_ for id_, _ in deleted])
    return [(id_, tombstone(raw.source, raw.record, raw.datestamp)) for id_, raw in deleted if id_ not in alive]


def _still_unreadable(connection: Connection, run: Run, same: list[str]) -> int:
    """Records that came as they were, of which we could not make anything then either: they count again."""
    held = quarantine.among(connection, run.number, same)
    arrived = [record for record, reasons in held.items() if "fetch" in reasons]
    quarantine.release(connection, run.number, arrived, "fetch")
    unreadable = {record: reasons["normalise"] for record, reasons in held.items() if "normalise" in reasons}
    for record, reason in unreadable.items():
        run.report.lose(reason, record=record)
    return len(unreadable)
