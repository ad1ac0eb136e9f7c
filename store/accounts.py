"""Repository of accounts and of their roles for institutions."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from schemas.account import ROLES, Account, Membership, Role
from store.account_tables import accounts, logins, memberships
from store.database import now_text

_FIELDS = Account.__struct_fields__


def add(connection: Connection, email: str, *, name: str = "", operator: bool = False, lang: str = "en") -> Account:
    """Make an account, without a password; the one that is there already stays as it is."""
    email = normal(email)
    known = by_email(connection, email)
    if known is None:
        row = {"email": email, "name": name, "operator": operator, "lang": lang, "created_at": now_text()}
        connection.execute(insert(accounts).values(**row))
        known = by_email(connection, email)
    assert known is not None  # noqa: S101 - it was inserted in this transaction
    return known


def by_email(connection: Connection, email: str) -> Account | None:
    """The account of a mail address, however it is capitalised."""
    return _one(connection.execute(select(accounts).where(accounts.c.email == normal(email))).first())


def get(connection: Connection, number: int) -> Account | None:
    """One account."""
    return _one(connection.execute(select(accounts).where(accounts.c.number == number)).first())


def all_accounts(connection: Connection) -> list[Account]:
    """Every account, oldest first."""
    return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.number))]


def set_password(connection: Connection, number: int, password: str) -> None:
    """Replace the hash of the password."""
    _set(connection, number, password=password)


def set_totp(connection: Connection, number: int, sealed: str) -> None:
    """Replace the sealed secret of the authenticator app; "" takes it away."""
    _set(connection, number, totp=sealed, totp_step=0)


def use_totp_step(connection: Connection, number: int, step: int) -> bool:
    """Take the code of a time step; False if it, or a later one, was taken already."""
    fresh = update(accounts).where(accounts.c.number == number, accounts.c.totp_step < step)
    return connection.execute(fresh.values(totp_step=step)).rowcount > 0


def set_name(connection: Connection, number: int, name: str, lang: str) -> None:
    """Change how a person is called, and in which language."""
    _set(connection, number, name=name, lang=lang)


def set_operator(connection: Connection, number: int, operator: bool) -> None:
    """Make a person an operator of the platform, or no longer."""
    _set(connection, number, operator=operator)


def disable(connection: Connection, number: int) -> bool:
    """End an account: every log-in of it ends at once. True if it was in use."""
    in_use = update(accounts).where(accounts.c.number == number, accounts.c.disabled_at.is_(None))
    ended = connection.execute(in_use.values(disabled_at=now_text())).rowcount > 0
    connection.execute(delete(logins).where(logins.c.account == number))
    return ended


def enable(connection: Connection, number: int) -> None:
    """Let a disabled account log in again."""
    _set(connection, number, disabled_at=None)


def set_role(connection: Connection, number: int, institution: str, role: Role | None) -> None:
    """Give a person a role for an institution; None takes it away."""
    own = (memberships.c.account == number, memberships.c.institution == institution)
    connection.execute(delete(memberships).where(*own))
    if role is not None:
        if role not in ROLES:
            raise ValueError(f"{role!r} is none of {', '.join(ROLES)}")
        connection.execute(insert(memberships).values(account=number, institution=institution, role=role))


def roles_of(connection: Connection, number: int) -> dict[str, Role]:
    """A person's roles by institution."""
    query = select(memberships).where(memberships.c.account == number).order_by(memberships.c.institution)
    return {row.institution: row.role for row in connection.execute(query)}


def members_of(connection: Connection, institution: str) -> list[tuple[Account, Membership]]:
    """The people of an institution, editors first."""
    query = select(accounts, memberships.c.role).join(memberships, memberships.c.account == accounts.c.number)
    query = query.where(memberships.c.institution == institution).order_by(memberships.c.role, accounts.c.email)
    return [
        (_account(row), Membership(account=row.number, institution=institution, role=row.role))
        for row in connection.execute(query)
    ]


def normal(email: str) -> str:
    """A mail address as it is compared: providers that tell capitals apart are not met in practice."""
    return email.strip().lower()


def _set(connection: Connection, number: int, **values: object) -> None:
    connection.execute(update(accounts).where(accounts.c.number == number).values(**values))


def _one(row: object) -> Account | None:
    return None if row is None else _account(row)


def _account(row: object) -> Account:
    return msgspec.convert({name: getattr(row, name) for name in _FIELDS}, Account)
