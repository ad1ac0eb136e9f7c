"""Repository of log-ins: what a browser's cookie stands for, until it is ended or too old."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from schemas.account import Account
from store import accounts
from store.account_tables import logins
from store.database import now_text

IDLE = timedelta(days=14)
"""After so long without a visit a log-in ends ..."""
LONGEST = timedelta(days=90)
"""... and after so long in any case."""
CONFIRMATION = timedelta(minutes=15)
"""How long a second factor given again counts for dangerous acts."""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One browser's log-in."""

    hash: bytes
    account: int
    created_at: str
    seen_at: str
    confirmed_at: str | None

    @property
    def id(self) -> str:
        """Its name in lists and forms; tells nothing of the cookie."""
        return self.hash.hex()[:16]

    def confirmed(self, now: datetime) -> bool:
        """Whether the second factor was given lately."""
        return self.confirmed_at is not None and datetime.fromisoformat(self.confirmed_at) > now - CONFIRMATION


def begin(connection: Connection, account: int, *, confirmed: bool = False) -> str:
    """Log in: returns what the cookie is to hold, for the only time.

    Args:
        connection: a write transaction.
        account: number of the account.
        confirmed: whether the second factor was given with it.
    """
    token, now = secrets.token_urlsafe(32), now_text()
    expires = (datetime.now(UTC) + LONGEST).isoformat(timespec="seconds")
    row = {"hash": _hash(token), "account": account, "created_at": now, "seen_at": now, "expires_at": expires}
    connection.execute(insert(logins).values(**row, confirmed_at=now if confirmed else None))
    return token


def find(connection: Connection, token: str) -> tuple[Login, Account] | None:
    """The log-in and the account that a cookie stands for; None when it is unknown, ended, too old or disabled."""
    row = connection.execute(select(logins).where(logins.c.hash == _hash(token))).first()
    now = datetime.now(UTC)
    if row is None or row.expires_at <= now.isoformat() or row.seen_at <= (now - IDLE).isoformat():
        return None
    account = accounts.get(connection, row.account)
    if account is None or account.disabled_at:
        return None
    return _login(row), account


def touch(connection: Connection, login: Login) -> None:
    """Note a visit, to the hour."""
    connection.execute(update(logins).where(logins.c.hash == login.hash).values(seen_at=this_hour()))


def this_hour() -> str:
    """The present hour as ``seen_at`` has it: a log-in's row is written at most once an hour."""
    return now_text()[:13] + ":00:00+00:00"


def confirm(connection: Connection, login: Login) -> None:
    """Note that the second factor was given now."""
    connection.execute(update(logins).where(logins.c.hash == login.hash).values(confirmed_at=now_text()))


def of_account(connection: Connection, account: int) -> list[Login]:
    """All log-ins of an account, the latest first."""
    query = select(logins).where(logins.c.account == account).order_by(logins.c.created_at.desc(), logins.c.hash)
    return [_login(row) for row in connection.execute(query)]


def end(connection: Connection, login: Login) -> None:
    """Log out."""
    connection.execute(delete(logins).where(logins.c.hash == login.hash))


def end_others(connection: Connection, account: int, but: bytes = b"") -> int:
    """End all log-ins of an account but one; returns how many."""
    return connection.execute(delete(logins).where(logins.c.account == account, logins.c.hash != but)).rowcount


def clean(connection: Connection) -> int:
    """Forget those that are over; returns how many."""
    now = datetime.now(UTC)
    over = (logins.c.expires_at <= now.isoformat()) | (logins.c.seen_at <= (now - IDLE).isoformat())
    return connection.execute(delete(logins).where(over)).rowcount


def _login(row: object) -> Login:
    return Login(**{name: getattr(row, name) for name in Login.__struct_fields__})


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
