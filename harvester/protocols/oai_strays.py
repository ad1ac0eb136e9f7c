"""What stands in a list and is not named as OAI-PMH names it: no namespace, other cases, wrappers, packed metadata.

A parser that looks for names only would see an empty list, and its last page. What can be meant in one way only is
given its right name; whatever else stands there is handed over, so that somebody sees it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, cast

from lxml import etree

from harvester.protocols.oai_tags import DATESTAMP, HEADER, IDENTIFIER, METADATA, OAI, RECORD, SET, TOKEN
from harvester.protocols.xml_mend import mend

_LISTS = frozenset({OAI + "ListRecords", OAI + "ListIdentifiers", OAI + "GetRecord"})
_KNOWN = frozenset({RECORD, HEADER, TOKEN})
_PARTS = frozenset({HEADER, METADATA, OAI + "about"})
_FIELDS = frozenset({IDENTIFIER, DATESTAMP, SET})
PROGRAMS_WORDS = frozenset({"br", "b", "i", "p", "pre", "hr", "font", "div", "span", "strong", "em", "code"})
"""Elements in which programs on servers write warnings, in the middle of their answers."""
_DECLARATION = re.compile(r"\A<\?xml\s[^>]*\?>")


def is_plain(root: etree._Element) -> bool:
    """Whether nothing stands in the lists of an answer that has to be put right."""
    return all(child.tag in _KNOWN for child in root.iterfind("*/*"))


def put_right(root: etree._Element) -> list[etree._Element]:
    """Give what stands in the lists of an answer its right names, in place.

    Returns:
        Elements of which nobody can say what they are.
    """
    strange: list[etree._Element] = []
    for answer in root.iterchildren(tag=etree.Element):
        _rename(answer, _LISTS)
        if answer.tag in _LISTS:
            strange += _put_list_right(answer)
    return strange


def _put_list_right(answer: etree._Element) -> list[etree._Element]:
    strange: list[etree._Element] = []
    for child in list(answer.iterchildren(tag=etree.Element)):
        if child.tag in _KNOWN:
            continue
        _rename(child, _KNOWN)
        if child.tag == RECORD:
            put_parts_right(child)
        elif child.tag == HEADER:
            _rename_all(child, _FIELDS)
        elif child.tag != TOKEN and any(_meant(inner) in _KNOWN for inner in child.iterchildren(tag=etree.Element)):
            strange += _put_list_right(child)
            for inner in list(child):
                child.addprevious(inner)
            answer.remove(child)
        elif child.tag != TOKEN:
            strange.append(child)
    return strange


def put_parts_right(record: etree._Element) -> None:
    """Give the parts of a record their right names, in place; never what its metadata holds."""
    _rename_all(record, _PARTS)
    for header in record.iterchildren(tag=HEADER):
        _rename_all(header, _FIELDS)


def unpack(metadata: etree._Element) -> bool:
    """Make elements of metadata that is written as text (escaped, or in CDATA), in place; False where it is none."""
    text = (metadata.text or "").strip()
    if len(metadata) or not text.startswith("<"):
        return False
    text = _DECLARATION.sub("", text, count=1)
    frame = etree.tostring(etree.Element("x", nsmap=cast("Any", metadata.nsmap)))[:-2] + b">"
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=True)
    inner: etree._Element | None = None
    for source in (text, mend(text.encode("utf-8"))[0]):
        try:
            inner = etree.fromstring(frame + source.encode("utf-8") + b"</x>", parser)
            break
        except etree.XMLSyntaxError:
            continue
    if inner is None:
        return False
    if not any(True for _ in inner.iterchildren(tag=etree.Element)):
        return False
    metadata.text = None
    metadata.extend(list(inner))
    return True


def token_beside(root: etree._Element) -> etree._Element | None:
    """The resumption token that stands beside its list, where it has no place."""
    return next((child for child in root.iterchildren(tag=etree.Element) if _meant(child) == TOKEN), None)


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def _rename_all(parent: etree._Element, names: frozenset[str]) -> None:
    for child in parent.iterchildren(tag=etree.Element):
        _rename(child, names)


def _rename(element: etree._Element, names: frozenset[str]) -> None:
    meant = _meant(element)
    if meant in names:
        element.tag = meant


def _meant(element: etree._Element) -> str:
    """The name of OAI-PMH that an element has in any case, in its namespace or in none; "" = it has no such name."""
    return _meant_by(element.tag)


@lru_cache(maxsize=1024)
def _meant_by(tag: str) -> str:
    namespace, _, name = tag.rpartition("}")
    return _NAMES.get(name.lower(), "") if namespace in {"", OAI[:-1]} else ""


_NAMES = {name.removeprefix(OAI).lower(): name for name in (*_LISTS, *_KNOWN, *_PARTS, *_FIELDS)}
