"""Resumption tokens: where a list goes on, and what it is a list of. They are kept nowhere, so they never expire.

A token names the last work of its page by date and number. Pages so stay as they are while works change: one that
changes meanwhile moves to the end of the list, and none is skipped.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b

import msgspec

from search_api.oai.errors import OaiError

_LONGEST = 1000
_CHECK = 6
"""Bytes that tell a token of ours from one that was cut or mistyped. Its content is checked like any argument's."""


class Token(msgspec.Struct, frozen=True, array_like=True):
    """What a token holds."""

    version: int
    verb: str
    prefix: str
    since: str
    until: str
    set: str
    cursor: int
    """Entries before the page."""
    size: int
    """Entries of the whole list when it began."""
    after: str
    """Of the work before the page: its date; of a set: its name."""
    work: int = 0
    """Of the work before the page: its number."""


def write(token: Token) -> str:
    """The token as harvesters send it back."""
    data = msgspec.msgpack.encode(token)
    return base64.urlsafe_b64encode(_check(data) + data).decode().rstrip("=")


def read(text: str, verb: str) -> Token:
    """What a token says.

    Raises:
        OaiError: badResumptionToken, for one that is none of ours, or of another verb.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        check, data = raw[:_CHECK], raw[_CHECK:]
        if check != _check(data):
            raise ValueError
        token = msgspec.msgpack.decode(data, type=Token)
        if token.version != 1 or not 0 < token.cursor < 1 << 40 or not 0 <= token.work < 1 << 40:
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise OaiError("badResumptionToken", "This is no token of ours, or not the whole of it.") from None
    if token.verb != verb:
        raise OaiError("badResumptionToken", f"The token goes on with {token.verb}, not with {verb}.")
    return token


def _check(data: bytes) -> bytes:
    return blake2b(data, digest_size=_CHECK, person=b"lampway oai").digest()
