"""The tables of accounts: who may log in, with what, and what was done."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table

from store.tables import TEXT, Number, metadata, words


def _account(*, primary_key: bool = False, index: bool = False) -> Column[int]:
    owner = ForeignKey("accounts.number", ondelete="CASCADE")
    return Column("account", Integer, owner, nullable=False, primary_key=primary_key, index=index)


accounts = Table(
    "accounts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("email", words(254), nullable=False, unique=True),  # lower case
    Column("name", words(200), nullable=False),
    Column("operator", Boolean, nullable=False, default=False),
    Column("lang", words(10), nullable=False, default="en"),
    Column("password", words(200), nullable=False, default=""),  # Argon2id
    Column("totp", words(400), nullable=False, default=""),  # sealed
    Column("totp_step", Integer, nullable=False, default=0),
    Column("created_at", words(32), nullable=False),
    Column("disabled_at", words(32)),
)

memberships = Table(
    "memberships",
    metadata,
    _account(primary_key=True),
    Column("institution", words(200), primary_key=True, index=True),
    Column("role", words(20), nullable=False),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", LargeBinary(1023), primary_key=True),  # the longest that the standard allows
    _account(index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Number, nullable=False, default=0),  # 32 bits, without sign
    Column("label", words(100), nullable=False, default=""),
    Column("created_at", words(32), nullable=False),
    Column("last_used_at", words(32)),
)

logins = Table(
    "logins",
    metadata,
    # One log-in of one browser. Only the hash of what its cookie holds: 256 random bits need no slow one.
    Column("hash", LargeBinary(32), primary_key=True),
    _account(index=True),
    Column("created_at", words(32), nullable=False),
    Column("seen_at", words(32), nullable=False),  # to the hour
    Column("expires_at", words(32), nullable=False),
    Column("confirmed_at", words(32)),  # when the second factor was given last
)

links = Table(
    "links",
    metadata,
    # One-time links, by the hash of the secret in them.
    Column("hash", LargeBinary(32), primary_key=True),
    Column("purpose", words(20), nullable=False),  # login, invite, contact, passkey, provider
    Column("email", words(254), nullable=False),
    Column("detail", LargeBinary, nullable=False, default=b"{}"),
    Column("expires_at", words(32), nullable=False),
    Column("used_at", words(32)),
)

audit = Table(
    "audit",
    metadata,
    # Append only: nothing deletes a line, and nothing but ``store.personal`` changes one.
    Column("number", Number, primary_key=True),
    Column("at", words(32), nullable=False),
    Column("actor", words(254), nullable=False),
    Column("action", words(60), nullable=False),
    Column("thing", TEXT, nullable=False),
    Column("institution", words(200), nullable=False, default=""),
    Column("detail", LargeBinary, nullable=False, default=b"{}"),
)
Index("ix_audit_institution_number", audit.c.institution, audit.c.number)

registrations = Table(
    "registrations",
    metadata,
    Column("id", words(20), primary_key=True),
    # Of address, format and sets; NULL = ended, so that it can be registered again.
    Column("feed", LargeBinary(16), unique=True),
    Column("state", words(20), nullable=False, index=True),
    _account(index=True),
    Column("source", words(200), nullable=False, default=""),
    Column("reason", TEXT, nullable=False, default=""),
    Column("proposal", LargeBinary, nullable=False),
    Column("created_at", words(32), nullable=False),
    Column("changed_at", words(32), nullable=False),
)

proofs = Table(
    "proofs",
    metadata,
    Column("registration", words(20), ForeignKey("registrations.id", ondelete="CASCADE"), primary_key=True),
    Column("way", words(20), primary_key=True),
    Column("fits", Boolean, nullable=False),
    Column("checked_at", words(32), nullable=False),
    Column("detail", TEXT, nullable=False, default=""),
)

trials = Table(
    "trials",
    metadata,
    # What strangers tried: never indexed, gone after a week. By the hash of the secret in the page's address.
    Column("hash", LargeBinary(32), primary_key=True),
    Column("state", words(20), nullable=False),  # looking, done, failed
    Column("location", TEXT, nullable=False),
    Column("probe", LargeBinary, nullable=False, default=b""),  # zstd of what was found
    Column("steps", LargeBinary, nullable=False, default=b"[]"),  # while it looks
    Column("created_at", words(32), nullable=False, index=True),
)
