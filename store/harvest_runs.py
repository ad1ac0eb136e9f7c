"""Repository of harvest runs: status, counts that add up, losses, and the checkpoint that survives a crash."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from store import prepared
from store.codec import from_json, to_json
from store.database import now_text
from store.tables import graves, harvest_runs, sources

_SAMPLES = 5
# Made once: every page asks it.
_CHECKPOINT = (
    update(harvest_runs)
    .where(harvest_runs.c.id == bindparam("number"))
    .values(checkpoint=bindparam("at"), report=bindparam("so_far"), full=bindparam("whole"))
)
RunStatus = Literal["running", "complete", "incomplete", "failed", "waiting"]


class Loss(msgspec.Struct, kw_only=True):
    """One kind of thing that went wrong in a run, with how often and a first example."""

    reason: str
    count: int = 1
    record: str = ""
    position: str = ""
    samples: list[str] = msgspec.field(default_factory=list)
    """The first records it happened to."""


class RunReport(msgspec.Struct, kw_only=True):
    """What a run did. ``received`` = new + changed + unchanged + deleted + quarantined, always."""

    run: int = 0
    source: str = ""
    status: RunStatus = "running"
    received: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    quarantined: int = 0
    losses: list[Loss] = msgspec.field(default_factory=list)
    started_at: str = ""
    finished_at: str = ""
    seconds: float = 0
    """From start to end."""
    rate: float = 0
    """Records received a second."""
    pages: int = 0
    notes: list[str] = msgspec.field(default_factory=list)
    unlisted_since: int = 0
    """Of a waiting run with a whole list: what no run from this one on has seen would go. 0 = only deletions wait."""
    short_by: int = 0
    """So many records fewer came than the source counts, and nothing else is missing."""
    resume_at: str = ""
    """ISO time in UTC at which the schedule goes on with a run that waited for its source too long; "" = never."""

    def lose(self, reason: str, *, record: str = "", position: str = "") -> None:
        """Count a loss under its reason (at most 200 different reasons are kept apart)."""
        for loss in self.losses:
            if loss.reason == reason:
                loss.count += 1
                if record and len(loss.samples) < _SAMPLES:
                    loss.samples.append(record)
                return
        if len(self.losses) < 200:
            samples = [record] if record else []
            self.losses.append(Loss(reason=reason, record=record, position=position, samples=samples))
        else:
            self.losses[-1].count += 1


class Standing(msgspec.Struct, kw_only=True):
    """Where a run stands, saved with every page: what the next run needs to go on."""

    first_run: int
    """The run that began the list; runs that went on with it have higher ids."""
    full: bool = False
    expected: int | None = None
    """How many records the source says its list has."""
    parts: int = 0
    """Records that came inside others, which the source does not count."""
    fresh: int = 0
    """New or changed records that came after an earlier complete run."""
    latest_s: float = 0
    """Seconds by which the latest of them was late: its datestamp is so far before the high-water mark."""
    fetch: dict[str, Any] = msgspec.field(default_factory=dict)
    """The protocol's own checkpoint; {} = at the beginning."""


def start(connection: Connection, source_number: int) -> int:
    """Begin a run; returns its id."""
    result = connection.execute(
        insert(harvest_runs).values(source=source_number, status="running", started_at=now_text())
    )
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def checkpoint(connection: Connection, run: int, standing: Standing, report: RunReport) -> None:
    """Save where the run stands; call it in the transaction that stores the page."""
    saved = {"at": to_json(standing), "so_far": to_json(report), "whole": standing.full}
    prepared.execute(connection, _CHECKPOINT, number=run, **saved)


def finish(connection: Connection, run: int, report: RunReport, *, resumable: bool = False) -> None:
    """End a run with its report. Where it is resumable, its checkpoint stays for the next run."""
    began = connection.scalar(select(harvest_runs.c.started_at).where(harvest_runs.c.id == run))
    report.started_at, report.finished_at = began or report.started_at, report.finished_at or now_text()
    _time(report)
    values: dict[str, Any] = {"status": report.status, "finished_at": report.finished_at, "report": to_json(report)}
    values["resume_at"] = report.resume_at or None
    if not resumable:
        values["checkpoint"] = b"{}"
    connection.execute(update(harvest_runs).where(harvest_runs.c.id == run).values(values))


def _time(report: RunReport) -> None:
    if report.started_at and report.finished_at:
        spent = datetime.fromisoformat(report.finished_at) - datetime.fromisoformat(report.started_at)
        report.seconds = max(spent.total_seconds(), 0.0)
        report.rate = round(report.received / max(report.seconds, 1.0), 1)


def amend(connection: Connection, run: int, report: RunReport) -> None:
    """Replace the report of a run that has ended, which goes on to have ended when it did."""
    connection.execute(update(harvest_runs).where(harvest_runs.c.id == run).values(report=to_json(report)))


def cut_off(connection: Connection, source_number: int) -> tuple[int, bool, Standing, RunReport] | None:
    """The latest run of a source if its list did not come to an end.

    Returns:
        Its id, whether it died without a word (else it ended with a report), where it stands, its report so far.
    """
    row = connection.execute(
        select(harvest_runs).where(harvest_runs.c.source == source_number).order_by(harvest_runs.c.id.desc()).limit(1)
    ).first()
    if row is None or (row.checkpoint == b"{}" and row.status != "running"):
        return None
    standing = from_json(row.checkpoint, Standing) if row.checkpoint != b"{}" else Standing(first_run=row.id)
    so_far = from_json(row.report, RunReport) if row.report != b"{}" else RunReport()
    return row.id, row.status == "running", standing, so_far


def abandon(connection: Connection, run: int) -> None:
    """Give up a run that was cut off: nobody goes on with it."""
    connection.execute(
        update(harvest_runs)
        .where(harvest_runs.c.id == run, harvest_runs.c.status == "running")
        .values(status="incomplete", finished_at=now_text())
    )
    connection.execute(update(harvest_runs).where(harvest_runs.c.id == run).values(checkpoint=b"{}"))


def report(connection: Connection, run_or_source: str = "") -> RunReport | None:
    """A run's report by its id, a source's latest by the source's id, or the latest of all ("")."""
    query = select(harvest_runs, sources.c.id.label("source_id")).join(
        sources, sources.c.number == harvest_runs.c.source
    )
    if run_or_source.isdigit():
        query = query.where(harvest_runs.c.id == int(run_or_source))
    elif run_or_source:
        query = query.where(sources.c.id == run_or_source)
    row = connection.execute(query.order_by(harvest_runs.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    value = from_json(row.report, RunReport) if row.report != b"{}" else RunReport()
    value.run, value.source, value.status, value.started_at = row.id, row.source_id, row.status, row.started_at
    value.finished_at = row.finished_at or ""
    return value


def forget(connection: Connection, before: str) -> int:
    """Delete what ended before a moment (ISO text, UTC) and nobody needs any more; returns how many runs went.

    Of each source its last run stays, its last whole list, and what a person may still decide about or undo.
    """
    own = harvest_runs.alias()
    last = select(func.max(own.c.id)).group_by(own.c.source)
    over = delete(harvest_runs).where(
        harvest_runs.c.finished_at < before,
        harvest_runs.c.status != "waiting",
        harvest_runs.c.id.not_in(last),
        harvest_runs.c.id.not_in(last.where(own.c.full.is_(True))),
        harvest_runs.c.id.not_in(select(graves.c.run)),
    )
    return connection.execute(over).rowcount


class FinishedRun(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run."""

    run: int
    source: str
    status: str
    finished_at: str


def latest_finished(connection: Connection) -> FinishedRun | None:
    """The run that ended last, of any source."""
    row = connection.execute(
        select(harvest_runs.c.id, sources.c.id.label("source"), harvest_runs.c.status, harvest_runs.c.finished_at)
        .join(sources, sources.c.number == harvest_runs.c.source)
        .where(harvest_runs.c.finished_at.is_not(None))
        .order_by(harvest_runs.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return FinishedRun(run=row.id, source=row.source, status=row.status, finished_at=row.finished_at)
