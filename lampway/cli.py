"""The one command ``lampway``: collects the subcommands of ``lampway.commands``."""

from __future__ import annotations

import sys

import typer

from lampway import garbage
from lampway.__main__ import STOPPED
from lampway.commands import (
    accounts,
    audit,
    availability,
    demo,
    doctor,
    feeds,
    harvest,
    hours,
    index,
    institutions,
    keys,
    merges,
    normalise,
    records,
    registrations,
    search,
    serve,
    source_schedule,
    sources,
    worker,
    works,
)
from lampway.console import FAILED, note
from store.database import StoreError

app = typer.Typer(
    name="lampway",
    help="One search over the catalogues of many libraries, archives and museums.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root() -> None:
    """One search over the catalogues of many libraries, archives and museums: where can I get or see this today?"""


COMMANDS = (
    demo,
    institutions,
    sources,
    source_schedule,
    harvest,
    normalise,
    index,
    search,
    records,
    works,
    merges,
    hours,
    serve,
    worker,
    keys,
    availability,
    feeds,
    accounts,
    registrations,
    audit,
    doctor,
)
"""The modules of ``lampway.commands``, in the order in which the help shows them."""

for command in COMMANDS:
    command.register(app)


def main() -> None:
    """Run the command that was given."""
    garbage.settle()
    try:
        app()
    except SystemExit as end:
        if end.code == STOPPED:  # what Typer makes of Ctrl-C
            note("lampway: stopped; what was done until then is kept, and the command can be given again")
        raise
    except KeyboardInterrupt:  # just before or after Typer's own part
        note("lampway: stopped")
        sys.exit(STOPPED)
    except StoreError as error:  # the database went away while a command was at it
        note(f"lampway: {error}")
        sys.exit(FAILED)
