"""Reads metadata that is a plain list of elements with text (oai_dc mostly is) from the record's bytes, without a tree.

A tree of lxml costs twice as much, half of it for the elements that Python sees. Only what is certain is taken; for
anything else (elements in elements, comments, CDATA, single quotes ...) the caller reads the tree.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.formats.text import is_tidy, tidy

ATTRIBUTES = r'(?:\s+[\w:.-]+="[^"<]*")*'
_OPENING = re.compile(rf"\s*<((?:[\w.-]+:)?)([\w.-]+){ATTRIBUTES}\s*>")
_ELEMENT = re.compile(rf"<([\w:.-]+){ATTRIBUTES}>([^<]*)</\1>")
_NAME = re.compile(r"(?:[\w.-]+:)?([\w.-]+)")
_MOST_TAGS = 2000
"""Characters in the names of one record; they are remembered."""
_EMPTY = re.compile(rf"<[\w:.-]+{ATTRIBUTES}\s*/>")
_REFERENCE = re.compile(r"&(?:#(\d+)|#x([0-9a-fA-F]+)|(amp|lt|gt|quot|apos));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def dublin_core(payload: bytes) -> dict[str, list[str]] | None:
    """The properties in the <dc> of an OAI <record>: local name -> texts, tidied and not empty.

    Args:
        payload: well-formed, in UTF-8 or with a declaration of its encoding.

    Returns:
        None where only a tree can tell, also for a record that may be deleted.
    """
    text = payload.decode("utf-8", "replace")
    metadata = metadata_at(text)
    start = text.find(">", metadata) + 1
    prefix, name = opening_of(text[metadata:start])
    end = text.find(f"</{prefix}dc>", start)
    if not metadata or name != "dc" or end < 0:
        return None
    body = text[start:end]
    if "&" in body and has_entities(body):
        return None
    found = _alternating(body)
    values = _by_name(found, "&" in body) if found else None
    if values is None:
        found = _matched(body)
        values = _by_name(found, "&" in body) if found is not None else None
    return values


def metadata_at(text: str) -> int:
    """Where the metadata of a living OAI <record> begins; 0 where that is not certain."""
    end = text.find("<metadata>")
    head = text[:end] if end >= 0 else ""
    if not head.startswith("<record") or "<header>" not in head or "<!" in head or "<?" in head:
        return 0
    return end + len("<metadata>")


@lru_cache(maxsize=4096)
def opening_of(tag: str) -> tuple[str, str]:
    """Prefix (with its colon) and local name of a start tag, which all records of a source have alike; ("", "")."""
    match = _OPENING.fullmatch(tag)
    return (match[1], match[2]) if match else ("", "")


def has_entities(text: str) -> bool:
    """Whether something is referred to beside characters: only a DTD could say what it means."""
    return text.count("&") != len(_REFERENCE.findall(text))


def without_references(text: str) -> str:
    """Text with the characters that references (&amp;, &#228;) stand for."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _alternating(body: str) -> list[str] | None:
    """Each element without attributes as "name>text"; None when an end tag does not follow each start tag.

    As the whole is well-formed, tags need not be compared; whether they are plain names is seen in ``_by_name``.
    """
    _, *parts = body.split("<")
    ends = {part[:1] for part in parts[1::2]}
    return parts[::2] if len(parts) % 2 == 0 and ends <= {"/"} else None


def _matched(body: str) -> list[str] | None:
    """Each element, also with attributes or empty, as "name>text"; None when there is any other markup."""
    found = _ELEMENT.findall(body)
    if body.count("<") != 2 * len(found):
        body = _EMPTY.sub("", body)
        found = _ELEMENT.findall(body)
    return [f"{name}>{text}" for name, text in found] if body.count("<") == 2 * len(found) else None


def _by_name(elements: list[str], referring: bool) -> dict[str, list[str]] | None:
    """Local name -> texts, tidied and not empty; None where something is no name, or names differ by their prefix."""
    tidied = is_tidy("".join(elements))
    by_tag: dict[str, list[str]] = {}
    for element in elements:
        tag, _, text = element.partition(">")
        if referring and "&" in text:
            text = tidy(without_references(text))
        elif tidied:
            text = text.strip()
        else:
            text = tidy(text)
        if tag in by_tag:
            by_tag[tag].append(text)
        else:
            by_tag[tag] = [text]
    tags = ">".join(by_tag)
    names = _local_names(tags) if len(tags) <= _MOST_TAGS else None
    if names is None:
        return None
    values = dict(zip(names, by_tag.values(), strict=True))
    for name, texts in zip(names, by_tag.values(), strict=True):
        if "" in texts:
            values[name] = [text for text in texts if text]
            if not values[name]:
                del values[name]
    return values


@lru_cache(maxsize=1024)
def _local_names(tags: str) -> tuple[str, ...] | None:
    """Of tags that stand between ">"; None where one is no name, or two differ only by their prefix."""
    matches = [_NAME.fullmatch(tag) for tag in tags.split(">")] if tags else []
    names = tuple(match[1] for match in matches if match)
    return names if len(set(names)) == len(matches) else None


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    return _NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
