"""The one command ``lampway``: collects the subcommands of ``lampway.commands``."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from lampway import garbage
from lampway.__main__ import STOPPED
from lampway.console import FAILED, note, say
from store.database import StoreError

COMMANDS = {
    "demo": "A sample city: harvest, index and serve it",
    "institutions": "Libraries, museums, archives: import, list, show, set",
    "sources": "Feeds of records: add, list, test, schedule, pause",
    "harvest": "Fetch new and changed records; tell how runs ended",
    "normalise": "Read the stored raw records again",
    "index": "Merge what was harvested, and index it",
    "search": "Search: where can I get or see this today?",
    "records": "Records: export, take down, allow",
    "works": "Works: export",
    "merges": "Why records are together; join, split, undo",
    "hours": "Is a place open at a moment, and until when?",
    "serve": "Serve the pages and the API",
    "worker": "Harvest by schedule and keep the index up to date",
    "keys": "API keys of institutions: add, list, replace, revoke",
    "availability": "States of copies: read them from a file",
    "feeds": "Files for search engines: what can be borrowed where",
    "accounts": "Who may log in: add, list, give roles, erase",
    "registrations": "What institutions registered: list, approve, refuse",
    "audit": "Who did what, and when",
    "doctor": "Check Python, settings, database, index and sources",
}
"""The modules of ``lampway.commands``, each named as its command, in the order of the help, with its line there."""


_RIGHTS, _ROOM = "check its owner and rights, and those of its folder", "make room and give the command again"
_OF_THE_MACHINE = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "the file system is mounted read-only",
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "the machine has too many files open",
    errno.EIO: "the disk fails; look at the machine's log",
}
"""What only the operator can mend, and how. Anything else that the system refuses is a fault of ours: it is shown."""


@cache
def _load(name: str) -> Any:
    own = typer.Typer(rich_markup_mode=None)
    import_module(f"lampway.commands.{name}").register(own)
    return typer.main.get_group(own).commands[name]


class _OnDemand(Mapping[str, Any]):
    """Commands by name, each loaded when it is asked for: all together they take a second and 150 MB."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return _load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Commands(TyperGroup):
    """The group that knows its commands by their names alone."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast("dict[str, Any]", _OnDemand())

    def list_commands(self, ctx: Any) -> list[str]:
        """In their order, without loading them."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Their lines in the help, without loading them either."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    name="lampway",
    cls=_Commands,
    help="One search over the catalogues of many libraries, archives and museums.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(asked: bool) -> None:
    if asked:
        say(f"lampway {metadata.version('lampway')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """One search over the catalogues of many libraries, archives and museums: where can I get or see this today?"""


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
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            raise
        where = error.filename if isinstance(error.filename, str | Path) else "a file or standard output"
        note(f"lampway: {where} cannot be used: {error.strerror}; {_OF_THE_MACHINE[error.errno]}")
        sys.exit(FAILED)
