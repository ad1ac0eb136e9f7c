"""Splits a file of XML records (modsCollection, lidoWrap, rdf:RDF, saved OAI-PMH answers ...) as it streams by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import IO

import msgspec
from lxml import etree

from harvester.formats.xml import SAFE, Element, local, only_namespaces, text_of
from harvester.protocols.xml_salvage import one_by_one

MOST = 16 << 20
"""Bytes of one record."""
_OWN_NAMES = {
    "mods": "recordInfo/recordIdentifier", "lido": "lidoRecID", "RDF": "ProvidedCHO", "dc": "identifier",
    "qualifieddc": "identifier", "record": "identifier",
}  # fmt: skip
_DESCRIBES = rb"<(?:[\w.-]+:)?(?:title|identifier|description)\b"
ROOTS: dict[str, tuple[str, ...]] = {
    "mods": ("mods",),
    "lido": ("lido",),
    "edm": ("RDF",),
    "oai_dc": ("dc", "qualifieddc"),
    "qdc": ("qualifieddc", "dc", "dcterms", "record"),
}
"""Format -> local names of the element that is one record."""


class Found(msgspec.Struct, kw_only=True):
    """One record of the file."""

    record: str
    """Its own identifier, "" when it has none."""
    payload: bytes
    datestamp: str = ""
    deleted: bool = False
    wrong: str = ""
    number: int = 0
    """Of it in its file, from 1; 0 with ``wrong``: not a record, but what is wrong with the end of the file."""
    position: str = ""
    """Where it stands, if it had to be looked for."""
    unit: int = 0
    """Of the element that it was read from: several objects may stand in one."""


def split_records(content: IO[bytes], format_: str, notes: list[str]) -> Iterator[Found]:
    """The records of a file in one of the formats of ``ROOTS``. An OAI <record>, told by its <header>, is kept whole.

    Args:
        content: the unpacked file.
        format_: one of ``ROOTS``.
        notes: told of prefixes that nobody declared; no record is lost by them.

    Raises:
        etree.XMLSyntaxError: not well-formed; the records before that place were given.
    """
    names = frozenset(ROOTS[format_])
    tags = [f"{{*}}{name}" for name in sorted(names | {"record"})]
    events = etree.iterparse(content, events=("start", "end"), tag=tags, **SAFE)
    try:
        yield from _records(events, names, format_)
    except etree.XMLSyntaxError as error:
        # Such prefixes are complained of at the end only. The error's own log tells of other files as well.
        if not only_namespaces(events.error_log):
            raise
        notes.append(f"not all prefixes are declared: {error.msg}")


def salvage_records(content: IO[bytes], format_: str, notes: list[str], *, oai: bool, after: int) -> Iterator[Found]:
    """The records of a file that is not well-formed, each for itself; what cannot be read with what is wrong.

    Args:
        content: the unpacked file, from its beginning.
        format_: one of ``ROOTS``.
        notes: told of what was mended.
        oai: it is of saved OAI-PMH answers.
        after: elements that ``split_records`` gave before it failed.
    """
    names = frozenset({"record"}) if oai else frozenset(ROOTS[format_])
    for piece in one_by_one(content, names, notes, skip=after, holds=_DESCRIBES if "record" in names else b""):
        place = piece.position if piece.number else ""
        if piece.element is None:
            yield Found(record="", payload=piece.payload, wrong=piece.wrong, position=place, unit=piece.number)
            continue
        records = [_of_oai(piece.element)] if _is_oai(piece.element) else _of_element(piece.element, format_)
        for found in records:
            found.position, found.unit = place, piece.number
            yield found


def _records(events: Iterable[tuple[str, Element]], names: frozenset[str], format_: str) -> Iterator[Found]:
    outer: Element | None = None
    unit = 0
    for event, element in events:
        if event == "start":
            # Whether a <record> is one is known at its end only: SRU wraps records in records of its own.
            if outer is None and local(element) in names - {"record"} and not _in_oai(element):
                outer = element
            continue
        if outer is not None and element is not outer:
            continue
        records: Iterable[Found] = ()
        if element is outer:
            records = _of_element(element, format_)
        elif _is_oai(element):
            records = [_of_oai(element)]
        elif local(element) == "record" and "record" in names and _describes(element):
            records = _of_element(element, format_)
        elif _in_oai(element):
            continue
        for number, found in enumerate(records):
            unit += not number
            found.unit = unit
            yield found
        outer = None
        element.clear(keep_tail=False)
        while element.getprevious() is not None and element.getparent() is not None:
            del element.getparent()[0]


def _in_oai(element: Element) -> bool:
    return any(local(ancestor) == "metadata" for ancestor in element.iterancestors())


def _is_oai(element: Element) -> bool:
    return local(element) == "record" and any(local(child) == "header" for child in element)


def _describes(element: Element) -> bool:
    return any(local(child) in {"title", "identifier", "description"} for child in element)


def _of_oai(element: Element) -> Found:
    header = next(child for child in element if local(child) == "header")
    said = {local(child): (child.text or "").strip() for child in header}
    return _bounded(
        Found(
            record=said.get("identifier", ""),
            datestamp=said.get("datestamp", ""),
            deleted=str(header.get("status", "")).strip().lower() == "deleted",
            payload=etree.tostring(element, with_tail=False),
        )
    )


def _of_element(element: Element, format_: str) -> Iterator[Found]:
    graphs = list(_graphs(element)) if format_ == "edm" else [element]
    for graph in graphs:
        yield _bounded(Found(record=_own_name(graph), payload=etree.tostring(graph, with_tail=False)))


def _bounded(found: Found) -> Found:
    if len(found.payload) > MOST:
        found.wrong = f"{len(found.payload) >> 20} MB are more than the {MOST >> 20} MB that one record may have"
        found.payload = found.payload[:4096]
    return found


def _own_name(element: Element) -> str:
    path = _OWN_NAMES.get(local(element), "")
    found = [element]
    for name in path.split("/"):
        found = [child for outer in found for child in outer if local(child) == name]
    if local(element) == "RDF":
        return next((about for one in found if (about := _about(one))), "")
    own = next((" ".join(text_of(one).split()) for one in found if text_of(one).strip()), "")
    return own or str(element.get("ID") or "")


def _graphs(rdf: Element) -> Iterator[Element]:
    """One <rdf:RDF> for each provided object of an <rdf:RDF> with many, with all that it refers to."""
    things = [child for child in rdf if local(child) == "ProvidedCHO"]
    if len(things) <= 1:
        yield rdf
        return
    resources = {about: child for child in rdf if (about := _about(child)) and local(child) != "ProvidedCHO"}
    by_thing: dict[str, list[Element]] = {}
    for child in rdf:
        for prop in child:
            if local(prop) in {"aggregatedCHO", "proxyFor"}:
                by_thing.setdefault(_reference(prop), []).append(child)
    for thing in things:
        own = [thing, *by_thing.get(_about(thing), [])]
        graph = etree.Element(rdf.tag, nsmap=rdf.nsmap)
        taken: dict[int, Element] = {}
        # Labels may themselves refer (a place to a wider one): two steps are enough for words.
        for _ in range(2):
            for element in list(own):
                taken[id(element)] = element
                for prop in element:
                    other = resources.get(_reference(prop))
                    if other is not None and id(other) not in taken:
                        taken[id(other)] = other
                        own.append(other)
        graph.extend(deepcopy(element) for element in taken.values())
        yield graph


def _about(element: Element) -> str:
    return next((str(value) for key, value in element.attrib.items() if key.endswith("}about") or key == "about"), "")


def _reference(prop: Element) -> str:
    return next((str(v) for key, v in prop.attrib.items() if key.endswith("}resource") or key == "resource"), "")
