"""``lampway harvest``: fetch what changed, and tell how runs ended."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from harvester.fetching import Client
from harvester.formats.base import MappingError
from harvester.formats.mapping import all_deleted
from harvester.harvest import LeaseTakenError, harvest_source
from harvester.report import in_words
from harvester.run import Brake, WithdrawnError
from lampway.commands import harvest_decisions, harvest_quarantine
from lampway.commands.default_command import DefaultCommandGroup
from lampway.console import (
    DONE,
    FAILED,
    INCOMPLETE,
    WRONG_USE,
    Meter,
    fail,
    note,
    open_store,
    say,
    say_json,
    settings_or_fail,
)
from schemas.catalogue import Source
from store import harvest_runs, registrations, sources
from store.database import Database, StoreError
from store.harvest_runs import RunReport
from store.leases import LeaseLostError

app = typer.Typer(
    cls=DefaultCommandGroup,
    help=(
        "Fetch new and changed records, and tell how runs ended.\n\n"
        "lampway harvest [ID]... [--full] [--delta FILE] [--json] fetches from the named sources, or from all; "
        "`lampway harvest run --help` tells its options.\n\n"
        "Example: lampway harvest city-library --full"
    ),
)

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Sources; all when none is named.")]


@app.command("run", short_help="The default: fetch from the named sources, or all.")
def run(
    ids: Ids = None,
    full: Annotated[bool, typer.Option(help="Ask for everything; what is no longer listed is removed.")] = False,
    delta: Annotated[
        Path | None, typer.Option("--delta", help="Take changes from this file instead, for the one CSV source named.")
    ] = None,
    deletions: Annotated[
        Path | None, typer.Option("--deletions", help="Remove the records of this file, of the one CSV source named.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The reports as JSON.")] = False,
) -> None:
    """Fetch new and changed records.

    Example: lampway harvest city-library --full
    """
    settings = settings_or_fail()
    brake = Brake(share=settings.brake_share, records=settings.brake_records)
    with open_store(settings) as database:
        chosen = choose(database, ids or [])
        if delta or deletions:
            chosen = [_with_file(chosen, delta, deletions)]
        client = Client.from_settings(settings)
        try:
            reports = [
                report for source in chosen if (report := _one(database, source, client, full, brake)) is not None
            ]
        finally:
            client.close()
    if json:
        say_json(reports)
    else:
        for report in reports:
            for line in in_words(report):
                say(line)
    raise typer.Exit(_exit_status(reports, len(chosen)))


def _with_file(chosen: Sequence[Source], delta: Path | None, deletions: Path | None) -> Source:
    """The one source, for this once with another file, of changes or of deletions."""
    file = delta or deletions
    if len(chosen) != 1 or chosen[0].protocol != "csv" or file is None or (delta and deletions):
        fail("--delta FILE or --deletions FILE needs exactly one source, of CSV files", WRONG_USE)
    if not file.is_file():
        fail(f"no file {file}", WRONG_USE)
    source = msgspec.structs.replace(chosen[0], location=str(file.resolve()), delta=True)
    if deletions:
        try:
            source.mapping_text = all_deleted(source)
        except MappingError as error:
            fail(f"{source.id}: the mapping cannot be used: {error}", WRONG_USE)
    return source


def choose(database: Database, ids: Sequence[str]) -> list[Source]:
    """The named sources, or all that are not withdrawn; the end of the command when one, or any, does not exist."""
    with database.connect() as connection:
        known = {source.id: source for source in sources.all_sources(connection)}
        withdrawn = {id_ for id_ in known if not ids and registrations.is_withdrawn(connection, id_)}
    if not known:
        fail("no sources yet: add one with `lampway sources add oai|csv|marc|xml`", WRONG_USE)
    unknown = [id_ for id_ in ids if id_ not in known]
    if unknown:
        fail(f"no source {unknown[0]!r}; there are {', '.join(list(known)[:20])}", WRONG_USE)
    return [known[id_] for id_ in dict.fromkeys(ids)] if ids else [known[id_] for id_ in known if id_ not in withdrawn]


def _one(database: Database, source: Source, client: Client, full: bool, brake: Brake) -> RunReport | None:
    """Harvest one source under a progress display; None when it could not even begin."""
    try:
        with Meter(source.id) as meter:
            return harvest_source(
                database,
                source,
                client,
                full=full,
                brake=brake,
                on_progress=lambda done, failed, total: meter.advance(done, failed, total),
            )
    except (LeaseTakenError, LeaseLostError, WithdrawnError) as error:
        note(f"lampway: {error}")
        return None
    except StoreError as error:
        fail(f"{source.id}: {error}")
    except Exception:  # a mistake of ours with one source must not keep the others from being harvested
        note(traceback.format_exc())
        note(
            f"lampway: {source.id}: this is a mistake in Lampway, please report it; the run goes on from here next time"
        )
        return None


def _exit_status(reports: Sequence[RunReport], asked: int) -> int:
    states = [report.status for report in reports]
    if states and len(states) == asked and all(state == "complete" for state in states):
        return DONE
    return FAILED if not states or all(state == "failed" for state in states) else INCOMPLETE


@app.command("report")
def show(
    run: Annotated[str, typer.Argument(metavar="RUN|SOURCE", help="A run's number or a source's id.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell how a run ended: the latest of all, a source's latest, or the one with a number.

    Example: lampway harvest report city-library --json
    """
    with open_store(settings_or_fail()) as database, database.connect() as connection:
        report = harvest_runs.report(connection, run)
    if report is None:
        fail(f"no run {run!r}" if run else "nothing was harvested yet", WRONG_USE if run else FAILED)
    if json:
        say_json(report)
        return
    for line in in_words(report):
        say(line)
    pace = f", {report.seconds:,.0f} s, {report.rate:,.0f} records/s" if report.finished_at else ""
    say(f"  {report.started_at} to {report.finished_at or 'now'}, {report.pages:,} pages{pace}")


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="harvest")


for _part in (harvest_decisions, harvest_quarantine):
    _part.add_to(app)
