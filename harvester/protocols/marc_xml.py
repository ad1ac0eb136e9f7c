"""Splits a file of MARCXML into records, as it streams by; one that is not well-formed is read record by record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO

from lxml import etree

from harvester.formats.xml import SAFE, Element, local

MOST = 16 << 20
"""Bytes of one record."""
_CHUNK = 1 << 18
_START = re.compile(rb"<(?:[\w.-]+:)?record[\s>]")
_END = re.compile(rb"</(?:[\w.-]+:)?record\s*>")
_ROOT = re.compile(rb"<((?:[\w.-]+:)?[\w.-]+)((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*>")

Piece = tuple[str, bytes, str, dict[str, str]]
"""Position, bytes, what is wrong or "", control fields (see ``marc_binary.control_fields``)."""


def split_records(open_: AbstractContextManager[IO[bytes]], again: AbstractContextManager[IO[bytes]],
                  notes: list[str]) -> Iterator[Piece]:  # fmt: skip
    """The MARC records of a file.

    Args:
        open_: the unpacked file.
        again: the same once more, for a file that is not well-formed.
        notes: told of that.
    """
    count = 0
    try:
        with open_ as content:
            for element in _elements(content):
                count += 1
                yield f"record {count}", etree.tostring(element, with_tail=False), "", control_fields(element)
    except etree.XMLSyntaxError as error:
        notes.append(f"the file is not well-formed XML ({error.msg}): its records were read one by one")
    else:
        return
    with again as content:
        yield from _one_by_one(content, count)


def control_fields(record: Element) -> dict[str, str]:
    """The leader (under "000") and the first of each control field, and 035 $a under "035"."""
    found: dict[str, str] = {}
    for child in record:
        tag = child.get("tag")
        if tag is None:
            if local(child) == "leader":
                found["000"] = (child.text or "").strip("\r\n\t")
        elif tag < "010":
            found.setdefault(tag, (child.text or "").strip())
        elif tag == "035" and tag not in found:
            for subfield in child:
                if subfield.get("code") == "a" and subfield.text:
                    found[tag] = subfield.text.strip()
                    break
    return found


def _elements(content: IO[bytes]) -> Iterator[Element]:
    events = etree.iterparse(content, events=("end",), tag="{*}record", **SAFE)
    for _, element in events:
        if any(child.get("tag") or local(child) == "leader" for child in element):
            yield element
        # What was read goes at once, with what stands before it: memory stays flat whatever the file's size.
        element.clear(keep_tail=False)
        while element.getprevious() is not None and element.getparent() is not None:
            del element.getparent()[0]


def _one_by_one(content: IO[bytes], skip: int) -> Iterator[Piece]:
    """The records after the first ``skip``, each parsed by itself under the start tag of the whole."""
    opening, closing = b"", b""
    number = 0
    for offset, text in _chunks(content):
        if not opening and not number:
            head = text[: m.start()] if (m := _START.search(text)) else b""
            roots = [match for match in _ROOT.finditer(head) if b"xmlns" in match[2]]
            if roots:
                opening = b"".join(match[0] for match in roots[:1])
                closing = b"</" + roots[0][1] + b">"
        starts = list(_START.finditer(text))
        if not starts:
            continue
        number += 1
        if number <= skip:
            continue
        record = text[starts[-1].start() :]
        position = f"record {number}, byte {offset + starts[-1].start()}"
        if not _END.search(record):
            yield position, record, "cut off: the file ends before the record does", {}
            continue
        try:
            element = _parse(opening + record + closing, bool(opening))
        except etree.XMLSyntaxError as error:
            yield position, record, f"not well-formed XML: {error.msg}", {}
            continue
        if any(child.get("tag") or local(child) == "leader" for child in element):
            yield position, etree.tostring(element, with_tail=False), "", control_fields(element)


def _parse(text: bytes, wrapped: bool) -> Element:
    root = etree.fromstring(text, etree.XMLParser(**SAFE))
    return root[0] if wrapped else root


def _chunks(content: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The file cut after each end tag of a record: (byte offset, bytes)."""
    rest, offset = b"", 0
    while block := content.read(_CHUNK):
        rest += block
        start = 0
        for match in _END.finditer(rest):
            yield offset + start, rest[start : match.end()]
            start = match.end()
        offset += start
        rest = rest[start:]
        if len(rest) > MOST:
            yield offset, rest
            offset += len(rest)
            rest = b""
    if rest.strip():
        yield offset, rest
