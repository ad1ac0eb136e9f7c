"""Logging in: by password, link, passkey or provider. Who has no account gets the same answer in the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from schemas.account import Account, Act
from search_api.accounts import codes, passkeys, passwords
from search_api.accounts.passkeys import PasskeyError, Site
from search_api.rate_limit import Both, RateLimiter
from store import accounts, audit, links, logins
from store import passkeys as own_passkeys
from store.database import Connection, Database
from store.links import OneTimeLink

PER_ACCOUNT, PER_CLIENT, PER_NETWORK = 6, 30, 120
"""Tries a minute. They come back evenly: a guesser is slowed down, and nobody can lock another one out for good."""
MAILS_PER_ACCOUNT, MAILS_PER_CLIENT, MAILS_PER_NETWORK = 3, 10, 40


class Refused(Exception):  # noqa: N818 - it is an outcome
    """No log-in. ``reason``: wrong, passkey, unknown, often (``wait``); with a right password code or guarded."""

    def __init__(
        self, reason: Literal["wrong", "code", "guarded", "often", "passkey", "unknown"], wait: int = 0
    ) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


class Tries:
    """Counts tries by account, client and network, in this process."""

    def __init__(self) -> None:
        self._accounts = RateLimiter(PER_ACCOUNT)
        self._networks = Both(RateLimiter(PER_CLIENT), RateLimiter(PER_NETWORK))
        self._mails = RateLimiter(MAILS_PER_ACCOUNT)
        self._senders = Both(RateLimiter(MAILS_PER_CLIENT), RateLimiter(MAILS_PER_NETWORK))

    def count(self, email: str, client: str | None) -> None:
        """Count a try.

        Raises:
            Refused: there were too many.
        """
        wait = max(self._accounts.wait(f"mail:{accounts.normal(email)}"), self._networks.wait(client))
        if wait:
            raise Refused("often", wait)

    def network(self, client: str | None) -> None:
        """Count a try that names no account.

        Raises:
            Refused: there were too many.
        """
        if wait := self._networks.wait(client):
            raise Refused("often", wait)

    def mail(self, email: str, client: str | None) -> bool:
        """Count a mail to an address that a client has asked for; False if either has had enough of them."""
        return not max(self._mails.wait(f"mail:{accounts.normal(email)}"), self._senders.wait(client))


def by_password(database: Database, home: Path, email: str, password: str, code: str) -> str:
    """Log in by password; returns what the cookie is to hold.

    Raises:
        Refused: wrong, a code is missing, or the account is guarded by a passkey, which logs in by itself.
        SecretError: the secret of the codes cannot be opened.
    """
    with database.connect() as connection:
        account = accounts.by_email(connection, email)
    fits = passwords.fits(account.password if account else "", password[: passwords.LONGEST + 1])
    if account is None or not fits or account.disabled_at:
        raise Refused("wrong")
    with database.begin() as connection:
        if account.totp and not codes.takes(connection, home, account, code):
            raise Refused("code")
        if not account.totp and own_passkeys.has_second_factor(connection, account):
            raise Refused("guarded")
        if passwords.outdated(account.password):
            accounts.set_password(connection, account.number, passwords.hashed(password))
        return _begin(connection, account, "password", confirmed=bool(account.totp))


def by_passkey(database: Database, site: Site, answer: str) -> str:
    """Log in by a passkey, which is both factors at once; returns what the cookie is to hold.

    Raises:
        Refused: the answer does not fit.
    """
    try:
        account = passkeys.check(database, site, answer, None)
    except PasskeyError:
        raise Refused("passkey") from None
    with database.begin() as connection:
        return _begin(connection, account, "passkey", confirmed=True)


def by_link(database: Database, secret: str) -> tuple[str, str] | None:
    """Log in by a one-time link, which is used up: what the cookie is to hold, and the page to go on to.

    None when the link cannot be used.

    An invitation makes the account, and gives the role for the institution.
    """
    with database.begin() as connection:
        link = links.use(connection, secret)
        if link is None or link.purpose not in ("login", "invite"):
            return None
        account = accounts.by_email(connection, link.email) or _invited(connection, link)
        if account is None or account.disabled_at:
            return None
        _join(connection, account, link)
        to = link.detail.get("next", "") or ("/account" if account.password else "/account?new=1")
        return _begin(connection, account, link.purpose, confirmed=False), to


def by_provider(database: Database, email: str) -> str:
    """Log in whom the provider vouches for; returns what the cookie is to hold.

    It makes no accounts: who has none needs an invitation, which is taken by that.

    Raises:
        Refused: neither an account nor an invitation is here for the address.
    """
    with database.begin() as connection:
        link = links.use_invitation(connection, email)
        account = accounts.by_email(connection, email) or (_invited(connection, link) if link else None)
        if account is None or account.disabled_at:
            raise Refused("unknown")
        if link:
            _join(connection, account, link)
        return _begin(connection, account, "provider", confirmed=False)


def _invited(connection: Connection, link: OneTimeLink) -> Account | None:
    """The account that an invitation makes."""
    return (
        accounts.add(connection, link.email, lang=link.detail.get("lang", "en")) if link.purpose == "invite" else None
    )


def _join(connection: Connection, account: Account, link: OneTimeLink) -> None:
    """Give the role that an invitation is for."""
    institution, role = link.detail.get("institution", ""), link.detail.get("role", "")
    if link.purpose != "invite" or not institution:
        return
    accounts.set_role(connection, account.number, institution, "editor" if role == "editor" else "member")
    joined = {"role": role, "by": link.detail.get("by", "")}
    thing = f"account:{account.email}"
    line = Act(actor=account.email, action="member.join", thing=thing, institution=institution, detail=joined)
    audit.write(connection, line)


def _begin(connection: Connection, account: Account, way: str, *, confirmed: bool) -> str:
    audit.write(
        connection,
        Act(actor=account.email, action="account.login", thing=f"account:{account.email}", detail={"by": way}),
    )
    return logins.begin(connection, account.number, confirmed=confirmed)
