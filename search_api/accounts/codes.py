"""Codes of an authenticator app (TOTP, RFC 6238): six digits, each taken once."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pyotp

from schemas.account import Account
from store import accounts
from store.database import Connection
from store.secrets import seal, unseal

_STEP_S = 30
_SECRET = re.compile(r"[A-Z2-7]{16,128}")
"""Base32, without the signs that fill it up: a form brings it back, and may bring anything."""
_OFF_BY = (0, -1, 1)
"""Steps by which the clock of a telephone may be off."""


def new_secret(shown: str = "") -> str:
    """A secret for an app to keep: the one that a form brings back, if it is one, else a new one."""
    return shown if _SECRET.fullmatch(shown) else pyotp.random_base32()


def address(secret: str, email: str, issuer: str) -> str:
    """What an app reads (``otpauth://``)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def keep(connection: Connection, home: Path, account: Account, secret: str) -> None:
    """From now on ask the account for codes of this secret."""
    accounts.set_totp(connection, account.number, seal(home, secret))


def takes(connection: Connection, home: Path, account: Account, code: str) -> bool:
    """Whether a code is right now, and was not taken before.

    Raises:
        SecretError: the secret cannot be opened; ``lampway accounts`` can take the second factor away.
    """
    step = step_of(unseal(home, account.totp), code)
    return step is not None and accounts.use_totp_step(connection, account.number, step)


def step_of(secret: str, code: str) -> int | None:
    """The time step that a code belongs to; None when it belongs to none of those near now, or the secret is none."""
    code = "".join(code.split())
    if len(code) != 6 or not code.isascii() or not code.isdigit() or not _SECRET.fullmatch(secret):
        return None
    now = int(time.time()) // _STEP_S
    totp = pyotp.TOTP(secret)
    return next((now + off for off in _OFF_BY if pyotp.utils.strings_equal(totp.generate_otp(now + off), code)), None)
