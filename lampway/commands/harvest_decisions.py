"""``lampway harvest approve|reject|accept|undo|purge``: what a person decides about removals and counts."""

from __future__ import annotations

from typing import Annotated

import typer

from harvester.formats.base import MappingError
from harvester.removals import DecisionError, decide
from harvester.report import accept
from harvester.restore import purge, undo
from lampway.acts import note_act
from lampway.console import WRONG_USE, Meter, fail, note, open_store, say, settings_or_fail
from store.database import Connection, StoreError

WaitingRun = Annotated[int, typer.Argument(metavar="RUN", help="Number of the run that waits.")]


def approve(run: WaitingRun) -> None:
    """Remove what a waiting run would remove; `lampway index` then takes it out of the search.

    Example: lampway harvest approve 12
    """
    _decide(run, approved=True)


def reject(run: WaitingRun) -> None:
    """Keep what a waiting run would remove; the next whole list asks anew.

    Example: lampway harvest reject 12
    """
    _decide(run, approved=False)


def _decide(run: int, *, approved: bool) -> None:
    def noted(connection: Connection, removed: int) -> None:
        act = "harvest.approve" if approved else "harvest.reject"
        note_act(connection, act, f"run:{run}", removed=str(removed))

    with open_store(settings_or_fail()) as database:
        try:
            count = decide(database, run, approved=approved, noted=noted)
        except DecisionError as error:
            fail(str(error), WRONG_USE)
    say(f"{count:,} records were removed" if approved else "nothing was removed")


def accept_count(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The latest run of its source.")],
) -> None:
    """Say that a source counts more records than it has, so that what came is all; the next run can be complete.

    Example: lampway harvest accept 12
    """

    def noted(connection: Connection, records: int) -> None:
        note_act(connection, "harvest.accept", f"run:{run}", records=str(records))

    with open_store(settings_or_fail()) as database:
        try:
            count = accept(database, run, noted)
        except DecisionError as error:
            fail(str(error), WRONG_USE)
    say(f"from the next run on {count:,} records fewer than the source counts are all of its records")


def undo_run(
    run: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run whose removals go back.")],
) -> None:
    """Bring back the records that a run removed, while they rest; `lampway index` then shows them again.

    They do not go again by themselves: a later run that would remove one of them waits for a person.

    Example: lampway harvest undo 12
    """

    def noted(connection: Connection, records: int) -> None:
        note_act(connection, "harvest.undo", f"run:{run}", records=str(records))

    with open_store(settings_or_fail()) as database:
        try:
            with Meter(f"run {run}") as meter:
                count = undo(database, run, meter.advance, noted)
        except (DecisionError, MappingError) as error:
            fail(str(error), WRONG_USE)
        except StoreError as error:
            fail(f"{error}; what came back by now stays, run the command again for the rest")
    say(f"{count:,} records were brought back")
    note("Run `lampway index` to show them in the search.")


def purge_graves() -> None:
    """Forget the content of removed records that have rested long enough (LAMPWAY_REST_DAYS); tombstones stay.

    `lampway worker` does so by itself.

    Example: lampway harvest purge
    """
    settings = settings_or_fail()
    with open_store(settings) as database:
        count = purge(database, settings.rest_days)
    say(f"{count:,} removed records are gone for good")


def add_to(group: typer.Typer) -> None:
    """Add to ``lampway harvest``."""
    group.command("approve")(approve)
    group.command("reject")(reject)
    group.command("accept")(accept_count)
    group.command("undo")(undo_run)
    group.command("purge")(purge_graves)
