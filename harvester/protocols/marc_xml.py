"""Splits a file of MARCXML into records, as it streams by; one that is not well-formed is read record by record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO

from lxml import etree

from harvester.formats.xml import SAFE, Element, local
from harvester.protocols.xml_salvage import one_by_one

_HOLDS = rb"<(?:[\w.-]+:)?(?:leader|controlfield|datafield)\b"
"""What tells a record of MARC from an element of that name around one."""

Piece = tuple[str, bytes, str, dict[str, str]]
"""Position, bytes, what is wrong or "", control fields (see ``marc_binary.control_fields``). Position "": not a record,
but what is wrong with the end of the file."""


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
                # What a DTD declares is never looked up, so that a record that refers to it says nothing by itself.
                entity = _entity(element)
                wrong = f"it refers to the entity {entity}, which is refused" if entity else ""
                yield f"record {count}", etree.tostring(element, with_tail=False), wrong, control_fields(element)
    except (etree.XMLSyntaxError, _UnclosedError) as error:
        yield "", b"", f"the file is not well-formed XML ({error.msg}): its records were read one by one", {}
    else:
        return
    with again as content:
        for piece in one_by_one(content, frozenset({"record"}), notes, skip=count, holds=_HOLDS):
            if piece.element is None:
                yield piece.position if piece.number else "", piece.payload, piece.wrong, {}
            else:
                payload = etree.tostring(piece.element, with_tail=False)
                yield piece.position, payload, "", control_fields(piece.element)


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


class _UnclosedError(Exception):
    """A record stands in another one, whose end tag is missing then."""

    msg = "the end tag of a record is missing"


def _entity(element: Element) -> str:
    """The first entity that only a DTD declares; "" where there is none."""
    if element.getroottree().docinfo.internalDTD is None:
        return ""
    found = next(element.iter(etree.Entity), None)
    return "" if found is None else str(found.text)


def _is_marc(element: Element) -> bool:
    return any(child.get("tag") or local(child) == "leader" for child in element)


def _elements(content: IO[bytes]) -> Iterator[Element]:
    events = etree.iterparse(content, events=("end",), tag="{*}record", **SAFE)
    for _, element in events:
        if _is_marc(element):
            if any(_is_marc(above) for above in element.iterancestors("{*}record")):
                raise _UnclosedError
            yield element
        # What was read goes at once, with what stands before it: memory stays flat whatever the file's size.
        element.clear(keep_tail=False)
        while element.getprevious() is not None and element.getparent() is not None:
            del element.getparent()[0]
