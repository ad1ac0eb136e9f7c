"""``lampway sources schedule|pause|resume``: when sources are harvested by the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from harvester.schedule import ScheduleError, check_cron, check_window, next_run
from lampway.acts import actor, note_act
from lampway.console import WRONG_USE, fail, note, open_store, say, settings_or_fail
from lampway.harvest_worker import plan_of
from schemas.catalogue import Source
from search_api.accounts import registering
from store import institutions, sources
from store.database import Connection, now_text
from store.source_runs import all_with_runs

Id = Annotated[str, typer.Argument(metavar="ID", help="The source.")]


def schedule(
    id: Id,  # noqa: A002
    cron: Annotated[
        str | None, typer.Argument(metavar="CRON", help='Minute, hour, day, month, weekday; "" = only by hand.')
    ] = None,
    full_schedule: Annotated[
        str | None, typer.Option("--full-schedule", help='When to ask for the whole list; "" = never by itself.')
    ] = None,
    window: Annotated[
        str | None, typer.Option(help='Hours of the day in which it may run: "20:00-06:00"; "" = at any hour.')
    ] = None,
) -> None:
    """Set or show when the worker harvests a source, in the time zone of its institution.

    Example: lampway sources schedule city-library "0 3 * * *" --full-schedule "0 4 * * sun" --window 22:00-06:00
    """
    settings = settings_or_fail()
    with open_store(settings) as database, database.begin() as connection:
        source = _known(connection, id)
        if cron is not None or full_schedule is not None or window is not None:
            try:
                source.schedule = source.schedule if cron is None else cron.strip() and check_cron(cron)
                if full_schedule is not None:
                    source.full_schedule = full_schedule.strip() and check_cron(full_schedule)
                source.window = source.window if window is None else check_window(window)
            except ScheduleError as error:
                fail(str(error), WRONG_USE)
            if cron is not None or full_schedule is not None:
                source.scheduled_at = now_text()
            sources.add(connection, source)
            plan_told = {"schedule": source.schedule, "full": source.full_schedule, "window": source.window}
            note_act(connection, "source.schedule", f"source:{id}", source.institution, **plan_told)
        owners = {owner.id: owner for owner in institutions.all_institutions(connection)}
        runs = next(runs for found, runs in all_with_runs(connection) if found.id == id)
    plan = plan_of(source, owners.get(source.institution), runs, settings)
    due = next_run(source, plan, runs, datetime.now(UTC))
    hours = f", between {plan.window}" if plan.window else ""
    whole = f"; the whole list at {plan.full_cron}" if plan.full_cron else ""
    say(f"{id}: {plan.cron or 'only by hand'}{whole}{hours} ({plan.zone}){', paused' if source.paused else ''}")
    if due:
        say(f"next: {due.at.isoformat(timespec='seconds')}{', the whole list' if due.full else ''}")
    note("`lampway worker` does it.")


def pause(id: Id) -> None:  # noqa: A002
    """Let the worker leave a source alone; a run under way ends after its page. By hand it can still be harvested.

    Example: lampway sources pause city-library
    """
    _set_paused(id, paused=True)


def resume(id: Id) -> None:  # noqa: A002
    """Let the worker harvest a paused source again; what it missed is made up for by one run.

    Example: lampway sources resume city-library
    """
    _set_paused(id, paused=False)


def _set_paused(id_: str, *, paused: bool) -> None:
    with open_store(settings_or_fail()) as database, database.begin() as connection:
        source = _known(connection, id_)
        registering.pause_source(connection, id_, actor(), paused=paused)
        note_act(connection, "source.pause" if paused else "source.resume", f"source:{id_}", source.institution)
    say(f"{id_} is {'paused' if paused else 'no longer paused'}.")


def _known(connection: Connection, id_: str) -> Source:
    source = sources.get(connection, id_)
    if source is None:
        fail(f"no source {id_!r}; `lampway sources list` shows all", WRONG_USE)
    return source


def add_to(group: typer.Typer) -> None:
    """Add to ``lampway sources``."""
    group.command("schedule")(schedule)
    group.command("pause")(pause)
    group.command("resume")(resume)
