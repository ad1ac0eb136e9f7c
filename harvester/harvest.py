"""The harvest of one source, told from top to bottom. Start reading here.

A protocol fetches pages of raw records; each page is stored with the checkpoint to go on from, and what changed is
normalised in the same transaction; at the end the report says whether everything came, and the brake what may go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harvester import missing, report
from harvester.fetching import Client, FetchError, PatienceError
from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.normalise import renormalise
from harvester.protocols import PROTOCOLS
from harvester.protocols.base import Fetch, FetchByName, Page
from harvester.run import Brake, Run, UnknownSourceError, begin, store_page
from schemas.catalogue import Source
from store import leases
from store.database import Database
from store.harvest_runs import RunReport
from store.leases import LeaseTakenError

__all__ = ["LeaseTakenError", "UnknownSourceError", "harvest_source"]

Progress = Callable[[int, int, int | None], None]
"""Called after each page with: records of it, of these unreadable, records of the whole list if known."""


def harvest_source(
    database: Database,
    source: Source,
    client: Client,
    *,
    full: bool = False,
    brake: Brake | None = None,
    on_progress: Progress | None = None,
) -> RunReport:
    """Harvest a source: what changed since the last complete run, or everything.

    A run that was cut off, by a crash or by the source, goes on where it stopped. Nothing that arrived is lost: what
    cannot be read is quarantined with its reason, and a run that misses anything is never called complete.

    Args:
        database: the store.
        source: one of its sources.
        client: fetches; its patience begins anew.
        full: ask for everything, and take what is no longer listed as removed.
        brake: what the run may remove without a person; None = the usual.
        on_progress: told after each page.

    Returns:
        The report, as it was stored.

    Raises:
        LeaseTakenError: another process harvests this source.
        UnknownSourceError: the source is not in the store.
        StoreError: the database cannot go on (locked, disk full); the run goes on from there the next time.
    """
    with leases.held(database, leases.of_harvest(source.id), client.silence) as alive:
        run = begin(database, source, full=full)
        run.brake = brake or run.brake
        try:
            client.begin(source)
            if run.state.reread:
                _read_again(database, run, alive)
            return _follow(database, run, client, alive, on_progress)
        except PatienceError as error:
            return report.break_off(database, run, str(error), resume_after=error.resume_after)
        except (FetchError, MappingError) as error:
            return report.break_off(database, run, str(error))


def _read_again(database: Database, run: Run, alive: Callable[[], None]) -> None:
    counts = renormalise(database, run.source, lambda done, failed: alive())
    run.state.reread = False
    if counts.read:
        run.report.notes.append(
            f"the mapping was changed: {counts.read:,} stored records were read again, {counts.changed:,} of them say "
            f"something else now, {counts.quarantined:,} could not be read"
        )


def _follow(
    database: Database, run: Run, client: Client, alive: Callable[[], None], on_progress: Progress | None
) -> RunReport:
    read = FORMATS[run.source.format](run.source)
    open_ = PROTOCOLS[run.source.protocol]
    fetch = open_(run.source, run.state, run.standing.fetch, run.standing.full, client)
    try:
        for page in _all_pages(database, run, fetch):
            unreadable = store_page(database, run, page, read)
            alive()
            if on_progress:
                on_progress(len(page.records) + len(page.quarantined), unreadable, run.expected)
    except FetchError:
        run.report.notes += map(str, fetch.notes)
        raise
    return report.conclude(database, run, fetch)


def _all_pages(database: Database, run: Run, fetch: Fetch) -> Iterator[Page]:
    yield from fetch.pages()
    if isinstance(fetch, FetchByName):
        yield from missing.look_for(database, run, fetch)
