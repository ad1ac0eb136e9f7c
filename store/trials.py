"""Repository of trials: what somebody without an account looked at. Never indexed, gone after a week."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from store.account_tables import trials
from store.codec import compress, decompress
from store.database import now_text

LIFE = timedelta(days=7)
LONGEST_LOOK = timedelta(seconds=120)
"""A look that takes longer than this has died with its process: its own limit is half of it."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One trial as its page shows it."""

    state: Literal["looking", "done", "failed"]
    location: str
    probe: bytes
    """JSON of ``schemas.probe.Probe`` once it is done."""
    steps: bytes
    """JSON list of the steps so far."""
    created_at: str


def add(connection: Connection, location: str) -> str:
    """Begin a trial; returns the secret of its address."""
    secret = secrets.token_urlsafe(24)
    row = {"hash": _hash(secret), "state": "looking", "location": location}
    connection.execute(insert(trials).values(**row, created_at=now_text()))
    return secret


def begin_again(connection: Connection, secret: str) -> None:
    """Look once more; what was found so far stays until that is over, and the week runs on."""
    found = update(trials).where(trials.c.hash == _hash(secret))
    connection.execute(found.values(state="looking", steps=b"[]"))


def note(connection: Connection, secret: str, steps: bytes) -> None:
    """Keep the steps so far (JSON), for those who wait."""
    connection.execute(update(trials).where(trials.c.hash == _hash(secret)).values(steps=steps))


def finish(connection: Connection, secret: str, probe: bytes) -> None:
    """Keep what was found (JSON); b"" = it could not be looked at for a reason of ours."""
    state = "done" if probe else "failed"
    found = update(trials).where(trials.c.hash == _hash(secret))
    connection.execute(found.values(state=state, probe=compress(probe) if probe else b""))


def get(connection: Connection, secret: str) -> Trial | None:
    """A trial that is not over yet."""
    row = connection.execute(select(trials).where(trials.c.hash == _hash(secret))).first()
    now = datetime.now(UTC)
    if row is None or row.created_at <= (now - LIFE).isoformat():
        return None
    dead = row.state == "looking" and row.created_at <= (now - LONGEST_LOOK).isoformat()
    return Trial(
        state="failed" if dead else row.state,
        location=row.location,
        probe=decompress(row.probe) if row.probe else b"",
        steps=row.steps,
        created_at=row.created_at,
    )


def clean(connection: Connection) -> list[str]:
    """Forget those that are over; returns what they looked at."""
    over = trials.c.created_at <= (datetime.now(UTC) - LIFE).isoformat()
    locations = list(connection.scalars(select(trials.c.location).where(over)))
    connection.execute(delete(trials).where(over))
    return locations


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
