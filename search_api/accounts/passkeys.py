"""Passkeys (WebAuthn): a device signs a question of ours instead of its owner typing anything. Home of ``webauthn``.

The device asks its owner for a finger or a PIN each time, so that a passkey is both factors at once.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import struct
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import structlog
import webauthn
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from schemas.account import Account, Act
from store import accounts, audit, links, passkeys
from store.database import Connection, Database
from store.passkeys import Passkey

log = structlog.stdlib.get_logger("lampway.passkeys")
Use = Literal["add", "login", "confirm"]
MOST, LONGEST_LABEL = 20, 100
_UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, RecursionError, struct.error)
"""What the library raises at an answer that is none."""


class PasskeyError(Exception):
    """An answer does not fit: another device, an old or used question, another page than ours."""


class Site(NamedTuple):
    """Whom passkeys are for: browsers show them only there."""

    origin: str

    @property
    def host(self) -> str:
        """The host's name, which a passkey is bound to."""
        return urlsplit(self.origin).hostname or ""

    @property
    def fits(self) -> bool:
        """Whether browsers offer passkeys here: at names only, never at addresses, and not over plain http."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return bool(self.host) and (self.origin.startswith("https://") or self.host == "localhost")
        return False


def question_to_add(connection: Connection, site: Site, account: Account) -> str:
    """What a browser needs to make a passkey (JSON); asked for within 5 minutes, once."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Lampway",
        user_name=account.email,
        user_display_name=account.name or account.email,
        user_id=_handle(account),
        challenge=_question(connection, "add", account.email),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,  # else nobody can log in without saying who they are
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(passkeys.of_account(connection, account.number)),
    )
    return webauthn.options_to_json(options)


def question(connection: Connection, site: Site, account: Account | None) -> str:
    """What a browser needs to sign with a passkey (JSON): of an account that confirms, or (None) whose-ever it is."""
    use: Use = "confirm" if account else "login"
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=_question(connection, use, account.email if account else ""),
        allow_credentials=_described(passkeys.of_account(connection, account.number)) if account else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def add(database: Database, site: Site, account: Account, answer: str, label: str) -> None:
    """Keep the passkey that a device has made for an account.

    Raises:
        PasskeyError: the answer does not fit, or the account has too many.
    """
    challenge = _asked(database, answer, "add", account.email)
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _UNREADABLE as error:
        raise _refused(error) from None
    with database.begin() as connection:
        full = len(passkeys.of_account(connection, account.number)) >= MOST
        own = (account.number, made.credential_id, made.credential_public_key, made.sign_count, label)
        if full or not passkeys.add(connection, *own):
            raise PasskeyError("there are too many, or this one is known")
        _note(connection, account, "account.passkey", to="on", label=label)


def check(database: Database, site: Site, answer: str, account: Account | None) -> Account:
    """Whose passkey has signed our question; the use is noted.

    Args:
        database: the store.
        site: where we are.
        answer: what the browser has given, JSON.
        account: who confirms; None = somebody logs in.

    Raises:
        PasskeyError: the answer does not fit, or the account is disabled.
    """
    challenge = _asked(database, answer, "confirm" if account else "login", account.email if account else "")
    try:
        given = parse_authentication_credential_json(answer)
        with database.connect() as connection:
            passkey = passkeys.find(connection, given.raw_id)
            owner = accounts.get(connection, passkey.account) if passkey else None
        if passkey is None or owner is None or owner.disabled_at or (account and account.number != owner.number):
            raise PasskeyError("this passkey is not known here")
        if given.response.user_handle not in (None, _handle(owner)):
            raise PasskeyError("this passkey is another's")
        signed = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _UNREADABLE as error:
        raise _refused(error) from None
    with database.begin() as connection:
        if not passkeys.used(connection, passkey, signed.new_sign_count):
            raise PasskeyError("it was used elsewhere at the same moment")
    return owner


def remove(connection: Connection, account: Account, id_: str) -> bool:
    """Forget a passkey by the name that lists and forms have for it; False if it is none of the account's."""
    known = next((one for one in passkeys.of_account(connection, account.number) if name_of(one) == id_), None)
    if known is None or not passkeys.remove(connection, account.number, known.id):
        return False
    _note(connection, account, "account.passkey", to="off", label=known.label)
    return True


def name_of(passkey: Passkey) -> str:
    """Its name in lists and forms."""
    return hashlib.sha256(passkey.id).hexdigest()[:16]


def _question(connection: Connection, use: Use, email: str) -> bytes:
    return links.make(connection, "passkey", email, use=use).encode()


def _asked(database: Database, answer: str, use: Use, email: str) -> bytes:
    """The question that an answer is to; used up by that, whatever comes of the answer."""
    try:
        data = json.loads(answer)["response"]["clientDataJSON"]
        challenge = parse_client_data_json(base64url_to_bytes(data)).challenge
        secret = challenge.decode()
    except _UNREADABLE as error:
        raise _refused(error) from None
    with database.begin() as connection:
        link = links.use(connection, secret)
    if link is None or (link.purpose, link.detail.get("use"), link.email) != ("passkey", use, accounts.normal(email)):
        raise PasskeyError("the question is too old, or was answered already")
    return challenge


def _refused(error: Exception) -> PasskeyError:
    log.info("a passkey does not fit", reason=f"{type(error).__name__}: {error}"[:200])
    return PasskeyError(str(error)[:200])


def _described(known: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.id) for passkey in known]


def _handle(account: Account) -> bytes:
    """What devices know an account by: the same for all its passkeys, and tells nothing of the person."""
    return hashlib.sha256(f"lampway account {account.number} {account.created_at}".encode()).digest()


def _note(connection: Connection, account: Account, action: str, **detail: str) -> None:
    audit.write(connection, Act(actor=account.email, action=action, thing=f"account:{account.email}", detail=detail))
