"""Seals secrets that the store must keep and give back (logins with sources), by a key that is not in the database.

The key stands in ``secret.key`` of LAMPWAY_HOME, readable for its owner only: a copy of the database alone tells
nothing. Who loses it loses only the logins; they are given again.
"""

from __future__ import annotations

import base64
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_FILE = "secret.key"


class SecretError(Exception):
    """A secret cannot be sealed or opened; the message says what to do."""


def seal(home: Path, text: str) -> str:
    """Seal a secret; the key is made when there is none.

    Raises:
        SecretError: the key cannot be read or written.
    """
    return _fernet(home, make=True).encrypt(text.encode()).decode()


def unseal(home: Path, sealed: str) -> str:
    """Open a sealed secret.

    Raises:
        SecretError: the key is missing or another one.
    """
    try:
        return _fernet(home, make=False).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SecretError(
            f"the login cannot be opened: {home / KEY_FILE} is not the key it was sealed with; give the login again"
        ) from None


def token(home: Path, text: str) -> str:
    """32 letters and digits that only the holder of the key can make of a text: nothing needs to be kept of them.

    Raises:
        SecretError: the key cannot be read or written.
    """
    key = _key(home, make=True)
    return base64.b32encode(hmac.digest(key, text.encode(), "sha256"))[:32].decode().lower()


def _fernet(home: Path, *, make: bool) -> Fernet:
    try:
        return Fernet(_key(home, make=make))
    except ValueError as error:
        raise SecretError(f"the key {home / KEY_FILE} cannot be used: {error}") from None


def _key(home: Path, *, make: bool) -> bytes:
    path = home / KEY_FILE
    try:
        if make and not path.exists():
            home.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{KEY_FILE}.{os.getpid()}")
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(Fernet.generate_key())
            try:
                os.link(part, path)  # whole or not at all, and never over one that another process made meanwhile
            except FileExistsError:
                pass
            finally:
                part.unlink()
        return path.read_bytes().strip()
    except FileNotFoundError:
        raise SecretError(
            f"the key {path} is missing: put it back from the backup, or give the logins of the sources again"
        ) from None
    except OSError as error:
        raise SecretError(f"the key {path} cannot be used: {error}") from None
