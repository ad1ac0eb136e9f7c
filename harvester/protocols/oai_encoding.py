"""Bytes of XML as text, where what they say of their encoding is wrong, missing, or of no help to a parser."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""<\?xml(?=\s)[^<>]*?(\sencoding\s*=\s*["']([\w.:-]+)["'])""")
_ONE_BYTE = ("iso8859", "cp125", "latin", "ascii", "koi8", "mac-")
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)


def charset_of(content_type: str) -> str:
    """The encoding that a Content-Type names; "" = none."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def declared_in(head: bytes) -> str:
    """The encoding that a document says it is in, by what stands before its root; of several the last one."""
    found = _DECLARED.findall(head)
    return found[-1][1].decode("ascii", "ignore") if found else ""


def believed(data: bytes) -> bytes | None:
    """The document without its declared encoding where that is surely not true; None = nothing speaks against it.

    Text that is not UTF-8 hardly ever is valid UTF-8 by accident, so that a declaration of one byte a character over
    bytes of UTF-8 is a server's default that nobody changed.
    """
    head = data[:200]
    declared = _DECLARED.search(head)
    if declared is None or not _name(declared[2].decode("ascii", "ignore")).startswith(_ONE_BYTE) or data.isascii():
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return data[: declared.start(1)] + data[declared.end(1) :]


def decoded(data: bytes, charset: str = "") -> tuple[str, str]:
    """The text in some bytes, and what had to be guessed for it; "" = nothing.

    Args:
        data: a document or a part of one.
        charset: what the headers say, for documents that say nothing.
    """
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        pass
    name = declared_in(data[:200]) or charset
    if _name(name) not in {"", "utf-8"}:
        try:
            return data.decode(name), ""
        except (UnicodeDecodeError, LookupError):
            pass
    try:  # pairs of surrogates, each as three bytes (CESU-8)
        return data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16"), (
            "joined characters that came in two halves"
        )
    except UnicodeDecodeError:
        return data.decode("utf-8", "cp1252"), "read bytes that are not UTF-8 as Windows-1252"


def as_utf8(data: bytes) -> bytes:
    """UTF-16 as UTF-8, so that it can be searched; anything else as it is."""
    if data[:2] in _BOMS:
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data


def _name(name: str) -> str:
    """One spelling of an encoding's name; "" where Python does not know it as text."""
    try:
        return codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        return ""


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("cp1252", _as_cp1252)
