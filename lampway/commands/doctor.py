"""``lampway doctor``: looks at everything that must be right for right answers, and says how to mend what is not."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from config.settings import Settings, unknown_names
from harvester.formats import text
from indexer.engines import open_engine
from indexer.engines.base import EngineError, Health, SearchEngine
from lampway.commands.doctor_public import examine_public
from lampway.commands.doctor_secrets import examine_secrets
from lampway.commands.finding import Finding
from lampway.console import DONE, FAILED, say, say_json, settings_or_fail
from schemas.hours import of_institution, problem_of
from store import generations, harvest_runs, institutions, records, sources, works
from store.database import Database, StoreError, open_database

_MARKS = {"ok": "ok  ", "warning": "warn", "failed": "FAIL"}
_OLD = timedelta(days=30)


def doctor(
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Also what a service on the open web needs; what lacks there is broken.")
    ] = False,
) -> None:
    """Check Python, settings, database, index, hours and sources. Exit status 1 when something is broken.

    Example: lampway doctor

    Example: lampway doctor --public
    """
    settings = settings_or_fail()
    findings = [*examine(settings), *(examine_public(settings) if public else ())]
    if json:
        say_json({"ok": all(f.verdict != "failed" for f in findings), "findings": findings})
    else:
        for finding in findings:
            say(f"{_MARKS[finding.verdict]}  {finding.name}: {finding.message}")
            if finding.mend:
                say(f"      {finding.mend}")
    raise typer.Exit(FAILED if any(f.verdict == "failed" for f in findings) else DONE)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, from the machine up to the sources. What depends on something broken is left out."""
    readers = "plain Python" if (text.__file__ or "").endswith(".py") else "compiled"
    message = f"{platform.python_version()} at {sys.executable}; readers of records: {readers}"
    yield Finding(name="python", verdict="ok", message=message)
    yield from _settings(settings)
    try:
        database = open_database(settings.database)
    except StoreError as error:
        yield Finding(name="database", verdict="failed", message=str(error), mend="See LAMPWAY_DATABASE_URL.")
        return
    try:
        message = f"{database.version()}, tables of revision {database.revision()}, up to date"
        yield Finding(name="database", verdict="ok", message=message)
        for check in (_institutions, _sources, _index, examine_secrets):
            yield from _guarded(check, database, settings)
    finally:
        database.close()


def _guarded(
    check: Callable[[Database, Settings], Iterator[Finding]], database: Database, settings: Settings
) -> Iterator[Finding]:
    name = check.__name__.strip("_")
    try:
        yield from check(database, settings)
    except Exception as error:  # a check that breaks is a finding, and the others go on
        yield Finding(name=name, verdict="failed", message=f"the check itself broke: {type(error).__name__}: {error}")


def _settings(settings: Settings) -> Iterator[Finding]:
    problems = unknown_names()
    if not settings.public_url:
        problems.append("LAMPWAY_PUBLIC_URL is empty: feeds and links for other programs need it")
    elif not settings.public_url.startswith("https://") and "127.0.0.1" not in settings.public_url:
        problems.append("LAMPWAY_PUBLIC_URL is not https")
    if not settings.contact:
        problems.append("LAMPWAY_CONTACT is empty: harvested institutions cannot reach you")
    if "*" in settings.trusted_proxies or "0.0.0.0/0" in settings.trusted_proxies:
        problems.append("LAMPWAY_TRUSTED_PROXIES trusts everybody: clients can pretend to have any address")
    if not settings.rate_limit:
        problems.append("LAMPWAY_RATE_LIMIT is 0: clients are not limited")
    if problems:
        yield Finding(name="settings", verdict="warning", message="; ".join(problems), mend="See docs/settings.md.")
    else:
        yield Finding(name="settings", verdict="ok", message=f"home {settings.home.resolve()}")


def _institutions(database: Database, settings: Settings) -> Iterator[Finding]:
    with database.connect() as connection:
        rows = institutions.all_institutions(connection)
    if not rows:
        mend = "lampway institutions import FILE.csv"
        yield Finding(name="institutions", verdict="warning", message="there are none", mend=mend)
        return
    living = [row for row in rows if not row.closed]
    nowhere = [row.id for row in living if row.lat is None or row.lon is None]
    broken = {row.id: str(problem) for row in living if (problem := problem_of(row))}
    known = [row for row in living if of_institution(row)]
    lacks = f"; {len(nowhere)} without a position" if nowhere else ""
    yield Finding(
        name="institutions",
        verdict="warning" if nowhere else "ok",
        message=f"{len(rows)}{lacks}",
        mend=f"Without a position: {_some(nowhere)}" if nowhere else "",
    )
    share = f"{len(known)} of {len(living)} have hours"
    if broken:
        first = next(iter(broken))
        mend = f"{_some(list(broken))}. First: {broken[first]}"
        yield Finding(name="hours", verdict="warning", message=f"{share}; {len(broken)} unreadable", mend=mend)
    else:
        yield Finding(name="hours", verdict="ok" if known else "warning", message=share)


def _sources(database: Database, settings: Settings) -> Iterator[Finding]:
    with database.connect() as connection:
        rows = sources.all_sources(connection)
        counts = records.count_by_source(connection)
        reports = {source.id: harvest_runs.report(connection, source.id) for source in rows if not source.id.isdigit()}
        states = {source.id: sources.state(connection, source.id) for source in rows}
    if not rows:
        mend = "lampway sources add oai URL --institution ID"
        yield Finding(name="sources", verdict="warning", message="there are none", mend=mend)
    for source in rows:
        name, report, count = f"source {source.id}", reports.get(source.id), counts.get(source.id, 0)
        complete = states[source.id].last_complete_at
        if report is None:
            mend = f"lampway harvest {source.id}"
            yield Finding(name=name, verdict="warning", message=f"never harvested, {count:,} records", mend=mend)
            continue
        age = f", last fetched to the end {complete}" if complete else ", never fetched to the end"
        message = f"{report.status} at {report.finished_at or report.started_at}, {count:,} records{age}"
        old = not complete or datetime.now(UTC) - _moment(complete) > _OLD
        bad = report.status in ("failed", "waiting", "incomplete")
        mend = f"lampway harvest report {report.run}" if bad else ""
        yield Finding(name=name, verdict="warning" if bad or old else "ok", message=message, mend=mend)


def _index(database: Database, settings: Settings) -> Iterator[Finding]:
    try:
        engine = open_engine(settings)
    except EngineError as error:
        yield Finding(name="engine", verdict="failed", message=str(error), mend="See LAMPWAY_ENGINE.")
        return
    try:
        health, live_name = engine.health(), _live(engine)
    finally:
        engine.close()
    with database.connect() as connection:
        stored, waiting = works.count(connection), works.count_pending(connection)
        unmerged, live = records.count_pending(connection), generations.live(connection, health.engine)
    yield _engine(health, live_name)
    if not health.ok or not health.generation:
        return
    message = (
        f"{health.works:,} works indexed, {stored:,} in the store, {waiting:,} waiting, {unmerged:,} records unmerged"
    )
    if live:
        message += f"; built {live.promoted_at}"
    if health.works != stored and not waiting and not unmerged:
        yield Finding(name="index", verdict="failed", message=message, mend="lampway index --rebuild")
    elif waiting or unmerged:
        yield Finding(name="index", verdict="warning", message=message, mend="lampway index")
    else:
        yield Finding(name="index", verdict="ok", message=message)


def _live(engine: SearchEngine) -> str | None:
    """The live generation; "" = there is none yet, None = the engine does not answer."""
    try:
        return engine.live()
    except EngineError:
        return None


def _engine(health: Health, live: str | None) -> Finding:
    if live == "":
        return Finding(name="engine", verdict="failed", message=f"{health.engine}: no index yet", mend="lampway index")
    if not health.ok:
        message = f"{health.engine}: {health.message or 'does not answer'}"
        return Finding(name="engine", verdict="failed", message=message, mend="See LAMPWAY_ENGINE in docs/settings.md.")
    return Finding(name="engine", verdict="ok", message=f"{health.engine}, generation {health.generation}")


def _some(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.command("doctor")(doctor)
