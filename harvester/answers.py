"""What the client for outside addresses gives back."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Response(msgspec.Struct, kw_only=True):
    """A whole answer."""

    status: int
    url: str
    """Where it came from, after redirects."""
    headers: Mapping[str, str]
    content: bytes = b""
    moved_to: str = ""
    """Where a permanent redirect (301, 308) led, without the query; empty = it did not move."""
    cut: bool = False
    """Only the beginning was fetched."""
