"""Repository of API keys: who may write for which institution. Only hashes are kept; a key is shown once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import zlib
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, insert, select, update

from store.database import now_text
from store.tables import api_keys

AVAILABILITY_WRITE = "availability:write"
INSTITUTION_WRITE = "institution:write"
MERGES_WRITE = "merges:write"
SOURCES_READ = "sources:read"
SOURCES_MANAGE = "sources:manage"
SCOPES = {
    AVAILABILITY_WRITE: "tell the state of copies",
    INSTITUTION_WRITE: "change the institution's entry in the registry",
    MERGES_WRITE: "decide which records of all institutions belong together",
    SOURCES_READ: "see the institution's sources, their runs and registrations",
    SOURCES_MANAGE: "harvest, pause, schedule and withdraw the institution's sources",
}
"""What a key may do. A key has one scope or several, separated by blanks."""
OF_PLATFORM = frozenset({MERGES_WRITE})
"""Scopes that reach beyond the institution: only the operator gives them."""
OVERLAP_DAYS = 7
"""How long a key that is replaced still holds, so that nothing stands still while the new one is put in place."""
_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH, _SECRET_LENGTH, _CHECK_LENGTH = 8, 32, 6


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a key, without the key."""

    id: str
    institution: str
    scope: str
    label: str
    created_at: str
    last_used_at: str | None
    """To the hour: enough to see whether a key is still in use."""
    expires_at: str | None
    """When it ends by itself; None = never."""
    replaces: str
    """Id of the key that it takes over from; "" = none."""
    revoked_at: str | None

    def may(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return scope in self.scope.split()

    @property
    def valid(self) -> bool:
        """Whether it still holds."""
        return not self.revoked_at and (self.expires_at is None or self.expires_at > now_text())


class ReplacedError(Exception):
    """A key has a successor already; the message names it."""


def create(
    connection: Connection,
    institution: str,
    *,
    scope: str = AVAILABILITY_WRITE,
    label: str = "",
    expires_at: str | None = None,
    replaces: str = "",
) -> str:
    """Make a key for an institution; returns it in full, for the only time.

    It reads ``lw_<id>_<secret><checksum>``: the prefix lets scanners of published code find a leaked key, the id is for
    look-up and logs, the checksum refuses typing errors without a look into the database.
    """
    id_, secret = _random(_ID_LENGTH), _random(_SECRET_LENGTH)
    key = f"lw_{id_}_{secret}"
    key += _checksum(key)
    connection.execute(
        insert(api_keys).values(
            id=id_,
            hash=_hash(key),
            institution=institution,
            scope=scope,
            label=label,
            created_at=now_text(),
            expires_at=expires_at,
            replaces=replaces,
        )
    )
    return key


def replace(connection: Connection, key: ApiKey, *, days: int = OVERLAP_DAYS) -> str:
    """Make the successor of a valid key, of the same scopes and length of life; the old one holds for some days more.

    At most two of a line hold at a time: what the old one had replaced itself ends now.

    Raises:
        ReplacedError: it has a valid successor.
    """
    for other in all_keys(connection, key.institution):
        if other.replaces == key.id and other.valid:
            raise ReplacedError(f"{key.id} is replaced by {other.id} already; revoke that one first")
    if key.replaces:
        revoke(connection, key.replaces)
    now = datetime.now(UTC)
    ends = None
    if key.expires_at:
        ends = _text(now + (datetime.fromisoformat(key.expires_at) - datetime.fromisoformat(key.created_at)))
    made = create(connection, key.institution, scope=key.scope, label=key.label, expires_at=ends, replaces=key.id)
    last = min(filter(None, (key.expires_at, _text(now + timedelta(days=days)))))
    connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(expires_at=last))
    return made


def in_days(days: int) -> str | None:
    """The ``expires_at`` of a key that holds for some days; None for 0: it does not expire."""
    return _text(datetime.now(UTC) + timedelta(days=days)) if days else None


def find(connection: Connection, key: str) -> ApiKey | None:
    """The valid key that this text is; None when it is mistyped, unknown, revoked or too old."""
    parts = key.split("_")
    if len(parts) != 3 or parts[0] != "lw" or len(key) > 64 or not key.isascii():
        return None
    if not hmac.compare_digest(_checksum(key[:-_CHECK_LENGTH]), key[-_CHECK_LENGTH:]):
        return None
    row = connection.execute(select(api_keys).where(api_keys.c.id == parts[1])).first()
    if row is None or not hmac.compare_digest(bytes(row.hash), _hash(key)):
        return None
    found = _key(row)
    return found if found.valid else None


def touch(connection: Connection, id_: str) -> None:
    """Note that a key was used just now."""
    connection.execute(update(api_keys).where(api_keys.c.id == id_).values(last_used_at=this_hour()))


def this_hour() -> str:
    """The current hour as ``last_used_at`` has it, so that a key's row is written at most once an hour."""
    return now_text()[:13] + ":00:00+00:00"


def revoke(connection: Connection, id_: str) -> bool:
    """End a key at once; True if it was valid until now."""
    statement = update(api_keys).where(api_keys.c.id == id_, api_keys.c.revoked_at.is_(None))
    return connection.execute(statement.values(revoked_at=now_text())).rowcount > 0


def all_keys(connection: Connection, institution: str = "") -> list[ApiKey]:
    """All keys, of one institution or of all, oldest first."""
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    if institution:
        query = query.where(api_keys.c.institution == institution)
    return [_key(row) for row in connection.execute(query)]


def _key(row: object) -> ApiKey:
    return ApiKey(**{name: getattr(row, name) for name in ApiKey.__struct_fields__})


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()  # 190 random bits need no slow hash


def _checksum(text: str) -> str:
    value, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK_LENGTH):
        value, rest = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return digits
