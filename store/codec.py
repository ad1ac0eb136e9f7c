"""How values become blobs: msgspec JSON, zstd-compressed where they are large."""

from __future__ import annotations

import hashlib
import threading
from typing import Any, TypeVar, cast

import msgspec
import zstandard

T = TypeVar("T")
_LEVEL = 3
_local = threading.local()
_encode = msgspec.json.Encoder().encode
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}  # making one for each value costs as much again as decoding it


def digest(data: bytes) -> bytes:
    """blake2b-128: tells whether two payloads are the same."""
    return hashlib.blake2b(data, digest_size=16).digest()


def key_of(identifier: str) -> bytes:
    """Fixed-length key of an identifier of any length, compared byte for byte."""
    return digest(identifier.encode("utf-8", "surrogatepass"))


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
