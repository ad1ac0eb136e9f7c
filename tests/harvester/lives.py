"""Months in the life of a source: a server that lives, a harvester that follows, and what it may know after each run.

``Life(...).live(steps)`` throws dice: between two runs records are added, changed, deleted, brought back, moved to
other sets and dated back; clocks are set, servers restored from a copy, moved and renamed; harvests are killed, sources
changed. After each run that ends as complete the store equals the server, but for what no protocol could have told
(``untold``); a whole run heals that, too.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from harvester import removals
from harvester.harvest import harvest_source
from harvester.restore import purge, undo
from schemas.catalogue import Source
from store import harvest_runs, records, sources

FORM = "%Y-%m-%dT%H:%M:%SZ"
DAY, SECONDS = "YYYY-MM-DD", "YYYY-MM-DDThh:mm:ssZ"


class Killed(BaseException):
    """As a process that is killed between two pages."""


class Clock:
    """Stands in for ``datetime`` in the harvester: time passes when the story says so."""

    def __init__(self) -> None:
        self.time = datetime(2024, 1, 1, 12, tzinfo=UTC)

    def now(self, zone: object = UTC) -> datetime:
        return self.time

    def text(self) -> str:
        return self.time.isoformat(timespec="seconds")


def server_of(oai: Any) -> Callable[..., Any]:
    """A server whose tokens name the last record of their page, with two formats and a clock of its own."""

    class Living(oai.Server):
        clock: Clock
        drift = timedelta(0)
        down = False

        def answer(self, arguments):
            if self.down:
                self.requests.append(arguments)
                return oai.Answer("closed for repairs", status=500)
            self.response_date = (self.clock.time + self.drift).strftime(FORM)
            return super().answer(arguments)

        def right(self, arguments):
            if arguments.get("verb") == "GetRecord":
                found = [one for one in self.items if one.identifier == arguments.get("identifier")]
                if not found:
                    return self.error("idDoesNotExist")
                return self.document(f"<GetRecord>{self.shown(found[0], arguments['metadataPrefix'])}</GetRecord>")
            return super().right(arguments)

        def shown(self, item, prefix):
            return item.xml().replace("PREFIX", prefix)

        def _list(self, arguments):
            token = arguments.get("resumptionToken")
            if token:
                prefix, since, until, set_, last = token.split("|")
            else:
                prefix, since, until, set_, last = (
                    arguments["metadataPrefix"], arguments.get("from", ""), arguments.get("until", ""),
                    arguments.get("set", ""), "-1",
                )  # fmt: skip
            if prefix not in self.formats:
                return self.error("cannotDisseminateFormat")
            if self.granularity == DAY and "T" in since + until:
                return self.error("badArgument", "granularity is a day")
            chosen = [
                one
                for one in self.items
                if one.datestamp[: len(since)] >= since
                and (not until or one.datestamp[: len(until)] <= until)
                and (not set_ or set_ in one.sets)
            ]
            left = sorted((one for one in chosen if one.place > int(last)), key=lambda one: one.place)
            if not left:
                return self.error("noRecordsMatch")
            page = left[: self.page]
            more = f"{prefix}|{since}|{until}|{set_}|{page[-1].place}" if len(left) > len(page) else ""
            if arguments["verb"] == "ListIdentifiers":
                return self.headers_of(page, more, len(chosen))
            return self.records([self.shown(one, prefix) for one in page], more, len(chosen))

    return Living


class Life:
    """One source and its server. ``log`` tells what happened, for whoever must understand a failure."""

    def __init__(
        self, oai: Any, serve: Callable[..., Any], database: Any, client: Any, clock: Clock, seed: int
    ) -> None:
        self.dice, self.oai, self.clock = random.Random(seed), oai, clock
        self._serve, self._database, self._client = serve, database, client
        self.log: list[str] = []
        self.untold: set[str] = set()
        """Records of which no list of changes tells what became of them."""
        self.pending: set[str] = set()
        """Changed while a list was read: the run that began before need not have them, the next one must."""
        self.killed = self.clock_was_set = self.whole_is_due = False
        self.waiting = 0
        self.removed_by: list[int] = []
        self._copies: list[list[Any]] = []
        self._places = 0
        self.prefix = "oai:a:"
        self.server = self._started([], "persistent", SECONDS)
        self.source = Source(id="s", protocol="oai", location=self.server.url, format="oai_dc")
        for number in range(60):
            self.put(f"{self.prefix}{number}")

    def _started(self, items: list[Any], policy: str, granularity: str) -> Any:
        server = self._serve(items, page=7, deleted=policy, granularity=granularity, sets=["a", "b"],
                             formats=["oai_dc", "oai_dc2"])  # fmt: skip
        server.clock = self.clock
        return server

    # What happens at the server.

    def stamp(self) -> str:
        moment = (self.clock.time + self.server.drift).strftime(FORM)
        return moment[:10] if self.server.granularity == DAY else moment

    def put(self, identifier: str, *, stamp: str = "", sets: tuple[str, ...] | None = None) -> None:
        """Add or change a record, so that a list of changes tells it."""
        old = next((one for one in self.server.items if one.identifier == identifier), None)
        title = f"Title {self.dice.randrange(10**9)} PREFIX"
        item = self.oai.item(0, title, identifier=identifier, datestamp=stamp or self.stamp())
        item.sets = sets or (old.sets if old else self.dice.choice([("a",), ("b",), ("a", "b")]))
        self._keep(item, old)

    def _keep(self, item: Any, old: Any) -> None:
        item.place = old.place if old else self._next_place()
        self.server.items = [one for one in self.server.items if one is not old] + [item]
        self.told(item)

    def _next_place(self) -> int:
        self._places += 1
        return self._places

    def told(self, item: Any) -> None:
        """Of a set's records only those who harvest it are told."""
        asked = not self.source.sets or set(item.sets) & set(self.source.sets)
        (self.untold.discard if asked else self.untold.add)(item.identifier)
        if self.killed:
            self.pending.add(item.identifier)

    def not_told(self, identifiers: set[str]) -> None:
        self.untold |= identifiers

    def living(self) -> list[Any]:
        return [one for one in self.server.items if not one.deleted]

    def some(self, most: int, dead: bool = False) -> list[Any]:
        chosen = [one for one in self.server.items if bool(one.deleted) == dead]
        return self.dice.sample(chosen, min(len(chosen), self.dice.randint(1, most)))

    def add(self) -> None:
        for _ in range(self.dice.randint(1, 5)):
            self.put(f"{self.prefix}{self.dice.randrange(10**6)}")

    def change(self) -> None:
        for one in self.some(6):
            self.put(one.identifier)

    def delete(self, most: int = 3) -> None:
        for one in self.some(most):
            if self.server.deleted == "no":
                self.server.items.remove(one)
                self.not_told({one.identifier})
            else:
                dead = self.oai.tombstone(0, identifier=one.identifier, datestamp=self.stamp(), sets=one.sets)
                self._keep(dead, one)

    def delete_many(self) -> None:
        self.delete(25)

    def undelete(self) -> None:
        for one in self.some(3, dead=True):
            self.put(one.identifier)

    def move(self) -> None:
        """Between sets, with a new datestamp."""
        for one in self.some(4):
            self.put(one.identifier, sets=("b",) if "a" in one.sets else ("a",))

    def date_back(self) -> None:
        for one in self.some(3):
            self.put(one.identifier, stamp="2023-01-01" if self.server.granularity == DAY else "2023-01-01T00:00:00Z")
            self.not_told({one.identifier})

    def set_clock(self) -> None:
        if not self.clock_was_set:  # twice between two runs can hide anything
            self.clock_was_set = True
            self.server.drift = timedelta(hours=self.dice.choice([-24 * 20, -24 * 3, -2, 0, 0, 2, 24 * 5]))

    def restore(self) -> None:
        """From a copy: what was done since is undone, with the datestamps of before."""
        if self._copies:
            before = {one.identifier: one for one in self.server.items}
            self.server.items = copy.deepcopy(self.dice.choice(self._copies))
            after = {one.identifier: one for one in self.server.items}
            names = before.keys() | after.keys()
            self.not_told({name for name in names if before.get(name) != after.get(name)})

    def lose_deletions(self) -> None:
        gone = {one.identifier for one in self.server.items if one.deleted}
        self.server.items = self.living()
        self.not_told(gone)

    def change_policy(self) -> None:
        self.server.deleted = self.dice.choice(["no", "transient", "persistent"])
        if self.server.deleted == "no":
            self.lose_deletions()

    def change_granularity(self) -> None:
        by_day = self.server.granularity == SECONDS
        self.server.granularity = DAY if by_day else SECONDS
        for one in self.server.items:
            one.datestamp = one.datestamp[:10] if by_day else f"{one.datestamp[:10]}T00:00:00Z"

    def rename(self) -> None:
        """Other software at the same address: each record has another name, and a datestamp of today."""
        self.prefix = f"oai:{self.dice.randrange(10**6)}:"
        old = self.living()
        self.not_told({one.identifier for one in self.server.items})
        self.server.items = []
        for one in old:
            self.put(self.prefix + one.identifier.rpartition(":")[2], sets=one.sets)

    def migrate(self) -> None:
        """To another address; what its lists once said is forgotten there."""
        before = self.server
        self.server = self._started(self.living(), self.dice.choice(["no", "persistent"]), before.granularity)
        self.server.drift = before.drift
        self.configure(location=self.server.url)

    # What the operator does.

    def configure(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self.source, name, value)
        with self._database.begin() as connection:
            sources.add(connection, self.source)
        self.whole_is_due, self.killed = True, False
        self.pending.clear()

    def other_set(self) -> None:
        sets = self.dice.choice([[], ["a"], ["b"], ["a", "b"]])
        if sets != self.source.sets:
            self.configure(sets=sets)

    def other_prefix(self) -> None:
        self.configure(prefix=self.dice.choice([name for name in ("oai_dc", "oai_dc2") if name != self.source.prefix]))

    def reassign(self) -> None:
        self.source.institution = self.dice.choice(["north", "south"])
        self.source.paused = self.dice.random() < 0.5
        with self._database.begin() as connection:
            sources.add(connection, self.source)

    def decide(self) -> None:
        if not self.waiting:
            return
        approved = self.dice.random() < 0.6
        removals.decide(self._database, self.waiting, approved=approved)
        self.log.append(f"decided: {approved}")
        self.removed_by.append(self.waiting)
        self.waiting = 0
        if not approved:
            self.not_told(self.stored().keys() - self.truth().keys())

    def undo(self) -> None:
        if self.removed_by:
            before = self.stored().keys()
            try:
                undo(self._database, self.dice.choice(self.removed_by))
            except removals.DecisionError:
                return
            self.not_told(self.stored().keys() - before)

    def purge(self) -> None:
        purge(self._database, 30, datetime.now(UTC) + timedelta(days=31))

    # The runs, and what must be true after them.

    def truth(self) -> dict[str, str]:
        prefix = self.source.prefix or "oai_dc"
        wanted = set(self.source.sets)
        return {
            one.identifier: one.title.replace("PREFIX", prefix)
            for one in self.living()
            if not wanted or wanted & set(one.sets)
        }

    def stored(self) -> dict[str, str]:
        with self._database.connect() as connection:
            found = {one.record: one for batch in records.iterate(connection) for _, one in batch}
        return {name: one.title for name, one in found.items() if not one.deleted}

    def harvest(self, *, full: bool = False, kill_after: int = 0) -> None:
        pages = 0

        def progress(*_: object) -> None:
            nonlocal pages
            pages += 1
            if pages == kill_after:
                raise Killed

        with self._database.begin() as connection:
            if sources.get(connection, "s") is None:
                sources.add(connection, self.source)
        was_killed, self.killed = self.killed, False
        try:
            report = harvest_source(self._database, self.source, self._client, full=full, on_progress=progress)
        except Killed:
            self.killed = True
            self.log.append("killed")
            return
        self.log.append(f"{'full ' if full else ''}run {report.run}: {report.status} {report.notes} {report.losses}")
        self.check(report, full=full, was_killed=was_killed)
        self._copies = [*self._copies[-4:], copy.deepcopy(self.server.items)]

    def check(self, report: Any, *, full: bool, was_killed: bool) -> None:
        parts = report.new + report.changed + report.unchanged + report.deleted + report.quarantined
        assert report.received == parts
        stored, truth = self.stored(), self.truth()
        if report.status in ("failed", "incomplete"):
            assert report.losses
            if self.server.down and was_killed:
                self.killed = True
            return
        whole = (full or self.whole_is_due) and not was_killed
        excused = self.pending if was_killed else set()
        excused = excused | (set() if whole else self.untold)
        dead = stored.keys() - truth.keys() - excused
        wrong = {name for name in truth if stored.get(name) != truth[name]} - excused
        assert not wrong, f"{len(wrong)} of {len(truth)} wrong, e.g. {min(wrong)}"
        if report.status == "waiting":
            self.waiting = self.waiting_run()
            assert self.waiting
        else:
            assert not dead, f"{len(dead)} live that should not, e.g. {min(dead)}"
            self.removed_by.append(report.run)
            self.waiting = 0
        if whole:
            self.untold = stored.keys() - truth.keys() if report.status == "waiting" else set()
        elif was_killed:
            self.untold |= {name for name in self.pending if name not in {one.identifier for one in self.server.items}}
        self.pending.clear()
        self.clock_was_set = False
        with self._database.connect() as connection:
            self.whole_is_due = sources.state(connection, "s").anew

    def waiting_run(self) -> int:
        with self._database.connect() as connection:
            return sources.state(connection, "s").waits_on_run

    def live(self, steps: int) -> None:
        """So many runs, with things happening before each."""
        usual = [self.add, self.change, self.delete, self.undelete, self.move, self.decide]
        rare = [
            self.delete_many, self.date_back, self.set_clock, self.restore, self.lose_deletions, self.change_policy,
            self.change_granularity, self.rename, self.migrate, self.other_set, self.other_prefix, self.reassign,
            self.undo, self.purge,
        ]  # fmt: skip
        self.harvest()
        for _ in range(steps):
            self.clock.time += timedelta(hours=self.dice.choice([1, 24, 24, 24, 72, 24 * 8, 24 * 31]))
            for event in [*self.dice.choices(usual, k=2), *self.dice.choices(rare, k=self.dice.randint(0, 1))]:
                self.log.append(event.__name__)
                event()
                self.clock.time += timedelta(minutes=self.dice.randrange(50))
            self.server.down = self.dice.random() < 0.1
            kill_after = self.dice.randint(1, 6) if self.dice.random() < 0.15 else 0
            self.harvest(full=self.dice.random() < 0.12, kill_after=kill_after)
        self.server.down = False
        self.clock.time += timedelta(days=1)
        self.harvest()
        self.harvest(full=True)
        if self.waiting:
            removals.decide(self._database, self.waiting, approved=True)
        if self.truth():  # an empty list is taken for an accident, and removes nothing
            assert self.stored() == self.truth()
        with self._database.connect() as connection:
            assert harvest_runs.report(connection, "s") is not None
