"""``lampway doctor --public``: what a service that faces strangers must have."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import Settings
from lampway.commands.finding import Finding, Verdict
from store import accounts, passkeys
from store.database import StoreError, open_database
from store.secrets import KEY_FILE

_TOO_MUCH = {"0.0.0.0/0", "::/0", "127.0.0.0/8", "127.0.0.1", "::1", "localhost"}
_OURS_ONLY = stat.S_IRWXG | stat.S_IRWXO


def examine_public(settings: Settings) -> Iterator[Finding]:
    """All findings; what would let a stranger do harm counts as broken."""
    yield _found(
        "public https",
        urlsplit(settings.public_url).scheme == "https",
        f"LAMPWAY_PUBLIC_URL is {settings.public_url or 'empty'}",
        "Put a proxy with a certificate before it, and set LAMPWAY_PUBLIC_URL=https://…",
    )
    yield _found(
        "public proxies",
        not {"*", "0.0.0.0/0", "::/0"} & set(settings.trusted_proxies),
        f"trusted: {', '.join(settings.trusted_proxies) or 'loopback only'}",
        "Name the addresses of your own proxies in LAMPWAY_TRUSTED_PROXIES.",
    )
    yield _found(
        "public limits",
        settings.rate_limit > 0,
        f"{settings.rate_limit} requests a minute and client",
        "Set LAMPWAY_RATE_LIMIT.",
    )
    yield _found(
        "public fetching",
        not _TOO_MUCH & set(settings.fetch_allow),
        f"private hosts that may be fetched: {', '.join(settings.fetch_allow) or 'none'}",
        "Take loopback and whole networks out of LAMPWAY_FETCH_ALLOW: whoever registers could reach them.",
    )
    for path in (settings.home / KEY_FILE, settings.home / "lampway.db"):
        if path.exists():
            yield _file(path)
    yield from _accounts(settings)
    if settings.registration != "closed":
        mails = bool(settings.smtp_url)
        yield Finding(
            name="public mail",
            verdict="ok" if mails else "warning",
            message="mails are sent" if mails else "no mails are sent: links are made with `lampway accounts link`",
            mend="" if mails else "Set LAMPWAY_SMTP_URL and LAMPWAY_MAIL_FROM.",
        )


def _accounts(settings: Settings) -> Iterator[Finding]:
    try:
        database = open_database(settings.database)
    except StoreError:
        return  # told already
    try:
        with database.connect() as connection:
            operators = [row for row in accounts.all_accounts(connection) if row.operator and not row.disabled_at]
            bare = [row.email for row in operators if not passkeys.has_second_factor(connection, row)]
    finally:
        database.close()
    if not operators:
        message, mend = "there is none", "lampway accounts add EMAIL --operator"
    else:
        message = f"{len(operators)}, {len(bare)} without a second factor"
        mend = f"They set one up at /account: {', '.join(bare[:5])}" if bare else ""
    yield Finding(name="operators", verdict="warning" if bare or not operators else "ok", message=message, mend=mend)


def _file(path: Path) -> Finding:
    open_to = path.stat().st_mode & _OURS_ONLY
    # The key opens what is sealed; the database holds hashes and public catalogues.
    verdict: Verdict = "ok" if not open_to else "failed" if path.name == KEY_FILE else "warning"
    readable = "readable for its owner only" if not open_to else "readable for others on this machine"
    return Finding(
        name=f"file {path.name}", verdict=verdict, message=readable, mend=f"chmod 600 {path}" if open_to else ""
    )


def _found(name: str, good: bool, message: str, mend: str) -> Finding:
    return Finding(name=name, verdict="ok" if good else "failed", message=message, mend="" if good else mend)
