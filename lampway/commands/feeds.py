"""``lampway feeds``: files that others fetch from this platform."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lampway.acts import note_act
from lampway.console import FAILED, WRONG_USE, Meter, fail, note, open_store, say, say_json, settings_or_fail
from search_api.borrow_feed import write_feed
from store import institutions

app = typer.Typer(
    no_args_is_help=True,
    help="Files for search engines.\n\nExample: lampway feeds borrow --out feeds",
)
_REASONS = {
    "no-isbn": "editions without an ISBN",
    "no-language": "editions whose language is not stated, or has no code of two letters",
    "no-format": "ISBNs of which nobody says whether they are hardcover, paperback, e-book or audiobook",
    "not-lent": "copies that are not lent, or out without a day of return",
}


@app.callback()
def group() -> None:
    """Files for search engines."""


@app.command("borrow")
def borrow(
    out: Annotated[Path, typer.Option(help="Folder to write to; LAMPWAY_HOME/feeds when missing.")] = Path(),
    institution: Annotated[
        list[str] | None, typer.Option(help="Only this institution and its branches; may be repeated.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The counts as JSON.")] = False,
) -> None:
    """Write what can be borrowed where: books-N.json.gz and library-systems-N.json.gz.

    Example: lampway feeds borrow --out /srv/feeds --institution newcastle
    """
    settings = settings_or_fail()
    base = settings.public_url.rstrip("/")
    if not base:
        fail("LAMPWAY_PUBLIC_URL must be set: everything in a feed is named by its address here", WRONG_USE)
    folder = out if out != Path() else settings.home / "feeds"
    with open_store(settings) as database:
        with database.connect() as connection:
            known = {place.id for place in institutions.all_institutions(connection)}
        for id_ in institution or []:
            if id_ not in known:
                fail(f"no institution {id_!r}; `lampway institutions list` shows all", WRONG_USE)
        try:
            with Meter("works", unit="works") as meter:
                report = write_feed(
                    database,
                    folder,
                    base,
                    datetime.now(UTC),
                    institution or (),
                    on_progress=lambda done, total: meter.advance(done - meter.done, total=total),
                )
            with database.begin() as connection:
                told = {"books": f"{report.books}", "institutions": ", ".join(institution or [])}
                note_act(connection, "feeds.borrow", str(folder.resolve()), **told)
        except OSError as error:
            fail(f"{folder} cannot be written to: {error.strerror or error}", FAILED)
    if json:
        say_json(report)
        return
    for name in report.files:
        say(str(folder / name))
    say(
        f"{report.books:,} books, {report.editions:,} editions, {report.loans:,} loans at {report.systems:,} systems; "
        f"{report.works:,} works can be borrowed"
    )
    for reason, count in report.left_out.items():
        note(f"left out: {count:,} {_REASONS[reason]}")


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="feeds")
