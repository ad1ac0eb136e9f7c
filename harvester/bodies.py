"""Reads the body of an answer within limits: wire bytes, decoded bytes, their ratio, and a true end."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

_READ = 65536
_RATIO_FROM = 8 << 20
"""Decoded bytes from which the ratio is judged: small pages of blanks pack well and harm nobody."""
MAX_RATIO = 100
_BLANKS = b"\xef\xbb\xbf \t\r\n"


class BodyError(Exception):
    """The body did not arrive whole; asking again may help."""


class TooLargeError(Exception):
    """The body passes a limit; asking again does not help."""


def read(raw: Any, headers: Any, limit: int, *, sniff: bool) -> Iterator[bytes]:
    """Decoded parts of a body.

    Args:
        raw: urllib3's response.
        headers: the answer's headers.
        limit: bytes, on the wire and decoded, beyond which it is refused.
        sniff: believe the bytes and not the headers about how they are packed (pages; never files, which may be meant
            to stay packed).

    Raises:
        BodyError: shorter than announced, or a packed body without its end.
        TooLargeError: larger than the limit, or packed more than 100 to 1.
    """
    declared = headers.get("content-length", "")
    expected = int(declared) if declared.isascii() and declared.isdigit() else None
    if expected is not None and expected > limit:
        raise TooLargeError(f"it announces {expected:,} bytes; the limit is {limit:,}")
    encoding = headers.get("content-encoding", "").strip().lower()
    packed = encoding in {"gzip", "x-gzip", "deflate"}
    strange = encoding not in {"", "identity"} and not packed
    if strange and not sniff:
        raise BodyError(f"its Content-Encoding {encoding!r} was not asked for")
    inflate: _Inflate | None = None
    first, wire, plain = True, 0, 0
    while chunk := raw.read1(_READ, decode_content=False):  # what has arrived; read() would wait for all of it
        wire += len(chunk)
        if wire > limit:
            raise TooLargeError(f"it is longer than {limit:,} bytes")
        if first:
            first = False
            if strange and not (_is_gzip(chunk) or chunk.lstrip(_BLANKS).startswith(b"<")):
                raise BodyError(f"its Content-Encoding {encoding!r} was not asked for")
            if (packed or sniff) and _is_packed(chunk, encoding):
                raw_deflate = encoding == "deflate" and not (_is_gzip(chunk) or _is_zlib(chunk))
                inflate = _Inflate(raw_deflate=raw_deflate)
        for part in inflate.feed(chunk) if inflate else (chunk,):
            plain += len(part)
            if plain > limit:
                raise TooLargeError(f"unpacked it is longer than {limit:,} bytes")
            if plain > _RATIO_FROM and plain > MAX_RATIO * wire:
                raise TooLargeError(f"it is packed more than {MAX_RATIO} to 1, as only bombs are")
            yield part
    if expected is not None and wire < expected:
        raise BodyError(f"it ended after {wire:,} of {expected:,} bytes")
    if inflate and not inflate.ended:
        raise BodyError("its packed body ended in the middle")


def beginning(parts: Iterator[bytes], most: int) -> bytes:
    """The first bytes of a body, at most ``most``; the rest is left unread."""
    taken = bytearray()
    for part in parts:
        taken += part
        if len(taken) >= most:
            break
    return bytes(taken[:most])


def _is_packed(start: bytes, encoding: str) -> bool:
    """Whether the bytes look packed: some servers announce gzip and send plain text."""
    if encoding == "deflate":
        return not start.lstrip().startswith((b"<", b"{"))
    return _is_gzip(start) or (bool(encoding) and _is_zlib(start))


def _is_gzip(start: bytes) -> bool:
    return start[:2] == b"\x1f\x8b"


def _is_zlib(start: bytes) -> bool:
    return len(start) > 1 and start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0


class _Inflate:
    """Streams gzip (several members too), zlib and raw deflate without ever making more than a piece at a time."""

    def __init__(self, *, raw_deflate: bool) -> None:
        self._bits = -15 if raw_deflate else 47
        self._stream = zlib.decompressobj(self._bits)

    @property
    def ended(self) -> bool:
        return self._stream.eof

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._stream.eof:
                if not _is_gzip(chunk):
                    return  # padding after the end
                self._stream = zlib.decompressobj(self._bits)
            try:
                part = self._stream.decompress(chunk, _READ * 16)
            except zlib.error as error:
                raise BodyError(f"its packed body is damaged ({error})") from None
            yield part
            chunk = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
