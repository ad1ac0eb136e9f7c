"""``lampway index``: merge what was harvested and bring the search index up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from indexer.build import BuildReport, rebuild
from indexer.engines import open_engine
from indexer.engines.base import EngineError
from indexer.update import UpdateReport, update
from lampway.console import fail, open_store, say, say_json, settings_or_fail, stage_meters
from store.database import StoreError
from store.leases import LeaseTakenError

STAGES = {"read": ("Reading", "records"), "merge": ("Merging", "records"), "index": ("Indexing", "works")}
"""Titles and units of what the indexer tells of its progress."""


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
    with open_store(settings) as database:
        try:
            engine = open_engine(settings)
            try:
                with stage_meters(STAGES) as progress:
                    report = (rebuild if rebuild_all else update)(database, engine, settings, progress)
            finally:
                engine.close()
        except (EngineError, LeaseTakenError, StoreError) as error:
            fail(str(error))
    if json:
        say_json(report)
    else:
        say(in_words(report))


def in_words(report: BuildReport | UpdateReport) -> str:
    """The report as lines for people."""
    merged = report.merged
    lines = [
        f"merged {merged.records:,} records: {merged.new:,} works new, {merged.changed:,} changed, {merged.gone:,} gone"
    ]
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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("index")(index)
