"""Reads metadata that is a plain list of elements with text (oai_dc mostly is) from the record's bytes, without a tree.

A tree of lxml costs twice as much, half of it for the elements that Python sees. Only what is certain is taken; for
anything else (elements in elements, comments, CDATA, single quotes ...) the caller reads the tree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from harvester.formats.text import tidy

_ATTRIBUTES = rb'(?:\s+[\w:.-]+="[^"<]*")*'
_OPENING = re.compile(rb"\s*<((?:[\w.-]+:)?)([\w.-]+)%b\s*>" % _ATTRIBUTES)
_TAG = re.compile(rb"(?:[\w.-]+:)?([\w.-]+)%b\s*" % _ATTRIBUTES)
_MOST_TAGS, _LONGEST_TAG = 4096, 500
"""How many start tags are remembered, and the bytes of one."""
_names: Final[dict[bytes, str]] = {}
"""Local names by start tag: an ``lru_cache`` takes half as long again, and keeps tags of any length."""
_EMPTY = re.compile(rb"<[\w:.-]+%b\s*/>" % _ATTRIBUTES)
_SHORT = 64
"""Bytes of a text that is worth remembering."""
_REFERENCE = re.compile(r"&(?:#(\d+)|#x([0-9a-fA-F]+)|(amp|lt|gt|quot|apos));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def dublin_core(payload: bytes) -> dict[str, list[str]] | None:
    """The properties in the <dc> of an OAI <record>: local name -> texts, tidied and not empty.

    Args:
        payload: well-formed, in UTF-8 or with a declaration of its encoding.

    Returns:
        None where only a tree can tell, also for a record that may be deleted.
    """
    metadata = metadata_at(payload)
    start = payload.find(b">", metadata) + 1
    prefix, name = opening_of(payload[metadata:start])
    end = payload.rfind(b"</" + prefix + b"dc>", start)
    if not metadata or name != b"dc" or end < 0:
        return None
    body = payload[start:end]
    elements = _elements(body) or _elements(_EMPTY.sub(b"", body))
    if elements is None:
        return None
    tags, texts = elements
    return _by_name(tags, texts, b"&" in body)


def metadata_at(payload: bytes) -> int:
    """Where the metadata of a living OAI <record> begins; 0 where that is not certain."""
    end = payload.find(b"<metadata>")
    head = payload[:end] if end >= 0 else b""
    if not head.startswith(b"<record") or b"<header>" not in head:
        return 0
    if (b"!" in head and b"<!" in head) or (b"?" in head and b"<?" in head):  # one byte is found faster than two
        return 0
    return end + len(b"<metadata>")


@lru_cache(maxsize=4096)
def opening_of(tag: bytes) -> tuple[bytes, bytes]:
    """Prefix (with its colon) and local name of a start tag, which all records of a source have alike; (b"", b"")."""
    match = _OPENING.fullmatch(tag)
    return (match[1], match[2]) if match else (b"", b"")


def has_entities(text: str) -> bool:
    """Whether something is referred to beside characters: only a DTD could say what it means."""
    return text.count("&") != len(_REFERENCE.findall(text))


def without_references(text: str) -> str:
    """Text with the characters that references (&amp;, &#228;) stand for."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _elements(body: bytes) -> tuple[list[bytes], list[bytes]] | None:
    """Start tags without their brackets, and the texts after them; None where markup does not come and go in turn.

    As the whole is well-formed, tags need not be compared; whether they are plain names is seen in ``_by_name``.
    """
    parts = body.replace(b">", b"<").split(b"<")  # blanks, tag, text, tag, blanks, tag ...
    ends = parts[3::4]
    if 4 * len(ends) + 1 != len(parts) or 4 * len(ends) != 2 * body.count(b"<"):
        return None
    return None if [tag for tag in ends if tag[:1] != b"/"] else (parts[1::4], parts[2::4])


def _by_name(tags: list[bytes], texts: list[bytes], referring: bool) -> dict[str, list[str]] | None:
    """Local name -> texts, tidied and not empty; None where a tag or a reference is none that we understand."""
    values = _tidied(texts)
    if referring:
        if any("&" in text and has_entities(text) for text in values):
            return None
        values = [tidy(without_references(text)) if "&" in text else text for text in values]
    found: dict[str, list[str]] = {}
    for tag, text in zip(tags, values):  # noqa: B905 - costs, and they are as many
        name = _names.get(tag) or _name_of(tag)
        if not name:
            return None
        if text:
            kept = found.get(name)
            if kept is None:
                found[name] = [text]
            else:
                kept.append(text)
    return found


def _tidied(texts: list[bytes]) -> list[str]:
    """Each text tidied. Most need nothing but that blanks at their ends go, which is seen at once for all.

    No other control characters than these can be in XML.
    """
    joined = b"".join(texts)
    if b"  " in joined or b"\n" in joined or b"\t" in joined or b"\r" in joined or b"\x7f" in joined:
        return [_one_tidied(text) for text in texts]
    if joined.isascii():
        return [text.decode().strip() for text in texts]
    return [text.decode().strip() if text.isascii() else _one_tidied(text) for text in texts]


def _one_tidied(text: bytes) -> str:
    return _remembered(text) if len(text) <= _SHORT else tidy(text.decode("utf-8", "replace"))


@lru_cache(maxsize=8192)
def _remembered(text: bytes) -> str:
    """Names of people, places and publishers come again and again."""
    return tidy(text.decode("utf-8", "replace"))


def _name_of(tag: bytes) -> str:
    """The local name in a start tag without its brackets; "" where it is none that we understand."""
    match = _TAG.fullmatch(tag)
    name = match[1].decode("utf-8", "replace") if match else ""
    if len(tag) <= _LONGEST_TAG:
        if len(_names) >= _MOST_TAGS:
            _names.clear()
        _names[tag] = name
    return name


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    return _NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
