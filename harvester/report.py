"""A run's end: what is missing, which status that makes, and the report in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from harvester import removals, windows
from harvester.missing import count_seen
from harvester.protocols.base import Fetch
from harvester.removals import DecisionError, Noted
from harvester.run import Run
from store import harvest_runs, quarantine, records, sources
from store.database import Connection, Database, now_text
from store.harvest_runs import RunReport

_MANY = 20
"""New records that a small source may well have at once."""
STATUS_WORDS = {
    "running": "is running, or was cut off and goes on with the next harvest",
    "complete": "is complete",
    "incomplete": "is incomplete",
    "failed": "failed",
    "waiting": "waits for a decision",
}


def conclude(database: Database, run: Run, fetch: Fetch) -> RunReport:
    """End a run whose list came to its end: look for what is missing, remove what may go, remember for the next."""
    report = run.report
    with database.begin() as connection:
        for loss in fetch.losses:
            report.lose(loss)
        report.notes += map(str, fetch.notes)
        missing = list(fetch.losses)
        if run.expected is not None and (words := _count(connection, run, alone=not missing)):
            missing.append(words)
            report.lose(words)
        # A file of changes is another one than the source's own.
        if not run.source.delta and not sources.asks_alike(connection, run.source):
            missing.append("the source was changed while it was harvested: the next run asks for everything")
            report.lose(missing[-1])
        whole = fetch.whole and not missing
        if whole and not report.received and records.count_live(connection, run.number):
            missing.append("the source sends an empty list though it had records; nothing was removed")
            report.lose(missing[-1])
            whole = False
        waits_before = run.state.waits_on_run
        decision = removals.carry_out(connection, run, list_is_whole=whole)
        if decision:
            report.notes.append(decision)
        report.status = _status(report, bool(decision))
        if report.status == "complete" and (held := quarantine.count(connection, run.number)):
            report.notes.append(
                f"{held:,} records of earlier runs are still set aside, for they could not be read: "
                f"`lampway harvest quarantine {run.source.id}` shows them"
            )
        state = fetch.state if not missing else sources.state(connection, run.source.id)
        state.waits_on_run = run.state.waits_on_run if not missing else run.state.waits_on_run or waits_before
        if not missing:
            state.overlap_s, state.quiet = windows.learned(
                run.state.overlap_s, run.state.quiet, fresh=run.standing.fresh, latest_s=run.standing.latest_s
            )
            state.last_complete_at = now_text()
            state.anew = _may_be_renamed(run)
            state.live = records.count_live(connection, run.number)
        sources.set_state(connection, run.source.id, state)
        harvest_runs.finish(connection, run.id, report)
    return report


def _count(connection: Connection, run: Run, *, alone: bool) -> str:
    """Why fewer records came than the source counts is a loss; "" when it is none.

    Args:
        connection: in the transaction that ends the run.
        run: with what the source announced.
        alone: nothing else is missing, so that a person may say that the source counts wrong.
    """
    report, expected, seen = run.report, run.expected or 0, count_seen(connection, run)
    short = expected - seen
    words = f"the source says its list has {expected:,} records, {seen:,} different ones came"
    if short <= 0:
        return ""
    if short <= run.state.overcounted:
        report.notes.append(f"{words}; it counts more than it has, a person says")
        return ""
    if alone:
        report.short_by = short
        if report.received == expected:
            report.notes.append(f"{short:,} records came twice: it may be that it counts those twice")
        report.notes.append(
            f"where the source counts wrong, so that nothing is missing: `lampway harvest accept {run.id}` takes "
            f"{short:,} fewer for all of them from the next run on"
        )
    return words


def accept(database: Database, run_id: int, noted: Noted = lambda connection, count: None) -> int:
    """Take a source's word for no more than came: from the next run on so many fewer are all of its records.

    It holds until another list is asked for.

    Args:
        database: the store.
        run_id: a run of which nothing else is missing than what the source counts too many.
        noted: writes its line of the audit.

    Returns:
        How many records the source counts too many.

    Raises:
        DecisionError: the run has no such gap, or is not the latest of its source.
    """
    with database.begin() as connection:
        report = harvest_runs.report(connection, str(run_id))
        latest = harvest_runs.report(connection, report.source) if report else None
        if report is None or not report.short_by or latest is None or latest.run != run_id:
            raise DecisionError(
                f"run {run_id} is not the latest run of a source that only counts more than it gives: "
                "see `lampway harvest report SOURCE`"
            )
        state = sources.state(connection, report.source)
        state.overcounted = report.short_by
        sources.set_state(connection, report.source, state)
        report.notes.append(f"accepted: the source counts {report.short_by:,} records more than it has")
        harvest_runs.amend(connection, run_id, report)
        noted(connection, report.short_by)
    return report.short_by


def _may_be_renamed(run: Run) -> bool:
    """Whether changes look as when a server is moved and names its records anew: the old ones go without a word."""
    new, before = run.report.new, run.state.live
    if run.standing.full or not run.state.watermark or new < _MANY or 2 * new < before:
        return False
    run.report.notes.append(
        f"{new:,} records are new, where there were {before:,}, as when a server is moved and names its records anew: "
        "the next run asks for everything, to see which are gone"
    )
    return True


def break_off(database: Database, run: Run, reason: str, *, resume_after: float = 0) -> RunReport:
    """End a run that could not go on: what came is kept, and the next run goes on from there.

    Args:
        database: the store.
        run: as far as it came.
        reason: what stopped it.
        resume_after: seconds after which the worker goes on with it, where the source only wants us to wait.
    """
    report = run.report
    report.lose(reason)
    if resume_after:
        later = datetime.now(UTC) + timedelta(seconds=resume_after)
        report.resume_at = later.isoformat(timespec="seconds")
    with database.begin() as connection:
        decision = removals.carry_out(connection, run, list_is_whole=False)
        if decision:
            report.notes.append(decision)
            state = sources.state(connection, run.source.id)
            state.waits_on_run = run.state.waits_on_run
            sources.set_state(connection, run.source.id, state)
        report.status = "incomplete" if report.received or resume_after else "failed"
        resumable = bool(run.standing.fetch) and sources.asks_alike(connection, run.source)
        harvest_runs.finish(connection, run.id, report, resumable=resumable)
    return report


def _status(report: RunReport, waits: bool) -> harvest_runs.RunStatus:
    if waits:
        return "waiting"
    return "incomplete" if report.losses or report.quarantined else "complete"


def in_words(report: RunReport) -> list[str]:
    """The report as lines for people."""
    counts = ", ".join(
        f"{getattr(report, name):,} {name}" for name in ("new", "changed", "unchanged", "deleted", "quarantined")
    )
    lines = [
        f"run {report.run} of {report.source} {STATUS_WORDS[report.status]}: {report.received:,} received ({counts})"
    ]
    for loss in report.losses:
        example = " ".join(part for part in (loss.record, loss.position and f"({loss.position})") if part)
        lines.append(f"  lost: {loss.reason}{f' ×{loss.count:,}' if loss.count > 1 else ''}"
                     f"{f', e.g. {example}' if example else ''}")  # fmt: skip
    lines += [f"  note: {note}" for note in report.notes]
    if report.resume_at:
        lines.append(f"  the source asks for time: the worker goes on at {report.resume_at}, `lampway harvest` at once")
    return lines
