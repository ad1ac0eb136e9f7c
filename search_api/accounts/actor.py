"""The one who asks: an account with its roles. Every question "may they?" is answered here."""

from __future__ import annotations

from datetime import datetime

import msgspec

from schemas.account import ANYBODY, CONFIRMED, OF_OPERATOR, OF_ROLE, Account, Act, Permission, Role
from schemas.registration import Registration
from store import accounts, audit, logins, passkeys
from store.database import Connection, Database
from store.logins import Login


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A logged-in person."""

    account: Account
    login: Login
    roles: dict[str, Role]
    """By institution."""

    def may(self, permission: Permission, institution: str = "", parent: str = "") -> bool:
        """Whether the person may do something to a thing of an institution, or ("") of the platform or their own.

        Args:
            permission: what.
            institution: whose thing it is.
            parent: the institution that it is a branch of: a role for it holds for its branches.
        """
        if permission in ANYBODY or (self.account.operator and permission in OF_OPERATOR):
            return True
        names = [name for name in (institution, parent) if name]
        return any(permission in OF_ROLE[self.roles[name]] for name in names if name in self.roles)

    def must_confirm(self, permission: Permission, now: datetime) -> bool:
        """Whether the second factor has to be given (again) before this may be done."""
        return permission in CONFIRMED and not self.login.confirmed(now)

    @property
    def who(self) -> str:
        """What the audit calls them."""
        return self.account.email

    def owns(self, registration: Registration, parent: str = "") -> bool:
        """Whether a registration is theirs: they made it, it is of their institution, or they are an operator.

        Args:
            registration: which.
            parent: the institution that its institution is a branch of.
        """
        own = self.account.operator or registration.account == self.account.number
        return own or self.may("sources:manage", registration.proposal.institution, parent)

    def did(self, connection: Connection, action: str, thing: str, *, institution: str = "", **detail: str) -> None:
        """Write the line of the audit; in the transaction of the act."""
        audit.write(
            connection,
            Act(actor=self.account.email, action=action, thing=thing, institution=institution, detail=detail),
        )


def actor_of_cookie(database: Database, token: str) -> Actor | None:
    """The person that a cookie stands for; None when it stands for nobody (any more)."""
    with database.connect() as connection:
        found = logins.find(connection, token)
        if found is None:
            return None
        login, account = found
        roles = accounts.roles_of(connection, account.number)
    if login.seen_at < logins.this_hour():
        with database.begin(alone=False) as connection:
            logins.touch(connection, login)
    return Actor(account=account, login=login, roles=roles)


def has_second_factor(database: Database, account: Account) -> bool:
    """Whether an account can show by an app or a passkey that it is its person who acts."""
    with database.connect() as connection:
        return passkeys.has_second_factor(connection, account)
