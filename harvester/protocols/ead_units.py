"""Cuts a finding aid (EAD 2002 or EAD3) into its units, each with what it inherits, as it streams by.

The file is read twice: what the collection says may stand behind its units, and every unit inherits from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import IO

import msgspec
from lxml import etree

from harvester.formats.xml import SAFE, Element, local, text_of

_UNIT = re.compile(r"c(?:0[1-9]|1[0-2])?")
_TAGS = ["{*}c", *(f"{{*}}c{number:02}" for number in range(1, 13))]
_INHERITED = frozenset({"unittitle", "unitid", "unitdate", "unitdatestructured", "repository", "origination",
                        "langmaterial", "physloc"})  # fmt: skip
_RULES = frozenset({"accessrestrict", "userestrict"})
_MOST_INHERITED, _LONGEST_INHERITED, _MOST_PARTS = 16 << 10, 500, 40
"""Bytes that a unit inherits from one above it; if that has more, characters of each text and the parts that count.

Every unit below repeats them: a rule of ten megabytes over a hundred thousand units would fill any disk.
"""
_MOST_ABOVE = 64 << 10
"""Bytes that it inherits from all: what is told by the collection and by the nearest comes first."""

Opened = Callable[[], AbstractContextManager[IO[bytes]]]


class _Level(msgspec.Struct):
    """A unit that is being read."""

    element: Element
    name: str
    inherited: bytes = b""
    told: bool = False
    parts: int = 0


def split_units(opened: Opened) -> Iterator[tuple[str, bytes]]:
    """(identifier, payload for the format "ead") of each unit: the collection first, then the units in their order.

    The identifier is that of the finding aid (eadid, recordid), "/" and the unit's own id; where it has none, its place
    ("2.1.14").

    Args:
        opened: opens the unpacked file.

    Raises:
        etree.XMLSyntaxError: not well-formed.
    """
    collections = _collections(opened)
    aid = 0
    levels: list[_Level] = []
    with opened() as content:
        for event, element in etree.iterparse(content, events=("start", "end"), tag=["{*}archdesc", *_TAGS], **SAFE):
            if local(element) == "archdesc":
                if event == "start":
                    name, header, whole = collections[aid]
                    yield name, header + b"<here>" + whole + b"</here></unit>"
                    levels = [
                        _Level(element, name, b"<above>" + _inherited(etree.fromstring(whole)) + b"</above>", True)
                    ]
                else:
                    aid, levels = aid + 1, []
                    element.clear()
            elif not levels:
                continue
            elif event == "start":
                above = levels[-1]
                if not above.told:
                    yield _tell(levels, collections[aid][1])
                above.parts += 1
                levels.append(_Level(element, _name(element, above, collections[aid][0])))
            else:
                if not levels[-1].told:
                    yield _tell(levels, collections[aid][1])
                levels.pop()
                parent = element.getparent()
                element.clear(keep_tail=False)
                if parent is not None:
                    parent.remove(element)


def _collections(opened: Opened) -> list[tuple[str, bytes, bytes]]:
    """Of each finding aid: its identifier, the beginning of its payloads, and its <archdesc> without the units."""
    found: list[tuple[str, bytes, bytes]] = []
    header = b""
    name = ""
    tags = ["{*}archdesc", "{*}eadid", "{*}recordid", *_TAGS]
    with opened() as content:
        for _, element in etree.iterparse(content, events=("end",), tag=tags, **SAFE):
            kind = local(element)
            if kind in {"eadid", "recordid"}:
                name = " ".join(text_of(element).split())
                own = etree.tostring(element, with_tail=False)
                outer = b"eadheader" if kind == "eadid" else b"control"
                header = b"<" + outer + b">" + own + b"</" + outer + b">"
            elif kind == "archdesc":
                name = name or _number(element) or f"finding-aid-{len(found) + 1}"
                found.append((name, b"<unit>" + header, etree.tostring(element, with_tail=False)))
                name, header = "", b""
                element.clear()
            else:
                parent = element.getparent()
                element.clear(keep_tail=False)
                if parent is not None:
                    parent.remove(element)
    return found


def _number(archdesc: Element) -> str:
    for did in archdesc:
        for element in did:
            if local(did) == "did" and local(element) == "unitid" and text_of(element).strip():
                return " ".join(text_of(element).split())
    return ""


def _name(element: Element, above: _Level, aid: str) -> str:
    own = (element.get("id") or "").strip()
    if own:
        return f"{aid}/{own}"
    # Without ids the place in the tree names a unit, below the nearest one that has an id.
    return f"{above.name}{'/' if above.name == aid else '.'}{above.parts}"


def _tell(levels: list[_Level], header: bytes) -> tuple[str, bytes]:
    level = levels[-1]
    level.told = True
    here = etree.Element(level.element.tag, level.element.attrib, level.element.nsmap)
    here.extend(deepcopy(child) for child in level.element if not _UNIT.fullmatch(local(child)))
    level.inherited = b"<above>" + _inherited(here) + b"</above>"
    above = b"".join(_within(levels[:-1]))
    return level.name, header + above + b"<here>" + etree.tostring(here) + b"</here></unit>"


def _inherited(unit: Element) -> bytes:
    short = etree.Element(unit.tag, unit.attrib, unit.nsmap)
    for child in unit:
        if local(child) in _RULES:
            short.append(deepcopy(child))
        elif local(child) == "did":
            did = etree.SubElement(short, child.tag)
            did.extend(deepcopy(element) for element in child if local(element) in _INHERITED)
    whole = bytes(etree.tostring(short, with_tail=False))
    if len(whole) <= _MOST_INHERITED:
        return whole
    for part in list(short.iter())[_MOST_PARTS:]:
        if (parent := part.getparent()) is not None:
            parent.remove(part)
    for part in short.iter():
        part.text, part.tail = (part.text or "")[:_LONGEST_INHERITED], (part.tail or "")[:_LONGEST_INHERITED]
    whole = bytes(etree.tostring(short, with_tail=False))
    return whole if len(whole) <= 4 * _MOST_INHERITED else b""


def _within(levels: list[_Level]) -> list[bytes]:
    """What the units above hand down, outermost first, as far as there is room."""
    room = _MOST_ABOVE
    kept: list[bytes] = []
    for level in (levels[0], *reversed(levels[1:])):
        room -= len(level.inherited)
        if room < 0:
            break
        kept.append(level.inherited)
    return [*kept[:1], *reversed(kept[1:])]
