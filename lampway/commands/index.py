"""``lampway index``: merge what was harvested and bring the search index up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from config.settings import Settings
from indexer.build import BuildReport, rebuild
from indexer.engines import open_engine
from indexer.engines.base import EngineError, SearchEngine
from indexer.update import UpdateReport, update
from indexer.verify import SAMPLE, verify
from lampway.commands.default_command import DefaultCommandGroup
from lampway.console import INCOMPLETE, fail, note, open_store, say, say_json, settings_or_fail, stage_meters
from store.database import StoreError
from store.leases import LeaseTakenError

app = typer.Typer(
    cls=DefaultCommandGroup,
    help=(
        "Merge what was harvested, bring the search index up to date, and audit it.\n\n"
        "lampway index [--rebuild] [--json] does it now; `lampway index run --help` tells its options.\n\n"
        "Example: lampway index --rebuild"
    ),
)

STAGES = {"read": ("Reading", "records"), "merge": ("Merging", "records"), "index": ("Indexing", "works"),
          "date": ("Dating", "works"), "compare": ("Comparing", "works")}  # fmt: skip
"""Titles and units of what the indexer tells of its progress."""


@app.command("run", short_help="The default: merge and index what waits, or all.")
def index(
    rebuild_all: Annotated[
        bool, typer.Option("--rebuild", help="Build the whole index anew beside the live one, then switch.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Merge what was harvested and bring the search index up to date; searches go on meanwhile.

    Example: lampway index --rebuild
    """
    settings = settings_or_fail()
    with open_store(settings) as database, _indexing(settings) as (engine, progress):
        report = (rebuild if rebuild_all else update)(database, engine, settings, progress)
    if json:
        say_json(report)
    else:
        say(in_words(report))


@app.command("verify")
def audit(
    sample: Annotated[int, typer.Option(min=0, help="Works whose contents are compared, drawn at random.")] = SAMPLE,
    everything: Annotated[bool, typer.Option("--all", help="Compare the contents of all works.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Compare all, and write what differs anew.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The differences as JSON.")] = False,
) -> None:
    """Compare the search index with the store. Exit status 3 when they differ (after a repair: still differ).

    Example: lampway index verify --repair
    """
    settings = settings_or_fail()
    with open_store(settings) as database, _indexing(settings) as (engine, progress):
        size = None if everything else sample
        found = verify(database, engine, settings, sample=size, repair=repair, on_progress=progress)
    if json:
        say_json(found)
    else:
        say(f"{found.stored:,} works in the store, {found.indexed:,} in the index {found.generation}, "
            f"{found.waiting:,} waiting; contents of {found.compared:,} compared")  # fmt: skip
        if found.repaired:
            say(f"{found.repaired:,} works were written anew")
        if found.stale:
            say(f"the index must be built anew: {found.stale}")
        say(f"{found.missing:,} missing, {found.surplus:,} too many, {found.differing:,} different"
            f"{', e.g. works ' + ', '.join(map(str, found.examples)) if found.examples else ''}")  # fmt: skip
        if found.any:
            note("`lampway index verify --repair` mends it.")
    if found.any:
        raise typer.Exit(INCOMPLETE)


@contextmanager
def _indexing(settings: Settings) -> Iterator[tuple[SearchEngine, Callable[[str, int, int | None], None]]]:
    """The engine and the progress display of work on the index, or the end of the command with the reason."""
    try:
        engine = open_engine(settings)
        try:
            with stage_meters(STAGES) as progress:
                yield engine, progress
        finally:
            engine.close()
    except (EngineError, LeaseTakenError, StoreError) as error:
        fail(str(error))


def in_words(report: BuildReport | UpdateReport) -> str:
    """The report as lines for people."""
    merged = report.merged
    lines = [
        f"merged {merged.records:,} records: {merged.new:,} works new, {merged.changed:,} changed, {merged.gone:,} gone"
    ]
    if merged.cuts:
        lines.append(f"{merged.cuts:,} likenesses were not followed: `lampway merges suspicious` shows them")
    built = report if isinstance(report, BuildReport) else report.rebuilt
    if built:
        because = f" ({built.reason})" if built.reason else ""
        lines.append(
            f"built generation {built.generation}{because}: {built.works:,} works, {built.holdings:,} holdings, "
            f"{built.seconds:.1f} s; it is live"
        )
    elif isinstance(report, UpdateReport):
        lines.append(
            f"generation {report.generation}: {report.written:,} works written, {report.deleted:,} deleted, "
            f"{report.seconds:.1f} s"
        )
    return "\n".join(lines)


def register(root: typer.Typer) -> None:
    """Add to the command."""
    root.add_typer(app, name="index")
