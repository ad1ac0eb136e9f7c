"""The one command ``lampway``: collects the subcommands of ``lampway.commands``."""

from __future__ import annotations

import sys

import typer

from lampway import garbage
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


_INTERRUPTED = 130
"""What Typer makes of Ctrl-C: 128 and the number of SIGINT, as shells have it."""


def main() -> None:
    """Entry point of the console script."""
    garbage.settle()
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            note("lampway: interrupted; what was done until then is kept, and the command can be given again")
        raise
    except StoreError as error:  # the database went away while a command was at it
        note(f"lampway: {error}")
        sys.exit(FAILED)
