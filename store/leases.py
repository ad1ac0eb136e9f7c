"""Leases: one owner at a time for a source's harvest, the index writer, the schedule."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from store.database import Database, StoreError, now_text
from store.tables import leases

HEARTBEAT_S = 15.0
STALE_AFTER = timedelta(seconds=60)
"""An owner on another machine is taken for dead when its heart has not beaten for so long."""


_held_here: set[str] = set()
"""Owners of this process that are at work: a lease that could not be given back, for the disk was full, is not held."""
_serial = itertools.count()


class LeaseTakenError(Exception):
    """Somebody else is at it; the message says who and since when."""


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


@contextmanager
def held(database: Database, name: str) -> Iterator[None]:
    """Hold a lease while the block runs; its heart beats in a thread.

    A dead owner's lease is taken over: at once when it ran on this machine, elsewhere after a minute.

    Raises:
        LeaseTakenError: another process holds it.
    """
    owner = new_owner()
    try:
        with database.begin() as connection:
            _take(connection, name, owner)
    except BaseException:
        disown(owner)
        raise
    stop = threading.Event()
    heart = threading.Thread(target=_beat, args=(database, name, owner, stop), name=f"lease {name}", daemon=True)
    heart.start()
    try:
        yield
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
    if row is None or is_dead(row.owner, row.beat_at):
        return ""
    return words_of(row.owner, row.beat_at)


def words_of(owner: str, beat_at: str) -> str:
    """An owner in words for people."""
    machine, pid, *_ = owner.split("|")
    return f"process {pid} on {machine} (last sign of life {beat_at})"


def _take(connection: Connection, name: str, owner: str) -> None:
    living = holder(connection, name)
    if living:
        raise LeaseTakenError(f"{name}: {living} is at it; wait for it to end, or end it")
    connection.execute(delete(leases).where(leases.c.name == name))
    connection.execute(insert(leases).values(name=name, owner=owner, beat_at=now_text()))


def _beat(database: Database, name: str, owner: str, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        try:
            with database.begin() as connection:
                connection.execute(
                    update(leases).where(leases.c.name == name, leases.c.owner == owner).values(beat_at=now_text())
                )
        except StoreError:  # the work itself meets the same trouble and tells it
            continue


def is_dead(owner: str, beat_at: str) -> bool:
    """Whether an owner lives no more; on another machine that is known only by its silence."""
    machine, pid, began, *_ = [*owner.split("|"), "", ""]
    if machine == socket.gethostname() and pid.isdigit():
        if owner.startswith(myself() + "|"):
            return owner not in _held_here
        return not _lives(int(pid)) or _began(int(pid)) != began
    return datetime.now(UTC) - datetime.fromisoformat(beat_at) > STALE_AFTER


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _began(pid: int) -> str:
    """Clock tick at which a process began; "" where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
