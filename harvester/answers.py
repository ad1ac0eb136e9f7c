"""What the client for outside addresses gives back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

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


class Download(msgspec.Struct, kw_only=True):
    """A fetched file."""

    changed: bool
    """False: the server says it is the file the validators name; nothing was written."""
    path: Path
    validators: dict[str, str]
    digest: str = ""
    """blake2b-128 of the file, hexadecimal; empty when not changed."""
