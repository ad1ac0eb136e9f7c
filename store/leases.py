"""Leases: one owner at a time for a source's harvest, the index writer, the schedule."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from store import dialect, prepared
from store.database import Database, StoreError
from store.tables import leases

HEARTBEAT_S = 15.0
STALE_AFTER = timedelta(seconds=60)
"""An owner on another machine is taken for dead when its heart has not beaten for so long."""


_held_here: set[str] = set()
"""Owners of this process that are at work: a lease that could not be given back, for the disk was full, is not held."""
_serial = itertools.count()


class LeaseTakenError(Exception):
    """Somebody else is at it; the message says who and since when."""


class LeaseLostError(StoreError):
    """This process was silent for so long that another took its lease; what it wanted to write is not written."""


def of_harvest(source: str) -> str:
    """Name of the lease under which a source is harvested."""
    return f"harvest of {source}"


def myself() -> str:
    """This process's name as an owner: machine, process id, and when it began, for ids are used again."""
    pid = os.getpid()
    return f"{socket.gethostname()}|{pid}|{_began(pid)}"


def new_owner() -> str:
    """A new owner of this process, which counts as living until it is disowned."""
    owner = f"{myself()}|{next(_serial)}"
    _held_here.add(owner)
    return owner


def disown(owner: str) -> None:
    """An owner of this process is at work no more: what it still seems to hold may be taken over."""
    _held_here.discard(owner)


class Pulse:
    """Signs of life of the work that a lease is for."""

    def __init__(self, silence: float) -> None:
        self._silence, self._last = silence, time.monotonic()

    def __call__(self) -> None:
        """Give one."""
        self._last = time.monotonic()

    @property
    def hangs(self) -> bool:
        """Whether there was none for longer than the work may be silent."""
        return 0 < self._silence < time.monotonic() - self._last


@contextmanager
def held(database: Database, name: str, silence: float = 0) -> Iterator[Pulse]:
    """Hold a lease while the block runs; its heart beats in a thread.

    A dead owner's lease is taken over: at once when it ran on this machine, elsewhere after a minute. An owner that
    was only asleep meanwhile writes no more: each of its write transactions asks first whether the lease is still its.

    Args:
        database: the store.
        name: of the lease.
        silence: seconds after which work that gives no sign of life (by calling what is yielded) is taken to hang:
            its lease is given up, so that others may go on with it. 0 = it may be silent for as long as it likes.

    Raises:
        LeaseTakenError: another process holds it.
        LeaseLostError: from a write transaction inside the block: another process took it over.
    """
    owner = new_owner()
    try:
        with database.begin() as connection:
            _take(connection, name, owner)
    except BaseException:
        disown(owner)
        raise
    stop, pulse = threading.Event(), Pulse(silence)
    heart = threading.Thread(target=_beat, args=(database, name, owner, stop, pulse), name=f"lease {name}", daemon=True)
    heart.start()
    try:
        with database.fenced(lambda connection: _still_own(connection, name, owner)):
            yield pulse
    finally:
        stop.set()
        heart.join()
        disown(owner)
        # Not given back is not lost: it counts as a dead owner's, and the trouble has been told by the work itself.
        with suppress(StoreError), database.begin() as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))


def holder(connection: Connection, name: str) -> str:
    """Who holds a lease and lives, as words for people; "" when nobody does."""
    row = connection.execute(select(leases).where(leases.c.name == name)).first()
    if row is None or is_dead(row.owner, row.beat_at, dialect.of(connection).now(connection)):
        return ""
    return words_of(row.owner, row.beat_at)


def give_up(connection: Connection, name: str) -> None:
    """Take a lease from whoever holds it: they write no more, and learn so at their next try."""
    connection.execute(delete(leases).where(leases.c.name == name))


def words_of(owner: str, beat_at: str) -> str:
    """An owner in words for people."""
    machine, pid, *_ = owner.split("|")
    return f"process {pid} on {machine} (last sign of life {beat_at})"


def _take(connection: Connection, name: str, owner: str) -> None:
    living = holder(connection, name)
    if living:
        raise LeaseTakenError(f"{name}: {living} is at it; wait for it to end, or end it")
    connection.execute(delete(leases).where(leases.c.name == name))
    connection.execute(insert(leases).values(name=name, owner=owner, beat_at=_beat_at(connection)))


_OWNER = select(leases.c.owner).where(leases.c.name == bindparam("called"))  # made once: every page asks it


def _still_own(connection: Connection, name: str, owner: str) -> None:
    own = prepared.scalar(connection, _OWNER, called=name)
    if own != owner:
        why = "its lease was given up, for it was silent for too long, or its source was removed or withdrawn meanwhile"
        if own:
            machine, pid, *_ = own.split("|")
            why = f"this process was silent for too long, and process {pid} on {machine} took it over"
        raise LeaseLostError(f"{name} ends: {why}; nothing more is written by it")


def _beat(database: Database, name: str, owner: str, stop: threading.Event, pulse: Pulse) -> None:
    while not stop.wait(HEARTBEAT_S):
        try:
            with database.begin(alone=False) as connection:
                own = (leases.c.name == name) & (leases.c.owner == owner)
                if pulse.hangs:
                    connection.execute(delete(leases).where(own))
                    return
                connection.execute(update(leases).where(own).values(beat_at=_beat_at(connection)))
        except StoreError:  # the work itself meets the same trouble and tells it
            continue


def _beat_at(connection: Connection) -> str:
    """By the database's clock: those of two machines may differ by more than a lease lasts."""
    return dialect.of(connection).now(connection).isoformat(timespec="seconds")


def is_dead(owner: str, beat_at: str, now: datetime | None = None) -> bool:
    """Whether an owner lives no more; on another machine that is known only by its silence.

    Args:
        owner: as the lease names it.
        beat_at: its last sign of life.
        now: by the database's clock; None = by this machine's.
    """
    machine, pid, began, *_ = [*owner.split("|"), "", ""]
    if machine == socket.gethostname() and pid.isdigit() and began.partition("@")[2] == _namespace():
        if owner.startswith(myself() + "|"):
            return owner not in _held_here
        return not _lives(int(pid)) or _began(int(pid)) != began
    return (now or datetime.now(UTC)) - datetime.fromisoformat(beat_at) > STALE_AFTER


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _began(pid: int) -> str:
    """Clock tick at which a process began, and where its id means it; "" where the system does not tell."""
    try:
        tick = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return f"@{_namespace()}"
    return f"{tick}@{_namespace()}"


@cache
def _namespace() -> str:
    """Names the set of processes that this one can see: containers of one host may bear its name, each with a pid 1."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""
