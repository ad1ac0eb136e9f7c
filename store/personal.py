"""What is kept of one person, in every table: given to them as a copy, and taken out for good.

What they did stays in the audit and in decisions, under a name that tells nobody who it was: others must be able to see
what was done to their records. This is the one place that changes lines of the audit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, delete, select, update

from schemas.account import Account, Line
from schemas.decisions import Decision
from store import accounts, audit, codec, links, logins, passkeys, registrations
from store.account_tables import accounts as account_table
from store.account_tables import audit as audit_table
from store.account_tables import memberships
from store.database import now_text
from store.tables import decisions

_PAGE = 1000
_ADDRESS, _OTHER = re.compile(r"[\w.%+'-]+@[\w-]+(?:\.[\w-]+)*"), "(another person)"


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken out."""

    name: str
    """Under which what they did is still told."""
    lines: int
    """Of the audit, in which that stands now."""
    decisions: int
    """About merges, in which it does."""


def about(connection: Connection, account: Account) -> dict[str, object]:
    """Everything that is kept of a person but secrets: the copy that they may ask for."""
    return {
        "email": account.email,
        "name": account.name,
        "language": account.lang,
        "operator": account.operator,
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
        "password": bool(account.password),
        "authenticator_app": bool(account.totp),
        "roles": accounts.roles_of(connection, account.number),
        "passkeys": [
            {"label": one.label, "created_at": one.created_at, "last_used_at": one.last_used_at}
            for one in passkeys.of_account(connection, account.number)
        ],
        "logins": [
            {"created_at": one.created_at, "seen_at": one.seen_at, "confirmed_at": one.confirmed_at}
            for one in logins.of_account(connection, account.number)
        ],
        "links": [
            {
                "purpose": one.purpose,
                "own": one.email == account.email,
                "expires_at": one.expires_at,
                "used_at": one.used_at,
            }
            for _, one in links.about(connection, account.email)
        ],
        "registrations": [
            {"id": one.id, "state": one.state, "created_at": one.created_at, "location": one.proposal.location}
            for one in registrations.of_account(connection, account.number)
        ],
        "audit": [_without_others(line, account.email) for line in _lines(connection, _mentions(account.email))],
    }


def erase(connection: Connection, account: Account) -> Erased:
    """Take a person out of every table. Their registrations and sources stay, which are their institution's.

    The row of the account stays, without anything of theirs: registrations hang on its number.
    """
    name, mentions = f"erased-{account.number}", _mentions(account.email)
    accounts.disable(connection, account.number)  # ends every log-in
    connection.execute(delete(memberships).where(memberships.c.account == account.number))
    passkeys.remove(connection, account.number)
    links.forget(connection, [hash_ for hash_, _ in links.about(connection, account.email)])
    lines = decided = 0
    for line in list(_lines(connection, mentions)):
        if line.actor == account.email and line.action in ("merges.decide", "merges.undo"):
            decided += _rename_in_decision(connection, line, name)
        detail = {key: mentions.sub(name, value) for key, value in line.detail.items()}
        changed = {"actor": mentions.sub(name, line.actor), "thing": mentions.sub(name, line.thing)}
        own = update(audit_table).where(audit_table.c.number == line.number)
        connection.execute(own.values(**changed, detail=codec.to_json(detail)))
        lines += 1
    emptied = {"email": name, "name": "", "operator": False, "password": "", "totp": "", "totp_step": 0}
    own_row = update(account_table).where(account_table.c.number == account.number)
    connection.execute(own_row.values(**emptied, disabled_at=account.disabled_at or now_text()))
    return Erased(name=name, lines=lines, decisions=decided)


def _mentions(email: str) -> re.Pattern[str]:
    """An address that stands alone: that of granada@ is not one of ada@."""
    return re.compile(rf"(?<![\w.%+'-]){re.escape(email)}(?![\w-]|\.\w)", re.IGNORECASE)


def _without_others(line: Line, email: str) -> Line:
    """A line for whom it names: addresses of other people are not theirs to get."""

    def own(text: str) -> str:
        return _ADDRESS.sub(lambda found: found[0] if found[0].lower() == email else _OTHER, text)

    detail = {key: own(value) for key, value in line.detail.items()}
    return msgspec.structs.replace(line, actor=own(line.actor), thing=own(line.thing), detail=detail)


def _lines(connection: Connection, mentions: re.Pattern[str]) -> Iterator[Line]:
    """All lines of the audit that name somebody, the latest first."""
    before = 0
    while page := audit.read(connection, before=before, limit=_PAGE):
        before = page[-1].number
        yield from (line for line in page if any(map(mentions.search, (line.actor, line.thing, *line.detail.values()))))


def _rename_in_decision(connection: Connection, line: Line, name: str) -> bool:
    """A decision tells its author by the name of then, which others may have, too; so it is found by the audit."""
    own = decisions.c.id == int(line.detail.get("decision", "0"))
    data = connection.scalar(select(decisions.c.data).where(own))
    if data is None:
        return False
    if line.action == "merges.undo":
        connection.execute(update(decisions).where(own).values(revoked_by=name))
    else:
        decision = codec.from_json(data, Decision)
        decision.author = name
        connection.execute(update(decisions).where(own).values(data=codec.to_json(decision)))
    return True
