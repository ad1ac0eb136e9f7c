"""``lampway worker``: harvests by schedule and keeps the index up to date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from config.settings import Settings
from harvester.schedule import ScheduleError, check_cron, check_window, next_run
from indexer.engines.base import EngineError
from lampway.console import DONE, FAILED, INCOMPLETE, WRONG_USE, fail, open_store, say, say_json, settings_or_fail
from lampway.harvest_worker import plans
from lampway.worker import work, work_once
from search_api import access_log
from store import records, works
from store.database import Database, StoreError
from store.lease_rows import LeaseRow, all_leases
from store.leases import LeaseTakenError


class NextRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a source is owed next."""

    source: str
    at: str
    """ISO, UTC; "" = only by hand, or paused."""
    full: bool = False
    why: str = ""
    paused: bool = False


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Who is at work, what waits, and what comes next."""

    leases: list[LeaseRow]
    records_waiting: int
    works_waiting: int
    next_runs: list[NextRun]


def worker(
    once: Annotated[bool, typer.Option("--once", help="Harvest what is due, index what waits, and end.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Show who is at work and what comes next, and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The status as JSON.")] = False,
) -> None:
    """Harvest by schedule and keep the index up to date, until told to stop; any number may run, on any machines.

    The first SIGTERM or Ctrl-C lets harvests finish their page and keeps their checkpoint; the second ends at once.

    Example: lampway worker --once
    """
    settings = settings_or_fail()
    _check(settings)
    with open_store(settings) as database:
        if status:
            _show(status_of(database, settings), json=json)
            return
        access_log.configure()
        try:
            if not once:
                work(database, settings)
                return
            reports, troubles = work_once(database, settings)
        except (EngineError, LeaseTakenError, StoreError) as error:
            fail(str(error))
    if troubles or any(report.status != "complete" for report in reports):
        all_failed = all(report.status == "failed" for report in reports)
        raise typer.Exit(FAILED if all_failed else INCOMPLETE)
    raise typer.Exit(DONE)


def _check(settings: Settings) -> None:
    for name in ("schedule", "full_schedule", "harvest_hours"):
        value = getattr(settings, name)
        try:
            if value:
                (check_window if name == "harvest_hours" else check_cron)(value)
        except ScheduleError as error:
            fail(f"LAMPWAY_{name.upper()}: {error}", WRONG_USE)


def status_of(database: Database, settings: Settings) -> Status:
    """Who is at work, what waits, and what comes next."""
    now = datetime.now(UTC)
    with database.connect() as connection:
        next_runs = []
        for source, plan, runs in plans(connection, settings):
            due = next_run(source, plan, runs, now)
            at = due.at.isoformat(timespec="seconds") if due else ""
            next_runs.append(
                NextRun(source=source.id, at=at, full=bool(due and due.full), why=due.why if due else "",
                        paused=source.paused)
            )  # fmt: skip
        return Status(
            leases=all_leases(connection),
            records_waiting=records.count_pending(connection),
            works_waiting=works.count_pending(connection),
            next_runs=sorted(next_runs, key=lambda run: (run.at == "", run.at, run.source)),
        )


def _show(status: Status, *, json: bool) -> None:
    if json:
        say_json(status)
        return
    for lease in status.leases:
        state = "" if lease.alive else "  DEAD, will be taken over"
        name = "worker" if lease.name.startswith("worker ") else lease.name
        say(f"{name}: process {lease.process} on {lease.machine}, last sign of life {lease.age_s:.0f} s ago{state}")
    if not status.leases:
        say("nobody is at work: start one with `lampway worker`")
    say(f"waiting: {status.records_waiting:,} records to be merged, {status.works_waiting:,} works to be indexed")
    for run in status.next_runs:
        whole = ", the whole list" if run.full else ""
        when = "paused" if run.paused else f"next {run.at} ({run.why}{whole})" if run.at else "only by hand"
        say(f"{run.source}: {when}")


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.command("worker")(worker)
