"""Reads MARCXML of the usual form from the record's bytes, without a tree, which would cost four times as much.

Only what is certain is taken; for anything else (comments, CDATA, single quotes, records in a collection ...) the
caller reads the tree. Every "<" of what is taken is accounted for, so that nothing can be overlooked.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.formats.marc.record import RECURRING, RECURRING_TAGS, SPECIAL_TAGS, MarcField, MarcRecord
from harvester.formats.xml_flat import has_entities, metadata_at, opening_of, without_references

_INDICATED = re.compile(r'(tag|ind1|ind2)="([^"&]*)"')


def read_flat(payload: bytes, tags: frozenset[str]) -> MarcRecord | None:
    """The fields with these tags of the one MARC <record> in a payload; None where only a tree can tell.

    Args:
        payload: well-formed, in UTF-8, a MARC <record> or an OAI <record> around it.
        tags: which data fields.
    """
    if b"\r" in payload:  # XML knows one end of a line
        payload = payload.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    metadata = metadata_at(payload)
    start = payload.find(b">", metadata) + 1
    prefix, name = opening_of(payload[metadata:start])
    last = payload.rfind(b"</metadata>") if metadata else len(payload)
    end = payload.rfind(b"</%brecord>" % prefix, start, last)
    if name != b"record" or end < 0 or payload[end + len(prefix) + 9 : last].strip():
        return None
    body = payload[start:end]
    if (b"!" in body and b"<!" in body) or (b"?" in body and b"<?" in body):  # one byte is found faster than two
        return None
    return _fields(body, prefix.decode(), tags)


def _fields(body: bytes, prefix: str, tags: frozenset[str]) -> MarcRecord | None:
    *fields, rest = body.split(f"</{prefix}datafield>".encode())
    if not fields or rest.strip():
        return None
    opening = f"<{prefix}datafield".encode()
    head = fields[0].partition(opening)[0]
    marc = _head(head, prefix)
    if marc is None:
        return None
    fields[0] = fields[0][len(head) :]
    data = marc.data
    for content in fields:
        attributes, _, inner = content.partition(b">")
        named = _named(attributes, prefix)
        if named is None:
            return None
        tag = named[0]
        if tag not in tags:
            if opening in inner:
                return None
            continue
        field = _recurring(content, prefix) if tag in RECURRING_TAGS else _field(named, inner, prefix)
        if field is None:
            return None
        if tag in SPECIAL_TAGS:
            marc.add(field)
        elif tag in data:
            data[tag].append(field)
        else:
            data[tag] = [field]
    return marc


def _head(head: bytes, prefix: str) -> MarcRecord | None:
    """A record with the leader and the control fields that stand before all data fields."""
    leaders, controls, _, _ = _patterns(prefix)
    text = head.decode("utf-8", "replace")
    leader, control = leaders.findall(text), controls.findall(text)
    if len(leader) > 1 or text.count("<") != 2 * (len(leader) + len(control)) or ("&" in text and has_entities(text)):
        return None
    marc = MarcRecord(without_references(leader[0]).strip("\n\r\t").replace("#", " ") if leader else "")
    for tag, value in control:
        if tag >= "010":
            return None
        if tag not in marc.control:
            marc.control[tag] = without_references(value)
    return marc


def _field(named: tuple[str, str, str], inner: bytes, prefix: str) -> MarcField | None:
    """A data field of whose element this is inside."""
    _, _, filled, any_ = _patterns(prefix)
    text = inner.decode("utf-8", "replace")
    found = filled.findall(text)
    marks = text.count("<")
    if marks != 2 * len(found):
        found = any_.findall(text)
        if marks != 2 * len(found):
            return None
        found = [pair for pair in found if pair[1]]
    if "&" in text:
        if has_entities(text):
            return None
        found = [(code, without_references(value)) for code, value in found]
    return MarcField(*named, found)


@lru_cache(maxsize=RECURRING)
def _recurring(content: bytes, prefix: str) -> MarcField | None:
    """A whole data field, the same object for all records that have it."""
    attributes, _, inner = content.partition(b">")
    named = _named(attributes, prefix)
    return _field(named, inner, prefix) if named else None


@lru_cache(maxsize=64)
def _patterns(p: str) -> tuple[re.Pattern[str], ...]:
    """Leader, control field, subfield with text, any subfield; all names have the prefix."""
    p = re.escape(p)
    return (
        re.compile(rf"<{p}leader>([^<]*)</{p}leader>"),
        re.compile(rf'<{p}controlfield tag="([^"&]*)">([^<]*)</{p}controlfield>'),
        re.compile(rf'<{p}subfield code="([^"&]*)">([^<]+)</{p}subfield>'),
        re.compile(rf'<{p}subfield code="([^"&]*)">([^<]*)</{p}subfield>'),
    )


@lru_cache(maxsize=8192)
def _named(opening: bytes, prefix: str) -> tuple[str, str, str] | None:
    """Tag and indicators in the start tag of a data field, whatever their order."""
    name, _, attributes = opening.decode("utf-8", "replace").strip().partition(" ")
    found = dict(_INDICATED.findall(attributes))
    if name != f"<{prefix}datafield" or _INDICATED.sub("", attributes).strip() or found.get("tag", "") < "010":
        return None
    return found["tag"], found.get("ind1", ""), found.get("ind2", "")
