"""Reads MARCXML of the usual form from the record's bytes, without a tree, which would cost four times as much.

Only what is certain is taken; for anything else (comments, CDATA, single quotes, records in a collection ...) the
caller reads the tree. Every "<" of what is taken is accounted for, so that nothing can be overlooked.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.formats.marc.record import SPECIAL_TAGS, MarcField, MarcRecord
from harvester.formats.xml_flat import has_entities, metadata_at, opening_of, without_references

_INDICATED = re.compile(r'(tag|ind1|ind2)="([^"&]*)"')


def read_flat(payload: bytes, tags: frozenset[str]) -> MarcRecord | None:
    """The fields with these tags of the one MARC <record> in a payload; None where only a tree can tell.

    Args:
        payload: well-formed, a MARC <record> or an OAI <record> around it.
        tags: which data fields.
    """
    metadata = metadata_at(payload)
    start = payload.find(b">", metadata) + 1
    opened, name = opening_of(payload[metadata:start])
    prefix = opened.decode()
    text = payload[start:].decode("utf-8", "replace")
    if "\r" in text or ("!" in text and "<!" in text) or ("?" in text and "<?" in text):
        return None
    end = text.find(f"</{prefix}record>")
    rest = text[end + len(prefix) + 9 :].strip()
    if name != b"record" or end < 0 or not (rest.startswith("</metadata>") if metadata else not rest):
        return None
    return _fields(text[:end], prefix, tags)


def _fields(body: str, prefix: str, tags: frozenset[str]) -> MarcRecord | None:
    leaders, controls, subfields = _patterns(prefix)
    head, *fields = body.split(f"<{prefix}datafield ")
    leader, control = leaders.findall(head), controls.findall(head)
    if len(leader) > 1 or not (leader or fields) or head.count("<") != 2 * (len(leader) + len(control)):
        return None
    marc = MarcRecord(leader=without_references(leader[0]).strip("\n\r\t").replace("#", " ") if leader else "")
    for tag, value in control:
        if tag >= "010":
            return None
        marc.control.setdefault(tag, []).append(without_references(value))
    end = f"</{prefix}datafield>"
    referring, some_empty = "&" in body, '"></' in body
    if referring and has_entities(body):
        return None
    data = marc.data
    for field in fields:
        attributes, _, inner = field.partition(">")
        named = _named(attributes)
        if named is None or not inner.rstrip().endswith(end):
            return None
        tag = named[0]
        if tag in tags:
            found = subfields.findall(inner)
            if inner.count("<") != 2 * len(found) + 1:
                return None
            if referring:
                found = [(code, without_references(value)) for code, value in found]
            if some_empty:
                found = [pair for pair in found if pair[1]]
            if tag in SPECIAL_TAGS:
                marc.add(MarcField(*named, found))
            elif tag in data:
                data[tag].append(MarcField(*named, found))
            else:
                data[tag] = [MarcField(*named, found)]
    return marc


@lru_cache(maxsize=64)
def _patterns(p: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Leader, control field, subfield; all names have the prefix."""
    p = re.escape(p)
    return (
        re.compile(rf"<{p}leader>([^<]*)</{p}leader>"),
        re.compile(rf'<{p}controlfield tag="([^"&]*)">([^<]*)</{p}controlfield>'),
        re.compile(rf'<{p}subfield code="([^"&]*)">([^<]*)</{p}subfield>'),
    )


@lru_cache(maxsize=8192)
def _named(attributes: str) -> tuple[str, str, str] | None:
    """Tag and indicators of a data field, whatever their order."""
    found = dict(_INDICATED.findall(attributes))
    if _INDICATED.sub("", attributes).strip() or found.get("tag", "") < "010":
        return None
    return found["tag"], found.get("ind1", ""), found.get("ind2", "")
