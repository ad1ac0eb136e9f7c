"""Passwords: Argon2id, with as much memory and time as a log-in can bear, and never many at once."""

from __future__ import annotations

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
"""Characters (NIST SP 800-63B: length is what counts; no rules about kinds of characters, no expiry)."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""Each takes 64 MiB: a flood of log-ins must wait, not fill the memory."""
_hasher = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)
_OFTEN_USED = frozenset({"passwordpassword", "1234567890", "qwertyuiop", "0123456789", "1q2w3e4r5t", "password123"})


def problem_of(password: str, email: str) -> str:
    """Why a new password cannot be taken, as a key of the texts: "" when it can."""
    if len(password) < SHORTEST:
        return "password_short"
    if len(password) > LONGEST:
        return "password_long"
    plain = password.casefold()
    if plain in _OFTEN_USED or plain == email.casefold() or len(set(plain)) < 4:
        return "password_weak"
    return ""


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return _hasher.hash(password)


def fits(hash_: str, password: str) -> bool:
    """Whether a password is the one of a hash. Takes as long where there is none: nobody learns who has an account."""
    with _AT_ONCE:
        try:
            return _hasher.verify(hash_ or _nobodys(), password) and bool(hash_)
        except (VerificationError, InvalidHashError):
            return False


def outdated(hash_: str) -> bool:
    """Whether a hash was made with less than is asked for now: the next log-in renews it."""
    return _hasher.check_needs_rehash(hash_)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
