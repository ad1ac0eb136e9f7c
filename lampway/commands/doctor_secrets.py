"""``lampway doctor``: whether what is sealed in the database can be opened with the key of this machine."""

from __future__ import annotations

from collections.abc import Iterator

from config.settings import Settings
from lampway.commands.finding import Finding
from store import accounts, sources
from store.database import Database
from store.secrets import KEY_FILE, SecretError, unseal

_SHOWN = 5


def examine_secrets(database: Database, settings: Settings) -> Iterator[Finding]:
    """One finding where anything is sealed: logins with sources, and secrets of second factors."""
    with database.connect() as connection:
        sealed = {f"the login of source {one.id}": one.sealed for one in sources.all_sources(connection) if one.sealed}
        people = [row for row in accounts.all_accounts(connection) if row.totp]
    sealed |= {f"the second factor of account {row.number}": row.totp for row in people}
    if not sealed:
        return
    closed: dict[str, str] = {}
    for name, secret in sealed.items():
        try:
            unseal(settings.home, secret)
        except SecretError as error:
            closed[name] = str(error)
    path = settings.home / KEY_FILE
    if not closed:
        yield Finding(name="key", verdict="ok", message=f"{path} opens all {len(sealed)} secrets of the database")
        return
    more = f" and {len(closed) - _SHOWN} more" if len(closed) > _SHOWN else ""
    yield Finding(
        name="key",
        verdict="failed",
        message=f"{path} does not open {', '.join(list(closed)[:_SHOWN])}{more}: {next(iter(closed.values()))}",
        mend=f"Put the {KEY_FILE} of the back-up, or of the machine where they were sealed, in the place of this one.",
    )
