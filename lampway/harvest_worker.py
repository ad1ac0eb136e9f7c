"""The worker's harvests: begins what is due, ends what may not go on, takes over what died. Its truth is the store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog

from config.settings import Settings
from harvester.fetching import Client, longest_silence
from harvester.harvest import LeaseTakenError, harvest_source
from harvester.restore import purge
from harvester.run import Brake, WithdrawnError
from harvester.schedule import Due, Plan, is_asked_for, is_open, next_run, zone_of
from schemas.catalogue import Source
from schemas.institution import Institution
from store import institutions
from store.database import Connection, Database
from store.harvest_runs import RunReport
from store.lease_rows import forget_dead
from store.leases import LeaseLostError
from store.source_runs import SourceRuns, all_with_runs

log = structlog.stdlib.get_logger("lampway.worker")
_FIRST_REST, _LONGEST_REST = timedelta(minutes=1), timedelta(hours=1)
"""Before a source is tried again that could not be harvested for a reason of ours."""
_PURGE_EVERY = timedelta(days=1)
_TAKEN_REST = timedelta(seconds=10)


class StoppedError(Exception):
    """A harvest that ends between two pages: its checkpoint is kept, the next run goes on from there."""


class _Job:
    """A harvest under way in a thread."""

    def __init__(self, source: Source, plan: Plan, began: datetime) -> None:
        self.source, self.plan, self.began = source, plan, began
        self.stop = threading.Event()
        self.reason = ""
        self.thread: threading.Thread | None = None

    def end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.stop.set()

    def wait(self, seconds: float) -> None:
        """How its client waits: it wakes up when the harvest shall end."""
        if self.stop.wait(seconds):
            raise StoppedError(self.reason)


class HarvestWorker:
    """Call ``look`` now and then, and ``close`` at the end."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._settings = database, settings
        self._clock = clock or (lambda: datetime.now(UTC))
        self._silence = longest_silence(settings.fetch_deadline, settings.fetch_patience)
        self._jobs: dict[str, _Job] = {}
        self._rests: dict[str, tuple[datetime, timedelta]] = {}
        self._purged: datetime | None = None
        self._lock = threading.Lock()
        self.reports: list[RunReport] = []
        """Of the runs that ended since somebody last emptied it."""
        self.troubles = 0
        """Harvests that ended without a report, for a reason of ours."""
        self.has_room = False
        """A harvest ended since the last look: another may begin in its place."""

    def look(self, only: set[str] | None = None) -> set[str]:
        """Begin what is due (of some sources only, when given), end what may not go on; returns the sources at work."""
        self.has_room = False
        now, before = self._clock(), set(self._jobs)
        with self._database.connect() as connection:
            planned = plans(connection, self._settings)
        self._report_the_dead()
        self._purge(now)
        with self._lock:
            self._end_what_may_not_go_on(planned, now)
            for source, plan, runs, due in _in_turn(planned, now):
                if source.id in before or (only is not None and source.id not in only):
                    continue
                if self._has_room_for(source, now):
                    self._begin(source, plan, runs, due)
            return set(self._jobs)

    def due(self) -> set[str]:
        """Ids of the sources that are due now."""
        now = self._clock()
        with self._database.connect() as connection:
            planned = plans(connection, self._settings)
        return {source.id for source, *_ in _in_turn(planned, now)}

    def wait(self, seconds: float) -> None:
        """Wait for a harvest under way to end, at most so long."""
        with self._lock:
            threads = [job.thread for job in self._jobs.values() if job.thread]
        if threads:
            threads[0].join(seconds)

    def close(self, reason: str = "the worker was told to stop") -> None:
        """End all harvests after their page, and wait for that."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.end(reason)
        for job in jobs:
            if job.thread:
                job.thread.join()

    def _report_the_dead(self) -> None:
        with self._database.begin() as connection:
            for row in forget_dead(connection, "worker "):
                log.warning("a worker died", machine=row.machine, process=row.process, last_sign=row.beat_at)

    def _purge(self, now: datetime) -> None:
        """Once a day: removed records whose rest is over go for good."""
        if self._purged is None or now - self._purged >= _PURGE_EVERY:
            self._purged = now
            if gone := purge(self._database, self._settings.rest_days, now):
                log.info("removed records are gone for good", records=gone, rested_days=self._settings.rest_days)

    def _end_what_may_not_go_on(self, planned: list[tuple[Source, Plan, SourceRuns]], now: datetime) -> None:
        known = {source.id: (source, plan, runs) for source, plan, runs in planned}
        for id_, job in list(self._jobs.items()):
            if id_ in known and known[id_][2].cut_off and now - job.began > timedelta(seconds=self._silence):
                self._give_up(id_, job)
            elif id_ not in known:
                job.end("the source was removed")
            elif known[id_][0].paused:
                job.end("the source was paused")
            elif not is_open(known[id_][1].window, now, known[id_][1].zone):
                job.end("its hours are over")

    def _give_up(self, id_: str, job: _Job) -> None:
        """A harvest that gives no sign of life: its lease is gone, so that it writes no more should it wake up."""
        self.troubles += 1
        job.end("it hangs")
        del self._jobs[id_]
        log.error("a harvest hangs and is given up", source=id_, began=job.began.isoformat(), silent_s=self._silence)

    def _has_room_for(self, source: Source, now: datetime) -> bool:
        if source.id in self._jobs or len(self._jobs) >= self._settings.worker_harvests:
            return False
        if source.id in self._rests and self._rests[source.id][0] > now:
            return False
        host = _host(source)  # two lists at a time would be twice the load its politeness allows
        return not host or all(_host(job.source) != host for job in self._jobs.values())

    def _begin(self, source: Source, plan: Plan, runs: SourceRuns, due: Due) -> None:
        if due.why == "cut off":
            log.warning("a run is taken over", source=source.id, run=runs.run, began=runs.started_at,
                        reason="nobody who lives is at it")  # fmt: skip
        log.info("harvest begins", source=source.id, full=due.full, because=due.why, due=due.at.isoformat())
        job = self._jobs[source.id] = _Job(source, plan, self._clock())
        job.thread = threading.Thread(
            target=self._harvest, args=(job, due.full), daemon=True, name=f"harvest {source.id}"
        )
        job.thread.start()

    def _harvest(self, job: _Job, full: bool) -> None:
        source = job.source
        client = Client.from_settings(self._settings, job.wait)
        try:
            report = harvest_source(
                self._database,
                source,
                client,
                full=full,
                brake=Brake(share=self._settings.brake_share, records=self._settings.brake_records),
                on_progress=lambda done, failed, total: job.wait(0),
            )
        except StoppedError as stop:
            log.info("harvest stops after its page", source=source.id, reason=str(stop))
        except (LeaseLostError, WithdrawnError) as ended:  # as when its institution takes it out meanwhile
            self._rest(source.id, _TAKEN_REST)
            log.info("harvest was ended elsewhere", source=source.id, reason=str(ended))
        except LeaseTakenError as taken:
            self._rest(source.id, _TAKEN_REST)
            log.info("harvest is under way elsewhere", source=source.id, holder=str(taken))
        except Exception:  # one source's trouble must not end the others'; it is told and tried again later
            self.troubles += 1
            log.exception("harvest could not go on", source=source.id, again_in_s=self._rest(source.id).total_seconds())
        else:
            self._rests.pop(source.id, None)
            self.reports.append(report)
            log.info(
                "harvest ended", source=source.id, run=report.run, status=report.status, received=report.received,
                new=report.new, changed=report.changed, deleted=report.deleted, quarantined=report.quarantined,
                losses=[loss.reason for loss in report.losses[:3]], resume_at=report.resume_at,
            )  # fmt: skip
        finally:
            client.close()
            with self._lock:
                if self._jobs.get(source.id) is job:
                    del self._jobs[source.id]
                self.has_room = True

    def _rest(self, id_: str, seconds: timedelta | None = None) -> timedelta:
        """Leave a source alone for a while, twice as long each time; returns how long."""
        before = self._rests.get(id_, (None, timedelta(0)))[1]
        rest = seconds or min(max(before * 2, _FIRST_REST), _LONGEST_REST)
        self._rests[id_] = (self._clock() + rest, before if seconds else rest)
        return rest


def plans(connection: Connection, settings: Settings) -> list[tuple[Source, Plan, SourceRuns]]:
    """When each source may and shall run, with its latest runs."""
    owners = {institution.id: institution for institution in institutions.all_institutions(connection)}
    return [
        (source, plan_of(source, owners.get(source.institution), runs, settings), runs)
        for source, runs in all_with_runs(connection)
    ]


def _in_turn(
    planned: list[tuple[Source, Plan, SourceRuns]], now: datetime
) -> list[tuple[Source, Plan, SourceRuns, Due]]:
    """What is due: first what a person asked for and waits to see, then who was owed a run the longest.

    In the order of the sources the first of them would be harvested again and again while the last never were.
    """
    owed = [(*one, due) for one in planned if (due := next_run(*one, now)) and due.at <= now]
    return sorted(owed, key=lambda one: (not is_asked_for(one[0], one[2]), one[3].at))


def plan_of(source: Source, owner: Institution | None, runs: SourceRuns, settings: Settings) -> Plan:
    """A source's own wishes, filled up with the operator's."""
    sweep = "" if runs.keeps_deletions else settings.full_schedule
    return Plan(
        cron=source.schedule or settings.schedule,
        full_cron=source.full_schedule or sweep,
        window=source.window or settings.harvest_hours,
        zone=zone_of(owner, settings.timezone),
        jitter=settings.schedule_jitter,
    )


def _host(source: Source) -> str:
    return urlsplit(source.location).hostname or "" if "://" in source.location else ""
