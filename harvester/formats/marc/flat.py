"""Reads MARCXML of the usual form from the record's bytes, without a tree, which would cost four times as much.

Only what is certain is taken; for anything else (comments, CDATA, single quotes, records in a collection ...) the
caller reads the tree. Every "<" of what is taken is accounted for, so that nothing can be overlooked.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.formats.marc.record import LONGEST, RECURRING, RECURRING_TAGS, SPECIAL_TAGS, MarcField, MarcRecord
from harvester.formats.xml_flat import has_entities, metadata_at, opening_of, without_references

_MOST = 1 << 18
"""Bytes of a record; its start tags are remembered."""
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
    if len(body) > _MOST:
        return None
    if (b"!" in body and b"<!" in body) or (b"?" in body and b"<?" in body):  # one byte is found faster than two
        return None
    return _reader(prefix, tags)(body)


class _Reader:
    """Reads what is inside a MARC <record> whose elements all have one prefix."""

    def __init__(self, prefix: bytes, tags: frozenset[str]) -> None:
        p = re.escape(prefix.decode())
        self._tags = tags
        self._opening = b"<%bdatafield" % prefix
        self._end = b"</%bdatafield>" % prefix
        self._fixed = re.compile(rf'<{p}(?:leader|controlfield tag="([^"&]+)")>([^<]*)</{p}(?:leader|controlfield)>')
        self._filled = re.compile(rf'<{p}subfield code="([^"&]*)">([^<]+)</{p}subfield>')
        self._any = re.compile(rf'<{p}subfield code="([^"&]*)"(?:\s*/>|>([^<]*)</{p}subfield>)')
        self._start = lru_cache(maxsize=512)(self._read_start)
        self._recurring = lru_cache(maxsize=RECURRING)(self._read_whole)

    def __call__(self, body: bytes) -> MarcRecord | None:
        *fields, rest = body.split(self._end)
        if not fields or rest.strip():
            return None
        head = fields[0].partition(self._opening)[0]
        fields[0] = fields[0][len(head) :]
        marc = self._begun(head)
        if marc is None:
            return None
        data = marc.data
        for content in fields:
            start, _, inner = content.partition(b">")
            named = self._start(start)
            if named is None:
                return None
            tag = named[0]
            if not tag:  # what is not read must be one field nevertheless
                if self._opening in inner:
                    return None
                continue
            recurs = tag in RECURRING_TAGS and len(content) <= LONGEST
            field = self._recurring(content) if recurs else self._field(named, inner)
            if field is None:
                return None
            if tag in SPECIAL_TAGS:
                marc.add(field)
            elif tag in data:
                data[tag].append(field)
            else:
                data[tag] = [field]
        return marc

    def _begun(self, head: bytes) -> MarcRecord | None:
        """A record with the leader and the control fields that stand before all data fields."""
        text = head.decode("utf-8", "replace")
        found = self._fixed.findall(text)
        if text.count("<") != 2 * len(found) or ("&" in text and has_entities(text)):
            return None
        control: dict[str, str] = {}
        for tag, value in found:
            if tag >= "010" or (not tag and "" in control):
                return None
            if tag not in control:
                control[tag] = without_references(value)
        return MarcRecord(control.pop("", "").strip("\n\r\t").replace("#", " "), control)

    def _field(self, named: tuple[str, str, str], inner: bytes) -> MarcField | None:
        """A data field of what its element has inside; None when that is anything but subfields."""
        tag, first, second = named
        text = inner.decode("utf-8", "replace")
        found = self._filled.findall(text)
        if 2 * len(found) == text.count("<") and "&" not in text:
            return MarcField(tag, first, second, found)
        every = [(match[1], match[2]) for match in self._any.finditer(text)]
        marks = sum(1 if value is None else 2 for _, value in every)
        if marks != text.count("<") or has_entities(text):
            return None
        return MarcField(tag, first, second, [(code, without_references(value)) for code, value in every if value])

    def _read_whole(self, content: bytes) -> MarcField | None:
        start, _, inner = content.partition(b">")
        named = self._start(start)
        return self._field(named, inner) if named else None

    def _read_start(self, start: bytes) -> tuple[str, str, str] | None:
        """Tag and indicators in the start tag of a data field, whatever their order; no tag where nobody reads it."""
        name, _, attributes = start.strip().partition(b" ")
        text = attributes.decode("utf-8", "replace")
        found = dict(_INDICATED.findall(text))
        if name != self._opening or _INDICATED.sub("", text).strip() or found.get("tag", "") < "010":
            return None
        tag = found["tag"] if found["tag"] in self._tags else ""
        return tag, found.get("ind1", ""), found.get("ind2", "")


_reader = lru_cache(maxsize=8)(_Reader)
"""Those of the harvests under way; what their sources have alike is remembered with them."""
