"""How values become blobs: msgspec JSON, zstd-compressed where they are large."""

from __future__ import annotations

import hashlib
import threading
from typing import Any, TypeVar, cast

import msgspec
import zstandard

T = TypeVar("T")
LONGEST_KEY = 64
"""Bytes that ``key_of`` gives for a long identifier; it gives fewer for any other."""
_LEVEL = 3
_local = threading.local()
_encode = msgspec.json.Encoder().encode
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}  # making one for each value costs as much again as decoding it


def digest(data: bytes) -> bytes:
    """blake2b-128: tells whether two payloads are the same."""
    return hashlib.blake2b(data, digest_size=16).digest()


def key_of(identifier: str) -> bytes:
    """Key of an identifier of any length, compared byte for byte: itself, or the beginning and a hash of a long one.

    Sources send their records in the order of the identifiers, mostly. So what is stored together stands together in
    an index of these keys; of an index of hashes every page of a harvest would write nearly all.
    """
    data = identifier.encode("utf-8", "surrogatepass")
    return data if len(data) < LONGEST_KEY else data[: LONGEST_KEY - 16] + digest(data)


def compress(data: bytes) -> bytes:
    """Zstandard frame with the content size in it."""
    if not hasattr(_local, "compressor"):  # contexts are not thread safe, and dear to make
        _local.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    return bytes(_local.compressor.compress(data))


def decompress(data: bytes) -> bytes:
    """The inverse of ``compress``."""
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    return bytes(_local.decompressor.decompress(data))


def to_json(value: object) -> bytes:
    """JSON of a schema value."""
    return _encode(value)


def from_json(data: bytes, type_: type[T]) -> T:
    """Typed value from JSON.

    Raises:
        msgspec.ValidationError: it is not of that type.
    """
    decoder = _decoders.get(type_)
    if decoder is None:
        decoder = _decoders[type_] = msgspec.json.Decoder(type_)
    return cast(T, decoder.decode(data))
