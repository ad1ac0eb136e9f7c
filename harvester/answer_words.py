"""What answers and errors say, in words for people, and how long a server asks us to wait."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_CONNECTION = re.compile(r"^\w+\(host=[^()]*\): ")
"""How urllib3 begins its words: with the connection as it stands in the program."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds a server asks to wait, from a number or an HTTP date; None when it says nothing sensible."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return max(0.0, moment.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def shown(url: str) -> str:
    """An address for a message: without password, not endless."""
    parts = urlsplit(url)
    text = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return text if len(text) <= 300 else text[:300] + "…"


def hint(status: int) -> str:
    """What to do about an HTTP status; "" when there is nothing to say."""
    hints = {
        401: " (it wants a login, or another one: `lampway sources add … --auth`)",
        403: " (it forbids us: ask the institution to let our User-Agent pass)",
        404: " (nothing there: check the address)",
        410: " (gone: ask the institution for the new address)",
    }
    return hints.get(status, "")


def untrusted(error: BaseException) -> str:
    """Why a TLS connection was not trusted, and what to do; verification is never switched off."""
    reason = cause(error)
    if "unable to get local issuer" in reason:
        reason += (
            "; its chain is incomplete or its authority unknown: ask the institution to send the intermediate "
            "certificates too, or name a file with the missing ones in LAMPWAY_FETCH_CA"
        )
    return f"the TLS certificate does not hold ({reason})"


def cause(error: BaseException) -> str:
    """The innermost reason, in few words."""
    reason: Any = error
    while (inner := getattr(reason, "reason", None) or (reason.args and reason.args[0])) and isinstance(
        inner, BaseException
    ):
        reason = inner
    text = " ".join(str(reason).split())
    text = _CONNECTION.sub("", text.split("> ", 1)[-1].removeprefix(": "))
    return text[:300] or type(reason).__name__
