"""The worker: harvests by schedule and indexes what changed, until it is told to stop.

Any number of them may run, on any machines: who harvests a source or writes the index holds its lease in the store.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog

from config.settings import Settings
from lampway.harvest_worker import HarvestWorker
from lampway.housekeeping import Housekeeping
from lampway.index_worker import IndexWorker
from lampway.outside import Harvester
from store.database import Database, StoreError
from store.harvest_runs import RunReport
from store.leases import LeaseLostError, LeaseTakenError, held, myself

log = structlog.stdlib.get_logger("lampway.worker")
LOOK_S = 5.0
"""Between two looks at what is due."""
LOOK_SOON_S = 0.5
"""The same where a harvest has just ended."""
_INDEX_WAIT_S, _HARVEST_WAIT_S = 1.0, 0.2


def work(database: Database, settings: Settings) -> None:
    """Work until SIGTERM or SIGINT: harvests then finish their page and keep their place. A second ends at once."""
    with _told_to_stop() as stopping:
        log.info("worker begins", process=os.getpid(), harvests=settings.worker_harvests)
        harvests, indexing = HarvestWorker(database, settings), IndexWorker(database, settings)
        keeping = Housekeeping(database, settings, Harvester(database, settings))
        indexer = threading.Thread(target=_index, args=(indexing, stopping), daemon=True, name="index")
        indexer.start()
        try:
            while not stopping.is_set():
                with suppress(LeaseLostError), held(database, f"worker {myself()}"):  # lost while asleep: shown anew
                    while not stopping.is_set():
                        _look(harvests, keeping)
                        _wait(harvests, stopping)
        finally:
            stopping.set()
            log.info("worker stops: harvests finish their page")
            harvests.close()
            indexer.join()
            indexing.close()
    log.info("worker has stopped")


def work_once(database: Database, settings: Settings) -> tuple[list[RunReport], int]:
    """Harvest what is due now, once each, index what waits, and end; a signal ends it after the page in hand.

    Returns:
        The reports, and how many harvests ended without one for a reason of ours.

    Raises:
        EngineError: the engine is away; what was harvested waits in the store.
    """
    with _told_to_stop() as stopping, held(database, f"worker {myself()}"):
        harvests, indexing = HarvestWorker(database, settings), IndexWorker(database, settings)
        try:
            _keep_house(Housekeeping(database, settings, Harvester(database, settings)))
            _harvest_all_due(harvests, stopping)
            while not stopping.is_set():
                try:
                    indexing.update()
                    break
                except LeaseTakenError:  # whoever is at it may have begun before our last page
                    stopping.wait(_INDEX_WAIT_S)
        finally:
            harvests.close()
            indexing.close()
        return harvests.reports, harvests.troubles


def _harvest_all_due(harvests: HarvestWorker, stopping: threading.Event) -> None:
    owed = harvests.due()
    while not stopping.is_set():
        owed &= harvests.due()
        running = harvests.look(owed)
        owed -= running
        if not running and not owed:
            return
        harvests.wait(_HARVEST_WAIT_S)


def _keep_house(keeping: Housekeeping) -> None:
    try:
        keeping.catch_up()
    except StoreError:
        raise
    except Exception:  # what is due must be harvested all the same
        log.exception("the day's work could not be done")


def _wait(harvests: HarvestWorker, stopping: threading.Event) -> None:
    """Until the next look: sooner when a harvest ended, so that short ones do not wait for each other."""
    end = time.monotonic() + LOOK_S
    while not stopping.wait(LOOK_SOON_S) and time.monotonic() < end and not harvests.has_room:
        continue


def _look(harvests: HarvestWorker, keeping: Housekeeping) -> None:
    try:
        harvests.look()
        keeping.look()
    except LeaseLostError:
        raise
    except StoreError as error:
        log.warning("the store cannot be read; the schedule waits", reason=str(error))
    except Exception:  # the schedule of all other sources must go on
        log.exception("the schedule could not be read")
    harvests.reports.clear()


def _index(indexing: IndexWorker, stopping: threading.Event) -> None:
    while not stopping.wait(indexing.step()):
        continue


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; the second of them ends the process at once, as a crash would."""
    stopping = threading.Event()

    def stop(number: int, frame: object) -> None:
        if stopping.is_set():
            os._exit(128 + number)
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
