"""Reads metadata that is a plain list of elements with text (oai_dc mostly is) from the record's bytes, without a tree.

A tree of lxml costs twice as much, half of it for the elements that Python sees. Only what is certain is taken; for
anything else (elements in elements, comments, CDATA, single quotes ...) the caller reads the tree.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.formats.text import tidy

ATTRIBUTES = r'(?:\s+[\w:.-]+="[^"<]*")*'
_OPENING = re.compile(rf"\s*<((?:[\w.-]+:)?)([\w.-]+){ATTRIBUTES}\s*>")
_ELEMENT = re.compile(rf"<([\w:.-]+){ATTRIBUTES}>([^<]*)</\1>")
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
    found = _elements(text[start:end])
    if found is None:
        return None
    by_name: dict[str, list[str]] = {}
    for name, value in found:
        value = without_references(value) if "&" in value else value
        # What ``tidy`` would say first, without a call for each value.
        value = value.strip() if value.isascii() and value.isprintable() and "  " not in value else tidy(value)
        if value:
            if name in by_name:
                by_name[name].append(value)
            else:
                by_name[name] = [value]
    values = {name[name.find(":") + 1 :]: texts for name, texts in by_name.items()}
    return values if len(values) == len(by_name) else None  # their order would be lost


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


def _elements(body: str) -> list[tuple[str, str]] | None:
    """(name, text) of all elements; None when there is any other markup."""
    if "&" in body and has_entities(body):
        return None
    found = _ELEMENT.findall(body)
    if body.count("<") != 2 * len(found):
        body = _EMPTY.sub("", body)
        found = _ELEMENT.findall(body)
    return found if body.count("<") == 2 * len(found) else None


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    return _NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
