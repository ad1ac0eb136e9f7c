"""Repository of one-time links: to log in, to take an invitation, to prove that one reads a mail box.

What a log-in in two steps has to remember between them (the question to a passkey, the way to a provider and back) is
kept the same way: a secret that serves once, and not for long.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from store.account_tables import links
from store.accounts import normal
from store.codec import from_json, to_json
from store.database import now_text

Purpose = Literal["login", "invite", "contact", "passkey", "provider"]
LIFE: dict[Purpose, timedelta] = {
    "login": timedelta(minutes=15),
    "invite": timedelta(days=7),
    "contact": timedelta(days=7),
    "passkey": timedelta(minutes=5),
    "provider": timedelta(minutes=10),
}


class OneTimeLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link is for. The secret in it is not kept."""

    purpose: Purpose
    email: str
    detail: dict[str, str]
    expires_at: str
    used_at: str | None

    def valid(self) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and self.expires_at > datetime.now(UTC).isoformat()


def make(connection: Connection, purpose: Purpose, email: str, **detail: str) -> str:
    """Make a link for whoever reads a mail box; returns its secret, for the only time."""
    secret = secrets.token_urlsafe(32)
    expires = (datetime.now(UTC) + LIFE[purpose]).isoformat(timespec="seconds")
    row = {"hash": _hash(secret), "purpose": purpose, "email": normal(email), "detail": to_json(detail)}
    connection.execute(insert(links).values(**row, expires_at=expires))
    return secret


def look(connection: Connection, secret: str) -> OneTimeLink | None:
    """What a link is for, used or not: looking at it uses nothing, since scanners of mail open every link."""
    row = connection.execute(select(links).where(links.c.hash == _hash(secret))).first()
    return None if row is None else _link(row)


def use(connection: Connection, secret: str) -> OneTimeLink | None:
    """Use a link up. None when it is unknown, used or too old; of two that try at once one succeeds."""
    unused = update(links).where(links.c.hash == _hash(secret), links.c.used_at.is_(None))
    unused = unused.where(links.c.expires_at > datetime.now(UTC).isoformat())
    if not connection.execute(unused.values(used_at=now_text())).rowcount:
        return None
    return look(connection, secret)


def use_invitation(connection: Connection, email: str) -> OneTimeLink | None:
    """Use up the latest invitation of a mail address, for somebody who has shown otherwise that it is theirs."""
    own = (links.c.purpose == "invite", links.c.email == normal(email), links.c.used_at.is_(None))
    valid = select(links).where(*own, links.c.expires_at > datetime.now(UTC).isoformat())
    row = connection.execute(valid.order_by(links.c.expires_at.desc(), links.c.hash).limit(1)).first()
    if row is None:
        return None
    unused = update(links).where(links.c.hash == row.hash, links.c.used_at.is_(None))
    return _link(row) if connection.execute(unused.values(used_at=now_text())).rowcount else None


def clean(connection: Connection) -> int:
    """Forget links that ended a month ago; until then their pages can say what happened. Others have no pages."""
    now = datetime.now(UTC)
    over = links.c.expires_at < (now - timedelta(days=30)).isoformat()
    steps = links.c.purpose.in_(("passkey", "provider")) & (links.c.expires_at < now.isoformat())
    return connection.execute(delete(links).where(over | steps)).rowcount


def about(connection: Connection, email: str) -> list[tuple[bytes, OneTimeLink]]:
    """(hash, link) of all that were sent to a person, and of the invitations that they gave."""
    rows = connection.execute(select(links)).all()  # few: they are forgotten after a month
    return [(row.hash, link) for row in rows if normal(email) in ((link := _link(row)).email, link.detail.get("by"))]


def forget(connection: Connection, hashes: Sequence[bytes]) -> None:
    """Delete links, used or not."""
    for hash_ in hashes:
        connection.execute(delete(links).where(links.c.hash == hash_))


def _link(row: Any) -> OneTimeLink:
    return OneTimeLink(
        purpose=row.purpose,
        email=row.email,
        detail=from_json(row.detail, dict[str, str]),
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
